"""What the API's areas share: closed bodies, long work as it is told, and files to be saved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from rpp_hub.domain.refusal import Refusal
from rpp_hub.web.auth import check_api_call
from rpp_hub.web.jobs import Job, JobState

T = TypeVar("T")
CHANGES = [Depends(check_api_call)]
Text = Annotated[str, Field(max_length=5000)]
Word = Annotated[str, Field(max_length=100)]
# how a route that answers with a file is described
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, to be saved.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Closed(BaseModel):
    """A body in which an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReasonBody(Closed):
    """Why."""

    reason: Text = ""


class Work(Closed, Generic[T]):
    """Long work, kept in memory until the portal is started again. `result` is there once it is done."""

    title: str
    by: str
    state: JobState
    started_at: datetime
    ended_at: datetime | None
    what: str
    done: int
    total: int
    refusals: list[Refusal]
    result: T | None


def work_of(shape: type[Work[T]], job: Job, result: T | None = None) -> Work[T]:
    """A job as a program reads it; `result` where it is not to be told as it is."""
    return shape(
        title=job.title, by=job.by, state=job.state, started_at=job.started_at, ended_at=job.ended_at,
        what=job.what, done=job.done, total=job.total, refusals=list(job.refusals),
        result=job.result if result is None else result,
    )  # fmt: skip


def begun(shape: type[Work[T]], job: Job | None, told: Callable[[Any], T] | None = None) -> Work[T] | None:
    """The same of work that may not have begun yet; `told` says its result in other words."""
    if job is None:
        return None
    return work_of(shape, job, told(job.result) if told is not None and job.result is not None else None)
