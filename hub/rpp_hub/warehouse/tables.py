"""Which rows did the district send? All drops of one district, table by table, with the codebook's types.

A table's `rowid` counts its rows in the order in which they were sent, file after file, so that no number of a row has to
be carried along: `Loaded.place` says which record of which file a `rowid` is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import duckdb

from rpp_hub.warehouse.codebook import FILE_NAME, Codebook, Field, Table, Type, read_codebook
from rpp_hub.warehouse.column_habits import read_sql
from rpp_hub.warehouse.dates import FORMATS
from rpp_hub.warehouse.draft import draft_codebook, draft_from
from rpp_hub.warehouse.encoding import UTF8
from rpp_hub.warehouse.engine import first, quoted, text_literal
from rpp_hub.warehouse.facts import MISSING, ColumnFacts, column_facts, keep_facts, kept_facts, total
from rpp_hub.warehouse.progress import Progress
from rpp_hub.warehouse.read import Found, csv_sql, load, relation, told_plainly
from rpp_hub.warehouse.receive import ReceivedDrop, ReceivedFile, read_drop
from rpp_hub.warehouse.standard import described_by_standard

# In the place of `rowid` where a district has a column of that name. No district has one that begins with a bar.
SEQUENCE = "_seq"
_SQL_TYPES = {Type.INTEGER: "BIGINT", Type.NUMBER: "DOUBLE", Type.DATE: "DATE"}


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a table: where it lies, what it is called, how SQL reads it as text, and what its values read as."""

    path: Path
    place: str
    file: ReceivedFile
    relation: str
    facts: Mapping[str, ColumnFacts]

    @property
    def found(self) -> Found:
        """How the file is written."""
        return Found(self.file.encoding, self.file.delimiter, self.file.columns)

    def text(self, column: str) -> str:
        """A column's text, in SQL, read as it was confirmed."""
        habit = self.file.read_otherwise(column)
        return read_sql(habit, column) if habit is not None else quoted(column)


@dataclass(frozen=True, slots=True)
class Loaded:
    """One table of the district. `starts`: the `rowid` that each file begins with."""

    name: str
    columns: tuple[str, ...]
    parts: tuple[Part, ...]
    starts: tuple[int, ...]
    rows: int
    untyped: Mapping[str, int]

    @property
    def typed(self) -> str:
        """The table with types, in SQL."""
        return quoted(f"typed_{self.name}")

    @property
    def seq(self) -> str:
        """What says in which order the rows were sent."""
        return SEQUENCE if "rowid" in self.columns else "rowid"

    @property
    def confirmed(self) -> bool:
        """Whether a person said of every file which codes stand for nothing, so that none has to be guessed."""
        return all(p.file.confirmed for p in self.parts)

    @property
    def facts(self) -> dict[str, ColumnFacts]:
        """What the values of all files together read as."""
        return {c: total(p.facts[c] for p in self.parts if c in p.facts) for c in self.columns}

    def place(self, rowid: int) -> tuple[str, int]:
        """The file of a row, and which record below its header it is."""
        number = bisect_right(self.starts, rowid) - 1
        return self.parts[number].place, rowid - self.starts[number] + 1


def drops_in(received: Path, names: Sequence[str]) -> list[ReceivedDrop]:
    """The drops of these names, oldest first."""
    return [read_drop(received / name) for name in sorted(names)]


def find_tables(
    con: duckdb.DuckDBPyConnection, district_dir: Path, drops: Sequence[ReceivedDrop], progress: Progress
) -> dict[str, Loaded]:
    """Every table of every drop, files of one table put together by column names. Nothing is read that is known."""
    parts: dict[str, list[Part]] = {}
    files = [(drop, file) for drop in drops for file in drop.files if file.table]
    for number, (drop, file) in enumerate(files):
        progress(f"looking into {drop.name}/{file.name}", number, len(files))
        parts.setdefault(file.table, []).append(_part(con, district_dir, drop, file, f"part_{number}"))
    return {name: _united(name, tuple(parts[name])) for name in sorted(parts)}


def _part(
    con: duckdb.DuckDBPyConnection, district_dir: Path, drop: ReceivedDrop, file: ReceivedFile, name: str
) -> Part:
    path = district_dir / "received" / drop.name / file.name
    source = relation(con, path, Found(file.encoding, file.delimiter, file.columns), name)
    part = Part(path, f"{drop.name}/{file.name}", file, source, {})
    facts = kept_facts(facts_dir(district_dir), file.read_key)
    if facts is None or set(facts) != set(file.columns):
        with told_plainly(path):
            facts = column_facts(con, source, file.columns, part.text)
    return replace(part, facts=facts)


