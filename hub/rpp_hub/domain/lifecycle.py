"""The life of an export request: one table of transitions, and the rules that guard each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rpp_hub.domain.errors import ActionRefused, NotPermitted
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.refusal import Refusal


class Status(StrEnum):
    """Where a request stands. The number of reviewers is a rule, not a status."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"
    REVOKED = "revoked"


class Action(StrEnum):
    """What is done to a request. The audit tag is `request:{action}`."""

    EXAMINE = "examine"
    REVIEW = "review"
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"
    RESUBMIT = "resubmit"
    WITHDRAW = "withdraw"
    RELEASE = "release"
    REVOKE = "revoke"


class Verdict(StrEnum):
    """One reviewer's word on one item."""

    APPROVE = "approve"
    REFUSE = "refuse"


class Decision(StrEnum):
    """One reviewer's word on the whole, given when every item has a verdict."""

    RELEASE_APPROVED = "release what I approved"
    SEND_BACK = "send back to the researcher"


SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Review:
    """One reviewer's review of one round; `decided` once it is final."""

    reviewer: str
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    decision: Decision | None = None

    @property
    def decided(self) -> bool:
        """Whether the reviewer has finished."""
        return self.decision is not None


@dataclass(frozen=True, slots=True)
class RequestState:
    """All that the rules need to know of a request."""

    status: Status
    author: str
    members: frozenset[str]
    cut_maker: str
    items: tuple[str, ...]
    examined: bool
    reviews: tuple[Review, ...]
    reviewers_needed: int
    lead: str = ""
    made_by_lead: frozenset[str] = frozenset()  # reviewers to whom this project's lead gave the role

    @property
    def decided(self) -> tuple[Review, ...]:
        """The reviews that are final."""
        return tuple(r for r in self.reviews if r.decided)

    @property
    def approved_items(self) -> tuple[str, ...]:
        """What every reviewer that decided approved, once enough have."""
        if len(self.decided) < self.reviewers_needed:
            return ()
        return tuple(i for i in self.items if all(r.verdicts.get(i) is Verdict.APPROVE for r in self.decided))


@dataclass(frozen=True, slots=True)
class Doer:
    """Who wants to act: a person with roles (RESEARCHER only if a member of the project), or the system."""

    name: str
    roles: frozenset[Role]


Rule = Callable[[RequestState, Doer], Refusal | None]


def reviewer_is_independent(state: RequestState, doer: Doer) -> Refusal | None:
    """A member of the project, or the maker of its cut, does not review its outputs."""
    if doer.name in state.members or doer.name == state.author:
        return Refusal(
            "reviewer-is-member", "You are a member of this project, so another reviewer must look at it."
        )
    if doer.name == state.cut_maker:
        return Refusal(
            "reviewer-made-cut",
            "You made the data this was computed from, so another reviewer must look at it.",
        )
    return None


def reviewer_is_not_the_leads_own(state: RequestState, doer: Doer) -> Refusal | None:
    """Whoever leads a project does not choose who reviews it."""
    if doer.name in state.made_by_lead:
        return Refusal(
            "reviewer-made-by-lead",
            f"{state.lead}, who leads this project, made you a reviewer, so another reviewer must look at it.",
        )
    return None


def outputs_are_examined(state: RequestState, _doer: Doer) -> Refusal | None:
    """Nobody reviews before the re-run and the checks are done."""
    if not state.examined:
        return Refusal(
            "not-examined", "The re-run and the checks are still under way. Look again in a minute."
        )
    return None


def place_is_free(state: RequestState, doer: Doer) -> Refusal | None:
    """Exactly as many reviewers as the installation asks for, each deciding once."""
    for review in state.reviews:
        if review.reviewer == doer.name:
            if review.decided:
                return Refusal(
                    "already-decided",
                    "You have finished your review of this round; it can no longer be changed.",
                )
            return None
    if len(state.decided) >= state.reviewers_needed:
        return Refusal("enough-reviewers", "This round already has all the reviewers it needs.")
    return None


def enough_decisions(state: RequestState, _doer: Doer) -> Refusal | None:
    """As many reviewers have finished as the installation asks for."""
    missing = state.reviewers_needed - len(state.decided)
    if missing > 0:
        return Refusal(
            "reviews-missing", f"{missing} more reviewer{'s' if missing > 1 else ''} must finish first."
        )
    return None


def nobody_sends_back(state: RequestState, _doer: Doer) -> Refusal | None:
    """A reviewer who sends the request back stops its approval."""
    if any(r.decision is Decision.SEND_BACK for r in state.decided):
        return Refusal("sent-back", "A reviewer sent this request back to the researcher.")
    return None


def somebody_sends_back(state: RequestState, _doer: Doer) -> Refusal | None:
    """The mirror of nobody_sends_back."""
    if all(r.decision is not Decision.SEND_BACK for r in state.decided):
        return Refusal("not-sent-back", "No reviewer sent this request back.")
    return None


