"""Which identifiers may be wrong: one person under two of them, or two people under one?

Candidates are found in the tables that have names and birth dates. Nothing is decided here: a data manager looks at each.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import itemgetter

import duckdb

from rpp_hub.warehouse.codebook import BIRTH_DATE, Table, Type
from rpp_hub.warehouse.engine import quoted, text_literal
from rpp_hub.warehouse.masters import PERSONS, plain_name
from rpp_hub.warehouse.tables import Loaded

Typed = Mapping[str, tuple[Loaded, Table]]


class Kind(StrEnum):
    """What seems to be the matter."""

    TWO_IDENTIFIERS = "two identifiers"
    TWO_PEOPLE = "two people"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One of the people of a candidate, as the files know them. `marks`: plain first name and birth date, as sent."""

    identifier: str
    first: str
    last: str
    born: str
    sex: str
    rows: int
    years: tuple[int, ...]
    marks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something to decide. Its `name` says nothing about the identifiers."""

    name: str
    kind: Kind
    unit: str
    people: tuple[Sighting, ...]

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The identifiers it is about."""
        return tuple(dict.fromkeys(p.identifier for p in self.people))

    @property
    def years_together(self) -> tuple[int, ...]:
        """The years in which more than one of them was there: a student is hardly twice in one year."""
        years = [y for p in self.people for y in p.years]
        return tuple(sorted({y for y in years if years.count(y) > 1}))


@dataclass(frozen=True, slots=True)
class Named:
    """A table that says who somebody is, and by which of its fields."""

    loaded: Loaded
    key: str
    first: str
    last: str
    born: str
    sex: str
    year: str

    def sql(self) -> str:
        """Its rows as sightings: identifier, plain and written names, birth date, sex and year."""
        sex = f"{quoted(self.sex)}::VARCHAR" if self.sex else "NULL::VARCHAR"
        year = f"{quoted(self.year)}::BIGINT" if self.year else "NULL::BIGINT"
        return f"""SELECT {quoted(self.key)}::VARCHAR AS id, {plain_name(quoted(self.first))} AS first,
            {plain_name(quoted(self.last))} AS last, {quoted(self.first)} AS first_written, {quoted(self.last)} AS last_written,
            {quoted(self.born)} AS born, {sex} AS sex, {year} AS year FROM {self.loaded.typed}"""


def named_tables(tables: Typed, unit: str) -> tuple[Named, ...]:
    """The tables of a unit that have its names and birth dates."""
    found = (_named(loaded, table, unit) for loaded, table in tables.values())
    return tuple(n for n in found if n is not None)


def _named(loaded: Loaded, table: Table, unit: str) -> Named | None:
    fields = [f for f in table.fields if f.name in loaded.columns]
    key = next((f.name for f in fields if f.is_key and f.unit == unit), "")
    names = [f.name for f in fields if f.person_name]
    first = next((n for n in names if "first" in n or "given" in n), "")
    last = next((n for n in names if "last" in n or "sur" in n or "family" in n), "")
    born = next((f.name for f in fields if f.type is Type.DATE and BIRTH_DATE.search(f.name)), "")
    sex = next((f.name for f in fields if f.name in ("sex", "gender", "male")), "")
    whole = [f for f in fields if f.name == table.year and f.type is Type.INTEGER]
    if not (key and first and last and born):
        return None
    return Named(loaded, key, first, last, born, sex, whole[0].name if whole else "")


def find_candidates(con: duckdb.DuckDBPyConnection, tables: Typed, salt: bytes) -> tuple[Candidate, ...]:
    """Everything to decide, whatever was decided before. Where no table has names and birth dates nothing is found."""
    found: list[Candidate] = []
    for unit in PERSONS:
        named = named_tables(tables, unit)
        if named:
            rows = " UNION ALL ".join(n.sql() for n in named)
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE sightings AS SELECT * FROM ({rows}) WHERE id IS NOT NULL"
            )
            found += _two_identifiers(con, unit, salt)
            found += _two_people(con, unit, salt)
            con.execute("DROP TABLE sightings")
    return tuple(sorted(found, key=lambda c: (c.kind, c.name)))