def count_facts(district_dir: Path, drop: ReceivedDrop, progress: Progress) -> None:
    """Count now, once, what the values of a new drop's files read as: every check and build is the faster for it."""
    tables = [f for f in drop.files if f.table]
    for number, file in enumerate(tables):
        progress(f"counting the values of {file.name}", number, len(tables))
        if kept_facts(facts_dir(district_dir), file.read_key) is None:
            path = district_dir / "received" / drop.name / file.name
            found = Found(file.encoding, file.delimiter, file.columns)
            with duckdb.connect() as con, told_plainly(path):
                load(con, path, found, "incoming_file")
                text = Part(path, "", file, "", {}).text
                facts = column_facts(con, quoted("incoming_file"), file.columns, text)
            keep_facts(facts_dir(district_dir), file.read_key, facts)


def facts_dir(district_dir: Path) -> Path:
    """Where what was counted of received files is kept."""
    return district_dir / "facts"


def _united(name: str, parts: tuple[Part, ...]) -> Loaded:
    columns = tuple(dict.fromkeys(c for p in parts for c in p.file.columns))
    ends = tuple(accumulate(p.file.rows for p in parts))
    return Loaded(name, columns, parts, (0, *ends[:-1]), ends[-1], {})


def complete_codebook(
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
    drafts = [
        described_by_standard(
            draft_from(t.name, _undescribed(codebook, t), ("",) if t.confirmed else MISSING), t.columns
        )
        for t in tables.values()
    ]
    return codebook.with_missing_from(draft_codebook(title, drafts))


def _undescribed(codebook: Codebook, loaded: Loaded) -> dict[str, ColumnFacts]:
    table = codebook.table(loaded.name)
    return {c: f for c, f in loaded.facts.items() if table is None or table.field(c) is None}


def type_tables(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, Loaded], codebook: Codebook, progress: Progress
) -> dict[str, Loaded]:
    """Read the tables with the codebook's types. What does not fit a type becomes missing, and is counted."""
    return {name: _typed(con, loaded, described(codebook, name), progress) for name, loaded in tables.items()}


def described(codebook: Codebook, name: str) -> Table:
    """A table of a codebook that is known to have it."""
    table = codebook.table(name)
    if table is None:
        raise ValueError(f"the codebook lacks {name}")  # complete_codebook has seen to it
    return table


def _typed(con: duckdb.DuckDBPyConnection, loaded: Loaded, table: Table, progress: Progress) -> Loaded:
    fields = [table.field(c) or Field(c) for c in loaded.columns]
    columns = ", ".join(f"{quoted(f.name)} {_SQL_TYPES.get(f.type, 'VARCHAR')}" for f in fields)
    numbered = f", {SEQUENCE} BIGINT" if loaded.seq == SEQUENCE else ""
    con.execute(f"CREATE TABLE {loaded.typed} ({columns}{numbered})")
    untyped: dict[str, int] = {}
    for number, (start, part) in enumerate(zip(loaded.starts, loaded.parts, strict=True)):
        progress(f"reading {part.place}", number, len(loaded.parts))
        here = [f for f in fields if f.name in part.file.columns]
        into = (
            f"{loaded.typed} ({', '.join(quoted(f.name) for f in here)}{', ' + SEQUENCE if numbered else ''})"
        )
        also = f", row_number() OVER () + {start - 1}" if numbered else ""
        for name, count in _insert(con, into, part, here, table, also):
            untyped[name] = untyped.get(name, 0) + count
    return replace(loaded, untyped={k: v for k, v in untyped.items() if v})


def _insert(
    con: duckdb.DuckDBPyConnection, into: str, part: Part, fields: Sequence[Field], table: Table, also: str
) -> list[tuple[str, int]]:
    """Read one file into its table; for each column that had to be interpreted, how many values did not fit."""
    known = {f.name: t for f in fields if (t := _known_type(part, f, table.missing))}
    try:
        source = csv_sql(part.path, part.found, known) if known else part.relation
        con.execute(
            f"INSERT INTO {into} SELECT {_values(part, fields, table.missing, known)}{also} FROM {source}"
        )
    except duckdb.Error:
        known = {}  # a number too large for its type, say; nothing was inserted
        with told_plainly(part.path):
            values = _values(part, fields, table.missing, known)
            con.execute(f"INSERT INTO {into} SELECT {values}{also} FROM {part.relation}")
    return _count_untyped(
        con, part, [f for f in fields if f.type is not Type.STRING and f.name not in known], table
    )


