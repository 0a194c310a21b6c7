"""The built JupyterLab extension in the repository was built from the sources beside it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

LAB = Path(__file__).parents[3] / "extensions" / "rpp-lab"


def recorded() -> dict[str, str]:
    lines = (LAB / "SOURCE.sha256").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def present() -> set[str]:
    below = (
        path for folder in ("labextension", "schema", "src", "style") for path in (LAB / folder).rglob("*")
    )
    files = {path.relative_to(LAB).as_posix() for path in below if path.is_file()}
    return files | {"build.mjs", "package.json", "package-lock.json", "tsconfig.json"}


def test_the_bundle_belongs_to_the_sources() -> None:
    changed = [
        name
        for name, digest in recorded().items()
        if hashlib.sha256((LAB / name).read_bytes()).hexdigest() != digest
    ]
    assert (changed, present() ^ recorded().keys()) == ([], set()), (
        "run 'npm ci && npm run build' in extensions/rpp-lab"
    )


def test_the_bundle_is_one_that_jupyterlab_loads() -> None:
    package = json.loads((LAB / "labextension" / "package.json").read_text(encoding="utf-8"))
    assert package["name"] == "@rpp/lab"
    assert (LAB / "labextension" / package["jupyterlab"]["_build"]["load"]).is_file()


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((LAB / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_the_bundle_runs_without_inline_scripts_and_calls_no_other_host() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in (LAB / "labextension" / "static").glob("*.js")
    )
    assert not re.findall(r"\beval\(|new Function\(|document\.write|innerHTML", code)
    hosts = set(re.findall(r"https?://([^/\"'`\s)]+)", code))
    assert hosts <= {"www.w3.org"}
