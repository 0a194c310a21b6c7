"""Which masters are current, what do they hold, and whom could they identify?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from rpp_hub.domain.errors import Invalid
from rpp_hub.warehouse.codebook import FILE_NAME, Codebook, Field, Identifier, read_codebook
from rpp_hub.warehouse.engine import quoted, text_literal

CURRENT = "current"
MERGED = "merged.json"
PERSONS = ("student", "staff")


@dataclass(frozen=True, slots=True)
class Masters:
    """One build of a district's masters."""

    folder: Path
    sha256: str
    tables: Mapping[str, Path]
    codebook: Codebook = field(repr=False)
    # tables that are no files of this build but stand in the connection at hand: linked surveys
    relations: Mapping[str, str] = field(default_factory=dict)
    # unit → identifier that was merged into another one → the one that stayed
    merged: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def sql(self, table: str) -> str:
        """A master as SQL reads it."""
        if table in self.relations:
            return self.relations[table]
        if table not in self.tables:
            raise Invalid(
                f"The masters have no table {table}. Receive its files, and build the masters again.",
                code="table-not-built",
            )
        return f"read_parquet({text_literal(str(self.tables[table]))})"


def open_masters(folder: Path) -> Masters:
    """The masters of one build folder."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    tables = {name: folder / name / "part-0.parquet" for name in manifest["tables"]}
    path = folder / MERGED
    merged = json.loads(path.read_bytes()) if path.exists() else {}
    return Masters(folder, manifest["sha256"], tables, read_codebook(folder / FILE_NAME), merged=merged)


def identifier_fields(masters: Masters, units: Iterable[str] = PERSONS) -> list[tuple[str, Field]]:
    """Every field that directly identifies a person: keys of these units, and what is neither key nor name."""
    return [
        (t.name, f)
        for t in masters.codebook.tables
        if t.name in masters.tables
        for f in t.fields
        if f.identifier is Identifier.DIRECT
        and not f.person_name
        and (f.unit in units or (not f.unit and not _of_school(f)))
    ]


def name_fields(masters: Masters) -> list[tuple[str, list[Field]]]:
    """The fields with persons' names, table by table."""
    found = [
        (t.name, [f for f in t.fields if f.person_name])
        for t in masters.codebook.tables
        if t.name in masters.tables
    ]
    return [(name, fields) for name, fields in found if fields]


def known_identifiers(masters: Masters) -> frozenset[str]:
    """Every true identifier of a student or member of staff, as text."""
    with duckdb.connect() as con:
        values: set[str] = set()
        for table, f in identifier_fields(masters):
            rows = con.execute(
                f"SELECT DISTINCT {quoted(f.name)}::VARCHAR FROM {masters.sql(table)} WHERE {quoted(f.name)} IS NOT NULL"
            )
            values.update(str(row[0]) for row in rows.fetchall())
    return frozenset(values.union(*(steps for steps in masters.merged.values())))


def name_pairs(con: duckdb.DuckDBPyConnection, masters: Masters) -> list[tuple[str, str]]:
    """(first, last) and (last, first) of every person, word by word as they may stand in a text."""
    pairs: set[tuple[str, str]] = set()
    for table, fields in name_fields(masters):
        first = next((f.name for f in fields if "first" in f.name or "given" in f.name), None)
        last = next(
            (f.name for f in fields if "last" in f.name or "sur" in f.name or "family" in f.name), None
        )
        if first and last:
            query = f"SELECT DISTINCT {plain_name(quoted(first))}, {plain_name(quoted(last))} FROM {masters.sql(table)}"
            pairs.update((a, b) for a, b in con.execute(query).fetchall() if a and b)
        for f in fields:
            if f.name not in (first, last):
                query = f"SELECT DISTINCT {plain_name(quoted(f.name))} FROM {masters.sql(table)}"
                pairs.update(
                    (w[0], w[-1]) for (n,) in con.execute(query).fetchall() if n and len(w := n.split()) > 1
                )
    return sorted(pairs | {(b, a) for a, b in pairs})


def plain_name(sql: str) -> str:
    """A name without accents, case and punctuation, words parted by one space."""
    bare = f"translate(lower(strip_accents({sql})), 'øłđðßı', 'olddsi')"  # letters that are no accented ones
    return f"trim(regexp_replace({bare}, '[^a-z0-9]+', ' ', 'g'))"


def _of_school(f: Field) -> bool:
    return "school" in f.name or "campus" in f.name or "district" in f.name or "site" in f.name
