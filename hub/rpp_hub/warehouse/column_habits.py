"""How does a district write the dates of a column, and what does it write where there is nothing?

Found in the values, confirmed by a person, kept with the file in the drop's manifest, and expected of the next drop of
the same kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.names import printable
from rpp_hub.warehouse.dates import DATE_FORMS, TWINS, DateForm
from rpp_hub.warehouse.engine import first, one, quoted, text_literal

_CERTAIN = ("NA", "N/A", "n/a", "NULL", "null", ".", "#N/A", "#NULL!", "NaN", "nan", "-", "--")
# Stata and SAS have 26 kinds of nothing, which say why nothing is there.
_STATA = tuple(f".{chr(c)}" for c in range(ord("a"), ord("z") + 1))
_WORDS = ("na", "None", "none", "missing", "Missing", "MISSING", "unknown", "Unknown", "UNKNOWN", "?", "*")
_NEGATIVE = tuple(str(-n) for n in (*range(1, 10), 99, 98, 97, 999, 998, 997, 9999, 99999))
_NINES = ("9", "99", "98", "97", "999", "998", "997", "9999", "99999", "999999")
_PLACEHOLDERS = ("1900-01-01", "01/01/1900", "1/1/1900", "9999-12-31", "12/31/9999", "99999999")
_DATED = re.compile(r"(^|_)(dates?|day|begin|start|end|entry|exit|dob|birth|birthday|birthdate)($|_)|_?date$")
# Said of a column that looks like dates and holds none.
NO_DATES = "none"
_NEARLY_ALL = 0.99
_LOOKED_AT = 5000
_OLDEST, _YOUNGEST_AT_LEAST = 1900, 1970


@dataclass(frozen=True, slots=True)
class Habit:
    """What was confirmed of one column: `missing` codes stand for nothing, `values` look like codes and are none."""

    column: str
    dates: str = ""
    missing: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def changes_text(self) -> bool:
        """Whether the column reads otherwise than it is written."""
        return bool(self.missing) or self.dates not in ("", NO_DATES, "iso")

    def settles(self, code: str) -> bool:
        """Whether it was said what this code is."""
        return code in self.missing or code in self.values


@dataclass(frozen=True, slots=True)
class CodeFound:
    """Something that may stand for nothing, and in how many rows. `certain`: it can hardly mean anything else."""

    code: str
    rows: int
    certain: bool


@dataclass(frozen=True, slots=True)
class FormFound:
    """A way in which the column's values read as dates: how many do, and of which years they would be."""

    name: str
    fits: int
    years: tuple[int, int]