def _known_type(part: Part, field: Field, missing: Sequence[str]) -> str:
    """The type as which DuckDB may read a column at once, because every value of it is known to be written so."""
    facts = part.facts[field.name]
    if part.file.read_otherwise(field.name) is not None:
        return (
            ""  # what is known is known of the text as it was confirmed, which is not what stands in the file
        )
    if part.file.encoding != UTF8 or not _as_written(facts, missing) or field.days_since:
        return ""
    fitting = {Type.INTEGER: facts.integers, Type.NUMBER: facts.numbers, Type.DATE: facts.iso}.get(field.type)
    return _SQL_TYPES[field.type] if fitting == facts.rows else ""


def _as_written(facts: ColumnFacts, missing: Sequence[str]) -> bool:
    return facts.tidy and set(missing) <= set(MISSING)


def _values(part: Part, fields: Sequence[Field], missing: Sequence[str], known: Mapping[str, str]) -> str:
    return ", ".join(_value(part, f, missing, known) for f in fields)


def _value(part: Part, field: Field, missing: Sequence[str], known: Mapping[str, str]) -> str:
    if field.name in known:
        return quoted(field.name)
    if field.type is Type.STRING and _as_written(part.facts[field.name], missing):
        return f"nullif({part.text(field.name)}, '')"
    return _typed_value(field, present_sql(part.text(field.name), missing))


def _count_untyped(
    con: duckdb.DuckDBPyConnection, part: Part, fields: Sequence[Field], table: Table
) -> list[tuple[str, int]]:
    """Values that are there as text and do not fit their type, all fields in one pass."""
    if not fields:
        return []
    counts = ", ".join(
        f"count(*) FILTER ({untyped_sql(f, part.text(f.name), table.missing)})" for f in fields
    )
    found = first(con, f"SELECT {counts} FROM {part.relation}") or ()
    return [(f.name, int(n)) for f, n in zip(fields, found, strict=True)]


def untyped_places(
    con: duckdb.DuckDBPyConnection, loaded: Loaded, field: Field, missing: Sequence[str], limit: int
) -> list[int]:
    """The first rows (by `rowid`) whose value does not fit its type."""
    places: list[int] = []
    for start, part in zip(loaded.starts, loaded.parts, strict=True):
        if len(places) < limit and field.name in part.file.columns:
            wrong = untyped_sql(field, part.text(field.name), missing)
            rows = con.execute(
                f"""SELECT n FROM (SELECT {wrong} AS wrong, row_number() OVER () AS n FROM {part.relation})
                    WHERE wrong ORDER BY n LIMIT {limit - len(places)}"""
            ).fetchall()
            places += [start + int(n) - 1 for (n,) in rows]
    return places


def untyped_sql(field: Field, text: str, missing: Sequence[str]) -> str:
    """True for a text that is there but does not fit the field's type."""
    value = present_sql(text, missing)
    return f"({value}) IS NOT NULL AND ({_typed_value(field, value)}) IS NULL"


def typed_sql(field: Field, missing: Sequence[str]) -> str:
    """The SQL that makes a text what the codebook says it is, or NULL."""
    return _typed_value(field, present_sql(quoted(field.name), missing))


def _typed_value(field: Field, value: str) -> str:
    match field.type:
        case Type.INTEGER:
            # 12.0 is 12, but 12.5 is not an integer, whatever a cast would make of it.
            return f"CASE WHEN regexp_full_match({value}, '[-+]?[0-9]+([.]0*)?') THEN try_cast({value} AS BIGINT) END"
        case Type.NUMBER:
            return f"try_cast({value} AS DOUBLE)"
        case Type.DATE if field.days_since:
            # where the file's dates were confirmed as such days, they are written out already
            days = f"(DATE {text_literal(field.days_since)} + try_cast({value} AS INTEGER))"
            return f"coalesce({days}, CAST(try_strptime({value}, '%Y-%m-%d') AS DATE))"
        case Type.DATE:
            return f"CAST(try_strptime({value}, {list(FORMATS)}) AS DATE)"
        case _:
            return value


def present_sql(text: str, missing: Sequence[str]) -> str:
    """A text without spaces around, or NULL where it stands for nothing."""
    codes = ", ".join(text_literal(m) for m in missing if m)
    trimmed = f"nullif(trim({text}), '')"
    return f"CASE WHEN {trimmed} NOT IN ({codes}) THEN {trimmed} END" if codes else trimmed
