"""Reviewing: verdicts item by item, then a decision; what follows from enough decisions follows by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid, Stale
from rpp_hub.domain.lifecycle import (
    SYSTEM,
    Action,
    Decision,
    Doer,
    Verdict,
    next_system_action,
    perform,
)
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import require
from rpp_hub.services.request_state import RequestView, doer_for, get_request, state_of, view_for
from rpp_hub.settings import Settings
from rpp_hub.store.database import Act, Store
from rpp_hub.store.models import Request, ReviewRow

_LONGEST_COMMENT = 5000


class Reviewing:
    """What an output reviewer does."""

    def __init__(self, store: Store, settings: Settings, now: Callable[[], datetime]) -> None:
        self._store = store
        self._needed = settings.review.reviewers
        self._now = now

    def save(
        self,
        actor: Actor,
        name: str,
        round_number: int,
        verdicts: Mapping[str, Verdict],
        comments: Mapping[str, str],
        comment: str = "",
    ) -> RequestView:
        """Keep verdicts and comments without finishing; they can still be changed."""
        with self._store.act(actor, f"request:{Action.REVIEW}", f"request:{name}") as act:
            request = self._reviewable(act.session, actor, name, round_number)
            row = _row_of(act.session, request, actor.name)
            _record(row, request, verdicts, comments, comment)
            act.detail.update(round=request.round, decided=False)
            act.session.flush()
            return view_for(act.session, request, actor.name, self._needed)

    def finish(
        self,
        actor: Actor,
        name: str,
        round_number: int,
        decision: Decision,
        verdicts: Mapping[str, Verdict] | None = None,
        comments: Mapping[str, str] | None = None,
        comment: str = "",
    ) -> RequestView:
        """End one's review. With the last decision the request is approved, returned or rejected in the same act.

        Raises ActionRefused while an item has no verdict, or a refused item or a return has no word of explanation.
        """
        with self._store.act(actor, f"request:{Action.REVIEW}", f"request:{name}") as act:
            request = self._reviewable(act.session, actor, name, round_number)
            row = _row_of(act.session, request, actor.name)
            _record(
                row,
                request,
                {**_kept(row), **(verdicts or {})},
                {**row.comments, **(comments or {})},
                comment or row.comment,
            )
            reasons = _unfinished(request, row, decision)
            if reasons:
                raise ActionRefused(reasons)
            row.decision, row.decided_at = str(decision), self._now()
            # what was decided stays out of the log until all have: a second reviewer may be an auditor, too
            act.detail.update(round=request.round, decided=True)
            act.session.flush()
            self._follow(act, request)
            return view_for(act.session, request, actor.name, self._needed)

    def _reviewable(self, session: Session, actor: Actor, name: str, round_number: int) -> Request:
        rights = require(session, actor, Permission.REQUEST_REVIEW)
        request = get_request(session, name, lock=True)
        perform(state_of(session, request, self._needed), Action.REVIEW, doer_for(rights, request.project))
        if round_number != request.round:
            raise Stale(
                f"{name} was submitted anew while you looked at it. Open it again: round {request.round} is current."
            )
        return request

    def _follow(self, act: Act, request: Request) -> None:
        """What the system does once enough have decided: approve, return or reject."""
        state = state_of(act.session, request, self._needed)
        action = next_system_action(state)
        if action is None:
            return
        request.status = perform(state, action, Doer(SYSTEM, frozenset()))
        act.also(
            f"request:{action}",
            f"request:{request.name}",
            round=request.round,
            approved=len(state.approved_items),
            decisions={r.reviewer: str(r.decision) for r in state.decided},
        )


def _row_of(session: Session, request: Request, reviewer: str) -> ReviewRow:
    for row in request.current.reviews:
        if row.reviewer == reviewer:
            return row
    row = ReviewRow(request_id=request.id, round=request.round, reviewer=reviewer, verdicts={}, comments={})
    request.current.reviews.append(row)
    session.flush()
    return row


def _kept(row: ReviewRow) -> dict[str, Verdict]:
    return {k: Verdict(v) for k, v in row.verdicts.items()}


def _record(
    row: ReviewRow,
    request: Request,
    verdicts: Mapping[str, Verdict],
    comments: Mapping[str, str],
    comment: str,
) -> None:
    known = {i.identity for i in request.current.items}
    strangers = (set(verdicts) | set(comments)) - known
    if strangers:
        raise Invalid(
            "The review names an item that is not in this round. Open the request again.", code="no-such-item"
        )
    if any(len(text) > _LONGEST_COMMENT for text in (*comments.values(), comment)):
        raise Invalid(f"A comment can have at most {_LONGEST_COMMENT} characters.", code="comment-too-long")
    row.verdicts = {k: str(v) for k, v in verdicts.items()}
    row.comments = {k: v for k, v in comments.items() if v.strip()}
    row.comment = comment.strip()


def _unfinished(request: Request, row: ReviewRow, decision: Decision) -> tuple[Refusal, ...]:
    reasons = []
    open_items = [i for i in request.current.items if i.identity not in row.verdicts]
    if open_items:
        reasons.append(
            Refusal(
                "item-undecided",
                f"{len(open_items)} item{'s have' if len(open_items) > 1 else ' has'} no verdict yet.",
            )
        )
    silent = [
        k
        for k, v in row.verdicts.items()
        if v == Verdict.REFUSE and not row.comments.get(k) and not row.comment
    ]
    if silent:
        reasons.append(
            Refusal(
                "refusal-unexplained", "Say in a comment why you refuse, so that the researcher can mend it."
            )
        )
    if decision is Decision.SEND_BACK and not row.comment and not row.comments:
        reasons.append(Refusal("return-unexplained", "Say in a comment what the researcher should change."))
    return tuple(reasons)
