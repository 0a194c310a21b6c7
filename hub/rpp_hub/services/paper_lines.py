"""Lists of agreements: a line each, in two queries whatever the page holds; their documents and terms stay where they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, or_, select, union
from sqlalchemy.orm import Session

from rpp_hub.domain.agreements import PaperKind, PaperStatus, Party, missing_parties
from rpp_hub.domain.lifecycle import SYSTEM
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.authority import Rights
from rpp_hub.store.model_agreements import Paper, Signature
from rpp_hub.store.paging import behind_mark, read_rows

Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class PaperLine:
    """An agreement as one line of a list; `missing` only while it waits for signatures."""

    name: str
    kind: PaperKind
    number: int
    district: str
    project: str | None
    person: str | None
    starts: date
    ends: date | None
    status: PaperStatus
    missing: tuple[Party, ...]


_PAPER, _SIGNATURE = Paper.__table__.c, Signature.__table__.c
_LINE = select(
    _PAPER.id, _PAPER.kind, _PAPER.number, _PAPER.district, _PAPER.project, _PAPER.person, _PAPER.starts, _PAPER.ends, _PAPER.status
)  # fmt: skip
_SIGNED = select(_SIGNATURE.paper_id, _SIGNATURE.party).where(
    _SIGNATURE.paper_id.in_(bindparam("papers", type_=Integer, expanding=True))
)


def _mine(rights: Rights) -> tuple[ColumnElement[bool], ...]:
    """Conditions that are each found by an index of their own; as one they would be looked for in every row."""
    return (
        and_(_PAPER.project.in_(sorted(rights.projects)), _PAPER.kind == str(PaperKind.PROJECT)),
        _PAPER.person == rights.name,
        _PAPER.sponsor == rights.name,
    )


def visible(query: Select[*Ts], rights: Rights) -> Select[*Ts]:
    """Only what this person may know of: their own, their projects', and their districts'; all of it for whoever sees all projects."""
    reach = rights.reach(Permission.PROJECT_READ_ALL)
    if rights.name == SYSTEM or reach is None:
        return query
    is_mine = _PAPER.id.in_(union(*(select(_PAPER.id).where(which) for which in _mine(rights))))
    return query.where(or_(is_mine, _PAPER.district.in_(sorted(reach))) if reach else is_mine)


def _of_page(rights: Rights, at: PageAt, filters: Sequence[ColumnElement[bool]]) -> Select[*tuple[Any, ...]]:
    """The same for one page: from each reason to see a paper, and each district, as many as the page may hold."""
    reach = rights.reach(Permission.PROJECT_READ_ALL)
    if rights.name == SYSTEM or reach is None:
        return _LINE.where(*filters)
    reasons = (*_mine(rights), *(_PAPER.district == district for district in sorted(reach)))
    newest = [
        behind_mark(select(_PAPER.id).where(reason, *filters), _PAPER.id, at, newest_first=True).subquery()
        for reason in reasons
    ]
    return _LINE.where(_PAPER.id.in_(union(*(select(some.c.id) for some in newest))))


def paper_lines(
    session: Session, rights: Rights, at: PageAt, kind: str = "", status: str = ""
) -> Page[PaperLine]:
    """A page of the agreements that this person may know of, newest first."""
    filters = [column == value for column, value in ((_PAPER.kind, kind), (_PAPER.status, status)) if value]
    page = read_rows(session, _of_page(rights, at, filters), _PAPER.id, at, newest_first=True)
    waiting = [row.id for row in page if row.status == PaperStatus.PROPOSED]
    signed: dict[int, set[Party]] = defaultdict(set)
    for paper, party in session.execute(_SIGNED, {"papers": waiting}) if waiting else ():
        signed[paper].add(Party(party))
    return page.map(
        lambda row: PaperLine(
            name=f"a{row.id:04d}",
            kind=PaperKind(row.kind),
            number=row.number,
            district=row.district,
            project=row.project,
            person=row.person,
            starts=row.starts,
            ends=row.ends,
            status=PaperStatus(row.status),
            missing=missing_parties(PaperKind(row.kind), signed[row.id]) if row.id in waiting else (),
        )
    )
