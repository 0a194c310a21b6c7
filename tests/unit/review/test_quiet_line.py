"""The quiet line under an output: what it says follows from the same checks as a reviewer's findings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_review.checks import Appetite, Outcome
from rpp_review.checks.behind import examine_evidence
from rpp_review.quiet_line import Line, Tone, quiet_line
from rpp_review.server.lines import MOST, lines
from rpp_review.server.refused import Refused

from tests.unit.review.test_behind import table

APPETITE = Appetite()


def line(evidence: dict[str, Any], appetite: Appetite = APPETITE) -> Line:
    found = quiet_line(evidence, appetite)
    assert found is not None
    return found


def test_what_is_safe_says_how_many_people_each_value_stands_for() -> None:
    assert line(table([[713, 925]])) == Line(Tone.SAFE, "Safe: each value stands for 713 to 925 students.")
    assert line(table([[1040]])).text == "Safe: it stands for 1,040 students."


def test_small_groups_are_named_with_their_place_and_a_remedy() -> None:
    said = line(table([[40, 9], [12, 30]]))
    assert said.tone is Tone.FAIL
    assert "fewer than 10 students (row 1, column 2)" in said.text
    assert "Group categories together" in said.text


def test_small_counts_may_be_rounded_to_five() -> None:
    assert "round the counts to 5" in line(table([[9]], functions=["size"])).text


def test_extremes_are_to_be_dropped() -> None:
    said = line(table([[40, 40]], functions=["mean", "min"]))
    assert (said.tone, "Drop the minimum" in said.text) == (Tone.REVIEW, True)


def test_what_is_not_known_is_a_question() -> None:
    assert line({"version": 1, "shown": "value", "status": "unknown", "why": "it is odd"}).text.startswith(
        "A reviewer will ask: what is behind all of it is not known: it is odd."
    )


def test_the_partnerships_threshold_decides() -> None:
    assert line(table([[12]])).tone is Tone.SAFE
    assert line(table([[12]]), Appetite(threshold=20)).tone is Tone.FAIL


def test_a_summary_of_records_is_safe_and_records_are_not() -> None:
    records = {
        "version": 1,
        "shown": "records",
        "status": "exact",
        "unit": "student",
        "units": {"student": 9},
    }
    assert line({**records, "records": 0, "summarised": 900}).tone is Tone.SAFE
    assert line({**records, "records": 9}).tone is Tone.FAIL


def test_a_model_says_its_degrees_of_freedom() -> None:
    model = {"version": 1, "shown": "model", "status": "exact", "unit": "student", "units": {"student": 1234}}
    said = line({**model, "residual_degrees_of_freedom": 1200}).text
    assert said == "Safe: fitted to 1,234 students, 1,200 residual degrees of freedom."


@pytest.mark.parametrize("evidence", [{}, {"version": 2}, {"version": 1, "status": "none"}])
def test_what_is_no_evidence_has_no_line(evidence: dict[str, Any]) -> None:
    assert quiet_line(evidence, APPETITE) is None


@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 60)), min_size=2, max_size=2), min_size=1, max_size=4
    )
)
def test_the_line_is_safe_exactly_where_a_reviewer_finds_nothing(units: list[list[int | None]]) -> None:
    evidence = table(units)
    found = {f.outcome for f in examine_evidence("", evidence, None, APPETITE)}
    wanted = Tone.FAIL if Outcome.FAIL in found else Tone.REVIEW if found else Tone.SAFE
    assert line(evidence).tone is wanted


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["version", "shown", "status", "unit", "units", "values", "marks", "records"]), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@given(_JSON)
def test_evidence_that_somebody_wrote_by_hand_breaks_nothing(evidence: Any) -> None:
    import json

    told = {**evidence, "version": 1} if isinstance(evidence, dict) else evidence
    assert len(lines(json.dumps({"evidence": [told]}).encode(), APPETITE)["lines"]) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b'{"evidence": 3}', b'{"evidence": [' + b"1," * MOST + b"1]}"])
def test_what_is_no_list_of_evidence_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        lines(body, APPETITE)
