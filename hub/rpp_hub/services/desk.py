"""A reviewer's desk: what waits for them, found in a few queries whatever else there is; the rules decide, as for the act."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Row, String, and_, bindparam, select
from sqlalchemy.orm import Session

from rpp_hub.domain.lifecycle import Action, Decision, Doer, RequestState, Review, Status, refusals
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import Rights
from rpp_hub.services.request_lines import (
    CURRENT,
    LINE,
    OF_CURRENT_ROUND,
    REQUEST,
    REVIEW,
    ROUND,
    SHOWN,
    RequestLine,
    line_of,
    lines_of,
)
from rpp_hub.store.constants import number, said
from rpp_hub.store.models import Cut, Membership, PersonRole, ReviewRow

MOST = 25
_MOST_ROWS = 300


@dataclass(frozen=True, slots=True)
class Desk:
    """The requests a reviewer has to do with, by what they wait for; the oldest first, the done ones newest first."""

    waiting: tuple[RequestLine, ...] = ()
    under_way: tuple[RequestLine, ...] = ()
    examined_soon: tuple[RequestLine, ...] = ()
    done: tuple[RequestLine, ...] = ()
    not_mine: tuple[tuple[RequestLine, Refusal], ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """A submitted request and what stands between this reviewer and it."""

    line: RequestLine
    reasons: tuple[Refusal, ...]
    begun: bool


def desk_of(session: Session, rights: Rights, needed: int, shown: int = MOST) -> Desk:
    """At most `shown` requests of each kind."""
    waiting: list[RequestLine] = []
    soon: list[RequestLine] = []
    others: list[tuple[RequestLine, Refusal]] = []
    for seen in _submitted(session, rights, needed, shown, lambda: len(waiting) >= shown):
        codes = {r.code for r in seen.reasons}
        if seen.begun and not codes:
            continue  # among those under way
        if not codes:
            waiting.append(seen.line)
        elif codes == {"not-examined"}:
            soon.append(seen.line)
        elif not codes & {"enough-reviewers", "already-decided"}:
            others.append((seen.line, seen.reasons[0]))
    done = session.execute(_DONE, {"me": rights.name, "most": shown}).all()
    return Desk(
        tuple(waiting[:shown]),
        _begun(session, rights, needed, shown),
        tuple(soon[:shown]),
        lines_of(done, needed),
        tuple(others[:shown]),
    )


def top_of_desk(session: Session, rights: Rights, needed: int, shown: int) -> Desk:
    """What a reviewer does next: begun, and waiting. Nothing of the rest of the desk."""
    waiting: list[RequestLine] = []
    for seen in _submitted(session, rights, needed, shown, lambda: len(waiting) >= shown):
        if not seen.reasons and not seen.begun:
            waiting.append(seen.line)
    return Desk(tuple(waiting[:shown]), _begun(session, rights, needed, shown))


_CUT, _MEMBER, _ROLE = Cut.__table__.c, Membership.__table__.c, PersonRole.__table__.c
_ME = bindparam("me", type_=String)
_AFTER, _MOST = number("after"), number("most")
_GIVEN_BY = select(_ROLE.given_by).where(_ROLE.person == _ME, _ROLE.role == str(Role.OUTPUT_REVIEWER))
_CUT_MAKER = select(_CUT.built_by).where(_CUT.project == REQUEST.project, _CUT.name == ROUND.cut)
_MEMBERS = Membership.__table__
_GIVER = _MEMBERS.alias("giver")  # whoever made this reviewer one, if they lead the project
_AS_MEMBER = and_(_MEMBER.project == REQUEST.project, _MEMBER.person == _ME)
_AS_LEAD = and_(
    _GIVER.c.project == REQUEST.project,
    _GIVER.c.person == _GIVEN_BY.scalar_subquery(),
    _GIVER.c.role == "lead",
)
_SUBMITTED = (
    select(
        *SHOWN,
        _MEMBER.person.label("member"),
        _GIVER.c.person.label("lead"),
        _CUT_MAKER.scalar_subquery().label("cut_maker"),
    )
    .select_from(CURRENT.outerjoin(_MEMBERS, _AS_MEMBER).outerjoin(_GIVER, _AS_LEAD))
    .where(REQUEST.status == said(Status.SUBMITTED), REQUEST.id > _AFTER)
    .order_by(REQUEST.id)
    .limit(_MOST)
)
_MINE = (
    LINE.select_from(CURRENT.join(ReviewRow.__table__, OF_CURRENT_ROUND))
    .where(REVIEW.reviewer == _ME)
    .limit(_MOST)
)
_BEGUN = _MINE.where(REVIEW.decision.is_(None), REQUEST.status == said(Status.SUBMITTED)).order_by(
    REVIEW.request_id
)
# first which they are, by one index; the round of each as a value and not a join, for which PostgreSQL would read all requests.
# No review is of a later round than the request's; for an equality PostgreSQL expects so few that it would sort them all.
_ROUND_NOW = select(REQUEST.round).where(REQUEST.id == REVIEW.request_id).scalar_subquery()
_NEWEST_DONE = (
    select(REVIEW.request_id)
    .where(REVIEW.reviewer == _ME, REVIEW.decision.is_not(None), REVIEW.round >= _ROUND_NOW)
    .order_by(REVIEW.request_id.desc())
    .limit(_MOST)
    .subquery("newest")
)
_DONE = LINE.select_from(CURRENT.join(_NEWEST_DONE, _NEWEST_DONE.c.request_id == REQUEST.id)).order_by(
    REQUEST.id.desc()
)


_SOME = _SUBMITTED.subquery("some")
_OF_ROUND = and_(REVIEW.request_id == _SOME.c.id, REVIEW.round == _SOME.c.round)
# a row for each review of the current round, at least one for each request
_WITH_REVIEWS = (
    select(_SOME, REVIEW.reviewer, REVIEW.decision.label("decision"))
    .select_from(_SOME.outerjoin(ReviewRow.__table__, _OF_ROUND))
    .order_by(_SOME.c.id)
)


def _submitted(
    session: Session, rights: Rights, needed: int, shown: int, enough: Callable[[], bool]
) -> Iterator[_Seen]:
    """Submitted requests, oldest first, each with what stands between this reviewer and it; a bounded number of them."""
    after, most = 0, 2 * shown
    for _ in range(0, _MOST_ROWS, most):
        rows = session.execute(_WITH_REVIEWS, {"me": rights.name, "after": after, "most": most}).all()
        found = 0
        for request, of_one in groupby(rows, key=lambda row: row.id):
            found, after = found + 1, request
            yield _seen(rights, list(of_one), needed)
        if found < most or enough():
            return


def _seen(rights: Rights, rows: Sequence[Row[Any]], needed: int) -> _Seen:
    """What the rules of reviewing say of one request; of its project they look at this reviewer alone."""
    row, me = rows[0], rights.name
    reviews = tuple(
        Review(r.reviewer, {}, Decision(r.decision) if r.decision is not None else None)
        for r in rows
        if r.reviewer is not None
    )
    state = RequestState(
        status=Status.SUBMITTED,
        author=row.author,
        members=frozenset({me} if row.member else ()),
        cut_maker=row.cut_maker or "",
        items=(),
        examined=row.examined_at is not None,
        reviews=reviews,
        reviewers_needed=needed,
        lead=row.lead or "",
        made_by_lead=frozenset({me} if row.lead else ()),
    )
    reasons = refusals(state, Action.REVIEW, Doer(me, rights.roles_in(row.project)))
    line = line_of(row, needed, decided=len(state.decided))
    return _Seen(line, reasons, begun=any(r.reviewer == me and not r.decided for r in reviews))


def _begun(session: Session, rights: Rights, needed: int, shown: int) -> tuple[RequestLine, ...]:
    return lines_of(session.execute(_BEGUN, {"me": rights.name, "most": shown}).all(), needed)