_SEEN = """SELECT id, last(first_written ORDER BY year), last(last_written ORDER BY year),
    last(strftime(born, '%Y-%m-%d') ORDER BY year), mode(sex), count(*), list_sort(list(DISTINCT year) FILTER (year IS NOT NULL))"""


def _two_identifiers(con: duckdb.DuckDBPyConnection, unit: str, salt: bytes) -> Iterator[Candidate]:
    """Same names and birth date, and no two different sexes, under more than one identifier."""
    rows = con.execute(
        f"""WITH groups AS (SELECT first, last, born FROM sightings WHERE first <> '' AND last <> '' AND born IS NOT NULL
              GROUP BY ALL HAVING min(id) <> max(id))
            SELECT first || '|' || last || '|' || born::VARCHAR, found.* FROM groups JOIN LATERAL (
              {_SEEN} FROM sightings s WHERE s.first = groups.first AND s.last = groups.last AND s.born = groups.born
              GROUP BY id) AS found ON true ORDER BY 1, 2"""
    ).fetchall()
    for _, group in groupby(rows, key=itemgetter(0)):
        people = tuple(_sighting(row[1:]) for row in group)
        if len({p.sex for p in people if p.sex}) <= 1:
            name = _name(salt, Kind.TWO_IDENTIFIERS, unit, [p.identifier for p in people])
            yield Candidate(name, Kind.TWO_IDENTIFIERS, unit, people)


def _two_people(con: duckdb.DuckDBPyConnection, unit: str, salt: bytes) -> Iterator[Candidate]:
    """One identifier whose rows differ in first name and birth date at once; either alone is a slip or a new name."""
    rows = con.execute(
        f"""WITH doubtful AS (SELECT id FROM sightings WHERE first <> '' AND born IS NOT NULL
              GROUP BY id HAVING min(first) <> max(first) AND min(born) <> max(born))
            {_SEEN}, first, born::VARCHAR FROM sightings WHERE id IN (SELECT id FROM doubtful)
              AND first <> '' AND born IS NOT NULL GROUP BY id, first, born ORDER BY id, min(year), first, born"""
    ).fetchall()
    for identifier, group in groupby(rows, key=itemgetter(0)):
        people = tuple(_together(same) for same in _same_people(list(group)))
        if len(people) > 1:
            name = _name(salt, Kind.TWO_PEOPLE, unit, [identifier])
            yield Candidate(name, Kind.TWO_PEOPLE, unit, people)


def _same_people(rows: list[tuple[object, ...]]) -> list[list[tuple[object, ...]]]:
    """Rows that share a first name or a birth date are the same person's."""
    people: list[list[tuple[object, ...]]] = []
    for row in rows:
        known = [p for p in people if any(r[-2] == row[-2] or r[-1] == row[-1] for r in p)]
        people = [p for p in people if p not in known] + [[r for p in known for r in p] + [row]]
    return people


def _together(rows: list[tuple[object, ...]]) -> Sighting:
    seen = [_sighting(row) for row in rows]
    largest = max(seen, key=lambda s: s.rows)
    years = tuple(sorted({y for s in seen for y in s.years}))
    marks = tuple(sorted((str(row[-2]), str(row[-1])) for row in rows))
    return Sighting(
        largest.identifier, largest.first, largest.last, largest.born, largest.sex, sum(s.rows for s in seen), years, marks
    )  # fmt: skip


def _sighting(row: Sequence[object]) -> Sighting:
    identifier, first, last, born, sex, rows, years = row[:7]
    listed = years if isinstance(years, list) else []
    return Sighting(
        str(identifier), str(first or ""), str(last or ""), str(born or ""), str(sex or ""),
        int(str(rows)), tuple(int(y) for y in listed),
    )  # fmt: skip


def _name(salt: bytes, kind: Kind, unit: str, identifiers: Sequence[str]) -> str:
    said = "|".join([kind, unit, *sorted(identifiers)])
    return f"i-{hmac.digest(salt, said.encode(), hashlib.sha256).hex()[:12]}"


def marks_sql(named: Named, marks: Sequence[tuple[str, str]]) -> str:
    """True for the rows of a named table that are one of a candidate's people."""
    pairs = " OR ".join(
        f"({plain_name(quoted(named.first))} = {text_literal(first)} AND {quoted(named.born)}::VARCHAR = {text_literal(born)})"
        for first, born in marks
    )
    return f"({pairs})"
