"""Does anybody still work here? A person's own acts count, and a kernel that computes; pages that ask by themselves do not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from rpp_hub.workspace import usage

LOOK_AGAIN = 30.0
LEAST_WORK = 0.05  # processor seconds a second: a kernel that waits takes a hundredth of it
WARNED = 600.0


class Idle:
    """Counts the seconds since somebody worked, and says so in time before it ends the workspace."""

    def __init__(
        self,
        limit: float | None,
        pids: Callable[[], Iterable[int]],
        end: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._pids, self._end, self._clock = limit, pids, end, clock
        self._last = clock()
        self._worked: tuple[float, float] = (clock(), 0.0)
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self.touch()
        self._look_later()

    def touch(self) -> None:
        """Somebody did something."""
        self._last = self._clock()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def look(self) -> None:
        """One look: whether kernels computed since the last one, and whether it is enough."""
        now, work = self._clock(), sum(map(usage.processor_seconds, self._pids()))
        before, worked = self._worked
        self._worked = (now, work)
        if work - worked > LEAST_WORK * (now - before):
            self.touch()
        left = self.left
        if left is not None and left <= 0:
            self._end(f"Nobody worked in it for {self._limit_words}.")

    @property
    def left(self) -> float | None:
        """Seconds until it is closed; None where it never is."""
        return None if self._limit is None else self._limit - (self._clock() - self._last)

    def notice(self) -> str:
        """What a person is told in the last minutes; else nothing."""
        left = self.left
        if self._limit is None or left is None or left > min(WARNED, self._limit / 2):
            return ""
        at = datetime.now(UTC) + timedelta(seconds=max(left, 0))
        return (
            f"Nobody has worked here for a while, so this workspace closes at {at:%H:%M} UTC. What is saved stays; what your "
            "kernels hold in memory is lost. Go on working to keep it open."
        )

    @property
    def _limit_words(self) -> str:
        minutes = round((self._limit or 0) / 60)
        return f"{minutes} minutes" if minutes != 1 else "a minute"

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(
            min(LOOK_AGAIN, (self._limit or LOOK_AGAIN) / 4), self._look_and_again
        )

    def _look_and_again(self) -> None:
        self.look()
        self._look_later()
