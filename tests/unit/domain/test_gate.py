"""The gate: every condition alone closes it, and says what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.domain.gate import GATE, Standing, gate, next_failures
from rpp_hub.domain.project_lifecycle import ProjectStatus

TODAY = date(2026, 11, 24)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
OPEN = Standing(
    person="rosa",
    project="attendance-gaps",
    person_active=True,
    is_member=True,
    project_status=ProjectStatus.APPROVED,
    irb_ends=TODAY,
    agreement_ends=TODAY,
    umbrella_ends=TODAY,
    training_ends=TODAY,
    access_agreement_signed=TODAY,
    access_agreement_ends=TODAY,
    works_somewhere=True,
    partner_until=TODAY,
    third_party_begins=None,
    third_party_ends=None,
    third_party_sponsor="",
    sponsor_until=None,
    has_cut=True,
)
OUTSIDE = replace(
    OPEN,
    partner_until=None,
    third_party_begins=YESTERDAY,
    third_party_ends=TODAY,
    third_party_sponsor="sam",
    sponsor_until=TODAY,
)

CLOSED: dict[str, tuple[Standing, dict[str, object]]] = {
    "person-inactive": (OPEN, {"person_active": False}),
    "not-member": (OPEN, {"is_member": False}),
    **{
        f"project-{status}": (OPEN, {"project_status": status})
        for status in ProjectStatus
        if status is not ProjectStatus.APPROVED
    },
    "irb-missing": (OPEN, {"irb_ends": None}),
    "irb-ended": (OPEN, {"irb_ends": YESTERDAY}),
    "agreement-missing": (OPEN, {"agreement_ends": None}),
    "agreement-ended": (OPEN, {"agreement_ends": YESTERDAY}),
    "umbrella-missing": (OPEN, {"umbrella_ends": None}),
    "umbrella-ended": (OPEN, {"umbrella_ends": YESTERDAY}),
    "training-missing": (OPEN, {"training_ends": None}),
    "training-ended": (OPEN, {"training_ends": YESTERDAY}),
    "access-agreement-missing": (OPEN, {"access_agreement_signed": TOMORROW}),
    "access-agreement-ended": (OPEN, {"access_agreement_ends": YESTERDAY}),
    "institution-missing": (OPEN, {"works_somewhere": False, "partner_until": None}),
    "third-party-missing": (OUTSIDE, {"third_party_begins": TOMORROW}),
    "third-party-ended": (OUTSIDE, {"third_party_ends": YESTERDAY}),
    "third-party-sponsor-gone": (OUTSIDE, {"sponsor_until": YESTERDAY}),
    "no-cut": (OPEN, {"has_cut": False}),
}


def test_everything_in_order_on_its_last_day_opens_the_gate() -> None:
    assert gate(OPEN, TODAY) == ()
    assert gate(OUTSIDE, TODAY) == ()


@pytest.mark.parametrize("code", CLOSED)
def test_each_condition_alone_closes_the_gate(code: str) -> None:
    standing, change = CLOSED[code]
    reasons = gate(replace(standing, **change), TODAY)  # type: ignore[arg-type]
    assert [r.code for r in reasons] == [code]
    assert reasons[0].reason.endswith(".")


def test_the_gate_names_every_reason_at_once() -> None:
    worst = replace(OPEN, person_active=False, is_member=False, irb_ends=None, has_cut=False)
    assert [r.code for r in gate(worst, TODAY)] == ["person-inactive", "not-member", "irb-missing", "no-cut"]


def test_dates_are_written_for_people() -> None:
    reason = gate(replace(OPEN, training_ends=date(2026, 3, 3)), TODAY)[0].reason
    assert (
        reason
        == "Human-subjects training ended on 3 March 2026. Upload a new certificate, or ask the data manager."
    )


_maybe_day = st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1))
_DAYS = (
    "irb_ends", "agreement_ends", "umbrella_ends", "training_ends", "access_agreement_signed",
    "access_agreement_ends", "partner_until", "third_party_begins", "third_party_ends", "sponsor_until",
)  # fmt: skip
_TESTS = ("person_active", "is_member", "works_somewhere", "has_cut")
_standings = st.builds(
    Standing,
    person=st.just("rosa"),
    project=st.just("p"),
    third_party_sponsor=st.just("sam"),
    project_status=st.sampled_from(ProjectStatus),
    **dict.fromkeys(_DAYS, _maybe_day),
    **dict.fromkeys(_TESTS, st.booleans()),
)
_today = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(_standings, _today)
def test_an_open_gate_means_that_every_rule_was_asked_and_agreed(standing: Standing, today: date) -> None:
    reasons = gate(standing, today)
    assert (not reasons) == all(rule.check(standing, today) is None for rule in GATE)
    assert len(reasons) == sum(rule.check(standing, today) is not None for rule in GATE)


@given(_standings, _today, st.integers(0, 4000))
def test_a_rule_agrees_until_the_day_it_names_and_refuses_on_it(
    standing: Standing, today: date, later: int
) -> None:
    for rule in GATE:
        fails_on = rule.fails_on(standing, today)
        if fails_on is not None:
            assert fails_on >= today
            assert rule.check(standing, fails_on) is not None, rule.name
        if rule.check(standing, today) is None and fails_on is not None:
            some_day = min(today + timedelta(days=later), fails_on - timedelta(days=1))
            assert rule.check(standing, some_day) is None, rule.name
        if fails_on is None:
            assert rule.check(standing, today + timedelta(days=later)) is None, rule.name


def test_a_gap_between_two_covers_is_seen_before_it_comes() -> None:
    covered = replace(
        OPEN, third_party_ends=date(2028, 1, 1), third_party_sponsor="sam", sponsor_until=date.max
    )
    rule = next(r for r in GATE if r.name == "third-party")
    without_gap = replace(covered, third_party_begins=TOMORROW)
    assert rule.fails_on(without_gap, TODAY) == date(2028, 1, 2)
    with_gap = replace(covered, third_party_begins=TOMORROW + timedelta(days=1))
    assert rule.fails_on(with_gap, TODAY) == TOMORROW


@given(_standings, _today)
def test_the_next_failures_name_each_rule_once_and_the_soonest_first(standing: Standing, today: date) -> None:
    named = next_failures(standing, today)
    assert len({rule.name for rule, _ in named}) == len(named)
    assert [day for _, day in named] == sorted(day for _, day in named)
    assert {rule.name for rule, day in named if day == today} == {
        rule.name for rule in GATE if rule.check(standing, today) is not None
    }


def test_every_rule_has_a_name_of_its_own_and_says_what_it_asks() -> None:
    assert len({rule.name for rule in GATE}) == len(GATE)
    assert all(rule.meaning.endswith(".") for rule in GATE)
