"""What is destroyed at a project's end, and what does the certificate of it say?

The project's key goes, and with it everything that only it opens: crosswalk and linked surveys. Their files go, too.
"""

from __future__ import annotations

import fcntl
import hashlib
import html
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rpp_hub.domain.names import check_project_name

LEFT = (
    "Copies of the vault in backups still open with the master key of their time. They must be removed, or the master "
    "key changed and its old copies destroyed, by whoever keeps the backups."
)


def destroyed_files(vault_dir: Path, project: str) -> tuple[Path, ...]:
    """The key first: when it is gone the rest says nothing."""
    name = check_project_name(project)
    kept = vault_dir / "projects"
    sealed = vault_dir / "sealed" / name
    paths = [kept / f"{name}.key", kept / f"{name}.crosswalk", *sorted(sealed.glob("*"))]
    return tuple(p for p in paths if p.is_file())


def hashes(vault_dir: Path, project: str) -> dict[str, str]:
    """What lay there, encrypted, by SHA-256."""
    return {
        str(p.relative_to(vault_dir)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in destroyed_files(vault_dir, project)
    }


def destroy(vault_dir: Path, project: str) -> None:
    """Overwrite and remove. What was removed before stays removed."""
    with (vault_dir / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for path in destroyed_files(vault_dir, project):
            _overwrite(path)
            path.unlink()
        sealed = vault_dir / "sealed" / check_project_name(project)
        if sealed.is_dir():
            sealed.rmdir()


def _overwrite(path: Path) -> None:
    """Of little use on disks that write elsewhere, of some on others; what counts is that the key is gone."""
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())


def certificate_bytes(certificate: Mapping[str, Any]) -> bytes:
    """The certificate as it is signed."""
    return json.dumps(certificate, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"


def write_certificate(folder: Path, certificate: Mapping[str, Any], signature: str) -> None:
    """certificate.json (these bytes are signed), certificate.sig and a page for people."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = {
        "certificate.json": certificate_bytes(certificate),
        "certificate.sig": signature.encode() + b"\n",
        "certificate.html": certificate_html(certificate, signature).encode(),
    }
    for name, data in content.items():
        fresh = folder / f".{name}.new"
        fresh.write_bytes(data)
        fresh.replace(folder / name)


def certificate_html(certificate: Mapping[str, Any], signature: str) -> str:
    """The certificate as a page to print."""
    facts = (
        ("Project", certificate["project"]), ("District", certificate["district"]), ("Destroyed", certificate["destroyed_at"]),
        ("By", certificate["destroyed_by"]), ("Reason", certificate["reason"]), ("Codes in the crosswalk", certificate["codes"]),
    )  # fmt: skip
    rows = "".join(f"<tr><th scope=row>{html.escape(k)}<td>{html.escape(str(v))}" for k, v in facts)
    files = "".join(
        f"<tr><th scope=row>{html.escape(name)}<td><code>{sha256}</code>"
        for name, sha256 in certificate["files"].items()
    )
    title = f"Certificate of destruction: {html.escape(certificate['project'])}"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><h1>{title}</h1><table>{rows}</table>"
        f"<h2>What was destroyed, by SHA-256 of its encrypted form</h2><table>{files}</table><p>{html.escape(certificate['left'])}</p>"
        f"<p>Signed by the installation (Ed25519, over certificate.json): <code>{html.escape(signature)}</code></p></html>"
    )
