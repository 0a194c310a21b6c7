"""From rows to what the lifecycle's rules need to know, and what a person is shown of a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.errors import NotFound
from rpp_hub.domain.lifecycle import SYSTEM, Decision, Doer, RequestState, Review, Status, Verdict
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Role
from rpp_hub.services.authority import Rights
from rpp_hub.store.models import Cut, Membership, PersonRole, Request, RequestItem, Round


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item with what the examination found."""

    identity: str
    kind: str
    media_type: str
    title: str
    sha256: str
    reproduction: str | None
    findings: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One reviewer's review, as far as the viewer may see it."""

    reviewer: str
    verdicts: Mapping[str, Verdict]
    comments: Mapping[str, str]
    comment: str
    decision: Decision | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many items a round has, and what the checks found in them."""

    items: int = 0
    fails: int = 0
    looks: int = 0

    @classmethod
    def of(cls, items: Iterable[Iterable[Mapping[str, Any]]]) -> Tally:
        """Of the findings of each item."""
        found = [[f["outcome"] for f in findings] for findings in items]
        outcomes = [outcome for of_one in found for outcome in of_one]
        return cls(len(found), outcomes.count("fail"), outcomes.count("review"))


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request and its current round, for one viewer."""

    name: str
    project: str
    author: str
    status: Status
    round: int
    file_name: str
    context: str
    controls: str
    cut: str
    submitted_at: datetime
    examined_at: datetime | None
    examination: Mapping[str, Any]
    items: tuple[ItemView, ...]
    reviews: tuple[ReviewView, ...]
    reviewers_decided: int
    reviewers_needed: int
    approved_items: tuple[str, ...]

    @property
    def tally(self) -> Tally:
        """Its items and findings, counted."""
        return Tally.of(item.findings for item in self.items)


def get_request(session: Session, name: str, *, lock: bool = False) -> Request:
    """The row behind r0001. Raises NotFound."""
    number = name[1:]
    if not (name.startswith("r") and number.isascii() and number.isdigit() and len(number) <= 9):
        raise no_request(name)
    row = session.get(Request, int(number), with_for_update=lock)
    if row is None or row.name != name:
        raise no_request(name)
    return row


def no_request(name: str) -> NotFound:
    """One answer for what does not exist and for what this person may not see."""
    return NotFound(f"There is no request {printable(name)!r} that you may see.", code="no-such-request")


def state_of(session: Session, request: Request, reviewers_needed: int) -> RequestState:
    """What the lifecycle's rules need to know."""
    current = request.current
    staff = select(Membership.person, Membership.role).where(Membership.project == request.project)
    members = {person: role for person, role in session.execute(staff)}
    lead = next((person for person, role in members.items() if role == "lead"), "")
    made = select(PersonRole.person).where(
        PersonRole.role == str(Role.OUTPUT_REVIEWER), PersonRole.given_by == lead
    )
    maker = session.scalars(
        select(Cut.built_by).where(Cut.project == request.project, Cut.name == current.cut)
    ).first()
    return RequestState(
        status=Status(request.status),
        author=request.author,
        members=frozenset(members),
        cut_maker=maker or "",
        items=tuple(i.identity for i in current.items),
        examined=current.examined_at is not None,
        reviews=tuple(
            Review(
                r.reviewer,
                {k: Verdict(v) for k, v in r.verdicts.items()},
                Decision(r.decision) if r.decision is not None else None,
            )
            for r in current.reviews
        ),
        reviewers_needed=reviewers_needed,
        lead=lead,
        made_by_lead=frozenset(session.scalars(made)) if lead else frozenset(),
    )


def doer_for(rights: Rights, project: str) -> Doer:
    """The person as the lifecycle sees them for one project."""
    return Doer(rights.name, frozenset() if rights.name == SYSTEM else rights.roles_in(project))


def view_for(session: Session, request: Request, viewer: str, reviewers_needed: int) -> RequestView:
    """The request as this viewer may see it: no reviewer's word before enough have decided, save one's own.

    The author and other members see reviews only once the round is over, and then without who said what.
    """
    state = state_of(session, request, reviewers_needed)
    current = request.current
    over = len(state.decided) >= reviewers_needed
    return RequestView(
        name=request.name,
        project=request.project,
        author=request.author,
        status=state.status,
        round=current.number,
        file_name=current.file_name,
        context=current.context,
        controls=current.controls,
        cut=current.cut,
        submitted_at=current.submitted_at,
        examined_at=current.examined_at,
        examination=current.examination or {},
        items=tuple(_item_view(i) for i in current.items),
        reviews=_reviews_for(current, viewer, over=over, is_member=viewer in state.members),
        reviewers_decided=len(state.decided),
        reviewers_needed=reviewers_needed,
        approved_items=state.approved_items if over else (),
    )


def _reviews_for(current: Round, viewer: str, *, over: bool, is_member: bool) -> tuple[ReviewView, ...]:
    shown = [r for r in current.reviews if r.reviewer == viewer or (over and r.decision is not None)]
    return tuple(
        ReviewView(
            reviewer=f"reviewer {place}" if is_member and row.reviewer != viewer else row.reviewer,
            verdicts={k: Verdict(v) for k, v in row.verdicts.items()},
            comments=dict(row.comments),
            comment=row.comment,
            decision=Decision(row.decision) if row.decision is not None else None,
            decided_at=row.decided_at,
        )
        for place, row in enumerate(sorted(shown, key=lambda r: r.reviewer), start=1)
    )


def _item_view(row: RequestItem) -> ItemView:
    return ItemView(
        identity=row.identity,
        kind=row.kind,
        media_type=row.media_type,
        title=row.title,
        sha256=row.sha256,
        reproduction=row.reproduction,
        findings=tuple(row.findings),
    )
