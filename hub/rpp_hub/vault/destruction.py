"""What does the certificate of a project's destruction say, and what does it look like?"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rpp_hub.whole import write_whole

LEFT = (
    "Copies of the vault in backups still open with the master key of their time. They must be removed, or the master "
    "key changed and its old copies destroyed, and copies of the cuts removed, by whoever keeps the backups."
)


def certificate_bytes(certificate: Mapping[str, Any]) -> bytes:
    """The certificate as it is signed."""
    return json.dumps(certificate, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"


def write_certificate(folder: Path, certificate: Mapping[str, Any], signature: str) -> None:
    """certificate.json (these bytes are signed), certificate.sig and a page for people."""
    content = {
        "certificate.json": certificate_bytes(certificate),
        "certificate.sig": signature.encode() + b"\n",
        "certificate.html": certificate_html(certificate, signature).encode(),
    }
    for name, data in content.items():
        write_whole(folder / name, data)


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
        f"<h2>What was destroyed, by SHA-256 (of what was encrypted, the encrypted form)</h2><table>{files}</table><p>{html.escape(certificate['left'])}</p>"
        f"<p>Signed by the installation (Ed25519, over certificate.json): <code>{html.escape(signature)}</code></p></html>"
    )