@dataclass(frozen=True, slots=True)
class ColumnFound:
    """What the values of one column look like, likeliest way of dates first."""

    name: str
    values: int
    codes: tuple[CodeFound, ...] = ()
    forms: tuple[FormFound, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether there is anything to confirm."""
        return bool(self.codes or self.forms)

    def fits(self, dates: str) -> bool:
        """Whether the values can be read so."""
        return not self.values or dates in ("", NO_DATES) or any(f.name == dates for f in self.forms)

    @property
    def undecided(self) -> bool:
        """Whether the dates can be read in two ways equally well."""
        first_two = [f.name for f in self.forms if f.fits == self.forms[0].fits][:2]
        return len(first_two) == 2 and TWINS.get(first_two[0]) == first_two[1] and "days" not in first_two[0]

    def proposed(self) -> Habit:
        """What to do unless somebody says otherwise; no dates where two ways are equally good."""
        dates = self.forms[0].name if self.forms and not self.undecided else ""
        certain = tuple(c.code for c in self.codes if c.certain)
        return Habit(self.name, dates, certain, tuple(c.code for c in self.codes if not c.certain))


def found_from(raw: Iterable[Mapping[str, Any]]) -> tuple[ColumnFound, ...]:
    """What was found, from JSON of our own."""
    return tuple(
        ColumnFound(
            f["name"],
            f["values"],
            tuple(CodeFound(**c) for c in f["codes"]),
            tuple(FormFound(**{**d, "years": tuple(d["years"])}) for d in f["forms"]),
        )
        for f in raw
    )


def find_habits(
    con: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    latest_year: int,
    declared: Mapping[str, Sequence[str]],
) -> tuple[ColumnFound, ...]:
    """What each column of a loaded file looks like. `declared`: what the file itself says stands for nothing."""
    return tuple(_look(con, table, c, latest_year, tuple(declared.get(c, ()))) for c in columns)


def read_sql(habit: Habit, column: str) -> str:
    """The column's text as confirmed, in SQL: nothing where a code stands for nothing, dates as year-month-day."""
    name = quoted(column)
    value = f"nullif(trim({name}), '')"
    if habit.missing:
        codes = ", ".join(text_literal(m) for m in habit.missing)
        value = f"CASE WHEN trim({name}) NOT IN ({codes}) THEN {value} END"
    form = DATE_FORMS.get(habit.dates)
    return form.iso(value) if form is not None else value


def habits_from(raw: Iterable[Mapping[str, Any]]) -> tuple[Habit, ...]:
    """Habits from JSON. Raises Invalid."""
    try:
        habits = tuple(
            Habit(
                str(h["column"]), str(h.get("dates", "")), _texts(h.get("missing", ())), _texts(h.get("values", ()))
            )
            for h in raw
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError):
        raise Invalid(
            "The reading has a column without a name, or codes that are no list. Begin with what `rpp warehouse waiting --json` shows.",
            code="bad-reading",
        ) from None
    for habit in habits:
        check_habit(habit)
    return habits


def check_habit(habit: Habit) -> None:
    """Raises Invalid for a way of writing dates that we do not know."""
    if habit.dates and habit.dates not in (NO_DATES, *DATE_FORMS):
        raise Invalid(
            f"{printable(habit.column)}: {printable(habit.dates)!r} is no way to write dates that is known here. "
            f"Known are {', '.join(DATE_FORMS)}, and {NO_DATES} where there are no dates.",
            code="bad-date-form",
        )


def _texts(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str):
        raise TypeError
    return tuple(str(r) for r in raw)


def _look(
    con: duckdb.DuckDBPyConnection, table: str, column: str, latest_year: int, declared: tuple[str, ...]
) -> ColumnFound:
    value = f"nullif(trim({quoted(column)}), '')"
    present = one(con, f"SELECT count({value}) FROM {quoted(table)}")
    if not present:
        return ColumnFound(column, 0)
    codes = _codes(con, table, value, declared)
    certain = [c.code for c in codes if c.certain]
    rest = f"{value} NOT IN ({', '.join(map(text_literal, certain))})" if certain else f"{value} IS NOT NULL"
    forms = _forms(con, table, column, value, rest, latest_year)
    return ColumnFound(column, present, _without_dates(codes, forms), forms)


def _codes(
    con: duckdb.DuckDBPyConnection, table: str, value: str, declared: tuple[str, ...]
) -> tuple[CodeFound, ...]:
    candidates = (*_CERTAIN, *_STATA, *_WORDS, *_NEGATIVE, *_NINES, *_PLACEHOLDERS, *declared)
    listed = ", ".join(map(text_literal, dict.fromkeys(candidates)))
    rows = con.execute(
        f"SELECT {value} AS v, count(*) FROM {quoted(table)} WHERE {value} IN ({listed}) GROUP BY v ORDER BY v"
    ).fetchall()
    found = {str(code): int(n) for code, n in rows}
    if not found:
        return ()
    numeric = [c for c in found if c in (*_NEGATIVE, *_NINES)]
    words = "".join(f", {text_literal(c)}" for c in found if c not in numeric)
    others = f"{value} IS NOT NULL AND {value} NOT IN (''{words})"
    numbers = _suspect_numbers(con, table, value, others, numeric)
    short = {"NA", "na"} & found.keys() and _two_letters(con, table, value, others)
    sure = {*_CERTAIN, *_STATA, *declared} - ({"NA", "na"} if short else set())
    kept = [c for c in found if c not in (*_NEGATIVE, *_NINES) or c in numbers or c in declared]
    return tuple(CodeFound(c, found[c], c in sure) for c in kept)


def _suspect_numbers(
    con: duckdb.DuckDBPyConnection, table: str, value: str, present: str, codes: Sequence[str]
) -> set[str]:
    """Negative numbers where nothing else is negative, and nines far above everything else."""
    numbers = f"(SELECT {value} AS v, try_cast({value} AS DOUBLE) AS x FROM {quoted(table)} WHERE {present})"
    there = first(con, f"SELECT count(*), count(x) FROM {numbers}") if codes else None
    if there is None or not there[1] or there[1] < _NEARLY_ALL * there[0]:
        return set()
    suspects: set[str] = set()
    for code in sorted(
        codes, key=float
    ):  # what is below zero first: it is no value beside which a nine is judged
        alike = [c for c in codes if (float(c) < 0 if code in _NEGATIVE else float(c) >= float(code) - 2)]
        alike += suspects
        others = (
            f"SELECT min(x), max(x) FROM {numbers} WHERE v NOT IN ({', '.join(map(text_literal, alike))})"
        )
        lowest, highest = first(con, others) or (None, None)
        if lowest is None or lowest < 0:
            continue
        if code in _NEGATIVE or highest <= 0.6 * float(code):
            suspects.add(code)
    return suspects


def _two_letters(con: duckdb.DuckDBPyConnection, table: str, value: str, others: str) -> bool:
    """Whether NA stands among countries or states, where it may be one of them."""
    row = first(
        con,
        f"SELECT count(*), count(*) FILTER (regexp_full_match({value}, '[A-Za-z]{{2}}')) FROM {quoted(table)} WHERE {others}",
    )
    return row is not None and row[0] > 0 and row[1] >= 0.9 * row[0]


def _forms(
    con: duckdb.DuckDBPyConnection, table: str, column: str, value: str, rest: str, latest_year: int
) -> tuple[FormFound, ...]:
    dated = _DATED.search(column) is not None
    tried = [f for f in DATE_FORMS.values() if dated or not f.counts]
    few = f"(SELECT {value} AS v FROM {quoted(table)} WHERE {rest} LIMIT {_LOOKED_AT})"
    likely = [f for f in tried if _fitting(con, few, f)]
    every = f"(SELECT {value} AS v FROM {quoted(table)} WHERE {rest})"
    found = [form for f in likely if (form := _fitting(con, every, f, latest_year)) is not None]
    return tuple(sorted(found, key=lambda f: (-f.fits, -f.years[1], list(DATE_FORMS).index(f.name))))


def _fitting(
    con: duckdb.DuckDBPyConnection, values: str, form: DateForm, latest_year: int = 9999
) -> FormFound | None:
    """The form, if nearly all values read so and say years that can be."""
    row = first(
        con,
        f"""SELECT count(*), count(d), min(year(d)), max(year(d))
            FROM (SELECT CASE WHEN year(d) >= 1000 THEN d END AS d FROM (SELECT {form.sql("v")} AS d FROM {values}))""",
    )
    if row is None or not row[1] or row[1] < _NEARLY_ALL * row[0]:
        return None
    # a bare number is a date only where it says years that can be; school years and grades would be in the sixties
    if form.counts and not (_OLDEST <= row[2] and _YOUNGEST_AT_LEAST <= row[3] <= latest_year):
        return None
    return FormFound(form.name, int(row[1]), (int(row[2]), int(row[3])))


def _without_dates(codes: tuple[CodeFound, ...], forms: tuple[FormFound, ...]) -> tuple[CodeFound, ...]:
    """A placeholder is one only among dates; a lone 99999999 elsewhere is a number like others."""
    return codes if forms else tuple(c for c in codes if c.code not in _PLACEHOLDERS)
