"""What a person is told when a workspace opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from rpp_hub.domain.gate import GATE, Standing
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.workspace_notices import _SAID, notices

TODAY = date(2026, 3, 3)
LATER = TODAY + timedelta(days=400)
GOOD = Standing(
    person="alice", project="gaps", person_active=True, is_member=True, project_status=ProjectStatus.APPROVED, irb_ends=LATER,
    agreement_ends=LATER, umbrella_ends=LATER, training_ends=LATER, access_agreement_signed=date(2025, 1, 1), access_agreement_ends=LATER,
    works_somewhere=True, partner_until=LATER, third_party_begins=None, third_party_ends=None, third_party_sponsor="", sponsor_until=None,
    has_cut=True,
)  # fmt: skip


def test_what_ends_soon_is_told_with_its_day_and_what_to_do() -> None:
    soon = replace(GOOD, irb_ends=TODAY + timedelta(days=3), training_ends=TODAY + timedelta(days=29))
    told = notices(soon, TODAY, 30, reading=False)
    assert list(told) == ["ends-irb", "ends-training"]
    assert "closes on 7 March 2026, when the IRB approval ends" in told["ends-irb"]
    assert "upload a new certificate" in told["ends-training"]


def test_nothing_is_told_of_what_ends_later() -> None:
    assert notices(GOOD, TODAY, 30, reading=False) == {}
    assert len(notices(GOOD, TODAY, 500, reading=False)) == 6


def test_whoever_only_reads_is_told_that() -> None:
    told = notices(replace(GOOD, agreement_ends=TODAY), TODAY, 30, reading=True)
    assert list(told) == ["reading"]


def test_every_rule_that_knows_its_day_has_words() -> None:
    assert {rule.name for rule in GATE if rule.last_day is not GATE[0].last_day} == set(_SAID)
