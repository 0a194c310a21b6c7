"""What each declared rule does to rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import duckdb
import pytest
from rpp_hub.warehouse.cleaning import KINDS, Work
from rpp_hub.warehouse.codebook import Field, Table, Type
from rpp_hub.warehouse.rules import Declared, rule_book

from tests.unit.data import small

RULES = {r.name: r for r in rule_book().rules}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def clean(
    con: duckdb.DuckDBPyConnection,
    rule: str | Declared,
    columns: str,
    rows: Sequence[tuple[Any, ...]],
    table: Table | None = None,
    **others: Any,
) -> tuple[int, list[tuple[Any, ...]]]:
    """How many rows the rule touched, and what is left in the order sent."""
    con.execute(f"CREATE TABLE t ({columns}, _seq BIGINT)")
    for number, row in enumerate(rows):
        con.execute(f"INSERT INTO t VALUES ({', '.join('?' * (len(row) + 1))})", [*row, number])
    declared = RULES[rule] if isinstance(rule, str) else rule
    touched = KINDS[declared.kind](Work(con, "t", table or Table("t", (small.STUDENT,)), others), declared)
    return touched, con.execute("SELECT * EXCLUDE (_seq) FROM t ORDER BY _seq").fetchall()


def test_every_declared_rule_has_a_kind_and_says_why() -> None:
    assert {r.kind for r in rule_book().rules} == set(KINDS)
    assert all(r.why.endswith(".") for r in rule_book().rules)
    assert len(RULES) == len(rule_book().rules)


def test_identical_rows_become_one(con: duckdb.DuckDBPyConnection) -> None:
    rows = [("1", 2020), ("1", 2020), ("1", None), ("1", None), ("2", 2020)]
    assert clean(con, "identical-rows", "student_id VARCHAR, y INTEGER", rows) == (
        2,
        [("1", 2020), ("1", None), ("2", 2020)],
    )


def test_the_most_frequent_value_is_taken_and_of_equal_ones_the_most_recent(
    con: duckdb.DuckDBPyConnection,
) -> None:
    columns = "student_id VARCHAR, school_year INTEGER, sex VARCHAR"
    rows = [
        ("1", 2019, "F"),
        ("1", 2020, "F"),
        ("1", 2021, "M"),
        ("2", 2021, "M"),
        ("2", 2019, "F"),
        ("3", 2019, None),
        ("3", 2020, "F"),
    ]
    touched, left = clean(con, "time-invariant", columns, rows)
    assert touched == 3
    assert [sex for _, _, sex in left] == ["F", "F", "F", "M", "M", "F", "F"]


def test_two_races_in_a_year_become_hispanic_or_several(con: duckdb.DuckDBPyConnection) -> None:
    columns = "student_id VARCHAR, school_year INTEGER, race_ethnicity VARCHAR"
    rows = [
        ("1", 2019, "H"),
        ("1", 2019, "W"),
        ("2", 2019, "B"),
        ("2", 2019, "W"),
        ("3", 2019, "B"),
        ("3", 2020, "W"),
    ]
    touched, left = clean(con, "one-race-a-year", columns, rows)
    assert touched == 3
    assert [race for _, _, race in left] == ["H", "H", "M/O", "M/O", "B", "W"]


def test_a_birth_date_that_no_student_of_the_grade_has_is_forgotten(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE grades AS SELECT '1' AS student_id, 2020 AS school_year, 4 AS grade_level")
    rows = [("1", 2020, date(2010, 3, 1)), ("1", 2020, date(1970, 3, 1)), ("2", 2020, date(1970, 3, 1))]
    others: dict[str, Any] = {
        "student_classifications": ("grades", Table("student_classifications", (small.STUDENT, small.GRADE)))
    }
    touched, left = clean(
        con,
        "birth-date-fits-grade",
        "student_id VARCHAR, school_year INTEGER, birth_date DATE",
        rows,
        **others,
    )
    assert touched == 1
    assert [born for _, _, born in left] == [date(2010, 3, 1), None, date(1970, 3, 1)]


def test_a_student_gets_one_row_with_the_first_diploma(con: duckdb.DuckDBPyConnection) -> None:
    columns = "student_id VARCHAR, school_year INTEGER, hs_diploma INTEGER, hs_diploma_date DATE, hs_diploma_type VARCHAR, home VARCHAR"
    rows = [
        ("1", 2020, 1, date(2020, 6, 1), "Standard", "x"),
        ("1", 2019, 1, date(2019, 6, 1), "Early", "y"),
        ("1", 2021, 0, None, None, None),
        (None, 2021, 0, None, None, "kept"),
    ]
    touched, left = clean(con, "one-row-a-student", columns, rows)
    assert touched == 2
    assert sorted(left, key=str) == sorted(
        [("1", 1, date(2019, 6, 1), "Early", "x"), (None, 0, None, None, "kept")], key=str
    )


def test_a_year_gets_the_highest_grade_and_meal_status_and_ever_in_a_programme(
    con: duckdb.DuckDBPyConnection,
) -> None:
    columns = "student_id VARCHAR, school_year INTEGER, grade_level INTEGER, frpl VARCHAR, iep INTEGER, days INTEGER"
    rows = [
        ("1", 2020, 9, "N", 1, 100),
        ("1", 2020, 10, "R", 0, None),
        ("1", 2021, 10, None, 0, 5),
        ("1", 2020, 9, None, None, 90),
    ]
    touched, left = clean(con, "one-row-a-student-and-year", columns, rows)
    assert touched == 2
    assert left == [("1", 2020, 10, "R", 1, 90), ("1", 2021, 10, None, 0, 5)]


def test_nobody_is_absent_longer_than_enrolled(con: duckdb.DuckDBPyConnection) -> None:
    columns = "student_id VARCHAR, total_days_enrolled INTEGER, total_days_absent INTEGER"
    assert clean(con, "days-at-most-enrolled", columns, [("1", 100, 120), ("2", 100, 3), ("3", None, 3)]) == (
        1, [("1", 100, 100), ("2", 100, 3), ("3", None, 3)],
    )  # fmt: skip


def day(n: int) -> date:
    return date(2020, 1, n)


SPELLS = "student_id VARCHAR, school_year INTEGER, school_code VARCHAR, entry_date DATE, exit_date DATE, exit_code VARCHAR"


def test_spells_that_cannot_have_been_are_dropped(con: duckdb.DuckDBPyConnection) -> None:
    rows = [
        ("1", 2020, "a", day(1), day(5), "x"),
        ("1", 2020, "a", day(5), day(5), "x"),
        ("1", 2020, "a", day(6), day(5), "x"),
        ("1", 2020, "a", None, None, "x"),
    ]
    lasts = ("1", 2020, "a", day(7), None, "")
    assert clean(con, "possible-spells", SPELLS, [*rows, lasts]) == (3, [rows[0], lasts])


def test_a_spell_without_a_last_day_lasts_and_goes_on_lasting_when_it_takes_up_another(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = [("1", 2020, "a", day(1), day(20), "ended"), ("1", 2020, "a", day(18), None, ""), ("1", 2020, "a", day(25), day(26), "inside")]  # fmt: skip
    touched, left = clean(
        con, "overlapping-spells", SPELLS, rows, Table("t", (small.STUDENT, Field("school_code")))
    )
    assert (touched, left) == (2, [("1", 2020, "a", day(1), None, "")])


def test_spells_are_found_under_the_names_of_other_standards(con: duckdb.DuckDBPyConnection) -> None:
    columns = (
        "student_id VARCHAR, schoolyear INTEGER, schoolid VARCHAR, entrydate DATE, exitwithdrawdate DATE"
    )
    rows = [
        ("1", 2020, "a", day(1), day(20)),
        ("1", 2020, "a", day(18), day(25)),
        ("1", 2020, "b", day(9), day(9)),
    ]
    table = Table("studentschoolassociation", (small.STUDENT, Field("schoolid"), Field("schoolyear")))
    touched, left = clean(con, "possible-spells", columns, rows, table)
    assert (touched, left) == (1, rows[:2])
    rule = RULES["overlapping-spells"]
    assert rule.applies_to(table.name)
    assert KINDS[rule.kind](Work(con, "t", table, {}), rule) == 1


def test_overlapping_spells_of_one_school_become_one(con: duckdb.DuckDBPyConnection) -> None:
    rows = [
        ("1", 2020, "a", day(1), day(20), "long"), ("1", 2020, "a", day(3), day(5), "inside"), ("1", 2020, "a", day(18), day(25), "last"),
        ("1", 2020, "a", day(27), day(30), "apart"), ("1", 2020, "b", day(2), day(4), "elsewhere"), ("2", 2020, "a", day(2), day(4), "other"),
    ]  # fmt: skip
    touched, left = clean(
        con, "overlapping-spells", SPELLS, rows, Table("t", (small.STUDENT, Field("school_code")))
    )
    assert touched == 2
    assert left == [("1", 2020, "a", day(1), day(25), "last"), *rows[3:]]


def test_impossible_scores_are_missing_and_tests_without_any_are_dropped(
    con: duckdb.DuckDBPyConnection,
) -> None:
    columns = "student_id VARCHAR, raw_score INTEGER, scaled_score INTEGER"
    touched, left = clean(con, "impossible-scores", columns, [("1", 0, 300), ("2", 0, 0), ("3", 5, None)])
    assert touched == 3
    assert left == [("1", None, 300), ("2", None, None), ("3", 5, None)]
    rule = RULES["no-score-at-all"]
    assert KINDS[rule.kind](Work(con, "t", Table("t", (small.STUDENT,)), {}), rule) == 1


def test_the_earliest_attempt_is_kept(con: duckdb.DuckDBPyConnection) -> None:
    columns = "student_id VARCHAR, school_year INTEGER, test_code VARCHAR, subject VARCHAR, test_date DATE"
    rows = [
        ("1", 2020, "S", "M", day(9)),
        ("1", 2020, "S", "M", day(2)),
        ("1", 2020, "S", "E", day(9)),
        ("1", 2021, "S", "M", day(9)),
    ]
    assert clean(con, "earliest-attempt", columns, rows) == (1, rows[1:])


def test_a_rule_whose_fields_are_not_there_touches_nothing(con: duckdb.DuckDBPyConnection) -> None:
    rows = [("1", 1), ("1", 2)]
    con.execute("CREATE TABLE t (student_id VARCHAR, other INTEGER, _seq BIGINT)")
    con.executemany("INSERT INTO t VALUES (?, ?, 0)", rows)
    for rule in RULES.values():
        if rule.kind not in ("drop-identical", "one-row"):
            assert (
                KINDS[rule.kind](
                    Work(con, "t", Table("t", (small.STUDENT, Field("other", Type.INTEGER))), {}), rule
                )
                == 0
            )
    assert con.execute("SELECT count(*) FROM t").fetchone() == (2,)


def test_scores_are_standardised_within_subject_kind_and_year(con: duckdb.DuckDBPyConnection) -> None:
    columns = (
        "student_id VARCHAR, school_year INTEGER, subject VARCHAR, test_type VARCHAR, scaled_score INTEGER"
    )
    rows = [
        ("1", 2020, "M", "state", 300), ("2", 2020, "M", "state", 310), ("3", 2020, "M", "state", 320), ("4", 2020, "M", "state", None),
        ("1", 2021, "M", "state", 500), ("2", 2021, "M", "state", 500), ("1", 2020, "E", "state", 200),
    ]  # fmt: skip
    touched, left = clean(con, "standardised-scores", columns, rows)
    assert touched == 3
    assert [row[:5] for row in left] == rows
    assert [row[5] for row in left] == [-1.0, 0.0, 1.0, None, None, None, None]


def test_scores_that_the_district_standardised_stay(con: duckdb.DuckDBPyConnection) -> None:
    columns = "school_year INTEGER, subject VARCHAR, test_code VARCHAR, raw_score INTEGER, standardized_score DOUBLE"
    rows = [(2020, "M", "T", 3, 0.25), (2020, "M", "T", 5, 0.75)]
    assert clean(con, "standardised-scores", columns, rows) == (0, rows)
