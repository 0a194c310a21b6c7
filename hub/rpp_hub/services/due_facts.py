"""The dated facts behind what is due, each kind read by one bounded query: for one person, or for those who see all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Date,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import Session

from rpp_hub.domain.agreements import PaperKind, PaperStatus
from rpp_hub.domain.attestations import AttestationStatus
from rpp_hub.domain.dues import (
    Clocks,
    Facts,
    PaperFacts,
    PersonFacts,
    ProjectFacts,
    ReviewFacts,
    UmbrellaFacts,
)
from rpp_hub.domain.lifecycle import Status
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.review_clock import Round
from rpp_hub.services.standing import last_day_at_partner
from rpp_hub.store.model_agreements import Paper
from rpp_hub.store.model_clocks import Ending
from rpp_hub.store.model_people import Affiliation, Attestation, Cover
from rpp_hub.store.model_projects import ProjectRound
from rpp_hub.store.models import Cut, Destruction, Membership, Person, Project, Request, ReviewRow
from rpp_hub.store.models import Round as RequestRound

# of each kind the most urgent ones: nobody works through more at once, and a page stays as fast as it was
SHOWN = 200

# district, times on its desk → last day for its answer
AnswerBy = Callable[[str, tuple[Round, ...]], date]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose facts: everything, or one person's projects and papers."""

    person: str
    everything: bool
    projects: frozenset[str]
    reviews: bool = True
    limit: int = SHOWN

    def values(self, **more: object) -> dict[str, Any]:
        """What the queries below are told."""
        return {"person": self.person, "projects": sorted(self.projects), "limit": self.limit, **more}


def read_facts(
    session: Session, scope: Scope, clocks: Clocks, today: date, answer_by: AnswerBy
) -> Iterator[Facts]:
    """All that a clock could be made of within this scope."""
    horizon = today + timedelta(days=clocks.notice)
    yield from _projects(session, scope, horizon, today, answer_by)
    yield from _people(session, scope, horizon)
    yield from _reviews(session, scope)
    yield from _papers(session, scope)
    yield from _umbrellas(session, horizon, today)


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(UTC).date() if moment is not None else None


def _projects(
    session: Session, scope: Scope, horizon: date, today: date, answer_by: AnswerBy
) -> Iterator[ProjectFacts]:
    asked_for = _project_query(scope.everything)
    found = session.execute(asked_for, scope.values(horizon=horizon))
    rows: dict[str, Row[Any]] = {row.name: row for row in found}
    members: dict[str, dict[str, str]] = {}
    asked = select(Membership.project, Membership.person, Membership.role)
    asked = asked.where(Membership.project.in_(list(rows)))
    for project, person, role in session.execute(asked) if rows else ():
        members.setdefault(project, {})[person] = role
    rounds = _rounds(session, [n for n, row in rows.items() if row.status == ProjectStatus.APPLIED])
    for name, row in rows.items():
        waits = row.status == ProjectStatus.APPLIED
        came = rounds.get(name) or (Round(row.applied_at.astimezone(UTC).date()),)
        answer = answer_by(row.district, came) if waits else None
        yield _project(row, members.get(name, {}), today, answer)


def _rounds(session: Session, projects: list[str]) -> dict[str, tuple[Round, ...]]:
    """How often each application came, and was answered."""
    if not projects:
        return {}
    query = select(ProjectRound.project, ProjectRound.sent_at, ProjectRound.answered_at)
    query = query.where(ProjectRound.project.in_(projects)).order_by(ProjectRound.number)
    found: dict[str, tuple[Round, ...]] = {}
    for row in session.execute(query):
        once = Round(row.sent_at.astimezone(UTC).date(), _day(row.answered_at))
        found[row.project] = (*found.get(row.project, ()), once)
    return found


_HORIZON = bindparam("horizon", type_=Date)
_PERSON = bindparam("person", type_=String)
_PROJECTS = bindparam("projects", type_=String, expanding=True)
_LIMIT = bindparam("limit", type_=Integer)


def _together(queries: Iterable[Select[*tuple[Any, ...]]]) -> CompoundSelect[*tuple[Any, ...]]:
    """The first of each, in one query."""
    return union_all(*(select(query.limit(_LIMIT).subquery()) for query in queries))


@cache
def _project_query(everything: bool) -> CompoundSelect[*tuple[Any, ...]]:
    """Applications; approvals without data; what ends soon or has ended; what is closed and not settled."""
    has_cut = select(Cut.id).where(Cut.project == Project.name).exists()
    base = (
        select(
            Project.name, Project.district, Project.sponsor, Project.status, Project.applied_at, Project.decided_at,
            Project.irb_ends, Project.agreement_ends, has_cut.label("has_cut"), Ending.ended_on, Ending.confirmed_at,
            Destruction.destroyed_at,
        )
        .outerjoin(Ending, Ending.project == Project.name)
        .outerjoin(Destruction, Destruction.project == Project.name)
    )  # fmt: skip
    if not everything:
        base = base.where(or_(Project.name.in_(_PROJECTS), Project.sponsor == _PERSON))
    approved = Project.status == str(ProjectStatus.APPROVED)
    unsettled = (Ending.confirmed_at.is_(None), Ending.ended_on.is_not(None), has_cut)
    return _together(
        (
            base.where(Project.status == str(ProjectStatus.APPLIED)).order_by(Project.applied_at),
            base.where(approved, ~has_cut).order_by(Project.decided_at),
            base.where(approved, Project.irb_ends <= _HORIZON).order_by(Project.irb_ends),
            base.where(approved, Project.agreement_ends <= _HORIZON).order_by(Project.agreement_ends),
            base.where(*unsettled).order_by(Ending.ended_on),
        )
    )


