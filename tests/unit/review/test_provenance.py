"""The record of what ran, and how a submitted notebook is matched to it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_review.checks import Outcome
from rpp_review.checks.ran import SENTENCES, how_it_ran
from rpp_review.items import SOURCE_IDENTITY
from rpp_review.normal_form import normal_form
from rpp_review.provenance import (
    MOST_RUNS,
    InvalidRecord,
    Record,
    Run,
    Word,
    genesis,
    holds,
    link,
    nothing_seen,
    read_record,
    source_hash,
    words,
)

from tests.factories import cell, notebook, printed

A, B, C = ("a", source_hash("1")), ("b", source_hash("2")), ("c", source_hash("3"))
STALE = ("a", source_hash("0"))


def record(*runs: tuple[str, str] | None) -> Record:
    """What ran one after the other; None is a restart."""
    head = genesis("k", "c0001", "e")
    kept: list[Any] = []
    life = 1
    for one in runs:
        if one is None:
            life += 1
            continue
        run = Run(len(kept) + 1, life, *one, "2026-01-01T00:00:00+00:00")
        kept.append(run)
        head = link(head, run)
    return Record("k", "c0001", "e", genesis("k", "c0001", "e"), tuple(kept), head)


@pytest.mark.parametrize(
    ("runs", "wanted"),
    [
        ((A, B, C), [Word.IN_ORDER] * 3),
        ((A, A, B, C, C), [Word.IN_ORDER] * 3),
        ((STALE, A, B, C), [Word.IN_ORDER] * 3),
        ((B, A, C), [Word.IN_ORDER, Word.DISORDER, Word.DISORDER]),
        ((A, B, C, A), [Word.IN_ORDER, Word.DISORDER, Word.DISORDER]),
        ((A, B, C, STALE), [Word.CHANGED, Word.DISORDER, Word.DISORDER]),
        ((A, C), [Word.IN_ORDER, Word.UNSEEN, Word.DISORDER]),
        ((A, B, None, C), [Word.IN_ORDER, Word.IN_ORDER, Word.DISORDER]),
        ((A, B, C, None, A, B, C), [Word.IN_ORDER] * 3),
        ((A, ("", "x"), B, C), [Word.IN_ORDER, Word.OTHER, Word.OTHER]),
        ((("gone", "x"), None, A, B, C), [Word.IN_ORDER] * 3),
        ((), [Word.UNSEEN] * 3),
    ],
)  # fmt: skip
def test_each_cell_has_its_word(runs: tuple[Any, ...], wanted: list[Word]) -> None:
    assert list(words(record(*runs), (A, B, C), "c0001").values()) == wanted


def test_another_cut_is_said() -> None:
    assert set(words(record(A), (A,), "c0002").values()) == {Word.OTHER_CUT}


def test_another_environment_is_said_where_both_are_known() -> None:
    ran = record(A)
    told = [list(words(ran, (A,), "c0001", one).values()) for one in (ran.environment, "another", "")]
    assert told == [[Word.IN_ORDER], [Word.OTHER_ENVIRONMENT], [Word.IN_ORDER]]


@given(st.lists(st.sampled_from([A, B, C, STALE, None]), min_size=1, max_size=8), st.data())
def test_a_record_that_was_altered_does_not_hold(runs: list[Any], data: st.DataObject) -> None:
    told = record(*runs)
    assert holds(told)
    assert read_record(json.loads(json.dumps(told.document()))) == told
    if told.runs:
        at = data.draw(st.integers(0, len(told.runs) - 1))
        run = told.runs[at]
        altered = data.draw(
            st.sampled_from(
                [replace(run, source="x"), replace(run, life=run.life + 1), replace(run, cell="z"), None]
            )
        )
        kept = (*told.runs[:at], *([altered] if altered else []), *told.runs[at + 1 :])
        assert not holds(replace(told, runs=kept))
        assert set(words(replace(told, runs=kept), (A,), "c0001").values()) == {Word.BROKEN}


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2}, {"runs": None}, {"runs": [{}]}, {"more": 1}, {"head": 7}, {"head": "x" * 300},
        {"runs": [{"number": "1", "life": 1, "cell": "", "source": "", "at": ""}]}, {"runs": [{}] * (MOST_RUNS + 1)},
    ],
)  # fmt: skip
def test_what_is_no_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidRecord):
        read_record({**nothing_seen().document(), **change})


def test_every_output_gets_its_line_and_the_source_none() -> None:
    content = notebook(cell("1", [printed("1\n")], "a"), cell("2", [printed("2\n")], "b"))
    items = normal_form(content).items
    found = {f.identity: f for f in how_it_ran(items, record(A, ("b", "x")), content, "c0001", "")}
    assert SOURCE_IDENTITY not in found
    assert (found["a:0"].outcome, found["a:0"].summary) == (Outcome.PASS, SENTENCES[Word.IN_ORDER])
    assert (found["b:0"].outcome, found["b:0"].summary) == (Outcome.REVIEW, SENTENCES[Word.CHANGED])
    assert SENTENCES.keys() == set(Word)
