"""How many people could be told apart by what a cut says of them, and which fields cause it?

Tables of one cut are joined by code, so a person's profile is made of all of them: the values that each declared
indirect identifier ever has. Whoever has a profile of their own is unique.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from rpp_hub.cuts.plan import Risk, TablePlan
from rpp_hub.warehouse.codebook import Identifier
from rpp_hub.warehouse.engine import one, quoted, text_literal


@dataclass(frozen=True, slots=True)
class Told:
    """What a table says of its people: a query for the column `unit` and one column for each indirect field."""

    table: TablePlan
    query: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The indirect identifiers that the cut keeps of it."""
        return indirect(self.table)


def indirect(table: TablePlan) -> tuple[str, ...]:
    """The fields of a table that are declared indirect identifiers."""
    return tuple(c.name for c in table.columns if c.field.identifier is Identifier.INDIRECT)


def joinable(table: TablePlan) -> TablePlan:
    """The table as somebody sees it who has the cut: without its key where that was not asked for."""
    return table if any(c.name == table.key for c in table.columns) else replace(table, key="")


def told_by(path: Path, table: TablePlan) -> Told:
    """What a table of a cut that was made says of its people."""
    known = joinable(table)
    unit = [f"{quoted(known.key)} AS unit"] if known.key else []
    columns = ", ".join([*unit, *map(quoted, indirect(table))])
    return Told(known, f"SELECT {columns} FROM read_parquet({text_literal(str(path))})" if columns else "")


def measure_risk(con: duckdb.DuckDBPyConnection, tables: Sequence[Told]) -> tuple[Risk, ...]:
    """One risk for each kind of person that the tables are about, and one for each table whose rows cannot be joined."""
    told = [t for t in tables if t.fields]
    units = dict.fromkeys(t.table.unit for t in told if t.table.key)
    joined = [
        _of_people(con, unit, [t for t in told if t.table.key and t.table.unit == unit]) for unit in units
    ]
    return (*joined, *(_of_rows(con, t) for t in told if not t.table.key))


def _of_people(con: duckdb.DuckDBPyConnection, unit: str, tables: Sequence[Told]) -> Risk:
    names = {f"{t.table.name}.{f}": f"f{i}_{j}" for i, t in enumerate(tables) for j, f in enumerate(t.fields)}
    profiles = [
        f"(SELECT unit, {', '.join(f'list_sort(list(DISTINCT {quoted(f)}::VARCHAR)) AS f{i}_{j}' for j, f in enumerate(t.fields))} "
        f"FROM ({t.query}) WHERE unit IS NOT NULL GROUP BY unit)"
        for i, t in enumerate(tables)
    ]
    joined = profiles[0] + "".join(f" FULL JOIN {p} USING (unit)" for p in profiles[1:])
    people = f"{unit}s" if unit == "student" else unit
    return _risk(con, people, f"SELECT * FROM {joined}", names)


def _of_rows(con: duckdb.DuckDBPyConnection, told: Told) -> Risk:
    names = {f"{told.table.name}.{f}": quoted(f) for f in told.fields}
    return _risk(con, f"rows of {told.table.name}", told.query, names)


def _risk(con: duckdb.DuckDBPyConnection, of: str, query: str, names: Mapping[str, str]) -> Risk:
    con.execute(f"CREATE OR REPLACE TEMP TABLE profiles AS {query}")
    columns = list(names.values())
    unique = _unique(con, columns)
    causes = {
        name: unique - _unique(con, [c for c in columns if c != column]) for name, column in names.items()
    }
    total = one(con, "SELECT count(*) FROM profiles")
    con.execute("DROP TABLE profiles")
    return Risk(of, total, unique, tuple(names), causes)


def _unique(con: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> int:
    if not columns:
        return int(one(con, "SELECT count(*) FROM profiles") == 1)
    group = ", ".join(columns)
    return one(con, f"SELECT count(*) FROM (SELECT 1 FROM profiles GROUP BY {group} HAVING count(*) = 1)")
