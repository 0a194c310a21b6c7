"""The life of a project: one table of transitions from the first draft to its end, and the rules that guard each."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from rpp_hub.domain.errors import ActionRefused, NotPermitted
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.refusal import Refusal


class ProjectStatus(StrEnum):
    """Where a project stands. Who has answered and judged is a rule, not a status."""

    DRAFT = "draft"
    APPLIED = "applied"
    RETURNED = "returned"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class ProjectAct(StrEnum):
    """What is done to a project. The audit tag is `project:{act}`."""

    EDIT = "edit"
    APPLY = "apply"
    ANSWER = "answer"
    JUDGE = "judge"
    EXCEPT = "except"
    RETURN = "return"
    APPROVE = "approve"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    CLOSE = "close"
    DISCUSS = "discuss"
    COST = "cost"


@dataclass(frozen=True, slots=True)
class ProjectState:
    """All that the rules need to know of a project. `faults`: what the application lacks, in sentences."""

    name: str
    status: ProjectStatus
    lead: str
    sponsors: tuple[str, ...]
    members: frozenset[str]
    faults: tuple[str, ...] = ()
    irb_documented: bool = True
    window_closed: str = ""
    answered: frozenset[str] = frozenset()
    judged_fields: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    open_exceptions: tuple[str, ...] = ()
    umbrella_faults: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Participant:
    """Who wants to act: a person with roles; RESEARCHER only if a member of the project."""

    name: str
    roles: frozenset[Role]


ProjectRule = Callable[[ProjectState, Participant], Refusal | None]


def is_co_creator(state: ProjectState, who: Participant) -> Refusal | None:
    """The research team and the sponsors write an application together."""
    if who.name in {state.lead, *state.members, *state.sponsors}:
        return None
    return Refusal(
        "not-co-creator", f"Only the research team and the sponsors of {state.name} write its application."
    )


def lead_or_staff(state: ProjectState, who: Participant) -> Refusal | None:
    """The lead sends it, or the data manager for them."""
    if who.name == state.lead or Role.DATA_MANAGER in who.roles:
        return None
    return Refusal("not-lead", f"Only {state.lead}, who leads {state.name}, may do that.")


def application_is_complete(state: ProjectState, _who: Participant) -> Refusal | None:
    """Everything that a reviewer needs is there."""
    if state.faults:
        return Refusal("application-incomplete", " ".join(state.faults))
    return None


def irb_is_documented(state: ProjectState, _who: Participant) -> Refusal | None:
    """The ethics board's letter comes first."""
    if not state.irb_documented:
        return Refusal(
            "irb-document-missing",
            "The district reviews nothing without the IRB's approval or exemption. Send its letter with the application.",
        )
    return None


def window_is_open(state: ProjectState, _who: Participant) -> Refusal | None:
    """Some districts take applications at certain times of the year."""
    return Refusal("window-closed", state.window_closed) if state.window_closed else None


def is_sponsor(state: ProjectState, who: Participant) -> Refusal | None:
    """The survey is for the leaders who sponsor the project."""
    if who.name in state.sponsors:
        return None
    return Refusal("not-sponsor", f"This is asked of {', '.join(state.sponsors)}, who sponsor {state.name}.")


def judge_is_independent(state: ProjectState, who: Participant) -> Refusal | None:
    """Research staff judge what they neither sponsor nor take part in."""
    if who.name in state.members or who.name == state.lead:
        return Refusal("judge-is-member", "You are a member of this project, so somebody else must judge it.")
    if who.name in state.sponsors:
        return Refusal("judge-is-sponsor", "You sponsor this project, so somebody else must judge it.")
    return None


def is_decider(state: ProjectState, who: Participant) -> Refusal | None:
    """A sponsor decides, or a data manager records the district's decision; never a member."""
    if who.name in state.members:
        return Refusal("decider-is-member", "You are a member of this project, so you cannot decide on it.")
    if who.name in state.sponsors or Role.DATA_MANAGER in who.roles:
        return None
    return Refusal(
        "not-decider",
        f"Only {', '.join(state.sponsors)} or a data manager can decide on {state.name}.",
    )


