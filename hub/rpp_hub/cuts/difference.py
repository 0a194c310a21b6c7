"""What is different between two cuts of one project? Counts and names of columns, never values.

Codes are the same in all cuts of a project, so people who came or went are counted by them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from rpp_hub.warehouse.codebook import FILE_NAME, Codebook, read_codebook
from rpp_hub.warehouse.engine import first, one, quoted, text_literal


@dataclass(frozen=True, slots=True)
class TableDifference:
    """One table in both cuts; no rows where a cut does not have it."""

    table: str
    before: int | None
    after: int | None
    same: int
    columns_added: tuple[str, ...]
    columns_gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnitDifference:
    """Who is in one cut alone, and who in both."""

    unit: str
    gone: int
    both: int
    added: int


@dataclass(frozen=True, slots=True)
class CutDifference:
    """Two cuts of one project, the earlier one first. `facts`: what else of their manifests differs, as (before, after)."""

    project: str
    before: str
    after: str
    tables: tuple[TableDifference, ...]
    units: tuple[UnitDifference, ...]
    facts: Mapping[str, tuple[Any, Any]]


def compare_cuts(before: Path, after: Path) -> CutDifference:
    """Compare two sealed cuts."""
    old, new = (json.loads((p / "manifest.json").read_text(encoding="utf-8")) for p in (before, after))
    books = tuple(read_codebook(p / "data" / FILE_NAME) for p in (before, after))
    with duckdb.connect() as con:
        names = sorted(old["rows"].keys() | new["rows"].keys())
        tables = tuple(_table(con, name, (before, after), (old, new), books) for name in names)
        units = tuple(_units(con, (before, after), books))
    facts = {
        k: (old.get(k), new.get(k))
        for k in ("years", "generalised", "masters", "made_with", "environment")
        if old.get(k) != new.get(k)
    }
    return CutDifference(old["project"], old["cut"], new["cut"], tables, units, facts)


def _table(
    con: duckdb.DuckDBPyConnection,
    name: str,
    cuts: tuple[Path, Path],
    manifests: tuple[Any, Any],
    books: tuple[Codebook, ...],
) -> TableDifference:
    old, new = (_columns(book, name) for book in books)
    both = [c for c in old if c in new]
    return TableDifference(
        name,
        manifests[0]["rows"].get(name),
        manifests[1]["rows"].get(name),
        _same_rows(con, name, cuts, both) if both else 0,
        tuple(c for c in new if c not in old),
        tuple(c for c in old if c not in new),
    )


def _columns(book: Codebook, name: str) -> tuple[str, ...]:
    table = book.table(name)
    return tuple(f.name for f in table.fields) if table else ()


def _same_rows(con: duckdb.DuckDBPyConnection, name: str, cuts: tuple[Path, Path], columns: list[str]) -> int:
    """Rows of the one that stand in the other, too, by the columns that both have."""
    selects = [
        f"SELECT hash({', '.join(f'{quoted(c)}::VARCHAR' for c in columns)}) AS h, count(*) AS n FROM {_file(cut, name)} GROUP BY h"
        for cut in cuts
    ]
    return one(con, f"SELECT sum(least(a.n, b.n)) FROM ({selects[0]}) a JOIN ({selects[1]}) b USING (h)")


def _units(
    con: duckdb.DuckDBPyConnection, cuts: tuple[Path, Path], books: tuple[Codebook, ...]
) -> Iterator[UnitDifference]:
    coded = [_coded(cut, book) for cut, book in zip(cuts, books, strict=True)]
    for unit in sorted(coded[0].keys() | coded[1].keys()):
        old, new = (c.get(unit, "SELECT NULL::VARCHAR AS code LIMIT 0") for c in coded)
        row = first(
            con,
            f"""SELECT count(*) FILTER (b.code IS NULL), count(*) FILTER (a.code = b.code), count(*) FILTER (a.code IS NULL)
                FROM (SELECT DISTINCT code FROM ({old}) WHERE code IS NOT NULL) a
                FULL JOIN (SELECT DISTINCT code FROM ({new}) WHERE code IS NOT NULL) b ON a.code = b.code""",
        )
        gone, both, added = row or (0, 0, 0)
        yield UnitDifference(unit, int(gone), int(both), int(added))


def _coded(cut: Path, book: Codebook) -> dict[str, str]:
    """unit → a query for all its codes. In a cut's codebook a field with a unit holds codes."""
    found: dict[str, list[str]] = {}
    for table in book.tables:
        for f in (f for f in table.fields if f.unit):
            found.setdefault(f.unit, []).append(
                f"SELECT {quoted(f.name)} AS code FROM {_file(cut, table.name)}"
            )
    return {unit: " UNION ALL ".join(queries) for unit, queries in found.items()}


def _file(cut: Path, name: str) -> str:
    return f"read_parquet({text_literal(str(cut / 'data' / f'{name}.parquet'))})"
