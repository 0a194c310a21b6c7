"""Did any true identifier survive into a scrambled table? Asked of every value, name and note in the files themselves.

A finding says which column and how many rows, never the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from rpp_hub.cuts.plan import Agreed, Column, TablePlan, Treatment
from rpp_hub.vault import Crosswalk
from rpp_hub.warehouse.engine import one, quoted, text_literal
from rpp_hub.warehouse.masters import Masters, identifier_fields, name_pairs, plain_name
from rpp_hub.warehouse.progress import Progress, silent

# An identifier shorter than this, or its digits, turns up among counts and grades by chance.
SHORTEST_IN_TEXT = 5
# A column of numbers is a column of identifiers when it holds many different values, nearly all of them identifiers,
# and a good part of all the identifiers there are. Grades and days hold few.
_FEWEST_VALUES, _SHARE_OF_COLUMN, _SHARE_OF_IDENTIFIERS = 50, 0.9, 0.1
_BIRTH_DATE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that must not be in a cut."""

    table: str
    column: str
    rows: int
    what: str

    @property
    def sentence(self) -> str:
        """For a person, without the value."""
        where = f"The column {self.column} of {self.table}" if self.column else f"The file of {self.table}"
        return f"{where} holds {self.what} in {self.rows:,} row{'s' if self.rows != 1 else ''}."


def scan_tables(
    con: duckdb.DuckDBPyConnection,
    masters: Masters,
    agreed: Agreed,
    crosswalk: Crosswalk,
    folder: Path,
    progress: Progress = silent,
) -> tuple[Leak, ...]:
    """Every leak in the Parquet files of a cut that is being made."""
    _load_population(con, masters)
    leaks: list[Leak] = []
    for number, table in enumerate(agreed.tables):
        progress(f"scanning {table.name}", number, len(agreed.tables))
        path = folder / f"{table.name}.parquet"
        leaks += _scan_file(path, table)
        for column in table.columns:
            leaks += _scan_column(con, path, table, column, crosswalk)
        leaks += _scan_birth_dates(con, masters, crosswalk, path, table)
    return tuple(leaks)


def _load_population(con: duckdb.DuckDBPyConnection, masters: Masters) -> None:
    """`true_ids`: identifiers as they are. `true_marks`: small letters and digits alone, no leading zeros, long enough."""
    queries = [
        f"SELECT {quoted(f.name)}::VARCHAR AS id FROM {masters.sql(t)} WHERE {quoted(f.name)} IS NOT NULL"
        for t, f in identifier_fields(masters)
    ] or ["SELECT NULL::VARCHAR AS id LIMIT 0"]
    con.execute(f"CREATE OR REPLACE TABLE true_ids AS SELECT DISTINCT id FROM ({' UNION ALL '.join(queries)})")
    con.execute(
        f"CREATE OR REPLACE TABLE true_marks AS SELECT DISTINCT mark FROM (SELECT {_mark('id')} AS mark FROM true_ids) "
        f"WHERE length(mark) >= {SHORTEST_IN_TEXT}"
    )
    con.register("pairs_in", pa.table({"pair": [f"{a} {b}" for a, b in name_pairs(con, masters)]}))
    con.execute("CREATE OR REPLACE TABLE true_names AS SELECT DISTINCT pair FROM pairs_in")
    con.unregister("pairs_in")


def _mark(sql: str) -> str:
    """A value without case, punctuation and leading zeros: 00-12-345 and 12345 are the same mark."""
    return f"ltrim(regexp_replace(lower({sql}), '[^a-z0-9]', '', 'g'), '0')"


def _scan_file(path: Path, table: TablePlan) -> Iterator[Leak]:
    """The file's own notes: no pandas metadata, no key-value metadata, no column that was not agreed."""
    with pq.ParquetFile(path) as file:
        notes = dict(file.metadata.metadata or {})
        names = tuple(file.schema_arrow.names)
        # Arrow keeps pandas' index, and may keep a whole dictionary, in notes.
        strange = [n for n in notes if n not in (b"duckdb_schema",)]
        annotated = any(f.metadata for f in file.schema_arrow if f.metadata and set(f.metadata) != {b"PARQUET:field_id"})
    if strange or annotated:
        yield Leak(table.name, "", len(strange) + annotated, "notes that were not agreed")
    if names != tuple(c.name for c in table.columns):
        yield Leak(table.name, "", len(set(names) ^ {c.name for c in table.columns}), "columns that were not agreed")


def _scan_column(
    con: duckdb.DuckDBPyConnection, path: Path, table: TablePlan, column: Column, crosswalk: Crosswalk
) -> Iterator[Leak]:
    name = quoted(column.name)
    kind = str(con.execute(f"SELECT typeof({name}) FROM {_file(path)} LIMIT 1").fetchall())
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE seen AS SELECT {name}::VARCHAR AS v, count(*) AS n FROM {_file(path)} "
        f"WHERE {name} IS NOT NULL GROUP BY 1"
    )
    if column.treatment is Treatment.CODE:
        yield from _not_codes(con, table, column, crosswalk)
        return
    yield from _column_of_identifiers(con, table, column)
    if "VARCHAR" in kind or "ENUM" in kind:
        yield from _identifiers_in_text(con, table, column)
        yield from _names_in_text(con, table, column)


