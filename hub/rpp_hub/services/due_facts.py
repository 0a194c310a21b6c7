"""The dated facts behind what is due, each kind read by one bounded query: for one person, or for those who see all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from rpp_hub.domain.agreements import PaperKind, Party, missing_parties
from rpp_hub.domain.dues import (
    Clocks,
    Facts,
    PaperFacts,
    PersonFacts,
    ProjectFacts,
    ReviewFacts,
    SignatureFacts,
    UmbrellaFacts,
)
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.review_clock import Round
from rpp_hub.services import due_queries as queries
from rpp_hub.store.models import Membership, ReviewRow

# of each kind the most urgent ones: nobody works through more at once, and a page stays as fast as it was
SHOWN = 200
_TOGETHER = 500

# district, times on its desk → last day for its answer
Waiting = Callable[
    [Session, Collection[str]], Mapping[str, tuple[str, ...]]
]  # projects → names that wait for leave
AnswerBy = Callable[[str, tuple[Round, ...]], date]
Staff = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose facts: everything, or one person's projects and papers. `all_names`: not only whether it is theirs, but whose.

    `districts`: of everything, only what is of these; None for all of them.
    """

    person: str
    everything: bool
    projects: frozenset[str]
    reviews: bool = True
    umbrellas: bool = True
    limit: int = SHOWN
    all_names: bool = False
    districts: frozenset[str] | None = None
    leave: bool = False  # with the names that wait for the director's leave

    def values(self, **more: object) -> dict[str, Any]:
        """What the queries are told."""
        return {
            "person": self.person,
            "projects": sorted(self.projects),
            "districts": sorted(self.districts or ()),
            "limit": self.limit,
            **more,
        }


def read_facts(
    session: Session, scope: Scope, clocks: Clocks, today: date, answer_by: AnswerBy, waiting: Waiting
) -> Iterator[Facts]:
    """All that a clock could be made of within this scope."""
    horizon = today + timedelta(days=clocks.notice)
    projects = tuple(_projects(session, scope, horizon, today, answer_by))
    names = [p.name for p in projects if p.answer_by is not None] if scope.leave else []
    open_ = waiting(session, names) if names else {}
    yield from (replace(p, open_exceptions=open_.get(p.name, ())) for p in projects)
    yield from _people(session, scope, horizon)
    if scope.reviews:
        yield from _reviews(session, scope)
    if scope.everything:  # who confirms papers is among those
        for row in session.execute(queries.SENT_PAPERS, {"limit": scope.limit}):
            yield PaperFacts(f"d{row.id:04d}", row.person, row.kind, row.sent_at.astimezone(UTC).date())
    yield from _signatures(session, scope)
    if scope.umbrellas:
        for row in session.execute(queries.UMBRELLAS, {"today": today, "horizon": horizon}):
            yield UmbrellaFacts(row.district, row.ends)


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(UTC).date() if moment is not None else None


def _projects(
    session: Session, scope: Scope, horizon: date, today: date, answer_by: AnswerBy
) -> Iterator[ProjectFacts]:
    every = queries.PROJECTS if scope.districts is None else queries.PROJECTS_OF_DISTRICTS
    query = every if scope.everything else queries.OWN_PROJECTS
    rows = session.execute(query, scope.values(horizon=horizon)).all()
    staff = _staff(session, scope, horizon) if scope.all_names else {}
    for name, times in groupby(rows, key=lambda row: row.name):
        found = list(times)
        row = found[0]
        answer = answer_by(row.district, _rounds(found)) if row.status == ProjectStatus.APPLIED else None
        known = staff.get(name, {}) if scope.all_names else {scope.person: row.role} if row.role else {}
        yield _project(row, known, today, answer)


def _signatures(session: Session, scope: Scope) -> Iterator[SignatureFacts]:
    """Agreements that not all have signed: a row for each signature there is."""
    every = queries.SIGNATURES if scope.districts is None else queries.SIGNATURES_OF_DISTRICTS
    query = every if scope.everything else queries.OWN_SIGNATURES
    rows = session.execute(query, scope.values()).all()
    for _, of_paper in groupby(rows, key=lambda row: row.id):
        found = list(of_paper)
        yield _to_sign(found[0], missing_parties(PaperKind(found[0].kind), {r.party for r in found}))


