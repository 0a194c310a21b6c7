"""How much waits for the worker: counted up to a bound, so that a long queue costs a page no more than a short one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.lifecycle import Status
from rpp_hub.services.request_lines import CURRENT, REQUEST, ROUND

MOST = 100


@dataclass(frozen=True, slots=True)
class WorkerQueue:
    """Requests to be examined and to be released; `MOST` stands for as many or more."""

    examine: int
    release: int


def _counted(waiting: Select[*tuple[Any, ...]]) -> Any:
    return select(func.count()).select_from(waiting.limit(MOST).subquery()).scalar_subquery()


_TO_EXAMINE = (
    select(REQUEST.id)
    .select_from(CURRENT)
    .where(ROUND.examined_at.is_(None), REQUEST.status == str(Status.SUBMITTED))
)
_TO_RELEASE = select(REQUEST.id).where(REQUEST.status == str(Status.APPROVED))
_QUEUE = select(_counted(_TO_EXAMINE), _counted(_TO_RELEASE))


def worker_queue(session: Session) -> WorkerQueue:
    """Both, in one query."""
    return WorkerQueue(*session.execute(_QUEUE).one())
