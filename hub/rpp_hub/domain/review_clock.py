"""How long may a district still take for its review: eight weeks that stand still in summer and during a revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class YearDay:
    """A day of every year."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Season:
    """From one day of the year to another, both included; may go over the end of the year."""

    first: YearDay
    last: YearDay

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        here = YearDay(day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


@dataclass(frozen=True, slots=True)
class Round:
    """One time on the district's desk: from the day it came to the day it was answered, if it was."""

    came: date
    answered: date | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """Days of review used and left. `due` is None while the applicants have it, or once it is decided."""

    allowed: int
    used: int
    due: date | None
    paused: bool

    @property
    def left(self) -> int:
        """Days that are left; less than nothing when it is late."""
        return self.allowed - self.used

    @property
    def late(self) -> bool:
        """Whether the district has taken longer than it may."""
        return self.left < 0


@lru_cache(maxsize=4096)
def running_days(came: date, until: date, pause: Season | None) -> int:
    """How many days count after `came`, up to and with `until`."""
    return sum(1 for n in range(1, (until - came).days + 1) if not _rests(came + n * _DAY, pause))


@lru_cache(maxsize=4096)  # a list asks for the same few days again and again
def due_day(came: date, days: int, pause: Season | None) -> date:
    """The day on which so many counting days have passed."""
    day = came
    while days > 0:
        day += _DAY
        days -= not _rests(day, pause)
    return day


def review_clock(rounds: Sequence[Round], today: date, weeks: int, pause: Season | None) -> Clock:
    """The clock over all rounds: what a revision takes is the applicants' time."""
    allowed = weeks * 7
    used = sum(running_days(r.came, r.answered or today, pause) for r in rounds)
    open_ = rounds[-1] if rounds and rounds[-1].answered is None else None
    due = None
    if open_ is not None:
        before = sum(running_days(r.came, r.answered or today, pause) for r in rounds[:-1])
        due = due_day(open_.came, max(allowed - before, 0), pause)
    return Clock(allowed, used, due, open_ is not None and _rests(today, pause))


def next_opening(windows: Sequence[Season], today: date) -> date | None:
    """The next day on which an application may be sent; None when that is today, or always."""
    if not windows or any(w.holds(today) for w in windows):
        return None
    days = (today + n * _DAY for n in range(1, 1500))  # a window may be 29 February alone
    return next((d for d in days if any(w.holds(d) for w in windows)), None)


def _rests(day: date, pause: Season | None) -> bool:
    return pause is not None and pause.holds(day)
