"""Which versions of the workspaces' environment lie on the disk, and who runs in one right now?

A version is a folder that is never written to again. It appears by one rename, and goes by another.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rpp_hub.domain.errors import ActionRefused
from rpp_hub.domain.refusal import Refusal
from rpp_hub.warehouse.folders import hash_file, locked, remove_folder
from rpp_hub.workspace.environment import STAMP, read_stamp
from rpp_hub.workspace.locks import Pinned

LOCK_FILE = "requirements.lock"
STAGING, GOING = ".making-", ".going-"
_VERSION = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version is made of; written into it, and kept in the register."""

    version: str
    requirements: str  # SHA-256 of the lock
    generation: str  # which state of our own packages
    python: str
    made_from: str  # the version that it was added to; '' for one that was made anew
    packages: tuple[Pinned, ...]
    files: int
    content: str  # SHA-256 over every file

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    def says(self, package: str) -> str:
        """The version of a package; '' where it is not in this environment."""
        return next((pin.version for pin in self.packages if pin.name == package), "")


def manifest_of(document: dict[str, Any]) -> Manifest:
    """From what `document` gave."""
    packages = tuple(Pinned(p["name"], p["version"], tuple(p["hashes"])) for p in document["packages"])
    return Manifest(**{**document, "packages": packages})


@dataclass(frozen=True, slots=True)
class Versions:
    """The folder in which they lie."""

    folder: Path

    def path(self, version: str) -> Path:
        """Where a version lies, or would."""
        if _VERSION.fullmatch(version) is None:
            raise ValueError("not a version's name")
        return self.folder / version

    def is_there(self, version: str) -> bool:
        """Whether it lies there whole. Names that are none are nowhere."""
        return _VERSION.fullmatch(version) is not None and (self.path(version) / STAMP).is_file()

    @contextmanager
    def changing(self, kept: Collection[str]) -> Iterator[None]:
        """Nobody else changes them meanwhile; what dead processes left, and what nobody knows of, is removed first."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self.folder):
            for path in self.folder.iterdir():
                if path.is_dir() and path.name not in kept:
                    remove_folder(path)
            yield

    def new_stage(self) -> Path:
        """A hidden folder beside them."""
        stage = self.folder / f"{STAGING}{secrets.token_hex(4)}"
        stage.mkdir(mode=0o700)
        return stage

    def place(self, stage: Path, version: str) -> Path:
        """From hidden to there, in one step."""
        os.sync()
        final = self.path(version)
        stage.rename(final)
        return final

    def remove(self, version: str) -> None:
        """Nobody finds it any more, then its files go. The caller holds `unused`."""
        going = self.folder / f"{GOING}{version}"
        self.path(version).rename(going)
        remove_folder(going)


def seal(stage: Path, manifest: Manifest) -> None:
    """Writes the manifest; from here on nothing in it can be written to."""
    (stage / STAMP).write_text(json.dumps(manifest.document(), indent=1) + "\n", encoding="utf-8")
    for root, folders, files in os.walk(stage, topdown=False):
        for name in (*files, *folders):
            path = Path(root, name)
            if not path.is_symlink():
                path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o555)
    stage.chmod(0o500)


def content_of(folder: Path) -> tuple[int, str]:
    """How many files, and one hash over the path and content of each. The manifest is left out: it names this hash."""
    digest, count = hashlib.sha256(), 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            told = f"-> {os.readlink(path)}"
        elif path.is_file() and name != STAMP:
            told = hash_file(path)
        else:
            continue
        count += 1
        digest.update(f"{name}\0{told}\n".encode("utf-8", "surrogateescape"))
    return count, digest.hexdigest()


def is_as_sealed(folder: Path) -> bool:
    """Whether every file is the one that was sealed."""
    stamp = read_stamp(folder)
    return (stamp.get("files"), stamp.get("content")) == content_of(folder)


@contextmanager
def unused(environment: Path) -> Iterator[None]:
    """Raises ActionRefused while a workspace or a re-run holds it."""
    held = os.open(environment / STAMP, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reason = "A workspace or a re-run runs in this version now. Retire it when they are closed: rpp workspace list"
            raise ActionRefused((Refusal("environment-in-use", reason),)) from None
        yield
    finally:
        os.close(held)
