"""A project's own thresholds can only ever be stricter than the partnership's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from rpp_hub.domain.appetite import WORDS, OwnThresholds, stricter
from rpp_hub.settings import Appetite

SHARES, COUNTS = st.floats(0.01, 1), st.integers(2, 1000)
LAXER_IS_LESS = {"threshold", "p_ratio", "degrees", "leaf"}


def values(count: st.SearchStrategy[int | None], share: st.SearchStrategy[float | None]) -> st.SearchStrategy[dict[str, float | None]]:  # fmt: skip
    return st.fixed_dictionaries({n: share if n in ("dominance", "p_ratio") else count for n in WORDS})


@given(values(COUNTS, SHARES), values(st.none() | COUNTS, st.none() | SHARES))
def test_of_each_threshold_the_stricter_holds(
    partnership: dict[str, float], own: dict[str, float | None]
) -> None:
    found = stricter(partnership, OwnThresholds.model_validate(own))
    for name, value in found.items():
        both = {partnership[name], partnership[name] if own[name] is None else own[name]}
        assert value == (max(both) if name in LAXER_IS_LESS else min(both))  # type: ignore[type-var]


def test_every_threshold_that_is_configured_may_be_stricter_in_a_project() -> None:
    assert set(WORDS) == set(OwnThresholds.model_fields) == set(Appetite.model_fields)


def test_an_unknown_threshold_is_refused_and_nothing_asked_is_said_as_nothing() -> None:
    with pytest.raises(ValidationError):
        OwnThresholds.model_validate({"treshold": 20})
    assert OwnThresholds().words == ""
    assert OwnThresholds(threshold=20, max_rows=50).words == (
        "fewest people behind a value: 20; most rows of a table: 50"
    )
