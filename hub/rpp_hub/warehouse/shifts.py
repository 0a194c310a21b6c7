"""What moved from one school year to the next: rows, gaps, codes that are new or gone, shares of a value?

A jump may be true, or a change of a system, a filter or a code that nobody told of. How large a move is worth a person's
look is declared in the rules file. Only what has few different values is compared value by value, so that nobody is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from rpp_hub.warehouse.codebook import Field, Identifier, Type
from rpp_hub.warehouse.engine import quoted
from rpp_hub.warehouse.findings import Looking

_LISTED = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may move before it is told. Shares are of the rows that have a value."""

    rows: float
    missing: float
    share: float
    code: float
    least_rows: int
    most_values: int
    most_numbers: int


@dataclass(frozen=True, slots=True)
class Shift:
    """Something that moved between two years. `was` and `now` are counts of rows, or shares."""

    code: str
    table: str
    field: str
    before: int
    after: int
    title: str
    was: float
    now: float
    meaning: str


@dataclass(frozen=True, slots=True)
class _Year:
    """A year of a table: its rows, and how many have a value, column by column."""

    year: int
    rows: int
    present: Mapping[str, int]


def find_shifts(look: Looking, limits: Limits) -> Iterator[Shift]:
    """Everything that moved in a table that has school years; nothing where it has fewer than two."""
    year = look.table.field(look.table.year) if look.table.year else None
    if year is None or year.type is not Type.INTEGER or year.name not in look.columns:
        return
    years = [y for y in _years(look, year.name) if y.rows >= limits.least_rows]
    if len(years) < 2:
        return
    for a, b in pairwise(years):
        yield from _rows(look, a, b, limits)
        yield from _gaps(look, a, b, limits)
    for field in _comparable(look, year.name, limits):
        yield from _values(look, field, years, year.name, limits)


def _years(look: Looking, year: str) -> list[_Year]:
    counts = ", ".join(f"count({quoted(c)})" for c in look.columns)
    rows = look.con.execute(
        f"SELECT {quoted(year)}, count(*), {counts} FROM {look.typed} WHERE {quoted(year)} IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return [_Year(int(r[0]), int(r[1]), dict(zip(look.columns, map(int, r[2:]), strict=True))) for r in rows]


def _comparable(look: Looking, year: str, limits: Limits) -> Iterator[Field]:
    """Fields of few values that identify nobody directly."""
    for name in look.columns:
        field = look.table.field(name)
        most = max((p.facts[name].distinct for p in look.loaded.parts if name in p.facts), default=0)
        limit = limits.most_values if field is None or field.type is Type.STRING else limits.most_numbers
        named = field is None or field.identifier is Identifier.DIRECT or field.type is Type.DATE
        if field is not None and not named and name != year and 0 < most <= limit:
            yield field


def _rows(look: Looking, a: _Year, b: _Year, limits: Limits) -> Iterator[Shift]:
    if abs(b.rows - a.rows) > limits.rows * a.rows:
        more = "more" if b.rows > a.rows else "fewer"
        yield Shift(
            "shift-rows", look.loaded.name, "", a.year, b.year,
            f"{abs(b.rows - a.rows):,} rows {more}: {a.rows:,} in {a.year}, {b.rows:,} in {b.year}", a.rows, b.rows,
            "Trends over these years follow what was sent, and perhaps not what happened.",
        )  # fmt: skip


def _gaps(look: Looking, a: _Year, b: _Year, limits: Limits) -> Iterator[Shift]:
    for name in look.columns:
        was, now = (1 - y.present[name] / y.rows for y in (a, b))
        if abs(now - was) > limits.missing:
            yield Shift(
                "shift-missing", look.loaded.name, name, a.year, b.year,
                f"{look.called(name)} is missing in {now:.1%} of rows in {b.year}, in {was:.1%} in {a.year}", was, now,
                "Whoever is left out of an analysis by this field is another group in one year than in the other.",
            )  # fmt: skip


def _values(look: Looking, field: Field, years: list[_Year], year: str, limits: Limits) -> Iterator[Shift]:
    name = quoted(field.name)
    counts: dict[int, dict[str, int]] = {y.year: {} for y in years}
    for y, value, n in look.con.execute(
        f"SELECT {quoted(year)}, {name}::VARCHAR, count(*) FROM {look.typed} WHERE {name} IS NOT NULL GROUP BY 1, 2"
    ).fetchall():
        if y in counts:
            counts[int(y)][str(value)] = int(n)
    for a, b in pairwise(years):
        was, now = counts[a.year], counts[b.year]
        if was and now:
            yield from _new_and_gone(look, field, (a.year, was), (b.year, now), limits)
            yield from _moved(look, field, (a.year, was), (b.year, now), limits)


_Counted = tuple[int, Mapping[str, int]]


def _new_and_gone(
    look: Looking, field: Field, before: _Counted, after: _Counted, limits: Limits
) -> Iterator[Shift]:
    for code, (year, here), (other, there), words in (
        ("shift-new", after, before, "has in {year} codes that {other} had not"),
        ("shift-gone", before, after, "lacks in {other} codes that {year} had"),
    ):
        enough = limits.code * sum(here.values())
        codes = sorted((c for c in here if c not in there and here[c] >= enough), key=lambda c: (-here[c], c))
        if codes:
            rows = sum(here[c] for c in codes)
            listed = ", ".join(codes[:_LISTED]) + (
                f" and {len(codes) - _LISTED} more" if len(codes) > _LISTED else ""
            )
            was, now = (0, rows) if code == "shift-new" else (rows, 0)
            yield Shift(
                code, look.loaded.name, field.name, before[0], after[0],
                f"{look.called(field.name)} {words.format(year=year, other=other)}: {listed} ({rows:,} rows)", was, now,
                "The field may be coded anew: the same students can stand under other codes in the two years.",
            )  # fmt: skip


def _moved(look: Looking, field: Field, before: _Counted, after: _Counted, limits: Limits) -> Iterator[Shift]:
    totals = sum(before[1].values()), sum(after[1].values())
    for value in sorted(set(before[1]) & set(after[1])):
        was, now = before[1][value] / totals[0], after[1][value] / totals[1]
        if abs(now - was) > limits.share:
            yield Shift(
                "shift-share", look.loaded.name, field.name, before[0], after[0],
                f"{look.called(field.name)} is {_said(field, value)} in {now:.1%} of rows in {after[0]}, in {was:.1%} in {before[0]}", was, now,
                "Ask the district what changed before comparing these years.",
            )  # fmt: skip


def _said(field: Field, value: str) -> str:
    """A value and, where the codebook says it, what it means."""
    label = field.labels.get(value, "")
    return f"{value} ({label})" if label else value
