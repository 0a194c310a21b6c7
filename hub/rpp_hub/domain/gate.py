"""May this person work on this project today, and if not, why: one pure function over a table of rules.

Asked by the portal, the spawner, running workspaces, submission and release alike. Each rule also knows the last day
on which it still agrees, so that people can be told before a condition is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

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
    umbrella_ends: date | None  # of the umbrella agreement in force for the district
    training_ends: date | None
    access_agreement_signed: date | None
    access_agreement_ends: date | None  # None: it does not end
    works_somewhere: bool
    partner_until: date | None  # last day at an institution of the partnership; None: at none of them
    third_party_begins: date | None
    third_party_ends: date | None
    third_party_sponsor: str
    sponsor_until: date | None  # last day on which that sponsor is at the partnership; None: they are not
    has_cut: bool


Check = Callable[[Standing, date], Refusal | None]
LastDay = Callable[[Standing, date], date | None]


@lru_cache(4096)
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
    if s.project_status is ProjectStatus.APPROVED:
        return None
    said = sentences.get(s.project_status, "has not been approved.")
    return Refusal(f"project-{s.project_status}", f"{s.project} {said}")


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


def umbrella_is_current(s: Standing, today: date) -> Refusal | None:
    """The district's umbrella agreement is in force: without it no project agreement is."""
    if s.umbrella_ends is None:
        return Refusal(
            "umbrella-missing",
            "No umbrella agreement with the district is in force. Ask the director when it will be signed.",
        )
    if s.umbrella_ends < today:
        return Refusal(
            "umbrella-ended",
            f"The umbrella agreement with the district ended on {written(s.umbrella_ends)}. Ask the director when it will be renewed.",
        )
    return None


def training_is_current(s: Standing, today: date) -> Refusal | None:
    """Human-subjects training is on record and has not ended."""
    if s.training_ends is None:
        return Refusal(
            "training-missing",
            "No human-subjects training is on record. Upload your certificate on the page “My papers”.",
        )
    if s.training_ends < today:
        return Refusal(
            "training-ended",
            f"Human-subjects training ended on {written(s.training_ends)}. Upload a new certificate, or ask the data manager.",
        )
    return None


def access_agreement_is_current(s: Standing, today: date) -> Refusal | None:
    """The personal access agreement has been signed and has not ended."""
    if s.access_agreement_signed is None or s.access_agreement_signed > today:
        return Refusal(
            "access-agreement-missing",
            "Your signed access agreement is not on record. Upload it on the page “My papers”, or ask the data manager for one.",
        )
    if s.access_agreement_ends is not None and s.access_agreement_ends < today:
        return Refusal(
            "access-agreement-ended",
            f"Your access agreement ended on {written(s.access_agreement_ends)}. Sign a new one and upload it on the page “My papers”.",
        )
    return None


def institution_is_on_record(s: Standing, _today: date) -> Refusal | None:
    """Somebody has written down where the person works."""
    if not s.works_somewhere:
        return Refusal(
            "institution-missing",
            "Where you work is not on record. Ask the data manager to write down your institution.",
        )
    return None


def outsider_is_covered(s: Standing, today: date) -> Refusal | None:
    """Somebody from a third institution has an agreement of their own, and a sponsor at the partnership."""
    if not s.works_somewhere or (s.partner_until is not None and s.partner_until >= today):
        return None
    if s.third_party_ends is None or s.third_party_begins is None or s.third_party_begins > today:
        return Refusal(
            "third-party-missing",
            "You work at none of the partnership's institutions. Upload a third-party agreement that names your sponsor at the university.",
        )
    if s.third_party_ends < today:
        return Refusal(
            "third-party-ended",
            f"Your third-party agreement ended on {written(s.third_party_ends)}. Sign a new one with your sponsor and upload it.",
        )
    if s.sponsor_until is None or s.sponsor_until < today:
        return Refusal(
            "third-party-sponsor-gone",
            f"Your sponsor {s.third_party_sponsor} is no longer at the university. Find another, and upload a third-party agreement that names them.",
        )
    return None


def cut_exists(s: Standing, _today: date) -> Refusal | None:
    """There is data to open the workspace with."""
    if not s.has_cut:
        return Refusal(
            "no-cut", "The project's data has not been cut yet. The data manager does that after approval."
        )
    return None


def _never(_s: Standing, _today: date) -> date | None:
    return None


def _cover_ends(s: Standing, today: date) -> date | None:
    """Work at the partnership covers a person, and so does a third-party agreement while its sponsor is there."""
    ends = (s.third_party_ends, s.sponsor_until)
    sponsored = None if ends[0] is None or ends[1] is None else min(ends[0], ends[1])
    if not s.works_somewhere or s.partner_until is None or s.partner_until < today:
        return sponsored if s.works_somewhere else None
    begins = s.third_party_begins
    follows = begins is not None and (begins <= s.partner_until or begins - s.partner_until == timedelta(1))
    return max(s.partner_until, sponsored) if follows and sponsored is not None else s.partner_until


@dataclass(frozen=True, slots=True)
class GateRule:
    """One condition: what it is called, whether it holds, and the last day on which it does (None: no day is known)."""

    name: str
    check: Check
    last_day: LastDay = _never

    @property
    def meaning(self) -> str:
        """What must hold, in words."""
        return (self.check.__doc__ or "").strip()

    def fails_on(self, standing: Standing, today: date) -> date | None:
        """The next day on which this rule says no: today, if it says so now; None if no day is known."""
        if self.check(standing, today) is not None:
            return today
        last = self.last_day(standing, today)
        return last + timedelta(days=1) if last is not None and last < date.max else None


GATE: tuple[GateRule, ...] = (
    GateRule("account", person_is_active),
    GateRule("membership", person_is_member),
    GateRule("approval", project_is_approved),
    GateRule("irb", irb_is_current, lambda s, _: s.irb_ends),
    GateRule("agreement", agreement_is_current, lambda s, _: s.agreement_ends),
    GateRule("umbrella", umbrella_is_current, lambda s, _: s.umbrella_ends),
    GateRule("training", training_is_current, lambda s, _: s.training_ends),
    GateRule("access-agreement", access_agreement_is_current, lambda s, _: s.access_agreement_ends),
    GateRule("institution", institution_is_on_record),
    GateRule("third-party", outsider_is_covered, _cover_ends),
    GateRule("cut", cut_exists),
)


def gate(standing: Standing, today: date) -> tuple[Refusal, ...]:
    """Every reason why this person may not work on this project today; empty when they may."""
    return tuple(r for r in (rule.check(standing, today) for rule in GATE) if r is not None)


def next_failures(standing: Standing, today: date) -> tuple[tuple[GateRule, date], ...]:
    """Every rule that will say no on a known day, with that day, soonest first. Those that say no already come first."""
    known = ((rule, rule.fails_on(standing, today)) for rule in GATE)
    return tuple(sorted(((r, d) for r, d in known if d is not None), key=lambda pair: pair[1]))