def _to_sign(row: Row[Any], missing: Collection[Party]) -> SignatureFacts:
    named = {
        Party.DISTRICT: row.project_sponsor,
        Party.RESEARCH_TEAM: row.lead,
        Party.UNIVERSITY_SPONSOR: row.sponsor,
        Party.PERSON: row.person,
    }
    held = {Party.DISTRICT: Role.PRACTITIONER, Party.UNIVERSITY: Role.DIRECTOR}
    return SignatureFacts(
        name=f"a{row.id:04d}",
        kind=row.kind,
        about=row.project or row.person or row.district,
        since=row.made_at.astimezone(UTC).date(),
        district=row.district,
        people=frozenset(named[p] for p in missing if named.get(p)),
        roles=frozenset(held[p] for p in missing if p in held and not named.get(p)),
    )


def _staff(session: Session, scope: Scope, horizon: date) -> Staff:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for project, person, role in session.execute(queries.STAFF, scope.values(horizon=horizon)):
        found[project][person] = role
    return found


def _rounds(rows: Sequence[Row[Any]]) -> tuple[Round, ...]:
    """How often an application came, and was answered."""
    came = [r for r in rows if r.sent_at is not None]
    if not came:
        return (Round(rows[0].applied_at.astimezone(UTC).date()),)
    return tuple(Round(r.sent_at.astimezone(UTC).date(), _day(r.answered_at)) for r in came)


def _project(row: Row[Any], staff: Mapping[str, str], today: date, answer_by: date | None) -> ProjectFacts:
    approved = row.status in (ProjectStatus.APPROVED, ProjectStatus.CLOSED)
    over = row.has_cut and row.agreement_ends is not None and row.agreement_ends < today
    return ProjectFacts(
        name=row.name,
        sponsor=row.sponsor,
        district=row.district,
        lead=next((p for p, role in staff.items() if role == "lead"), ""),
        members=frozenset(staff),
        answer_by=answer_by,
        approved=_day(row.decided_at) if approved else None,
        has_cut=row.has_cut,
        irb_ends=row.irb_ends if approved else None,
        agreement_ends=row.agreement_ends if approved else None,
        ended=row.ended_on or (row.agreement_ends if approved and over else None),
        destroyed=_day(row.destroyed_at),
        confirmed=row.confirmed_at is not None,
    )


def _people(session: Session, scope: Scope, horizon: date) -> Iterator[PersonFacts]:
    """Members of running projects whose papers end soon; those who have none yet are told so by the gate."""
    if not scope.everything and not scope.projects:
        return
    query = queries.PEOPLE if scope.everything else queries.OWN_PAPERS
    for row in session.execute(query, scope.values(horizon=horizon)):
        yield PersonFacts(row.name, row.training_ends, row.access_agreement_ends, row.ends, row.until)


def _reviews(session: Session, scope: Scope) -> Iterator[ReviewFacts]:
    """Examined requests whose round is open, the oldest first."""
    query = queries.REVIEWS if scope.everything else queries.OWN_REVIEWS
    rows = session.execute(query, scope.values()).all()
    barred = _barred(session, rows) if scope.all_names else {}
    for row in rows:
        known = barred[row.id] if scope.all_names else {scope.person} if row.not_by_me else ()
        not_by = frozenset({*known, row.author, row.built_by or ""})
        yield ReviewFacts(f"r{row.id:04d}", row.project, row.examined_at.astimezone(UTC).date(), not_by)


def _barred(session: Session, rows: Sequence[Row[Any]]) -> Mapping[int, set[str]]:
    """For each request the members of its project, and those who have decided in this round."""
    of_project: dict[str, set[str]] = defaultdict(set)
    found: dict[int, set[str]] = {}
    for begin in range(0, len(rows), _TOGETHER):
        some = rows[begin : begin + _TOGETHER]
        members = select(Membership.project, Membership.person)
        projects = {row.project for row in some}
        for project, person in session.execute(members.where(Membership.project.in_(projects))):
            of_project[project].add(person)
        rounds = {row.id: row.number for row in some}
        done = select(ReviewRow.request_id, ReviewRow.round, ReviewRow.reviewer)
        done = done.where(ReviewRow.decision.is_not(None), ReviewRow.request_id.in_(list(rounds)))
        decided: dict[int, set[str]] = defaultdict(set)
        for request, number, reviewer in session.execute(done):
            if rounds[request] == number:
                decided[request].add(reviewer)
        found |= {row.id: of_project[row.project] | decided[row.id] for row in some}
    return found
