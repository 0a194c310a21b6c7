"""How dates and missing values of a column are written is found in the values; what can be read in two ways is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpp_hub.warehouse.column_habits import ColumnFound, Habit, find_habits, read_sql
from rpp_hub.warehouse.dates import DATE_FORMS

YEAR = 2020


def found(
    values: Sequence[str | None], name: str = "birth_date", declared: Sequence[str] = ()
) -> ColumnFound:
    with duckdb.connect() as con:
        con.register("incoming", pa.table({name: pa.array(values, pa.string())}))
        con.execute("CREATE TABLE sent AS SELECT *, 1 AS _row FROM incoming")
        (column,) = find_habits(con, "sent", [name], YEAR + 2, {name: declared})
        return column


def read(values: Sequence[str | None], habit: Habit) -> list[str | None]:
    with duckdb.connect() as con:
        con.register("sent", pa.table({habit.column: pa.array(values, pa.string())}))
        return [row[0] for row in con.execute(f"SELECT {read_sql(habit, habit.column)} FROM sent").fetchall()]


@pytest.mark.parametrize(
    ("values", "form", "first"),
    [
        (["2001-08-20", "2002-01-31"], "iso", "2001-08-20"),
        (["08/20/2001", "1/31/2002"], "month-first", "2001-08-20"),
        (["20/08/2001", "31/1/2002"], "day-first", "2001-08-20"),
        (["8/20/01", "01/31/02"], "month-first-short", "2001-08-20"),
        (["20/8/01", "31/01/02"], "day-first-short", "2001-08-20"),
        (["08-20-2001", "01-31-2002"], "month-first-dashes", "2001-08-20"),
        (["20-08-2001", "31-01-2002"], "day-first-dashes", "2001-08-20"),
        (["20.08.2001", "31.01.2002"], "day-first-dots", "2001-08-20"),
        (["20aug2001", "31jan2002"], "stata", "2001-08-20"),
        (["20010820", "20020131"], "compact", "2001-08-20"),
        (["15207", "15371"], "stata-days", "2001-08-20"),
        (["37123", "37287"], "excel-days", "2001-08-20"),
        (["1313884800000", "1328054400000"], "stata-milliseconds", "2001-08-20"),
    ],
)
def test_every_way_to_write_dates_is_found_and_read(values: list[str], form: str, first: str) -> None:
    column = found(values)
    assert column.proposed().dates == form
    assert read(values, column.proposed())[0] == first


@pytest.mark.parametrize(
    "values", [["01/02/2001", "11/12/2001"], ["1/2/01", "3/4/01"], ["01-02-2001", "05-06-2001"]]
)
def test_days_that_may_be_months_are_left_to_a_person(values: list[str]) -> None:
    column = found(values)
    assert column.undecided
    assert column.proposed().dates == ""


def test_one_day_above_twelve_decides() -> None:
    assert found(["01/02/2001"] * 200 + ["13/02/2001"] * 5).proposed().dates == "day-first"
    assert found(["01/02/2001"] * 200 + ["02/13/2001"] * 5).proposed().dates == "month-first"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("school_year_end", ["2004", "2005", "2006"]),
        ("entry_grade", ["9", "10", "11"]),
        ("total_days_absent", ["15207", "15371"]),
        ("scaled_score", ["20010820", "20020131"]),
        ("start", ["12", "13"]),
    ],
)
def test_numbers_that_are_no_dates_are_not_taken_for_dates(name: str, values: list[str]) -> None:
    assert found(values, name).forms == ()


@pytest.mark.parametrize("code", ["NA", "N/A", "NULL", ".", "#N/A", "-", ".a", ".z"])
def test_what_can_only_stand_for_nothing_is_proposed_as_nothing(code: str) -> None:
    column = found(["9", "10", code, code, None, " "], "grade_level")
    assert [(c.code, c.rows, c.certain) for c in column.codes] == [(code, 2, True)]
    assert read(["9", code, f" {code} ", " ", None], column.proposed()) == ["9", None, None, None, None]


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("grade_level", ["9", "10", "-9"], "-9"),
        ("grade_level", ["9", "10", "99"], "99"),
        ("days_absent", ["0", "17.5", "999"], "999"),
        ("birth_date", ["2001-08-20", "1900-01-01", "2002-01-31"], "1900-01-01"),
        ("home_language", ["English", "Unknown"], "Unknown"),
    ],
)
def test_what_may_stand_for_nothing_is_shown_and_stays_a_value_until_somebody_says_so(
    name: str, values: list[str], code: str
) -> None:
    column = found(values, name)
    assert [(c.code, c.certain) for c in column.codes] == [(code, False)]
    assert column.proposed().missing == ()
    assert code in column.proposed().values


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("days_absent", ["97", "98", "99", "100"]),
        ("growth", ["-3.5", "-9", "4"]),
        ("age", ["9", "10"]),
        ("room", ["99", "B12", "C4"]),
        ("note", ["-9 degrees", "99 balloons"]),
    ],
)
def test_numbers_among_their_like_are_no_codes(name: str, values: list[str]) -> None:
    assert found(values, name).codes == ()


def test_na_among_countries_may_be_namibia() -> None:
    column = found(["US", "DE", "NA", "FR", "NA"], "birth_country")
    assert [(c.code, c.certain) for c in column.codes] == [("NA", False)]


def test_what_the_file_itself_declares_is_certain() -> None:
    assert found(["1", "2", "7"], "race", declared=["7"]).proposed().missing == ("7",)


def test_codes_do_not_hide_the_dates_beside_them() -> None:
    column = found(["NA"] * 50 + ["13/02/2001"], "entry_date")
    assert column.proposed() == Habit("entry_date", "day-first", ("NA",))


def test_a_value_that_is_no_date_is_left_for_the_check_to_count() -> None:
    assert read(["20/08/2001", "soon"], Habit("d", "day-first")) == ["2001-08-20", "soon"]


_DAYS = st.dates(date(1990, 1, 1), date(2020, 12, 31))
_WRITE = {
    "iso": "%Y-%m-%d", "month-first": "%m/%d/%Y", "day-first": "%d/%m/%Y", "day-first-dots": "%d.%m.%Y",
    "stata": "%d%b%Y", "compact": "%Y%m%d",
}  # fmt: skip


@settings(deadline=None, max_examples=30)
@given(st.lists(_DAYS, min_size=1, max_size=20), st.sampled_from([*_WRITE, "stata-days", "excel-days"]))
def test_dates_come_back_as_they_were_written_or_are_asked_about(days: list[date], form: str) -> None:
    epoch = {"stata-days": date(1960, 1, 1), "excel-days": date(1899, 12, 30)}.get(form)
    values = [str((d - epoch).days) if epoch else d.strftime(_WRITE[form]).lower() for d in days]
    column = found(values)
    assert form in {f.name for f in column.forms}
    habit = column.proposed()
    if habit.dates == form or (not column.undecided and not epoch):
        assert read(values, habit) == [d.isoformat() for d in days]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(max_size=12), max_size=20))
def test_no_text_breaks_the_look_and_every_proposal_can_be_read(values: list[str]) -> None:
    column = found(values, "entry_date")
    assert len(read(values, column.proposed())) == len(values)
    assert column.proposed().dates in ("", *DATE_FORMS)


def test_the_epochs_are_what_stata_and_excel_count_from() -> None:
    assert date(1960, 1, 1) + timedelta(15207) == date(2001, 8, 20)
    assert date(1899, 12, 30) + timedelta(37123) == date(2001, 8, 20)
