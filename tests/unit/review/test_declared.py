"""What an author declares is read to the reviewer, and never used as if a kernel had computed it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_review.declared import as_declared
from rpp_review.evidence import evidence_by_identity

EXACT = {"version": 1, "shown": "value", "status": "exact", "unit": "student", "units": {"student": [[900]]}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
NAMES = ("n", "unit", "tables", "years", "filters", "degrees_of_freedom", "note")


def notebook(evidence: dict[str, Any], kernel: object) -> bytes:
    output = {
        "output_type": "display_data",
        "data": {"text/plain": "3"},
        "metadata": {"rpp_evidence": evidence},
    }
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": "3",
        "execution_count": 1,
        "outputs": [output],
    }
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": [cell]}
    ).encode()


@pytest.mark.parametrize("kernel", [{"name": "rpp"}, {"name": "rpp-r"}, None, 5, {"name": ["rpp-r"]}])
def test_declared_evidence_is_unknown_in_every_notebook(kernel: object) -> None:
    declared = {
        **EXACT,
        "source": "declared",
        "declared": {"n": 900, "unit": "students", "tables": ["enrollment"]},
    }
    told = evidence_by_identity(notebook(declared, kernel))["a:0"]
    assert told["status"] == "unknown"
    assert (
        told["why"]
        == "its author declared 900 students behind it; table enrollment, and no kernel computed it"
    )
    assert "units" not in told


def test_whatever_an_r_notebook_carries_counts_as_declared_and_the_control_does_not() -> None:
    assert evidence_by_identity(notebook(EXACT, {"name": "rpp-r"}))["a:0"]["status"] == "unknown"
    assert evidence_by_identity(notebook(EXACT, {"name": "rpp"}))["a:0"] == EXACT


@given(JSON, st.dictionaries(st.sampled_from(NAMES), JSON))
def test_whatever_is_declared_becomes_a_sentence_of_a_few_lines(shown: Any, declared: dict[str, Any]) -> None:
    told = as_declared(
        {"version": 1, "shown": shown if isinstance(shown, str) else "x", "declared": declared}
    )
    assert told.keys() == {"version", "shown", "status", "source", "why"}
    assert len(told["why"]) < 15_000
