"""The dated facts behind what is due, each kind read by one bounded query: for one person, or for those who see all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, select
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
from rpp_hub.store.models import Membership

# of each kind the most urgent ones: nobody works through more at once, and a page stays as fast as it was
SHOWN = 200
_TOGETHER = 500
_MEMBERS = select(Membership.project, Membership.person)

NeedsLeave = Callable[[str, str], bool]  # district, field of its codebook
# district, times on its desk → last day for its answer
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
    session: Session, scope: Scope, clocks: Clocks, today: date, answer_by: AnswerBy, needs_leave: NeedsLeave
) -> Iterator[Facts]:
    """All that a clock could be made of within this scope."""
    horizon = today + timedelta(days=clocks.notice)
    asked = session.connection()  # nothing of it is an object of the session's
    rows = _project_rows(asked, scope, horizon)
    yield from _projects(rows, scope, today, answer_by, needs_leave)
    yield from _people(asked, scope, horizon)
    if scope.reviews:
        yield from _reviews(asked, scope)
    yield from _signatures(asked, scope)
    if scope.umbrellas:
        yield from _papers_and_umbrellas(asked, scope, today, horizon)


def _papers_and_umbrellas(
    asked: Connection, scope: Scope, today: date, horizon: date
) -> Iterator[PaperFacts | UmbrellaFacts]:
    """Umbrella agreements, and papers sent in; who confirms those is among them that see everything."""
    query = queries.SENT_PAPERS_AND_UMBRELLAS if scope.everything else queries.UMBRELLAS
    for row in asked.execute(query, {"limit": scope.limit, "today": today, "horizon": horizon}):
        if row.sent_at is not None:
            yield PaperFacts(f"d{row.id:04d}", row.name, row.kind, row.sent_at.astimezone(UTC).date())
        else:
            yield UmbrellaFacts(row.name, row.ends)


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(UTC).date() if moment is not None else None


def _project_rows(asked: Connection, scope: Scope, horizon: date) -> tuple[Sequence[Row[Any]], Staff]:
    """Projects, and who is on them where all names are asked for."""
    every = queries.PROJECTS[(scope.districts is not None, scope.leave)]
    query = every if scope.everything else queries.OWN_PROJECTS
    rows = asked.execute(query, scope.values(horizon=horizon)).all()
    return rows, _staff(asked, scope, horizon) if scope.all_names else {}


def _projects(
    read: tuple[Sequence[Row[Any]], Staff],
    scope: Scope,
    today: date,
    answer_by: AnswerBy,
    needs_leave: NeedsLeave,
) -> Iterator[ProjectFacts]:
    rows, staff = read
    for name, times in groupby(rows, key=lambda row: row.name):
        found = list(times)
        row = found[0]
        answer = answer_by(row.district, _rounds(found)) if row.status == ProjectStatus.APPLIED else None
        known = staff.get(name, {}) if scope.all_names else {scope.person: row.role} if row.role else {}
        leave = _open_exceptions(row, needs_leave) if scope.everything and scope.leave else ()
        yield _project(row, known, today, answer, leave)


def _open_exceptions(row: Row[Any], needs_leave: NeedsLeave) -> tuple[str, ...]:
    """Names and identifiers that an application asks for and that the director has not decided on."""
    decided = (row.decided or "").split(queries.BETWEEN)
    return tuple(f for f in row.linkage or () if f not in decided and needs_leave(row.district, f))


def _signatures(asked: Connection, scope: Scope) -> Iterator[SignatureFacts]:
    """Agreements that not all have signed: a row for each signature there is."""
    every = queries.SIGNATURES if scope.districts is None else queries.SIGNATURES_OF_DISTRICTS
    query = every if scope.everything else queries.OWN_SIGNATURES
    rows = asked.execute(query, scope.values()).all()
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


def _staff(asked: Connection, scope: Scope, horizon: date) -> Staff:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for project, person, role in asked.execute(queries.STAFF, scope.values(horizon=horizon)):
        found[project][person] = role
    return found


def _rounds(rows: Sequence[Row[Any]]) -> tuple[Round, ...]:
    """How often an application came, and was answered."""
    came = [r for r in rows if r.sent_at is not None]
    if not came:
        return (Round(rows[0].applied_at.astimezone(UTC).date()),)
    return tuple(Round(r.sent_at.astimezone(UTC).date(), _day(r.answered_at)) for r in came)


def _project(
    row: Row[Any], staff: Mapping[str, str], today: date, answer_by: date | None, leave: tuple[str, ...]
) -> ProjectFacts:
    approved = row.status in (ProjectStatus.APPROVED, ProjectStatus.CLOSED)
    over = row.has_cut and row.agreement_ends is not None and row.agreement_ends < today
    return ProjectFacts(
        name=row.name,
        sponsor=row.sponsor,
        district=row.district,
        lead=next((p for p, role in staff.items() if role == "lead"), ""),
        members=frozenset(staff),
        answer_by=answer_by,
        open_exceptions=leave,
        approved=_day(row.decided_at) if approved else None,
        has_cut=row.has_cut,
        irb_ends=row.irb_ends if approved else None,
        agreement_ends=row.agreement_ends if approved else None,
        ended=row.ended_on or (row.agreement_ends if approved and over else None),
        destroyed=_day(row.destroyed_at),
        confirmed=row.confirmed_at is not None,
    )


def _people(asked: Connection, scope: Scope, horizon: date) -> Iterator[PersonFacts]:
    """Members of running projects whose papers end soon; those who have none yet are told so by the gate."""
    if not scope.everything and not scope.projects:
        return
    query = queries.PEOPLE if scope.everything else queries.OWN_PAPERS
    for row in asked.execute(query, scope.values(horizon=horizon)):
        yield PersonFacts(row.name, row.training_ends, row.access_agreement_ends, row.ends, row.until)


def _reviews(asked: Connection, scope: Scope) -> Iterator[ReviewFacts]:
    """Examined requests whose round is open, the oldest first."""
    query = queries.REVIEWS if scope.everything else queries.OWN_REVIEWS
    rows = asked.execute(query, scope.values()).all()
    members = _members(asked, {row.project for row in rows}) if scope.all_names else {}
    for _, of_one in groupby(rows, key=lambda row: row.id):
        found = list(of_one)
        row = found[0]
        known = (
            members[row.project]
            if scope.all_names
            else {scope.person}
            if row.project in scope.projects
            else ()
        )
        decided = {r.decided_by for r in found if r.decided_by is not None}
        not_by = frozenset({*known, *decided, row.author, row.built_by or ""})
        yield ReviewFacts(f"r{row.id:04d}", row.project, row.examined_at.astimezone(UTC).date(), not_by)


def _members(asked: Connection, projects: Collection[str]) -> Mapping[str, set[str]]:
    """Who is on these projects."""
    found: dict[str, set[str]] = defaultdict(set)
    names = sorted(projects)
    for begin in range(0, len(names), _TOGETHER):
        some = _MEMBERS.where(Membership.project.in_(names[begin : begin + _TOGETHER]))
        for project, person in asked.execute(some):
            found[project].add(person)
    return found
