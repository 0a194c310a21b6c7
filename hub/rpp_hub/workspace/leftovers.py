"""Who owns a run folder, and how what a killed supervisor left behind goes away."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from pathlib import Path

LOCK = "lock"
YOUNG = 60.0


class FolderInUse(Exception):
    """Another supervisor lives there."""


def claim(run_dir: Path) -> int:
    """Makes the folder, takes its lock for this process's life and empties it. Returns the lock's descriptor."""
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chmod(run_dir, 0o700)
    lock = os.open(run_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise FolderInUse(f"Another supervisor already runs in {run_dir}; stop it first.") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    for child in run_dir.iterdir():
        if child.name != LOCK:
            remove(child)
    return lock


def holder(run_dir: Path) -> int | None:
    """The pid of the supervisor that lives there, whether it answers or not; None when there is none."""
    try:
        lock = os.open(run_dir / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.pread(lock, 20, 0) or b"0") or None
    finally:
        os.close(lock)
    return None


def sweep(root: Path) -> tuple[Path, ...]:
    """Removes the run folders below `root` whose supervisor is dead; says which."""
    dead = tuple(folder for folder in _folders(root) if _is_abandoned(folder))
    for folder in dead:
        remove(folder)
    return dead


def remove(path: Path) -> None:
    """Removes what untrusted code may have filled: links are not followed, depth and modes do not matter."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    try:
        shutil.rmtree(path)
    except (OSError, RecursionError):
        for command in (("chmod", "-R", "u+rwX", "--"), ("rm", "-rf", "--one-file-system", "--")):
            subprocess.run((*command, str(path)), check=False, stderr=subprocess.DEVNULL)


def _folders(root: Path) -> tuple[Path, ...]:
    with contextlib.suppress(FileNotFoundError):
        return tuple(child for child in root.iterdir() if child.is_dir() and not child.is_symlink())
    return ()


def _is_abandoned(folder: Path) -> bool:
    try:
        if time.time() - folder.stat().st_mtime < YOUNG:
            return False  # perhaps just being made
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
