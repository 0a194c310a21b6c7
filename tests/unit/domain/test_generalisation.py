"""Generalisations: what may be declared, and that it reads back as it was declared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.domain.application import parse_application
from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.generalisation import Calendar, Generalisation, parse_generalisation

from tests.unit.domain.test_application import GOOD


@given(
    calendar=st.sampled_from([None, *Calendar]),
    first=st.integers(0, 99),
    below=st.one_of(st.just(0), st.integers(2, 9_999_999)),
    label=st.sampled_from(["other", "Elsewhere", "Other languages"]),
)
def test_what_is_declared_reads_back(calendar: Calendar | None, first: int, below: int, label: str) -> None:
    if calendar:
        made = Generalisation(calendar=calendar)
    elif first or below:
        made = Generalisation(first=first, below=below, label=label if below else "")
    else:
        return
    assert parse_generalisation(made.declared) == made
    assert made.sentence("students")


def test_none_is_a_declaration() -> None:
    assert parse_generalisation("none") is None


@pytest.mark.parametrize(
    "text",
    ["", "day", "first 0", "first x", "other below 1", "below 10", "first 3 other below 10", "other below 5, first 3",
     "month, first 3", "'; DROP below 10", "first 3, other below 10, x"],
)  # fmt: skip
def test_anything_else_is_refused_with_what_may_be_written(text: str) -> None:
    with pytest.raises(Invalid, match="school year"):
        parse_generalisation(text)


def test_attachment_a_declares_it_field_by_field() -> None:
    declared = "rationale: the outcome, generalise: 'other below 10', need: useful"
    fields = parse_application(GOOD.replace("rationale: the outcome, need: useful", declared)).tables
    assert [f.generalise for f in fields["classifications"].fields] == ["", "other below 10"]
    with pytest.raises(Invalid, match=r"fields\.1\.generalise: 'weekly' is no generalisation"):
        parse_application(
            GOOD.replace("rationale: the outcome", "rationale: the outcome, generalise: weekly")
        )
