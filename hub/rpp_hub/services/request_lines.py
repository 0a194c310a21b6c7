"""What a list of requests shows of each: a few columns and counts, in one query whatever the page holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.lifecycle import Status
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.authority import Rights, of_projects
from rpp_hub.services.request_state import Tally
from rpp_hub.store.models import Request, ReviewRow, Round
from rpp_hub.store.paging import read_rows


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request as one line of a list."""

    name: str
    project: str
    author: str
    status: Status
    round: int
    file_name: str
    submitted_at: datetime
    examined_at: datetime | None
    reviewers_decided: int
    reviewers_needed: int
    tally: Tally


# tables and not models: a list is rows of columns, and its statement is made once
_REQUESTS, _ROUNDS, _REVIEWS = Request.__table__, Round.__table__, ReviewRow.__table__
REQUEST, ROUND, REVIEW = _REQUESTS.c, _ROUNDS.c, _REVIEWS.c
CURRENT = _REQUESTS.join(_ROUNDS, and_(ROUND.request_id == REQUEST.id, ROUND.number == REQUEST.round))
OF_CURRENT_ROUND = and_(REVIEW.request_id == REQUEST.id, REVIEW.round == REQUEST.round)
_DECIDED = (
    select(func.count())
    .select_from(_REVIEWS)
    .where(OF_CURRENT_ROUND, REVIEW.decision.is_not(None))
    .correlate(_REQUESTS)
    .scalar_subquery()
    .label("decided")
)
SHOWN = (
    REQUEST.id, REQUEST.project, REQUEST.author, REQUEST.status, REQUEST.round, ROUND.file_name, ROUND.submitted_at,
    ROUND.examined_at, ROUND.tally_items, ROUND.tally_fails, ROUND.tally_looks,
)  # fmt: skip
LINE: Select[*tuple[Any, ...]] = select(*SHOWN, _DECIDED).select_from(CURRENT)


def request_lines(
    session: Session, rights: Rights, needed: int, at: PageAt, *, own: bool = False
) -> Page[RequestLine]:
    """A page of the requests this person may see, newest first; `own` are those of their projects."""
    theirs = REQUEST.project.in_(sorted(rights.projects))
    seen = theirs if own else of_projects(REQUEST.project, rights, Permission.REQUEST_READ_ALL)
    return read_rows(session, LINE.where(seen), REQUEST.id, at, newest_first=True).map(
        lambda row: line_of(row, needed)
    )


def line_of(row: Row[Any], needed: int, decided: int | None = None) -> RequestLine:
    """A row of `LINE`, or of what it shows with the reviews that are `decided` counted already."""
    return RequestLine(
        name=f"r{row.id:04d}",
        project=row.project,
        author=row.author,
        status=Status(row.status),
        round=row.round,
        file_name=row.file_name,
        submitted_at=row.submitted_at,
        examined_at=row.examined_at,
        reviewers_decided=row.decided if decided is None else decided,
        reviewers_needed=needed,
        tally=Tally(row.tally_items, row.tally_fails, row.tally_looks),
    )


def lines_of(rows: Sequence[Row[Any]], needed: int) -> tuple[RequestLine, ...]:
    """Rows of `LINE`."""
    return tuple(line_of(row, needed) for row in rows)
