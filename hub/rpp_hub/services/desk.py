"""A reviewer's desk: what waits for them, found in a few queries whatever else there is; the rules decide, as for the act."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, select
from sqlalchemy.orm import Session

from rpp_hub.domain.lifecycle import Action, Decision, Doer, RequestState, Review, Status, refusals
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import Rights
from rpp_hub.services.request_lines import LINE, RequestLine, lines_of, visible
from rpp_hub.store.models import Cut, Membership, Request, ReviewRow, Round

SHOWN = 25
_BATCH = 60
_MOST_BATCHES = 5


@dataclass(frozen=True, slots=True)
class Desk:
    """The requests a reviewer has to do with, by what they wait for; the oldest first, the done ones newest first."""

    waiting: tuple[RequestLine, ...] = ()
    under_way: tuple[RequestLine, ...] = ()
    examined_soon: tuple[RequestLine, ...] = ()
    done: tuple[RequestLine, ...] = ()
    not_mine: tuple[tuple[RequestLine, Refusal], ...] = ()


def desk_of(session: Session, rights: Rights, needed: int, shown: int = SHOWN) -> Desk:
    """At most `shown` requests of each kind."""
    waiting: list[Row[Any]] = []
    soon: list[Row[Any]] = []
    others: list[tuple[Row[Any], Refusal]] = []
    for row, reasons in _submitted(session, rights, needed, lambda: len(waiting) >= shown):
        codes = {r.code for r in reasons}
        if not reasons:
            waiting.append(row)
        elif codes == {"not-examined"}:
            soon.append(row)
        elif not codes & {"enough-reviewers", "already-decided"}:
            others.append((row, reasons[0]))
    begun, done = _own(session, rights.name, shown)
    own = {row.id for row in begun}
    new, soon, others = [r for r in waiting if r.id not in own][:shown], soon[:shown], others[:shown]
    rows = {row.id: row for row in (*new, *begun, *soon, *done, *(row for row, _ in others))}
    lines = dict(zip(rows, lines_of(session, list(rows.values()), needed), strict=True))

    def told(kind: Sequence[Any]) -> tuple[RequestLine, ...]:
        return tuple(lines[row.id] for row in kind)

    elsewhere = tuple((lines[row.id], why) for row, why in others)
    return Desk(told(new), told(begun), told(soon), told(done), elsewhere)


def _submitted(
    session: Session, rights: Rights, needed: int, enough: Callable[[], bool]
) -> Iterator[tuple[Row[Any], tuple[Refusal, ...]]]:
    """Submitted requests, oldest first, each with what stands between this reviewer and it; a bounded number of them."""
    after = 0
    for _ in range(_MOST_BATCHES):
        query = visible(LINE.add_columns(Round.cut), rights).where(
            Request.status == str(Status.SUBMITTED), Request.id > after
        )
        rows = session.execute(query.order_by(Request.id).limit(_BATCH)).all()
        states = _states(session, rows, needed)
        for row in rows:
            doer = Doer(rights.name, rights.roles_in(row.project))
            yield row, refusals(states[row.id], Action.REVIEW, doer)
        if len(rows) < _BATCH or enough():
            return
        after = rows[-1].id


def _states(session: Session, rows: Sequence[Row[Any]], needed: int) -> dict[int, RequestState]:
    """What the rules of reviewing look at, for all of them at once."""
    projects, ids = {r.project for r in rows}, [r.id for r in rows]
    members: dict[str, set[str]] = defaultdict(set)
    for project, person in session.execute(
        select(Membership.project, Membership.person).where(Membership.project.in_(projects))
    ):
        members[project].add(person)
    cuts = select(Cut.project, Cut.name, Cut.built_by).where(Cut.project.in_(projects))
    makers = {(project, name): by for project, name, by in session.execute(cuts)}
    reviews: dict[int, list[Review]] = defaultdict(list)
    current = and_(Request.id == ReviewRow.request_id, Request.round == ReviewRow.round)
    asked = select(ReviewRow.request_id, ReviewRow.reviewer, ReviewRow.decision).join(Request, current)
    for request_id, reviewer, decision in session.execute(asked.where(ReviewRow.request_id.in_(ids))):
        reviews[request_id].append(Review(reviewer, {}, Decision(decision) if decision else None))
    return {
        r.id: RequestState(
            status=Status(r.status),
            author=r.author,
            members=frozenset(members[r.project]),
            cut_maker=makers.get((r.project, r.cut), ""),
            items=(),
            examined=r.examined_at is not None,
            reviews=tuple(reviews[r.id]),
            reviewers_needed=needed,
        )
        for r in rows
    }


def _own(session: Session, reviewer: str, shown: int) -> tuple[list[Any], list[Any]]:
    """What this reviewer has begun, and what they have finished."""
    mine = LINE.join(
        ReviewRow, and_(ReviewRow.request_id == Request.id, ReviewRow.round == Request.round)
    ).where(ReviewRow.reviewer == reviewer)
    begun = mine.where(ReviewRow.decision.is_(None), Request.status == str(Status.SUBMITTED))
    done = mine.where(ReviewRow.decision.is_not(None))
    return (
        list(session.execute(begun.order_by(ReviewRow.request_id).limit(shown)).all()),
        list(session.execute(done.order_by(ReviewRow.request_id.desc()).limit(shown)).all()),
    )
