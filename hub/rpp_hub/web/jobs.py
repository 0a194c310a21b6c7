"""Long work started from a page: one of each at a time, its progress kept in memory for a page that asks again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock, Thread
from typing import Any

from rpp_hub.domain.errors import ActionRefused, RppError
from rpp_hub.domain.refusal import Refusal
from rpp_hub.warehouse.progress import Progress

Work = Callable[[Progress], Any]
_LOG = logging.getLogger("rpp.portal")
_JOBS_KEPT = 200


class JobState(StrEnum):
    """Where a job stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of long work, as a page shows it."""

    key: str
    title: str
    by: str
    state: JobState
    started_at: datetime
    ended_at: datetime | None = None
    what: str = ""
    done: int = 0
    total: int = 0
    refusals: tuple[Refusal, ...] = ()
    result: Any = None


class Jobs:
    """The long works of this process. After a restart they are forgotten: their outcome is in the register."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = Lock()

    def start(self, key: str, title: str, by: str, work: Work) -> Job:
        """Begin, or raise ActionRefused while the same work is under way."""
        job = Job(key, title, by, JobState.RUNNING, datetime.now(UTC))
        with self._lock:
            under_way = self._jobs.get(key)
            if under_way is not None and under_way.state is JobState.RUNNING:
                raise ActionRefused(
                    (Refusal("under-way", f"{under_way.by} started this already; it is still running."),)
                )
            self._forget_oldest()
            self._jobs[key] = job
        # a daemon: the portal does not wait for it to end, since what is cut off half-way is not there at all
        Thread(target=copy_context().run, args=(self._run, key, work), name=f"job {key}", daemon=True).start()
        return job

    def get(self, key: str) -> Job | None:
        """The latest job of this key."""
        with self._lock:
            return self._jobs.get(key)

    def running(self) -> tuple[Job, ...]:
        """What is under way."""
        with self._lock:
            return tuple(j for j in self._jobs.values() if j.state is JobState.RUNNING)

    def _run(self, key: str, work: Work) -> None:
        try:

            def progress(what: str, done: int, total: int) -> None:
                self._change(key, what=what, done=done, total=total)

            result = work(progress)
            self._change(key, state=JobState.DONE, result=result, ended_at=datetime.now(UTC))
        except RppError as error:
            self._change(key, state=JobState.FAILED, refusals=error.refusals, ended_at=datetime.now(UTC))
        except Exception as error:  # whatever it was, the page must not wait for ever
            _LOG.error("job %s failed: %s", key, type(error).__name__)
            sentence = f"This failed for a reason the portal does not know ({type(error).__name__}). Tell the operator."
            unexpected = (Refusal("unexpected", sentence),)
            self._change(key, state=JobState.FAILED, refusals=unexpected, ended_at=datetime.now(UTC))

    def _change(self, key: str, **changes: Any) -> None:
        with self._lock:
            self._jobs[key] = replace(self._jobs[key], **changes)

    def _forget_oldest(self) -> None:
        over = sorted(
            (j for j in self._jobs.values() if j.state is not JobState.RUNNING), key=lambda j: j.started_at
        )
        for job in over[: max(0, len(self._jobs) - _JOBS_KEPT)]:
            del self._jobs[job.key]
