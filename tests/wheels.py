"""Wheels of a few lines, made where they are needed: no network."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from rpp_hub.workspace.locks import Pinned


def wheel(folder: Path, name: str, version: str, code: str = "", needs: str = "", **more: str) -> Pinned:
    """A wheel with one module; `more` are further files by their names, '__' for a dot. What a list says of it."""
    info = f"{name}-{version}.dist-info"
    needed = f"Requires-Dist: {needs}\n" if needs else ""
    files = {
        f"{name}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **{key.replace("__", "."): text for key, text in more.items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in files.items():
            archive.writestr(zipfile.ZipInfo(inside), text)  # no time in it: the same wheel has the same hash
        record = "".join(f"{inside},,\n" for inside in (*files, f"{info}/RECORD"))
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), record)
    return Pinned(name, version, (hashlib.sha256(path.read_bytes()).hexdigest(),))
