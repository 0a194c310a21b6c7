"""Lists of agreements: a line each, in two queries whatever the page holds; their documents and terms stay where they are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import Session

from rpp_hub.domain.agreements import PaperKind, PaperStatus, Party, missing_parties
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.services.authority import Rights
from rpp_hub.services.paper_sight import on_page
from rpp_hub.store.model_agreements import Paper, Signature
from rpp_hub.store.paging import read_rows


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


def paper_lines(
    session: Session, rights: Rights, at: PageAt, kind: str = "", status: str = ""
) -> Page[PaperLine]:
    """A page of the agreements that this person may know of, newest first."""
    query = _LINE.where(on_page(rights, at, kind, status))
    page = read_rows(session, query, _PAPER.id, at, newest_first=True)
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