def _not_codes(
    con: duckdb.DuckDBPyConnection, table: TablePlan, column: Column, crosswalk: Crosswalk
) -> Iterator[Leak]:
    """A column of codes holds this project's codes of this unit and nothing else."""
    con.register("codes_in", crosswalk.of_unit(column.field.unit))
    rows = one(con, "SELECT coalesce(sum(n), 0) FROM seen ANTI JOIN codes_in ON seen.v = codes_in.code")
    con.unregister("codes_in")
    if rows:
        yield Leak(table.name, column.name, rows, "something other than the project's codes")


def _column_of_identifiers(con: duckdb.DuckDBPyConnection, table: TablePlan, column: Column) -> Iterator[Leak]:
    values = one(con, "SELECT count(*) FROM seen")
    known = one(con, "SELECT count(*) FROM true_ids")
    plain = "CASE WHEN regexp_full_match(v, '[0-9]+[.]0') THEN v[:-3] ELSE v END"
    matched = f"SELECT {{}} FROM seen SEMI JOIN true_ids ON {plain} = true_ids.id"
    same = one(con, matched.format("count(*)"))
    if values >= _FEWEST_VALUES and same >= _SHARE_OF_COLUMN * values and same >= _SHARE_OF_IDENTIFIERS * known:
        yield Leak(table.name, column.name, one(con, matched.format("sum(n)")), "true identifiers")


def _identifiers_in_text(con: duckdb.DuckDBPyConnection, table: TablePlan, column: Column) -> Iterator[Leak]:
    """Whole, punctuated, zero-padded, in other case, or inside a longer text.

    Candidates of a value are the value without its punctuation, each word, each run of digits, and each run of
    letters followed by digits; their number is bounded by the text's length.
    """
    candidates = f"""
        SELECT v, n, {_mark("v")} AS mark FROM seen
        UNION ALL SELECT v, n, {_mark("w")} FROM seen, unnest(regexp_extract_all(lower(v), '[a-z0-9]+')) AS t(w)
        UNION ALL SELECT v, n, {_mark("w")} FROM seen, unnest(regexp_extract_all(v, '[0-9]+')) AS t(w)
        UNION ALL SELECT v, n, {_mark("w")} FROM seen, unnest(regexp_extract_all(lower(v), '[a-z]?[0-9]+')) AS t(w)
        UNION ALL SELECT v, n, {_mark("w")} FROM seen, unnest(regexp_extract_all(v, '[0-9]+(?:[-. /][0-9]+)+')) AS t(w)"""
    rows = one(
        con,
        f"SELECT coalesce(sum(n), 0) FROM (SELECT DISTINCT v, n FROM ({candidates}) c SEMI JOIN true_marks USING (mark))",
    )
    if rows:
        yield Leak(table.name, column.name, rows, "true identifiers")


def _names_in_text(con: duckdb.DuckDBPyConnection, table: TablePlan, column: Column) -> Iterator[Leak]:
    words = f"SELECT v, n, string_split({plain_name('v')}, ' ') AS words FROM seen WHERE v LIKE '% %' OR v LIKE '%,%' OR v LIKE '%_%'"
    pairs = f"""
        SELECT v, n, words[i] || ' ' || words[i + 1] AS pair
        FROM ({words}) w, unnest(range(1, greatest(len(words), 1))) AS t(i)"""
    rows = one(con, f"SELECT coalesce(sum(n), 0) FROM (SELECT DISTINCT v, n FROM ({pairs}) p SEMI JOIN true_names USING (pair))")
    if rows:
        yield Leak(table.name, column.name, rows, "names of people")


def _scan_birth_dates(
    con: duckdb.DuckDBPyConnection, masters: Masters, crosswalk: Crosswalk, path: Path, table: TablePlan
) -> Iterator[Leak]:
    """A column that says, for the very student of its row, the day they were born."""
    key = next((c for c in table.columns if c.treatment is Treatment.CODE and c.field.unit == table.unit), None)
    born = _birth_date(masters, table.unit)
    if key is None or born is None:
        return
    source, identifier, day = born
    con.register("codes_in", crosswalk.of_unit(table.unit))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE births AS SELECT DISTINCT x.code, m.{quoted(day)}::DATE AS born "
        f"FROM {masters.sql(source)} m JOIN codes_in x ON x.identifier = m.{quoted(identifier)}::VARCHAR "
        f"WHERE m.{quoted(day)} IS NOT NULL"
    )
    con.unregister("codes_in")
    for column in table.columns:
        if column is key:
            continue
        query = (
            f"SELECT count(*) FROM {_file(path)} c JOIN births b ON b.code = c.{quoted(key.name)} "
            f"AND try_cast(c.{quoted(column.name)}::VARCHAR AS DATE) = b.born"
        )
        rows = one(con, query)
        if rows > _BIRTH_DATE_SHARE * max(one(con, f"SELECT count({quoted(column.name)}) FROM {_file(path)}"), 20):
            yield Leak(table.name, column.name, rows, "days of birth")


def _birth_date(masters: Masters, unit: str) -> tuple[str, str, str] | None:
    for table in masters.codebook.tables:
        key = table.key(unit) if unit else None
        day = next((f.name for f in table.fields if f.generalise == "month"), None)
        if key is not None and day is not None and table.name in masters.tables:
            return table.name, key.name, day
    return None


def _file(path: Path) -> str:
    return f"read_parquet({text_literal(str(path))})"


def leaks_by_table(leaks: tuple[Leak, ...]) -> Mapping[str, int]:
    """How many leaks each table has; goes into the audit log."""
    counts: dict[str, int] = {}
    for leak in leaks:
        counts[leak.table] = counts.get(leak.table, 0) + 1
    return counts
