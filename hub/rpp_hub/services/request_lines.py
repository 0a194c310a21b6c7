"""What a list of requests shows of each: a few columns and counts, in three queries whatever the page holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.lifecycle import SYSTEM, Status
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.authority import Rights
from rpp_hub.services.request_state import Tally
from rpp_hub.store.models import Request, RequestItem, ReviewRow, Round
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


_CURRENT = and_(Round.request_id == Request.id, Round.number == Request.round)
LINE = select(
    Request.id,
    Request.project,
    Request.author,
    Request.status,
    Request.round,
    Round.file_name,
    Round.submitted_at,
    Round.examined_at,
).join(Round, _CURRENT)


def visible(query: Select[*tuple[Any, ...]], rights: Rights) -> Select[*tuple[Any, ...]]:
    """Only what this person may know of: their projects' requests, all of them for reviewers."""
    if rights.name == SYSTEM or rights.may(Permission.REQUEST_READ_ALL):
        return query
    return query.where(Request.project.in_(rights.projects))


def request_lines(
    session: Session, rights: Rights, needed: int, at: PageAt, *, own: bool = False
) -> Page[RequestLine]:
    """A page of the requests this person may see, newest first; `own` are those of their projects."""
    query = LINE.where(Request.project.in_(rights.projects)) if own else visible(LINE, rights)
    page = read_rows(session, query, Request.id, at, newest_first=True)
    return Page(lines_of(session, page.items, needed), page.next, page.first)


def lines_of(session: Session, rows: Sequence[Row[Any]], needed: int) -> tuple[RequestLine, ...]:
    """Rows of `LINE` with their counts."""
    ids = [row.id for row in rows]
    tallies, decided = _tallies(session, ids), _decided(session, ids)
    return tuple(
        RequestLine(
            name=f"r{row.id:04d}",
            project=row.project,
            author=row.author,
            status=Status(row.status),
            round=row.round,
            file_name=row.file_name,
            submitted_at=row.submitted_at,
            examined_at=row.examined_at,
            reviewers_decided=decided.get(row.id, 0),
            reviewers_needed=needed,
            tally=tallies.get(row.id, Tally()),
        )
        for row in rows
    )


def _tallies(session: Session, ids: Sequence[int]) -> dict[int, Tally]:
    query = (
        select(RequestItem.request_id, RequestItem.findings)
        .join(Request, and_(Request.id == RequestItem.request_id, Request.round == RequestItem.round))
        .where(Request.id.in_(ids))
    )
    tallies: dict[int, Tally] = {}
    for request_id, findings in session.execute(query):
        tallies[request_id] = tallies.get(request_id, Tally()).plus(findings)
    return tallies


def _decided(session: Session, ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(ReviewRow.request_id, func.count())
        .join(Request, and_(Request.id == ReviewRow.request_id, Request.round == ReviewRow.round))
        .where(Request.id.in_(ids), ReviewRow.decision.is_not(None))
        .group_by(ReviewRow.request_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}
