"""A cohort expression says which students, and can say nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpp_hub.cuts.cohort import compile_cohort
from rpp_hub.domain.errors import Invalid
from rpp_hub.warehouse.codebook import Field, Table, Type

from tests.unit.data import small

TABLE = Table(
    "classifications",
    (
        small.STUDENT,
        small.YEAR,
        small.GRADE,
        Field("status"),
        small.MEAL,
        small.FIRST,
        Field("entry", Type.DATE),
        Field("rate", Type.NUMBER),
    ),
)
ROWS = [(grade, status) for grade in (*range(-1, 13), None) for status in ("on", "off", "o'n", None)]

GOOD = [
    "grade_level == 9", "9 <= grade_level <= 12", "grade_level in [1, 2, 3]", "grade_level not in (1, 2)", "not grade_level > 5",
    "grade_level > 5 and status == 'on'", "grade_level == -1 or status != \"o'n\"", "(grade_level < 3 or grade_level > 8) and not status in ['off']",
]  # fmt: skip
BAD = {
    "a call": "__import__('os').system('true')", "an attribute": "grade_level.real == 1", "a lambda": "(lambda: 1)() == 1",
    "SQL": "1=1; DROP TABLE x", "a comment": "grade_level == 9 -- and", "arithmetic": "grade_level + 1 == 3", "a bare field": "grade_level",
    "a constant": "True", "two values": "1 == 1", "two fields": "grade_level == school_year", "f-string": "status == f'{1}'",
    "walrus": "(x := 1) == 1", "star": "grade_level in [*[1]]", "is": "status is None", "nothing": "", "an open bracket": "(" * 200,
    "deep nesting": "not " * 200 + "grade_level == 1", "a line of code": "import os", "a wrong type": "grade_level == '9'",
    "a number for text": "status == 1", "a bad date": "entry > 'yesterday'", "an empty list": "grade_level in []", "a text to look in": "status in 'on'",
    "bool": "grade_level == True", "bytes": "status == b'on'", "None": "status == None", "a NUL": "status == 'a'\0",
}  # fmt: skip


def chosen(text: str, rows: Sequence[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    condition = compile_cohort(text, TABLE)
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t (grade_level INTEGER, status VARCHAR)")
        con.executemany("INSERT INTO t VALUES (?, ?)", rows)
        return con.execute(f"SELECT * FROM t WHERE {condition.sql}", list(condition.parameters)).fetchall()


@pytest.mark.parametrize("text", GOOD)
def test_an_expression_chooses_what_python_would(text: str) -> None:
    known = [(g, s) for g, s in ROWS if g is not None and s is not None]
    expected = [(g, s) for g, s in known if eval(text, {}, {"grade_level": g, "status": s})]  # noqa: S307 - our own texts
    assert sorted(chosen(text, known)) == sorted(expected)


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="cohort expression") as refused:
        compile_cohort(text, TABLE)
    assert refused.value.code == "bad-cohort"


@given(st.text(max_size=60))
@settings(max_examples=200)
def test_no_text_does_anything_but_compile_or_be_refused(text: str) -> None:
    try:
        condition = compile_cohort(text, TABLE)
    except Invalid:
        return
    assert set(condition.sql) <= set('"abcdefghijklmnopqrstuvwxyz_()<>=?, ANDORTI')


@given(st.text(max_size=40))
def test_a_value_can_be_any_text_and_stays_a_value(value: str) -> None:
    try:
        condition = compile_cohort(f"status == {value!r}", TABLE)
    except Invalid:
        pytest.fail("a text in quotes was refused")
    assert condition.sql == '(("status" = ?))'
    assert condition.parameters == (value,)


@pytest.mark.parametrize("field", ["student_id", "frpl", "first_name"])
def test_what_may_not_be_shared_cannot_choose_either(field: str) -> None:
    with pytest.raises(Invalid, match="may not choose a cohort"):
        compile_cohort(f"{field} == 'F'", TABLE)


def test_an_unknown_field_is_named_with_what_may_be_meant() -> None:
    with pytest.raises(Invalid, match=r"no field 'grade_levle' \(did you mean grade_level\?\)"):
        compile_cohort("grade_levle == 9", TABLE)
