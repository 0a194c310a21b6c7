"""How many bytes went to a person's browser today, by kind, and is it still within the budget?

Counted outside every sandbox, so nothing inside can count less. The counts lie in a small file that is mapped into
memory: a supervisor that is killed has lost none of them.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

MAGIC = b"rppmeter1\0\0\0\0\0\0\0"
_WORD = struct.Struct("<Q")
SECONDS_A_DAY = 86_400
LONGEST_PAUSE = 30.0


class Kind(StrEnum):
    """What the bytes were."""

    STATIC = "static"  # from the read-only environment, which no researcher's code can change
    PAGE = "page"
    CONTENTS = "contents"
    API = "api"
    STREAM = "stream"
    DISPLAY = "display"
    IMAGE = "image"
    ERROR = "error"
    KERNEL = "kernel"  # every other message of a kernel


KINDS = tuple(Kind)
_STOPS, _PAUSED_AT = "stops", "paused at"
_SLOTS = (*map(str, KINDS), _STOPS, _PAUSED_AT)
SIZE = len(MAGIC) + _WORD.size * 32  # room for more kinds


@dataclass(frozen=True, slots=True)
class Budget:
    """Bytes a day, static files apart. From `slow_from` on no more than `slow_rate` bytes a second pass."""

    total: int
    slow_from: int
    slow_rate: int


@dataclass(frozen=True, slots=True)
class Count:
    """One person's day in one project."""

    by_kind: dict[str, int]
    stops: int  # how often the budget was spent
    paused_at: int  # the budget that was spent last; a larger one ends the pause

    @property
    def spent(self) -> int:
        """What counts against the budget: everything but static files."""
        return sum(size for kind, size in self.by_kind.items() if kind != Kind.STATIC)


_NOTHING = Count(dict.fromkeys(map(str, KINDS), 0), 0, 0)


def today(now: float | None = None) -> str:
    """The day of the budget: it ends at midnight UTC."""
    return datetime.fromtimestamp(time.time() if now is None else now, UTC).date().isoformat()


def day_file(folder: Path, day: str) -> Path:
    """Where a day's counts lie."""
    return folder / f"{day}.count"


def read_count(path: Path) -> Count:
    """The counts of a day, while somebody is counting or after. Raises ValueError for what is no such file."""
    content = path.read_bytes()
    if len(content) != SIZE or not content.startswith(MAGIC):
        raise ValueError(f"{path.name} holds no counts")
    numbers = [_WORD.unpack_from(content, len(MAGIC) + _WORD.size * i)[0] for i in range(len(_SLOTS))]
    return _count(numbers)


def _count(numbers: list[int]) -> Count:
    *kinds, stops, paused_at = numbers
    return Count(dict(zip(map(str, KINDS), kinds, strict=True)), stops, paused_at)


class DayFile:
    """The mapped file of one day. One supervisor at a time counts in it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size != SIZE:  # new, or cut off by a full disk
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, MAGIC + bytes(SIZE - len(MAGIC)), 0)
            self._map = mmap.mmap(descriptor, SIZE)
        finally:
            os.close(descriptor)

    def add(self, slot: str, size: int) -> None:
        place = _place(slot)
        _WORD.pack_into(self._map, place, _WORD.unpack_from(self._map, place)[0] + size)

    def pause(self, total: int) -> None:
        self.add(_STOPS, 1)
        _WORD.pack_into(self._map, _place(_PAUSED_AT), total)

    def count(self) -> Count:
        numbers = [_WORD.unpack_from(self._map, len(MAGIC) + _WORD.size * i)[0] for i in range(len(_SLOTS))]
        return _count(numbers)

    def close(self) -> None:
        self._map.close()


def _place(slot: str) -> int:
    return len(MAGIC) + _WORD.size * _SLOTS.index(slot)


class Exhausted(Exception):
    """The day's budget is spent: nothing more passes."""


class Meter:
    """Counts, slows down and stops. Without a folder it only counts."""

    def __init__(
        self,
        folder: Path | None = None,
        budget: Budget | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._clock = folder, clock
        self._budget = budget
        self._raised: tuple[str, int] = ("", 0)
        self._turn = asyncio.Lock()
        self._day = -1
        self._paused_at = 0
        self._spent = 0
        self._counted = _NOTHING.by_kind
        self._file: DayFile | None = None

    @property
    def counted(self) -> dict[str, int]:
        """Today's bytes by kind."""
        self._turn_day()
        return dict(self._counted)

    @property
    def spent(self) -> int:
        self._turn_day()
        return self._spent

    @property
    def total(self) -> int | None:
        """Today's budget in bytes; None where there is none."""
        if self._budget is None:
            return None
        day, raised = self._raised
        return max(self._budget.total, raised) if day == today(self._clock()) else self._budget.total

    @property
    def is_slow(self) -> bool:
        return self._budget is not None and self._share() >= self._budget.slow_from / self._budget.total

    @property
    def is_stopped(self) -> bool:
        self._turn_day()
        return self._paused_at > 0 and self._paused_at >= (self.total or 0)

    def raise_today(self, day: str, total: int) -> None:
        """The data manager lets more pass on this day. It never becomes less."""
        if day == today(self._clock()) and total > (self.total or 0):
            self._raised = (day, total)

    async def let_pass(self, kind: Kind, size: int) -> None:
        """Counts what is about to be sent; waits where the budget runs low. Raises Exhausted, and then counts nothing."""
        self._turn_day()
        if kind is not Kind.STATIC and self._budget is not None:
            self._check(size)
            if self.is_slow:
                async with self._turn:  # one at a time: many connections are no faster than one
                    await asyncio.sleep(min(size / self._budget.slow_rate, LONGEST_PAUSE))
                    self._turn_day()
                    self._check(size)
        self._add(kind, size)

    def note(self, kind: Kind, size: int) -> None:
        """Counts what passes whatever the budget says."""
        self._turn_day()
        self._add(kind, size)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _check(self, size: int) -> None:
        total = self.total
        if total is None or (not self.is_stopped and self._spent + size <= total):
            return
        if not self.is_stopped:
            self._paused_at = total
            if self._file is not None:
                self._file.pause(total)
        raise Exhausted

    def _add(self, kind: Kind, size: int) -> None:
        self._counted[kind] += size
        if kind is not Kind.STATIC:
            self._spent += size
        if self._file is not None:
            self._file.add(kind, size)

    def _share(self) -> float:
        total = self.total
        return self._spent / total if total else 0.0

    def _turn_day(self) -> None:
        """At midnight a new file; after a restart, what was counted before."""
        day = int(self._clock() // SECONDS_A_DAY)
        if day == self._day:
            return
        self._day = day
        self.close()
        if self._folder is not None:
            self._file = DayFile(day_file(self._folder, today(self._clock())))
        count = self._file.count() if self._file is not None else _NOTHING
        self._counted, self._spent, self._paused_at = dict(count.by_kind), count.spent, count.paused_at