def _project(row: Row[Any], members: dict[str, str], today: date, answer_by: date | None) -> ProjectFacts:
    approved = row.status in (ProjectStatus.APPROVED, ProjectStatus.CLOSED)
    over = row.has_cut and row.agreement_ends is not None and row.agreement_ends < today
    return ProjectFacts(
        name=row.name,
        sponsor=row.sponsor,
        lead=next((p for p, role in members.items() if role == "lead"), ""),
        members=frozenset(members),
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
    found = session.execute(_people_query(scope.everything), scope.values(horizon=horizon))
    rows = {row.name: row for row in found}
    for row in rows.values():
        yield PersonFacts(row.name, row.training_ends, row.access_agreement_ends, row.ends, row.until)


@cache
def _people_query(everything: bool) -> CompoundSelect[*tuple[Any, ...]]:
    """By each of the days on which something of a person ends."""
    until = last_day_at_partner(Person.name)
    runs = (
        select(Membership.person)
        .join(Project, Project.name == Membership.project)
        .where(Membership.person == Person.name, Project.status == str(ProjectStatus.APPROVED))
        .exists()
    )
    base = (
        select(
            Person.name, Person.training_ends, Person.access_agreement_ends, Cover.ends, until.label("until")
        )
        .outerjoin(Cover, Cover.person == Person.name)
        .where(Person.active, runs)
    )
    if not everything:
        base = base.where(Person.name == _PERSON)
    # whoever's last day at a partner comes near has some day that does: found by its index, then looked at whole
    leaving = Person.name.in_(select(Affiliation.person).where(Affiliation.until <= _HORIZON))
    dated = (Person.training_ends, Person.access_agreement_ends, Cover.ends)
    return _together(
        (
            *(base.where(column <= _HORIZON).order_by(column) for column in dated),
            base.where(leaving, until <= _HORIZON).order_by(Person.name),
        )
    )


def _reviews(session: Session, scope: Scope) -> Iterator[ReviewFacts]:
    """Examined requests whose round is open, the oldest first."""
    if not scope.reviews:
        return
    rows = session.execute(_review_query(scope.everything), scope.values()).all()
    if not rows:
        return
    members: dict[str, set[str]] = {}
    projects = {row.project for row in rows}
    asked = select(Membership.project, Membership.person).where(Membership.project.in_(projects))
    for project, person in session.execute(asked):
        members.setdefault(project, set()).add(person)
    decided: dict[tuple[int, int], set[str]] = {}
    done = select(ReviewRow.request_id, ReviewRow.round, ReviewRow.reviewer)
    done = done.where(ReviewRow.decision.is_not(None), ReviewRow.request_id.in_([row.id for row in rows]))
    for request, number, reviewer in session.execute(done):
        decided.setdefault((request, number), set()).add(reviewer)
    for row in rows:
        not_by = members.get(row.project, set()) | decided.get((row.id, row.number), set())
        since = row.examined_at.astimezone(UTC).date()
        yield ReviewFacts(
            f"r{row.id:04d}", row.project, since, frozenset({*not_by, row.author, row.built_by or ""})
        )


@cache
def _review_query(everything: bool) -> Select[*tuple[Any, ...]]:
    """Of a reviewer's, only those that are still theirs to review: what they are done with hides no other."""
    current = and_(RequestRound.request_id == Request.id, RequestRound.number == Request.round)
    query = (
        select(
            Request.id, Request.project, Request.author, RequestRound.number, RequestRound.examined_at, Cut.built_by
        )
        .join(RequestRound, current)
        .outerjoin(Cut, and_(Cut.project == Request.project, Cut.name == RequestRound.cut))
        .where(Request.status == str(Status.SUBMITTED), RequestRound.examined_at.is_not(None))
        .order_by(Request.id)
        .limit(_LIMIT)
    )  # fmt: skip
    if everything:
        return query
    reviewed = select(ReviewRow.request_id).where(
        ReviewRow.request_id == Request.id,
        ReviewRow.round == Request.round,
        ReviewRow.reviewer == _PERSON,
        ReviewRow.decision.is_not(None),
    )
    return query.where(Request.project.not_in(_PROJECTS), Request.author != _PERSON, ~reviewed.exists())


def _papers(session: Session, scope: Scope) -> Iterator[PaperFacts]:
    """Papers that wait to be confirmed; only who confirms them asks."""
    if not scope.everything:
        return
    waits = select(Attestation).where(Attestation.status == str(AttestationStatus.WAITING))
    for row in session.scalars(waits.order_by(Attestation.id).limit(scope.limit)):
        yield PaperFacts(row.name, row.person, row.kind, row.sent_at.astimezone(UTC).date())


def _umbrellas(session: Session, horizon: date, today: date) -> Iterator[UmbrellaFacts]:
    """What is in force, or was until nothing followed."""
    last = select(Paper.district, func.max(Paper.ends)).where(
        Paper.kind == str(PaperKind.UMBRELLA), Paper.status == str(PaperStatus.SIGNED), Paper.starts <= today
    )
    for district, ends in session.execute(
        last.group_by(Paper.district).having(func.max(Paper.ends) <= horizon)
    ):
        if ends is not None:
            yield UmbrellaFacts(district, ends)
