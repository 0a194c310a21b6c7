"""Checks of the re-run's evidence: what stands for few people fails, what is unknown is looked at."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rpp_review.checks import Appetite, Outcome, Surroundings, run_checks
from rpp_review.checks.behind import examine_evidence
from rpp_review.evidence import EVIDENCE_KEY, EVIDENCE_TYPE, evidence_by_identity, sets_of
from rpp_review.normal_form import normal_form

APPETITE = Appetite()


def table(units: list[list[int | None]], **more: Any) -> dict[str, Any]:
    """Evidence of a table."""
    known = [number for row in units for number in row if number is not None]
    every = [number for row in units for number in row]
    status = "exact" if len(known) == len(every) else "partial" if known else "unknown"
    width = len(units[0])
    base = {
        "version": 1,
        "shown": "table",
        "status": status,
        "unit": "student",
        "tables": {"t": []},
        "filters": [],
    }
    return {
        **base,
        "functions": ["mean"] * width,
        "label_columns": [False] * width,
        "units": {"student": units},
        **more,
    }


def outcomes(evidence: dict[str, Any], claimed: dict[str, Any] | None = None) -> list[tuple[Outcome, str]]:
    return [(f.outcome, f.summary) for f in examine_evidence("c:0", evidence, claimed, APPETITE)]


def test_values_of_enough_people_give_no_finding() -> None:
    assert outcomes(table([[10, 40], [713, 11]])) == []


def test_a_value_of_few_people_fails_and_says_where() -> None:
    (found,) = examine_evidence("c:0", table([[40, 9], [12, 30]]), None, APPETITE)
    assert (found.outcome, found.where) == (Outcome.FAIL, "row 1, column 2")
    assert "9" not in found.summary.replace("fewer than 10", "")


def test_label_columns_are_no_values() -> None:
    assert outcomes(table([[3, 40]], label_columns=[True, False])) == []


def test_a_value_of_nobody_is_looked_at() -> None:
    assert outcomes(table([[0, 40]]))[0][0] is Outcome.REVIEW


def test_what_is_not_known_is_looked_at() -> None:
    assert [o for o, _ in outcomes(table([[None, 40]]))] == [Outcome.REVIEW]


@pytest.mark.parametrize(
    ("top1", "top2", "fails"),
    [(0.5, 0.95, True), (0.2, 0.3, False), (0.90, 0.905, True), (0.0, 0.0, False), (0.46, 0.89, False)],
)
def test_totals_of_one_or_two_people_fail(top1: float, top2: float, fails: bool) -> None:
    found = outcomes(table([[25]], top1=[[top1]], top2=[[top2]]))
    assert bool(found) is fails


@pytest.mark.parametrize(
    ("measure", "fails"),
    [
        ({"residual_degrees_of_freedom": 9}, True), ({"residual_degrees_of_freedom": 10}, False), ({"smallest_leaf": 4}, True),
        ({"smallest_leaf": 5}, False), ({"holds_records": True}, True), ({"units": {"student": 9}}, True),
    ],
)  # fmt: skip
def test_models(measure: dict[str, Any], fails: bool) -> None:
    model = {
        "version": 1,
        "shown": "model",
        "status": "exact",
        "unit": "student",
        "units": {"student": 500},
        **measure,
    }
    assert bool(outcomes(model)) is fails


def test_points_of_a_figure_are_records_and_fail() -> None:
    mark = {
        "version": 1,
        "shown": "records",
        "status": "exact",
        "unit": "student",
        "units": {"student": 90},
        "records": 90,
    }
    figure = {
        "version": 1,
        "shown": "figure",
        "status": "exact",
        "marks": [{**mark, "drawing": "points"}],
        "text": [],
    }
    assert [o for o, _ in outcomes(figure)] == [Outcome.FAIL]


def test_a_summary_of_records_shows_none() -> None:
    assert (
        outcomes(
            {
                "version": 1,
                "shown": "records",
                "status": "exact",
                "unit": "student",
                "units": {"student": 9},
                "records": 0,
            }
        )
        == []
    )


def test_what_a_session_claims_counts_for_nothing_and_the_difference_is_shown() -> None:
    few, forged = table([[3]]), table([[300]])
    found = outcomes(few, forged)
    assert [o for o, _ in found] == [Outcome.FAIL, Outcome.REVIEW]
    assert "claims something else" in found[1][1]
    assert [o for o, _ in outcomes(few, few)] == [Outcome.FAIL]


def test_the_exact_people_are_no_difference() -> None:
    ours = table([[30]], sets={"unit": "student", "of": 40, "cells": {"0,0": "x"}})
    assert outcomes(ours, table([[30]])) == []
    assert sets_of(ours) == [{"unit": "student", "of": 40, "cells": {"0,0": "x"}}]


def notebook(*outputs: dict[str, Any]) -> bytes:
    """A notebook with one cell."""
    cell = {
        "cell_type": "code",
        "id": "c",
        "metadata": {},
        "execution_count": 1,
        "source": "x",
        "outputs": list(outputs),
    }
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def display(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def test_printed_text_has_the_evidence_of_its_cells_end_which_is_no_item_itself() -> None:
    said = {"version": 1, "shown": "text", "status": "exact", "values": []}
    read = notebook(
        stream("a"),
        stream("b 12"),
        display({"text/plain": "x"}, {EVIDENCE_KEY: table([[5]])}),
        display({EVIDENCE_TYPE: said}),
    )
    assert evidence_by_identity(read) == {"c:0": said, "c:1": table([[5]])}
    form = normal_form(read)
    assert [item.identity for item in form.items] == ["source", "c:0", "c:1"]
    assert form.dropped == ()


@pytest.mark.parametrize(
    "broken", [b"", b"[]", b'{"cells": 3}', b'{"cells": [{"outputs": 3}, 4, {"id": "c", "outputs": [5]}]}']
)
def test_a_notebook_that_cannot_be_read_has_no_evidence(broken: bytes) -> None:
    assert evidence_by_identity(broken) == {}


def test_a_small_whole_number_needs_no_question_where_it_is_known_what_it_stands_for() -> None:
    html = "<table><thead><tr><th></th><th>x</th></tr></thead><tbody><tr><th>a</th><td>7</td></tr></tbody></table>"
    form = normal_form(notebook(display({"text/html": html, "text/plain": "7"})))
    asked = [
        f
        for f in run_checks(form, APPETITE, Surroundings())
        if f.check == "small-cells" and f.outcome is not Outcome.PASS
    ]
    assert asked, "without evidence it is asked about"
    known = run_checks(form, APPETITE, Surroundings(), {"c:0": table([[700]])})
    assert not [f for f in known if f.identity == "c:0" and f.outcome is not Outcome.PASS]


@pytest.mark.parametrize(
    ("source", "fails"),
    [
        ("from rpp_kernel.evidence import counting", True), ("display(1, metadata={'rpp_evidence': {}})", True),
        ("df.index._rpp_origin = other", True), ("import rpp\nrpp.load('t').groupby('a').size()", False),
    ],
)  # fmt: skip
def test_code_that_reaches_into_the_evidence_is_said_first(source: str, fails: bool) -> None:
    read = json.loads(notebook())
    read["cells"][0]["source"] = source
    found = run_checks(normal_form(json.dumps(read).encode()), APPETITE, Surroundings())
    assert bool([f for f in found if f.check == "behind" and f.outcome is Outcome.FAIL]) is fails


def shown(
    values: list[list[str]], *functions: str, names: tuple[str, ...] = ("lowest", "share")
) -> list[tuple[str, Outcome]]:
    """Findings about a table of these values, each of forty students."""
    head = "".join(f"<th>{name}</th>" for name in ("", *names))
    rows = "".join(
        f"<tr><th>g{n}</th>{''.join(f'<td>{value}</td>' for value in row)}</tr>"
        for n, row in enumerate(values)
    )
    html = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    evidence = table([[40] * len(values[0])] * len(values), functions=list(functions))
    output = {
        "output_type": "display_data",
        "metadata": {EVIDENCE_KEY: evidence},
        "data": {"text/html": html, "text/plain": "t"},
    }
    form = normal_form(notebook(output))
    found = run_checks(form, APPETITE, Surroundings(), {"c:0": evidence})
    return [(f.summary, f.outcome) for f in found if f.identity == "c:0" and f.outcome is not Outcome.PASS]


def test_an_extreme_is_found_whatever_its_column_is_called_and_once() -> None:
    assert shown([["12.5", "0.4"], ["13.5", "0.3"]], "min", "mean") == [
        ("It shows a minimum or maximum.", Outcome.REVIEW)
    ]
    assert len(shown([["12.5", "0.4"]], "min", "mean", names=("min", "share"))) == 1
    assert shown([["12.5", "0.4"]], "median", "mean") == []


def test_the_extremes_of_a_description_are_still_found() -> None:
    found = shown([["12.5"]], "describe", names=("max",))
    assert found == [("Smallest or largest values are shown.", Outcome.REVIEW)]


@pytest.mark.parametrize(
    ("value", "is_found"), [("0.00", True), ("1.0", True), ("100%", True), ("0.01", False), ("99%", False)]
)
def test_a_share_of_all_or_none_is_looked_at(value: str, is_found: bool) -> None:
    found = shown([["12.5", value]], "median", "mean")
    said = "1 value says that everybody in a group has something, or nobody."
    assert found == ([(said, Outcome.REVIEW)] if is_found else [])


def test_a_count_of_one_or_none_is_no_share() -> None:
    assert shown([["12.5", "100"]], "median", "nunique") == []
