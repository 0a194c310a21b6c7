"""What does a check say of a district's files? Kinds of findings, and how one is made of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from rpp_hub.warehouse.codebook import Table
from rpp_hub.warehouse.engine import one
from rpp_hub.warehouse.rules import Declared
from rpp_hub.warehouse.tables import Loaded

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A row: which file, and which record below its header."""

    file: str
    row: int


@dataclass(frozen=True, slots=True)
class Defect:
    """One kind of thing that is wrong in one table. `count` counts `unit`s; `title` goes on after the number."""

    code: str
    table: str
    title: str
    count: int
    unit: str
    meaning: str
    build: str
    rows: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What a table holds."""

    name: str
    rows: int
    units: Mapping[str, int]
    years: tuple[int, int] | None
    grades: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class RowTest:
    """What is wrong with a single row, whatever the others are: `where` is true of it, in SQL."""

    code: str
    where: str
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Looking:
    """A table under a check, and the tables beside it."""

    con: duckdb.DuckDBPyConnection
    loaded: Loaded
    table: Table
    others: Mapping[str, tuple[Loaded, Table]]

    @property
    def typed(self) -> str:
        """The table in SQL."""
        return self.loaded.typed

    @property
    def seq(self) -> str:
        """The number of a row in SQL."""
        return self.loaded.seq

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that came."""
        return self.loaded.columns

    def count(self, query: str) -> int:
        """How many rows a query answers."""
        return one(self.con, f"SELECT count(*) FROM ({query})")

    def places(self, rows: str) -> tuple[Place, ...]:
        """The first places of a query whose first column is the number of a row."""
        found = self.con.execute(
            f"SELECT DISTINCT r FROM ({rows}) AS found(r) ORDER BY r LIMIT {SHOWN}"
        ).fetchall()
        return self.as_places(int(n) for (n,) in found)

    def as_places(self, numbers: Iterable[int]) -> tuple[Place, ...]:
        """Numbers of rows as places."""
        return tuple(Place(*self.loaded.place(n)) for n in numbers)

    def called(self, name: str) -> str:
        """A field as a person would say it: `sex (male)`."""
        field = self.table.field(name)
        title = field.title if field is not None else ""
        if not title or title.lower() == name:
            return name
        small = title if title[1:2].isupper() else title[0].lower() + title[1:]
        return f"{small} ({name})"

    def problem(self, check: Declared, code: str, count: int, unit: str, rows: str, **words: str) -> Defect:
        """What was found, in the words of the declared check. `rows` answers the numbers of the rows."""
        said = (check.one or check.title) if count == 1 else check.title
        title = said.format(**{k: self.called(v) if k in ("field", "limit") else v for k, v in words.items()})
        places = self.places(rows) if count else ()
        return Defect(code, self.loaded.name, title, count, unit, check.meaning, check.build, places)
