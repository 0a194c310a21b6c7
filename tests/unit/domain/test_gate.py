"""The gate: every condition alone closes it, and says what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.domain.gate import GATE, Standing, gate
from rpp_hub.domain.project_lifecycle import ProjectStatus

TODAY = date(2026, 11, 24)
OPEN = Standing(
    person="rosa",
    project="attendance-gaps",
    person_active=True,
    is_member=True,
    project_status=ProjectStatus.APPROVED,
    irb_ends=TODAY,
    agreement_ends=TODAY,
    training_ends=TODAY,
    access_agreement_signed=TODAY,
    has_cut=True,
)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)

CLOSED = {
    "person-inactive": {"person_active": False},
    "not-member": {"is_member": False},
    "project-draft": {"project_status": ProjectStatus.DRAFT},
    "project-returned": {"project_status": ProjectStatus.RETURNED},
    "project-withdrawn": {"project_status": ProjectStatus.WITHDRAWN},
    "project-applied": {"project_status": ProjectStatus.APPLIED},
    "project-declined": {"project_status": ProjectStatus.DECLINED},
    "project-closed": {"project_status": ProjectStatus.CLOSED},
    "irb-missing": {"irb_ends": None},
    "irb-ended": {"irb_ends": YESTERDAY},
    "agreement-missing": {"agreement_ends": None},
    "agreement-ended": {"agreement_ends": YESTERDAY},
    "training-missing": {"training_ends": None},
    "training-ended": {"training_ends": YESTERDAY},
    "access-agreement-missing": {"access_agreement_signed": TOMORROW},
    "no-cut": {"has_cut": False},
}


def test_everything_in_order_on_its_last_day_opens_the_gate() -> None:
    assert gate(OPEN, TODAY) == ()


@pytest.mark.parametrize(("code", "change"), CLOSED.items())
def test_each_condition_alone_closes_the_gate(code: str, change: dict[str, object]) -> None:
    reasons = gate(replace(OPEN, **change), TODAY)  # type: ignore[arg-type]
    assert [r.code for r in reasons] == [code]
    assert reasons[0].reason.endswith(".")


def test_the_gate_names_every_reason_at_once() -> None:
    worst = replace(OPEN, person_active=False, is_member=False, irb_ends=None, has_cut=False)
    assert [r.code for r in gate(worst, TODAY)] == ["person-inactive", "not-member", "irb-missing", "no-cut"]


def test_dates_are_written_for_people() -> None:
    reason = gate(replace(OPEN, training_ends=date(2026, 3, 3)), TODAY)[0].reason
    assert (
        reason == "Human-subjects training ended on 3 March 2026. Send a new certificate to the data manager."
    )


_maybe_day = st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(
    st.builds(
        Standing,
        person=st.just("rosa"),
        project=st.just("p"),
        person_active=st.booleans(),
        is_member=st.booleans(),
        project_status=st.sampled_from(ProjectStatus),
        irb_ends=_maybe_day,
        agreement_ends=_maybe_day,
        training_ends=_maybe_day,
        access_agreement_signed=_maybe_day,
        has_cut=st.booleans(),
    ),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_an_open_gate_means_that_every_rule_was_asked_and_agreed(standing: Standing, today: date) -> None:
    assert (gate(standing, today) == ()) == all(rule(standing, today) is None for rule in GATE)
    if gate(standing, today) == ():
        assert standing.is_member
        assert standing.project_status is ProjectStatus.APPROVED
        assert standing.agreement_ends is not None
        assert standing.agreement_ends >= today
