"""What the re-run says about each submitted item."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image
from rpp_review.normal_form import normal_form
from rpp_review.reproduction import Reproduction, compare

from tests.unit.review.notebooks import code_cell, display, error, notebook, png, stream


def verdict(submitted: dict[str, Any], rerun: dict[str, Any]) -> Reproduction:
    return compare(normal_form(notebook(code_cell(submitted))), normal_form(notebook(code_cell(rerun))))[
        "a:0"
    ]


def table(*values: str) -> dict[str, Any]:
    return display(
        {"text/html": f"<table><tr>{''.join(f'<td>{value}</td>' for value in values)}</tr></table>"}
    )


@pytest.mark.parametrize(
    ("submitted", "rerun", "expected"),
    [
        (stream("mean 0.123456789012"), stream("mean 0.123456789012"), Reproduction.REPRODUCED),
        (stream("mean 0.1234567890121"), stream("mean 0.1234567890122"), Reproduction.WITHIN_TOLERANCE),
        (table("1", "0.1234567890121"), table("1", "0.1234567890122"), Reproduction.WITHIN_TOLERANCE),
        (stream("-1.0000000000001e-3"), stream("-1.0000000000002e-3"), Reproduction.WITHIN_TOLERANCE),
        (stream("mean 0.12345"), stream("mean 0.12346"), Reproduction.DIFFERS),
        (
            stream("n 12345678901"),
            stream("n 12345678902"),
            Reproduction.DIFFERS,
        ),  # a count is the same or is not
        (stream("mean 0.5"), stream("median 0.5"), Reproduction.DIFFERS),
        (stream("v0.1234567890121"), stream("v0.1234567890122"), Reproduction.DIFFERS),
        (table("1", "2"), table("1"), Reproduction.DIFFERS),
        (table("1"), stream("1"), Reproduction.MISSING),
        (error("KeyError 1.00000000000001"), error("KeyError 1.00000000000002"), Reproduction.DIFFERS),
        (
            stream("/tmp/ipykernel_12/345.py:1: UserWarning: x", "stderr"),
            stream("/tmp/ipykernel_98/765.py:1: UserWarning: x", "stderr"),
            Reproduction.WITHIN_TOLERANCE,
        ),
        (stream("<f at 0x7f0011223344>"), stream("<f at 0x7f5566778899>"), Reproduction.WITHIN_TOLERANCE),
        (error("Cell In[7], line 1"), error("Cell In[1], line 1"), Reproduction.WITHIN_TOLERANCE),
        (error("Cell In[7], line 1"), error("Cell In[7], line 2"), Reproduction.DIFFERS),
        (
            display({"image/png": png(Image.new("L", (9, 9), 10))}),
            display({"image/png": png(Image.new("L", (9, 9), 12))}),
            Reproduction.REPRODUCED,
        ),
        (
            display({"image/png": png(Image.new("L", (9, 9), 0))}),
            display({"image/png": png(Image.new("L", (9, 9), 99))}),
            Reproduction.DIFFERS,
        ),
    ],
)
def test_one_output(submitted: dict[str, Any], rerun: dict[str, Any], expected: Reproduction) -> None:
    assert verdict(submitted, rerun) is expected


def test_an_output_that_moved_behind_a_warning_is_still_reproduced() -> None:
    submitted = normal_form(notebook(code_cell(stream("warning", "stderr"), stream("n 12"), table("12"))))
    rerun = normal_form(notebook(code_cell(stream("n 12"), stream("warning", "stderr"), table("12"))))
    assert set(compare(submitted, rerun).values()) == {Reproduction.REPRODUCED}


def test_an_output_of_another_cell_reproduces_nothing() -> None:
    submitted = normal_form(notebook(code_cell(stream("x"))))
    assert (
        compare(submitted, normal_form(notebook(code_cell(stream("x"), identity="b"))))["a:0"]
        is Reproduction.MISSING
    )


def test_the_source_is_compared_too() -> None:
    submitted = normal_form(notebook(code_cell(source="x = 1")))
    assert (
        compare(submitted, normal_form(notebook(code_cell(source="x = 2"))))["source"] is Reproduction.DIFFERS
    )
