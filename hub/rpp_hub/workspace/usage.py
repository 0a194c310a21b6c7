"""How much does a workspace take just now? Memory by /proc where no control group tells, and files by looking."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

PAGE = resource.getpagesize()
DEEPEST = 64


def processes_below(pid: int) -> tuple[int, ...]:
    """A process and all that descend from it; whatever has left meanwhile is not among them."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting.extend(_children(one))
    return tuple(found)


def resident(pids: tuple[int, ...]) -> int:
    """Bytes of memory that are these processes' own."""
    return sum(map(_private, pids))


def disk(folder: Path) -> int:
    """Bytes that the files below take on disk. Links are not followed, other file systems not entered, a hard link counts once."""
    try:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        device = os.fstat(place).st_dev
        seen: set[int] = set()
        return sum(_sizes(place, device, seen, 0))
    finally:
        os.close(place)


def _sizes(place: int, device: int, seen: set[int], depth: int) -> Iterator[int]:
    """By descriptor, so that a folder renamed or swapped for a link while we look leads nowhere else."""
    try:
        entries = list(os.scandir(place))
    except OSError:
        return
    for entry in entries:
        try:
            info = os.stat(entry.name, dir_fd=place, follow_symlinks=False)
        except OSError:
            continue
        if info.st_dev != device or info.st_ino in seen:
            continue
        if info.st_nlink > 1:
            seen.add(info.st_ino)
        yield info.st_blocks * 512
        if stat.S_ISDIR(info.st_mode) and depth < DEEPEST:
            yield from _below(entry.name, place, device, seen, depth)


def _below(name: str, place: int, device: int, seen: set[int], depth: int) -> Iterator[int]:
    try:
        child = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
    except OSError:
        return
    try:
        yield from _sizes(child, device, seen, depth + 1)
    finally:
        os.close(child)


def _children(pid: int) -> Iterator[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    for thread in threads:
        try:
            listed = Path(f"/proc/{pid}/task/{thread}/children").read_text(encoding="ascii")
        except OSError:
            continue
        yield from map(int, listed.split())


def _private(pid: int) -> int:
    try:
        _, held, shared, *_ = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0
    return max(int(held) - int(shared), 0) * PAGE


def processor_seconds(pid: int) -> float:
    """What a process has computed so far, with those of its children that have ended."""
    try:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