def something_is_approved(state: RequestState, _doer: Doer) -> Refusal | None:
    """There is at least one item that all reviewers approved."""
    if not state.approved_items:
        return Refusal("nothing-approved", "No item was approved by every reviewer.")
    return None


def nothing_is_approved(state: RequestState, _doer: Doer) -> Refusal | None:
    """The mirror of something_is_approved."""
    if state.approved_items:
        return Refusal("something-approved", "Some items were approved by every reviewer.")
    return None


def doer_is_author(state: RequestState, doer: Doer) -> Refusal | None:
    """Only the author changes or withdraws a request."""
    if doer.name != state.author:
        return Refusal("not-author", f"Only {state.author}, who submitted this request, may do that.")
    return None


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: from where, by what act, to where, by whom, if which rules agree."""

    source: Status
    action: Action
    target: Status
    by: Role | None  # None: the system itself
    rules: tuple[Rule, ...] = ()


_S, _A = Status, Action

TRANSITIONS: tuple[Transition, ...] = (
    Transition(_S.SUBMITTED, _A.EXAMINE, _S.SUBMITTED, None),
    Transition(_S.SUBMITTED, _A.REVIEW, _S.SUBMITTED, Role.OUTPUT_REVIEWER,
               (reviewer_is_independent, reviewer_is_not_the_leads_own, outputs_are_examined, place_is_free)),
    Transition(_S.SUBMITTED, _A.APPROVE, _S.APPROVED, None, (enough_decisions, nobody_sends_back, something_is_approved)),
    Transition(_S.SUBMITTED, _A.RETURN, _S.RETURNED, None, (enough_decisions, somebody_sends_back)),
    Transition(_S.SUBMITTED, _A.REJECT, _S.REJECTED, None, (enough_decisions, nobody_sends_back, nothing_is_approved)),
    Transition(_S.SUBMITTED, _A.WITHDRAW, _S.WITHDRAWN, Role.RESEARCHER, (doer_is_author,)),
    Transition(_S.RETURNED, _A.RESUBMIT, _S.SUBMITTED, Role.RESEARCHER, (doer_is_author,)),
    Transition(_S.RETURNED, _A.WITHDRAW, _S.WITHDRAWN, Role.RESEARCHER, (doer_is_author,)),
    Transition(_S.APPROVED, _A.RELEASE, _S.RELEASED, None),
    Transition(_S.RELEASED, _A.REVOKE, _S.REVOKED, Role.DATA_MANAGER),
)  # fmt: skip


def find_transition(status: Status, action: Action) -> Transition | None:
    """The row for this status and action, if there is one."""
    return next((t for t in TRANSITIONS if t.source is status and t.action is action), None)


def refusals(state: RequestState, action: Action, doer: Doer) -> tuple[Refusal, ...]:
    """All reasons why this doer may not take this action now; empty when they may."""
    row = find_transition(state.status, action)
    if row is None:
        return (
            Refusal("wrong-status", f"A request that is {state.status} cannot be the object of “{action}”."),
        )
    if not holds_role(row, doer):
        return (Refusal("wrong-role", f"“{action}” is for {row.by or 'the system'} only."),)
    return tuple(r for r in (rule(state, doer) for rule in row.rules) if r is not None)


def holds_role(row: Transition, doer: Doer) -> bool:
    """Whether the row's role is one of the doer's; rows of the system belong to the system alone."""
    return doer.name == SYSTEM if row.by is None else row.by in doer.roles


def perform(state: RequestState, action: Action, doer: Doer) -> Status:
    """The status after the action, or the refusals as an error."""
    reasons = refusals(state, action, doer)
    if any(r.code == "wrong-role" for r in reasons):
        raise NotPermitted(reasons[0].reason, code="wrong-role")
    if reasons:
        raise ActionRefused(reasons)
    row = find_transition(state.status, action)
    if row is None:  # refusals() has said so already; kept for the type checker
        raise ActionRefused((Refusal("wrong-status", "There is no such transition."),))
    return row.target


def next_system_action(state: RequestState) -> Action | None:
    """What the system does by itself now that a review came in: approve, return or reject; or wait."""
    doer = Doer(SYSTEM, frozenset())
    for action in (Action.APPROVE, Action.RETURN, Action.REJECT):
        if not refusals(state, action, doer):
            return action
    return None


def mermaid() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> submitted: submit (researcher)"]
    lines += [f"    {t.source} --> {t.target}: {t.action} ({t.by or 'system'})" for t in TRANSITIONS]
    sources = {t.source for t in TRANSITIONS}
    lines += [f"    {s} --> [*]" for s in Status if s not in sources]
    return "\n".join(lines) + "\n"
