"""Which agreements somebody may know of: said of one of them, and as a condition for a page of many."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, select, true, union

from rpp_hub.domain.agreements import PaperKind
from rpp_hub.domain.paging import PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.authority import Rights
from rpp_hub.store.model_agreements import Paper
from rpp_hub.store.paging import behind_mark

_PAPER = Paper.__table__.c


def may_see(rights: Rights, paper: Paper) -> bool:
    """Umbrella agreements are for whoever sees the district's projects; the others for those whom they are about, too."""
    if rights.may(Permission.PROJECT_READ_ALL, district=paper.district):
        return True
    if rights.name in (paper.person, paper.sponsor):
        return True
    return paper.kind == PaperKind.PROJECT and paper.project in rights.projects


def on_page(rights: Rights, at: PageAt, kind: str = "", status: str = "") -> ColumnElement[bool]:
    """The same for one page, newest first: from each reason to see a paper as many as the page may hold.

    Each is found by an index of its own; as one condition they would be looked for in every row.
    """
    filters = [column == value for column, value in ((_PAPER.kind, kind), (_PAPER.status, status)) if value]
    reasons = _reasons(rights)
    if not reasons:
        return and_(true(), *filters)
    newest = [
        behind_mark(select(_PAPER.id).where(reason, *filters), _PAPER.id, at, newest_first=True).subquery()
        for reason in reasons
    ]
    return _PAPER.id.in_(union(*(select(some.c.id) for some in newest)))


def _reasons(rights: Rights) -> tuple[ColumnElement[bool], ...]:
    """Why somebody may know of a paper; none for whoever may know of all."""
    reach = rights.reach(Permission.PROJECT_READ_ALL)
    if reach is None:
        return ()
    return (
        and_(_PAPER.project.in_(sorted(rights.projects)), _PAPER.kind == str(PaperKind.PROJECT)),
        _PAPER.person == rights.name,
        _PAPER.sponsor == rights.name,
        *(_PAPER.district == district for district in sorted(reach)),
    )
