"""What did a workspace's server see run, in this life of the supervisor and before? Kept outside of every sandbox.

A line for each run, handed to the operating system before its code reaches a kernel: whatever is killed then, it stays. The
kernel waits until the disk has it. Whoever takes the lines up checks that they follow from one another; here they are only kept,
in the order in which they came.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LARGEST = 4 << 20  # of each of two files: the newest lines and those before them
PAGE = 64 << 10


class RunRecord:
    """Two files at most, the newer of which is only ever appended to. Without a place nothing is kept."""

    def __init__(self, path: Path | None, largest: int = LARGEST) -> None:
        self._path, self._largest = path, largest
        if path is not None and path.exists():
            _cut_off_half_a_line(path)

    def append(self, line: Mapping[str, Any]) -> None:
        """One more run. It is there whole once this has returned."""
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size > self._largest:
            self._path.replace(_older(self._path))
        written = json.dumps(line).encode() + b"\n"
        file = os.open(
            self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            if os.write(file, written) != len(written):
                _cut_off_half_a_line(self._path)
                raise OSError("A run could not be written down: the disk is full.")
        finally:
            os.close(file)

    def settle(self) -> None:
        """Blocks until what was appended would outlast a loss of power, too."""
        for place in (self._path, self._path.parent) if self._path is not None else ():
            opened = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)

    def page(self, start: int) -> dict[str, Any]:
        """Whole lines from a place on, and where the next ones begin; None after the last."""
        if self._path is None:
            return {"lines": [], "next": None}
        older = _older(self._path)
        before = _size(older)
        piece = _read(older, start, PAGE) if start < before else b""
        piece += _read(self._path, max(0, start - before), PAGE - len(piece))
        whole = piece[: piece.rfind(b"\n") + 1]
        end = start + len(whole)
        lines = [found for line in whole.splitlines() if (found := _object(line))]
        return {"lines": lines, "next": end if whole and end < before + _size(self._path) else None}


def place_of(log: Path | None, person: str, project: str) -> Path | None:
    """Beside the workspace's log, under a name that no other workspace has."""
    if log is None:
        return None
    return log.parent / f"{hashlib.sha256(json.dumps([person, project]).encode()).hexdigest()[:32]}.runs"


def _object(line: bytes) -> dict[str, Any]:
    """Nothing of a line that is none: whoever takes up the rest misses it."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _older(path: Path) -> Path:
    return path.with_suffix(".runs-before")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _read(path: Path, start: int, size: int) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _cut_off_half_a_line(path: Path) -> None:
    """What was being written when the supervisor was killed."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)
