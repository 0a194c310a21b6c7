"""How does a folder of files appear whole or not at all?

It is written under a hidden name beside its place, flushed to the disk, made read-only and renamed. What a dead process
left under a hidden name is swept by the next one, which holds the parent's lock.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rpp_hub.domain.errors import RppError, Unavailable
from rpp_hub.whole import flush, write_whole

_STAGING = ".unfinished-"
_CHUNK = 1 << 20


@contextmanager
def locked(parent: Path, name: str = ".lock", *, wait: bool = False) -> Iterator[None]:
    """Only one process at a time changes a parent folder; whoever comes second is told so, or waits."""
    parent.mkdir(parents=True, exist_ok=True)
    with (parent / name).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Unavailable(
                "Somebody else is working on the same thing at this moment. Wait until they are done, then repeat it.",
                code="busy",
            ) from None
        yield


@contextmanager
def staged(parent: Path) -> Iterator[Path]:
    """A hidden folder in `parent` to write into; gone when the block ends unless `publish` renamed it."""
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=_STAGING))
    try:
        with disk_full_told_plainly():
            yield folder
    finally:
        remove_folder(folder)


def publish(folder: Path, final: Path) -> None:
    """Flush everything, take the right to write from it, and put it in its place in one step."""
    for path in sorted(folder.rglob("*"), reverse=True):
        flush(path)
        path.chmod(0o555 if path.is_dir() else 0o444)
    flush(folder)
    folder.chmod(0o555)
    folder.rename(final)
    flush(final.parent)


def write_file(path: Path, content: bytes) -> None:
    """One file, whole or as it was."""
    with disk_full_told_plainly():
        write_whole(path, content, mode=0o644)


def point(link: Path, target: str) -> None:
    """Make a symbolic link point elsewhere, in one step. The caller holds the folder's lock."""
    fresh = link.with_name(f".{link.name}-new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
    flush(link.parent)


def remove_folder(folder: Path) -> None:
    """Remove a folder although it may be read-only. Links are removed, never followed."""
    if not folder.exists() or folder.is_symlink():
        return
    for root, _, _ in os.walk(folder):
        Path(root).chmod(stat.S_IRWXU)
    shutil.rmtree(folder)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def canonical_json(value: Any) -> bytes:
    """The same value as the same bytes, always."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"


@contextmanager
def disk_full_told_plainly() -> Iterator[None]:
    """Turn 'no space left' of the system, DuckDB or Arrow into a sentence. The block's own errors pass."""
    try:
        yield
    except RppError:
        raise
    except Exception as error:
        if not _is_disk_full(error):
            raise
        raise Unavailable(
            "The disk is full. Nothing half done was left behind; make room and do it again.",
            code="disk-full",
        ) from None


def _is_disk_full(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    text = str(error).lower()
    # DuckDB keeps the system's words in its message and no number.
    return any(os.strerror(number).lower() in text for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_STAGING}*"):
        remove_folder(folder)
