"""Which rows did the district send? All drops of one district, table by table: first as text, then typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from rpp_hub.warehouse.codebook import FILE_NAME, Codebook, Field, Table, Type, read_codebook
from rpp_hub.warehouse.dates import FORMATS
from rpp_hub.warehouse.draft import draft_codebook, draft_table
from rpp_hub.warehouse.engine import first, one, quoted, text_literal
from rpp_hub.warehouse.progress import Progress
from rpp_hub.warehouse.read import Found, load
from rpp_hub.warehouse.receive import ReceivedDrop, ReceivedFile, read_drop

# A row's place among all rows sent: file number and record number in one.
_PLACES = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """One table of the district, loaded. `files` are the places (drop/file) that `_file` counts."""

    name: str
    columns: tuple[str, ...]
    files: tuple[str, ...]
    rows: int
    untyped: Mapping[str, int]

    @property
    def text(self) -> str:
        """The table as text, in SQL."""
        return quoted(f"text_{self.name}")

    @property
    def typed(self) -> str:
        """The table with types, in SQL."""
        return quoted(f"typed_{self.name}")


def drops_in(received: Path, names: Sequence[str]) -> list[ReceivedDrop]:
    """The drops of these names, oldest first."""
    return [read_drop(received / name) for name in sorted(names)]


def load_text(
    con: duckdb.DuckDBPyConnection, received: Path, drops: Sequence[ReceivedDrop], progress: Progress
) -> dict[str, Loaded]:
    """Every table of every drop as text, files of one table put together by column names."""
    parts: dict[str, list[tuple[str, ReceivedFile, str]]] = {}
    files = [(drop, file) for drop in drops for file in drop.files if file.table]
    for number, (drop, file) in enumerate(files):
        progress(f"reading {drop.name}/{file.name}", number, len(files))
        part = f"part_{number}"
        load(con, received / drop.name / file.name, Found(file.encoding, file.delimiter, file.columns), part)
        parts.setdefault(file.table, []).append((f"{drop.name}/{file.name}", file, part))
    return {name: _united(con, name, parts[name]) for name in sorted(parts)}


def _united(con: duckdb.DuckDBPyConnection, name: str, parts: list[tuple[str, ReceivedFile, str]]) -> Loaded:
    columns = tuple(dict.fromkeys(c for _, file, _ in parts for c in file.columns))
    selects = " UNION ALL BY NAME ".join(
        f"SELECT *, {i}::INTEGER AS _file, {i} * {_PLACES} + _row AS _seq FROM {part}"
        for i, (_, _, part) in enumerate(parts)
    )
    loaded = Loaded(name, columns, tuple(place for place, _, _ in parts), 0, {})
    con.execute(f"CREATE VIEW {loaded.text} AS {selects}")  # no second copy of the largest thing there is
    return Loaded(name, columns, loaded.files, one(con, f"SELECT count(*) FROM {loaded.text}"), {})


def complete_codebook(
    con: duckdb.DuckDBPyConnection,
    title: str,
    kept: Codebook | None,
    received: Path,
    drops: Sequence[ReceivedDrop],
    tables: Mapping[str, Loaded],
) -> Codebook:
    """What the data manager keeps, then what the district shipped (newest first), then a draft for the rest."""
    codebook = kept or Codebook(title, ())
    for drop in reversed(drops):
        if any(f.name == FILE_NAME for f in drop.files):
            codebook = codebook.with_missing_from(read_codebook(received / drop.name / FILE_NAME))
    drafts = [draft_table(con, f"text_{t.name}", t.name, _undescribed(codebook, t)) for t in tables.values()]
    return codebook.with_missing_from(draft_codebook(title, drafts))


def _undescribed(codebook: Codebook, loaded: Loaded) -> tuple[str, ...]:
    table = codebook.table(loaded.name)
    return tuple(c for c in loaded.columns if table is None or table.field(c) is None)


def type_tables(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, Loaded], codebook: Codebook
) -> dict[str, Loaded]:
    """The same tables with the codebook's types. What does not fit a type becomes missing, and is counted."""
    return {name: _typed(con, loaded, _described(codebook, name)) for name, loaded in tables.items()}


def _described(codebook: Codebook, name: str) -> Table:
    table = codebook.table(name)
    if table is None:
        raise ValueError(f"the codebook lacks {name}")  # complete_codebook has seen to it
    return table


def _typed(con: duckdb.DuckDBPyConnection, loaded: Loaded, table: Table) -> Loaded:
    fields = [table.field(c) or Field(c) for c in loaded.columns]
    # in two steps, so that a value is trimmed once and not once for every question asked of it
    present = ", ".join(f"{_present(f, table.missing)} AS {quoted(f.name)}" for f in fields)
    selected = ", ".join(f"{_typed_value(f, quoted(f.name))} AS {quoted(f.name)}" for f in fields)
    con.execute(
        f"""CREATE TABLE {loaded.typed} AS SELECT {selected}, _file, _row, _seq
            FROM (SELECT {present}, _file, _row, _seq FROM {loaded.text})"""
    )
    untyped = _count_untyped(con, loaded, [f for f in fields if f.type is not Type.STRING], table)
    return Loaded(
        loaded.name, loaded.columns, loaded.files, loaded.rows, {k: v for k, v in untyped.items() if v}
    )


def _count_untyped(
    con: duckdb.DuckDBPyConnection, loaded: Loaded, fields: Sequence[Field], table: Table
) -> dict[str, int]:
    """Values that are there as text and not there with their type, all fields in one pass."""
    if not fields:
        return {}
    sent = first(
        con, f"SELECT {', '.join(f'count({_present(f, table.missing)})' for f in fields)} FROM {loaded.text}"
    )
    kept = first(con, f"SELECT {', '.join(f'count({quoted(f.name)})' for f in fields)} FROM {loaded.typed}")
    return {f.name: int(a) - int(b) for f, a, b in zip(fields, sent or (), kept or (), strict=True)}


def untyped_sql(field: Field, missing: Sequence[str]) -> str:
    """True for a value that is there but does not fit its type."""
    return f"{_present(field, missing)} IS NOT NULL AND ({typed_sql(field, missing)}) IS NULL"


def typed_sql(field: Field, missing: Sequence[str]) -> str:
    """The SQL that makes a text what the codebook says it is, or NULL."""
    return _typed_value(field, _present(field, missing))


def _typed_value(field: Field, value: str) -> str:
    match field.type:
        case Type.INTEGER:
            # 12.0 is 12, but 12.5 is not an integer, whatever a cast would make of it.
            return f"CASE WHEN regexp_full_match({value}, '[-+]?[0-9]+([.]0*)?') THEN try_cast({value} AS BIGINT) END"
        case Type.NUMBER:
            return f"try_cast({value} AS DOUBLE)"
        case Type.DATE if field.days_since:
            return f"(DATE {text_literal(field.days_since)} + try_cast({value} AS INTEGER))"
        case Type.DATE:
            return f"CAST(try_strptime({value}, {list(FORMATS)}) AS DATE)"
        case _:
            return value


def _present(field: Field, missing: Sequence[str]) -> str:
    codes = ", ".join(text_literal(m) for m in missing if m)
    trimmed = f"nullif(trim({quoted(field.name)}), '')"
    return f"CASE WHEN {trimmed} NOT IN ({codes}) THEN {trimmed} END" if codes else trimmed