def sponsors_have_answered(state: ProjectState, _who: Participant) -> Refusal | None:
    """Alignment, benefits and costs come before a yes."""
    missing = [s for s in state.sponsors if s not in state.answered]
    if missing:
        return Refusal(
            "survey-missing",
            f"{', '.join(missing)} must answer the survey on alignment, benefits and costs first.",
        )
    return None


def staff_have_judged(state: ProjectState, _who: Participant) -> Refusal | None:
    """Research staff have looked at design, timeline and each field that is asked for."""
    missing = len(state.fields - state.judged_fields)
    if missing:
        return Refusal(
            "judgement-missing",
            f"Research staff must judge the design, the timeline and each field first; {missing} "
            f"field{'s are' if missing > 1 else ' is'} not judged yet.",
        )
    return None


def exceptions_are_decided(state: ProjectState, _who: Participant) -> Refusal | None:
    """Names and direct identifiers are used only where somebody said so."""
    if state.open_exceptions:
        return Refusal(
            "exception-open",
            f"The director must say yes or no to the use of {', '.join(state.open_exceptions)} for linkage first.",
        )
    return None


def umbrella_covers_it(state: ProjectState, _who: Participant) -> Refusal | None:
    """A project's agreement stands under the district's umbrella agreement."""
    if not state.umbrella_faults:
        return None
    return Refusal(state.umbrella_faults[0].code, " ".join(r.reason for r in state.umbrella_faults))


@dataclass(frozen=True, slots=True)
class ProjectTransition:
    """One row: from where, by what act, to where, by whom, if which rules agree."""

    source: ProjectStatus
    act: ProjectAct
    target: ProjectStatus
    by: frozenset[Role]
    rules: tuple[ProjectRule, ...] = ()


_S, _A = ProjectStatus, ProjectAct
_CREATORS = frozenset({Role.RESEARCHER, Role.PRACTITIONER})
_SENDERS = frozenset({Role.RESEARCHER, Role.DATA_MANAGER})
_DISTRICT = frozenset({Role.PRACTITIONER, Role.DATA_MANAGER})
_BOTH_SIDES = frozenset({Role.RESEARCHER, Role.PRACTITIONER, Role.DATA_MANAGER, Role.DIRECTOR})
_DIRECTOR = frozenset({Role.DIRECTOR})
_TO_SEND = (lead_or_staff, application_is_complete, irb_is_documented)
_TO_APPROVE = (
    is_decider,
    sponsors_have_answered,
    staff_have_judged,
    exceptions_are_decided,
    umbrella_covers_it,
)

PROJECT_TRANSITIONS: tuple[ProjectTransition, ...] = (
    ProjectTransition(_S.DRAFT, _A.EDIT, _S.DRAFT, _CREATORS, (is_co_creator,)),
    ProjectTransition(_S.DRAFT, _A.APPLY, _S.APPLIED, _SENDERS, (*_TO_SEND, window_is_open)),
    ProjectTransition(_S.DRAFT, _A.WITHDRAW, _S.WITHDRAWN, _SENDERS, (lead_or_staff,)),
    ProjectTransition(_S.APPLIED, _A.ANSWER, _S.APPLIED, frozenset({Role.PRACTITIONER}), (is_sponsor,)),
    ProjectTransition(_S.APPLIED, _A.JUDGE, _S.APPLIED, _DISTRICT, (judge_is_independent,)),
    ProjectTransition(_S.APPLIED, _A.EXCEPT, _S.APPLIED, _DIRECTOR),
    ProjectTransition(_S.APPLIED, _A.RETURN, _S.RETURNED, _DISTRICT, (is_decider,)),
    ProjectTransition(_S.APPLIED, _A.APPROVE, _S.APPROVED, _DISTRICT, _TO_APPROVE),
    ProjectTransition(_S.APPLIED, _A.DECLINE, _S.DECLINED, _DISTRICT, (is_decider,)),
    ProjectTransition(_S.APPLIED, _A.WITHDRAW, _S.WITHDRAWN, _SENDERS, (lead_or_staff,)),
    ProjectTransition(_S.RETURNED, _A.EDIT, _S.RETURNED, _CREATORS, (is_co_creator,)),
    ProjectTransition(_S.RETURNED, _A.APPLY, _S.APPLIED, _SENDERS, _TO_SEND),
    ProjectTransition(_S.RETURNED, _A.WITHDRAW, _S.WITHDRAWN, _SENDERS, (lead_or_staff,)),
    ProjectTransition(_S.APPROVED, _A.EXCEPT, _S.APPROVED, _DIRECTOR),
    ProjectTransition(_S.APPROVED, _A.CLOSE, _S.CLOSED, frozenset({Role.DATA_MANAGER})),
    *(ProjectTransition(s, _A.DISCUSS, s, _BOTH_SIDES)
      for s in (_S.DRAFT, _S.APPLIED, _S.RETURNED, _S.APPROVED, _S.CLOSED)),
    *(ProjectTransition(s, _A.COST, s, _BOTH_SIDES)
      for s in (_S.DRAFT, _S.APPLIED, _S.RETURNED, _S.APPROVED, _S.CLOSED)),
)  # fmt: skip


