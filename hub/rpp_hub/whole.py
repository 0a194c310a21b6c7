"""How does one file appear whole or not at all?

It is written under a hidden name beside its place, flushed to the disk and renamed. A lock says that its writer lives; what a
dead one left is removed by the next who writes the same file.
"""

from __future__ import annotations

import fcntl
import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o600
_UNFINISHED = ".unfinished"
_PREFIX = 50  # characters of the name: with what is added, it must not become longer than a name may be


def write_whole(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """One file: the new content or what was there before, whatever happens meanwhile."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with written(path, content, mode) as fresh:
        fresh.replace(path)
        flush(path.parent)


@contextmanager
def written(path: Path, content: bytes, mode: int = PRIVATE) -> Iterator[Path]:
    """The content under a hidden name beside `path`; gone when the block ends, unless the block renamed it."""
    _sweep(path)
    descriptor, fresh = _begin(path)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
            yield fresh
    finally:
        fresh.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """A file's content or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _begin(path: Path) -> tuple[int, Path]:
    while True:
        descriptor, name = tempfile.mkstemp(_UNFINISHED, _prefix(path), path.parent)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, Path(name)
        os.close(descriptor)  # swept between its making and its lock


def _sweep(path: Path) -> None:
    for left in path.parent.glob(f"{glob.escape(_prefix(path))}*{_UNFINISHED}"):
        try:
            with left.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink(missing_ok=True)
        except OSError:
            continue  # its writer lives, or somebody else removed it


def _prefix(path: Path) -> str:
    return f".{path.name[:_PREFIX]}."
