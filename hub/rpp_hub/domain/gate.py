"""May this person work on this project today, and if not, why: one pure function over a table of rules.

Asked by the portal, the spawner, running workspaces, submission and release alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the gate needs to know. None for a date means: not on record."""

    person: str
    project: str
    person_active: bool
    is_member: bool
    project_status: ProjectStatus
    irb_ends: date | None
    agreement_ends: date | None
    training_ends: date | None
    access_agreement_signed: date | None
    has_cut: bool


GateRule = Callable[[Standing, date], Refusal | None]


def written(day: date) -> str:
    """3 March 2026."""
    return f"{day.day} {day:%B %Y}"


def person_is_active(s: Standing, _today: date) -> Refusal | None:
    """The account has not been closed."""
    if not s.person_active:
        return Refusal(
            "person-inactive", "Your account here is closed. Ask the data manager to open it again."
        )
    return None


def person_is_member(s: Standing, _today: date) -> Refusal | None:
    """The person is on the project's staff list."""
    if not s.is_member:
        return Refusal("not-member", f"You are not a member of {s.project}. Ask its lead to have you added.")
    return None


def project_is_approved(s: Standing, _today: date) -> Refusal | None:
    """The district said yes and the project is not over."""
    sentences = {
        ProjectStatus.DRAFT: "is a draft that has not been sent yet. Its lead sends it.",
        ProjectStatus.RETURNED: "was sent back for a revision. Its lead sends it again.",
        ProjectStatus.WITHDRAWN: "was withdrawn. Apply anew.",
        ProjectStatus.APPLIED: "has not been decided on yet. Its sponsor can tell you when that will be.",
        ProjectStatus.DECLINED: "was declined. Talk to its sponsor before applying again.",
        ProjectStatus.CLOSED: "is closed. Ask the data manager if it must be opened again.",
    }
    if s.project_status in sentences:
        return Refusal(f"project-{s.project_status}", f"{s.project} {sentences[s.project_status]}")
    return None


def irb_is_current(s: Standing, today: date) -> Refusal | None:
    """The ethics approval is on record and has not ended."""
    if s.irb_ends is None:
        return Refusal("irb-missing", "No IRB approval is on record. Send it to the data manager.")
    if s.irb_ends < today:
        return Refusal(
            "irb-ended",
            f"The IRB approval ended on {written(s.irb_ends)}. Send the renewal to the data manager.",
        )
    return None


def agreement_is_current(s: Standing, today: date) -> Refusal | None:
    """The data-use agreement is on record and has not ended."""
    if s.agreement_ends is None:
        return Refusal("agreement-missing", "No data-use agreement is on record. Ask the data manager.")
    if s.agreement_ends < today:
        return Refusal(
            "agreement-ended",
            f"The data-use agreement ended on {written(s.agreement_ends)}. Ask the data manager about an amendment.",
        )
    return None


def training_is_current(s: Standing, today: date) -> Refusal | None:
    """Human-subjects training is on record and has not ended."""
    if s.training_ends is None:
        return Refusal(
            "training-missing",
            "No human-subjects training is on record. Send the certificate to the data manager.",
        )
    if s.training_ends < today:
        return Refusal(
            "training-ended",
            f"Human-subjects training ended on {written(s.training_ends)}. Send a new certificate to the data manager.",
        )
    return None


def access_agreement_is_signed(s: Standing, today: date) -> Refusal | None:
    """The personal access agreement has been signed."""
    if s.access_agreement_signed is None or s.access_agreement_signed > today:
        return Refusal(
            "access-agreement-missing",
            "You have not signed the access agreement. Ask the data manager for it.",
        )
    return None


def cut_exists(s: Standing, _today: date) -> Refusal | None:
    """There is data to open the workspace with."""
    if not s.has_cut:
        return Refusal(
            "no-cut", "The project's data has not been cut yet. The data manager does that after approval."
        )
    return None


GATE: tuple[GateRule, ...] = (
    person_is_active,
    person_is_member,
    project_is_approved,
    irb_is_current,
    agreement_is_current,
    training_is_current,
    access_agreement_is_signed,
    cut_exists,
)


def gate(standing: Standing, today: date) -> tuple[Refusal, ...]:
    """Every reason why this person may not work on this project today; empty when they may."""
    return tuple(r for r in (rule(standing, today) for rule in GATE) if r is not None)