def find_project_transition(status: ProjectStatus, act: ProjectAct) -> ProjectTransition | None:
    """The row for this status and act, if there is one."""
    return next((t for t in PROJECT_TRANSITIONS if t.source is status and t.act is act), None)


def project_refusals(state: ProjectState, act: ProjectAct, who: Participant) -> tuple[Refusal, ...]:
    """All reasons why this person may not do this now; empty when they may."""
    row = find_project_transition(state.status, act)
    ever = frozenset(role for t in PROJECT_TRANSITIONS if t.act is act for role in t.by)
    if not ever & who.roles:
        return (Refusal("wrong-role", f"“{act}” is for {in_words(ever)} of {state.name}."),)
    if row is None:
        return (
            Refusal(
                "wrong-status", f"{state.name} is {state.status}, so it cannot be the object of “{act}”."
            ),
        )
    if not row.by & who.roles:
        return (Refusal("wrong-role", f"“{act}” is for {in_words(row.by)} of {state.name}."),)
    return tuple(r for r in (rule(state, who) for rule in row.rules) if r is not None)


# The person is the wrong one whatever the state becomes: told as "not permitted".
_WRONG_PERSON = frozenset(
    {"wrong-role", "not-co-creator", "not-lead", "not-sponsor", "not-decider", "judge-is-member", "judge-is-sponsor",
     "decider-is-member"}
)  # fmt: skip


def perform_on_project(state: ProjectState, act: ProjectAct, who: Participant) -> ProjectStatus:
    """The status after the act, or every refusal as an error."""
    reasons = project_refusals(state, act, who)
    wrong = next((r for r in reasons if r.code in _WRONG_PERSON), None)
    if wrong is not None:
        raise NotPermitted(wrong.reason, code=wrong.code)
    if reasons:
        raise ActionRefused(reasons)
    row = find_project_transition(state.status, act)
    if row is None:  # project_refusals() has said so already; kept for the type checker
        raise ActionRefused((Refusal("wrong-status", "There is no such transition."),))
    return row.target


def in_words(roles: Collection[Role]) -> str:
    """Roles in the order of the enumeration."""
    return " or ".join(r for r in Role if r in roles)


def project_mermaid() -> str:
    """The table as a Mermaid state diagram; what changes no status stands in the table beside it."""
    lines = ["stateDiagram-v2", "    [*] --> draft: draft (researcher or practitioner)"]
    lines += [
        f"    {t.source} --> {t.target}: {t.act} ({in_words(t.by)})"
        for t in PROJECT_TRANSITIONS
        if t.source is not t.target
    ]
    moving = {t.source for t in PROJECT_TRANSITIONS if t.source is not t.target}
    lines += [f"    {s} --> [*]" for s in ProjectStatus if s not in moving]
    return "\n".join(lines) + "\n"


def project_table() -> str:
    """Every row, for the documentation."""
    head = "| from | act | to | by | rules |\n|---|---|---|---|---|\n"
    return head + "".join(
        f"| {t.source} | `{t.act}` | {t.target if t.target is not t.source else '–'} | {in_words(t.by)} | "
        f"{'; '.join((r.__doc__ or '').rstrip('.') for r in t.rules)} |\n"
        for t in PROJECT_TRANSITIONS
    )
