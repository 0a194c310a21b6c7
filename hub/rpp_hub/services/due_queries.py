"""Which rows a clock could be made of: statements made once, each bounded by an index.

First the keys of each kind's most urgent rows, each from one table in the order of one index; then what is to be known of
them. For one person it is simpler: their own projects and papers are few.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    null,
    or_,
    select,
    type_coerce,
    union,
    union_all,
)

from rpp_hub.domain.agreements import PaperKind, PaperStatus
from rpp_hub.domain.attestations import AttestationStatus
from rpp_hub.domain.lifecycle import Status
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.services.request_lines import CURRENT, REQUEST, ROUND
from rpp_hub.services.standing import last_day_at_partner
from rpp_hub.store.constants import day, number, said
from rpp_hub.store.model_agreements import Paper, Signature
from rpp_hub.store.model_clocks import Ending
from rpp_hub.store.model_people import Affiliation, Attestation, Cover
from rpp_hub.store.model_projects import FieldException, ProjectRound
from rpp_hub.store.models import Cut, Destruction, Membership, Person, Project, ReviewRow

Query = Select[*tuple[Any, ...]]

_PROJECTS, _PEOPLE, _COVERS = Project.__table__, Person.__table__, Cover.__table__
_ENDINGS, _DESTRUCTIONS, _TIMES, _CUTS = (
    Ending.__table__,
    Destruction.__table__,
    ProjectRound.__table__,
    Cut.__table__,
)
_PROJECT, _PERSON, _COVER, _ENDING = _PROJECTS.c, _PEOPLE.c, _COVERS.c, _ENDINGS.c
_TIME, _CUT, _MEMBER, _REVIEW = _TIMES.c, _CUTS.c, Membership.__table__.c, ReviewRow.__table__.c
_WORKS, _SENT, _PAPER = Affiliation.__table__.c, Attestation.__table__.c, Paper.__table__.c

_ME = bindparam("person", type_=String)
_MINE = bindparam("projects", type_=String, expanding=True)
_DISTRICTS = bindparam("districts", type_=String, expanding=True)
_HORIZON, _TODAY = day("horizon"), day("today")
_LIMIT = number("limit")
BETWEEN = "\n"  # the names of fields in one value

_HAS_CUT = select(_CUT.id).where(_CUT.project == _PROJECT.name).exists()
_IS_APPLIED = _PROJECT.status == said(ProjectStatus.APPLIED)
_IS_APPROVED = _PROJECT.status == said(ProjectStatus.APPROVED)
_UNSETTLED = and_(_ENDING.confirmed_at.is_(None), _ENDING.ended_on.is_not(None), _HAS_CUT)


def _first(
    key: ColumnElement[Any], table: FromClause, by: ColumnElement[Any], *which: ColumnElement[bool]
) -> Query:
    some = select(key.label("name")).select_from(table).where(*which).order_by(by).limit(_LIMIT).subquery()
    return select(some.c.name)


def _urgent(*which: ColumnElement[bool]) -> CompoundSelect[*tuple[Any, ...]]:
    """Of each kind the most urgent projects."""
    ended = _ENDINGS.join(_PROJECTS, _PROJECT.name == _ENDING.project) if which else _ENDINGS
    cut_ended = select(_CUT.id).where(_CUT.project == _ENDING.project).exists()
    return union(
        _first(_PROJECT.name, _PROJECTS, _PROJECT.applied_at, _IS_APPLIED, *which),
        _first(_PROJECT.name, _PROJECTS, _PROJECT.decided_at, _IS_APPROVED, ~_HAS_CUT, *which),
        _first(_PROJECT.name, _PROJECTS, _PROJECT.irb_ends, _IS_APPROVED, _PROJECT.irb_ends <= _HORIZON, *which),
        _first(
            _PROJECT.name, _PROJECTS, _PROJECT.agreement_ends, _IS_APPROVED, _PROJECT.agreement_ends <= _HORIZON, *which
        ),
        _first(_ENDING.project, ended, _ENDING.ended_on, _ENDING.confirmed_at.is_(None), cut_ended, *which),
    )  # fmt: skip


_URGENT_PROJECTS = _urgent()


def _projects(found: FromClause, *more: ColumnElement[Any]) -> Query:
    """Each as often as its application came, if it waits for an answer; else once."""
    role = (
        select(_MEMBER.role).where(_MEMBER.project == _PROJECT.name, _MEMBER.person == _ME).scalar_subquery()
    )
    return (
        select(
            _PROJECT.name, _PROJECT.district, _PROJECT.sponsor, _PROJECT.status, _PROJECT.applied_at, _PROJECT.decided_at,
            _PROJECT.irb_ends, _PROJECT.agreement_ends, _HAS_CUT.label("has_cut"), _ENDING.ended_on, _ENDING.confirmed_at,
            Destruction.__table__.c.destroyed_at, role.label("role"), _TIME.sent_at, _TIME.answered_at,
            *more,
        )
        .select_from(
            found.outerjoin(_ENDINGS, _ENDING.project == _PROJECT.name)
            .outerjoin(_DESTRUCTIONS, _DESTRUCTIONS.c.project == _PROJECT.name)
            .outerjoin(_TIMES, and_(_TIME.project == _PROJECT.name, _IS_APPLIED))
        )
        .order_by(_PROJECT.name, _TIME.number)
    )  # fmt: skip


def _found(urgent: CompoundSelect[*tuple[Any, ...]]) -> FromClause:
    keys = urgent.subquery("urgent")
    return keys.join(_PROJECTS, _PROJECT.name == keys.c.name)


_EXCEPTION = FieldException.__table__.c
# by what an application links surveys, and on which of it the director has decided: of no more than of those that wait
_LEAVE = (
    case((_IS_APPLIED, _PROJECT.application["linkage"])).label("linkage"),
    select(func.aggregate_strings(_EXCEPTION.field, BETWEEN))
    .where(_EXCEPTION.project == _PROJECT.name, _IS_APPLIED)
    .scalar_subquery()
    .label("decided"),
)
_THEIRS = or_(_PROJECT.district.in_(_DISTRICTS), _PROJECT.name.in_(_MINE), _PROJECT.sponsor == _ME)
_ALL, _OF_DISTRICTS = _found(_URGENT_PROJECTS), _found(_urgent(_THEIRS))
# by whether it is of some districts alone, and whether with what waits for the director's leave
PROJECTS: dict[tuple[bool, bool], Query] = {
    (False, False): _projects(_ALL), (False, True): _projects(_ALL, *_LEAVE),
    (True, False): _projects(_OF_DISTRICTS), (True, True): _projects(_OF_DISTRICTS, *_LEAVE),
}  # fmt: skip
OWN_PROJECTS: Query = _projects(_PROJECTS).where(
    or_(_PROJECT.name.in_(_MINE), _PROJECT.sponsor == _ME),
    or_(
        _IS_APPLIED,
        and_(
            _IS_APPROVED, or_(~_HAS_CUT, _PROJECT.irb_ends <= _HORIZON, _PROJECT.agreement_ends <= _HORIZON)
        ),
        _UNSETTLED,
    ),
)
STAFF: Query = select(_MEMBER.project, _MEMBER.person, _MEMBER.role).where(
    _MEMBER.project.in_(_URGENT_PROJECTS)
)

# one value a membership, not a join: SQLite would begin with all approved projects, for each person anew
_OF_MEMBERSHIP = select(_PROJECT.status).where(_PROJECT.name == _MEMBER.project).scalar_subquery()
_RUNS = (
    select(_MEMBER.person)
    .where(_MEMBER.person == _PERSON.name, _OF_MEMBERSHIP == said(ProjectStatus.APPROVED))
    .correlate(_PEOPLE)
    .exists()
)
_UNTIL = last_day_at_partner(_PERSON.name)
_WITH_COVER = _PEOPLE.outerjoin(_COVERS, _COVER.person == _PERSON.name)
_OF_PERSON = (
    _PERSON.name, _PERSON.training_ends, _PERSON.access_agreement_ends, _COVER.ends, _UNTIL.label("until"),
)  # fmt: skip
_ENDING_SOON = union(
    _first(_PERSON.name, _PEOPLE, _PERSON.training_ends, _PERSON.training_ends <= _HORIZON, _PERSON.active, _RUNS),
    _first(
        _PERSON.name, _PEOPLE, _PERSON.access_agreement_ends, _PERSON.access_agreement_ends <= _HORIZON, _PERSON.active, _RUNS
    ),
    _first(
        _PERSON.name, _COVERS.join(_PEOPLE, _PERSON.name == _COVER.person), _COVER.ends, _COVER.ends <= _HORIZON,
        _PERSON.active, _RUNS,
    ),
    # whoever's last day at a partner comes near has some day that does: found by its index, then looked at whole
    _first(
        _PERSON.name, Affiliation.__table__.join(_PEOPLE, _PERSON.name == _WORKS.person), _WORKS.until,
        _WORKS.until <= _HORIZON, _UNTIL <= _HORIZON, _PERSON.active, _RUNS,
    ),
).subquery("ending")  # fmt: skip
PEOPLE: Query = select(*_OF_PERSON).select_from(
    _ENDING_SOON.join(_PEOPLE, _PERSON.name == _ENDING_SOON.c.name).outerjoin(
        _COVERS, _COVER.person == _PERSON.name
    )
)
OWN_PAPERS: Query = (
    select(*_OF_PERSON).select_from(_WITH_COVER).where(_PERSON.name == _ME, _PERSON.active, _RUNS)
)

_AS_MEMBER = select(_MEMBER.person).where(_MEMBER.project == REQUEST.project, _MEMBER.person == _ME)
_DECIDED = select(_REVIEW.decision).where(
    _REVIEW.request_id == REQUEST.id,
    _REVIEW.round == REQUEST.round,
    _REVIEW.reviewer == _ME,
    _REVIEW.decision.is_not(None),
)


def _examined(*which: ColumnElement[bool]) -> Query:
    """Requests whose round is open, the oldest first."""
    return (
        select(REQUEST.id, REQUEST.project, REQUEST.author, REQUEST.round, ROUND.examined_at, ROUND.cut)
        .select_from(CURRENT)
        .where(REQUEST.status == said(Status.SUBMITTED), ROUND.examined_at.is_not(None), *which)
        .order_by(REQUEST.id)
        .limit(_LIMIT)
    )


def _reviews(which: Query) -> Query:
    """Each as often as somebody has decided on it in this round, or once.

    Of all who have, and not of one: without the reader's name PostgreSQL plans it once, and not for each of them.
    """
    some = which.subquery("some")
    made_by = and_(_CUT.project == some.c.project, _CUT.name == some.c.cut)
    decided = and_(
        _REVIEW.request_id == some.c.id, _REVIEW.round == some.c.round, _REVIEW.decision.is_not(None)
    )
    return (
        select(
            some.c.id, some.c.project, some.c.author, some.c.examined_at, _CUT.built_by,
            _REVIEW.reviewer.label("decided_by"),
        )
        .select_from(some.outerjoin(_CUTS, made_by).outerjoin(ReviewRow.__table__, decided))
        .order_by(some.c.id)
    )  # fmt: skip


REVIEWS: Query = _reviews(_examined())
# of a reviewer's, only those that are still theirs to review: what they are done with hides no other
OWN_REVIEWS: Query = _reviews(_examined(~_AS_MEMBER.exists(), REQUEST.author != _ME, ~_DECIDED.exists()))

_SENT_SOME = (
    select(_SENT.id, _SENT.person, _SENT.kind, _SENT.sent_at)
    .where(_SENT.status == said(AttestationStatus.WAITING))
    .order_by(_SENT.id)
    .limit(_LIMIT)
    .subquery("sent")
)
# in the shape of the papers, to be asked for with them in one statement
UMBRELLAS: Query = (
    select(
        *(type_coerce(null(), column.type).label(column.key) for column in (_SENT.id, _SENT.kind, _SENT.sent_at)),
        _PAPER.district.label("name"), func.max(_PAPER.ends).label("ends"),
    )
    .where(
        _PAPER.kind == said(PaperKind.UMBRELLA), _PAPER.status == said(PaperStatus.SIGNED), _PAPER.starts <= _TODAY
    )
    .group_by(_PAPER.district)
    .having(func.max(_PAPER.ends) <= _HORIZON)
)  # fmt: skip
SENT_PAPERS_AND_UMBRELLAS: CompoundSelect[*tuple[Any, ...]] = union_all(
    select(
        _SENT_SOME.c.id, _SENT_SOME.c.kind, _SENT_SOME.c.sent_at, _SENT_SOME.c.person.label("name"),
        type_coerce(null(), _PAPER.ends.type).label("ends"),
    ),
    UMBRELLAS,
)  # fmt: skip

_SIGNED = Signature.__table__.c
_OF_LEAD = Membership.__table__.alias("leads")
_PAPERS, _PROPOSED = Paper.__table__, _PAPER.status == said(PaperStatus.PROPOSED)
# as a value and not a column: SQLite, which does not know how many they are, would begin with all that wait
_IS_PROPOSED = func.coalesce(_PAPER.status, "") == said(PaperStatus.PROPOSED)


def _first_papers(*which: ColumnElement[bool], of: FromClause = _PAPERS) -> Query:
    return _first(_PAPER.id, of, _PAPER.id, *which)


def _unsigned(keys: Query | CompoundSelect[*tuple[Any, ...]]) -> Query:
    """Papers that not all have signed, oldest first, a row for each signature."""
    found = keys.subquery("found")
    some = select(found.c.name).order_by(found.c.name).limit(_LIMIT).subquery("unsigned")
    leads = and_(_OF_LEAD.c.project == _PAPER.project, _OF_LEAD.c.role == "lead")
    return (
        select(
            _PAPER.id, _PAPER.kind, _PAPER.district, _PAPER.project, _PAPER.person, _PAPER.sponsor, _PAPER.made_at,
            _PROJECT.sponsor.label("project_sponsor"), _SIGNED.party, _OF_LEAD.c.person.label("lead"),
        )
        .select_from(
            some.join(_PAPERS, _PAPER.id == some.c.name)
            .outerjoin(_PROJECTS, _PROJECT.name == _PAPER.project)
            .outerjoin(Signature.__table__, _SIGNED.paper_id == _PAPER.id)
            .outerjoin(_OF_LEAD, leads)
        )
        .order_by(_PAPER.id)
    )  # fmt: skip


# each found by an index of its own; together, as one condition, they would be looked for in every paper that waits
_MY_PAPERS = (
    _first_papers(_PAPER.project.in_(_MINE), _PAPER.kind == said(PaperKind.PROJECT), _IS_PROPOSED),
    _first_papers(_PAPER.person == _ME, _IS_PROPOSED),
    _first_papers(_PAPER.sponsor == _ME, _IS_PROPOSED),
    _first_papers(
        _PROJECT.sponsor == _ME, _IS_PROPOSED, of=_PROJECTS.join(_PAPERS, _PAPER.project == _PROJECT.name)
    ),
)
_OF_DISTRICT = _PAPER.district.in_(_DISTRICTS)
SIGNATURES: Query = _unsigned(_first_papers(_PROPOSED))
SIGNATURES_OF_DISTRICTS: Query = _unsigned(union(*_MY_PAPERS, _first_papers(_OF_DISTRICT, _PROPOSED)))
OWN_SIGNATURES: Query = _unsigned(
    union(*_MY_PAPERS, _first_papers(_OF_DISTRICT, _PAPER.kind == said(PaperKind.UMBRELLA), _IS_PROPOSED))
)
