"""How do agreed rows and fields become a project's scrambled tables?

Filter by years and population, join the crosswalk, sort by code: as packed numbers where a row fits into one, else by
DuckDB. Sorting by code (and then by the granted values themselves) leaves nothing of the masters' order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from rpp_hub.cuts.coarser import coarser_sql, common_name, find_common
from rpp_hub.cuts.plan import Agreed, Column, CutPlan, TablePlan, Treatment, reason_to_drop
from rpp_hub.cuts.risk import Told, indirect, joinable
from rpp_hub.domain.generalisation import Generalisation
from rpp_hub.vault import Crosswalk
from rpp_hub.warehouse.engine import first, one, quoted, text_literal
from rpp_hub.warehouse.masters import Masters
from rpp_hub.warehouse.packed import Source, Wanted, packing, write_packed
from rpp_hub.warehouse.progress import Progress

_PEOPLE = ("student", "staff")


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows that a project is granted, ready in a connection: `population_student` and `population_staff` exist."""

    con: duckdb.DuckDBPyConnection
    masters: Masters
    agreed: Agreed

    def rows(self, table: TablePlan, joins: str = "") -> str:
        """FROM and WHERE of a table's granted rows, whose master is called m; `joins` go between."""
        first, last = table.years or self.agreed.years
        years = f" WHERE m.{quoted(table.year)} BETWEEN {int(first)} AND {int(last)}" if table.year else ""
        joined = (
            f" JOIN population_{table.unit} p ON p.id = m.{quoted(table.key)}"
            if table.unit in _PEOPLE
            else ""
        )
        return f"FROM {self.masters.sql(table.name)} m{joined}{joins}{years}"


def select_population(con: duckdb.DuckDBPyConnection, masters: Masters, agreed: Agreed) -> Selection:
    """Who is in the cut: people with a row in the granted years who belong to the cohort."""
    for unit in _PEOPLE:
        parts = _in_years(masters, agreed, unit) or ["SELECT NULL::VARCHAR AS id LIMIT 0"]
        # DISTINCT even when there is one part: a person who stood here twice would double every row they have
        con.execute(
            f"CREATE TABLE population_{unit} AS SELECT DISTINCT id FROM ({' UNION ALL '.join(parts)})"
        )
        if agreed.cohort and agreed.cohort.unit == unit:
            _keep_cohort(con, masters, agreed)
    selection = Selection(con, masters, agreed)
    _find_common_values(selection)
    return selection


def _find_common_values(selection: Selection) -> None:
    """For every field whose rare values are merged: what is not rare among the people of the cut."""
    merged: dict[tuple[str, str], tuple[Generalisation, list[str]]] = {}
    for table in selection.agreed.tables:
        for column in table.columns:
            if column.coarser and column.coarser.below:
                _, rows = merged.setdefault((table.unit, column.name), (column.coarser, []))
                value = f"m.{quoted(column.name)} AS value"
                rows.append(f"SELECT m.{quoted(table.key)}::VARCHAR AS unit, {value} {selection.rows(table)}")
    for (unit, name), (coarser, queries) in merged.items():
        find_common(selection.con, common_name(unit, name), coarser, queries)


def _in_years(masters: Masters, agreed: Agreed, unit: str) -> list[str]:
    first, last = agreed.years
    keyed = [(t, key) for t in masters.codebook.tables if t.name in masters.tables and (key := t.key(unit))]
    dated = [(t, key) for t, key in keyed if t.year]
    return [
        f"SELECT {quoted(key.name)} AS id FROM {masters.sql(t.name)} WHERE {quoted(key.name)} IS NOT NULL"
        + (f" AND {quoted(t.year)} BETWEEN {int(first)} AND {int(last)}" if t.year else "")
        for t, key in dated or keyed
    ]


def _keep_cohort(con: duckdb.DuckDBPyConnection, masters: Masters, agreed: Agreed) -> None:
    cohort = agreed.cohort
    if cohort is None:
        return
    first, last = agreed.years
    years = (
        f" AND {quoted(cohort.table.year)} BETWEEN {int(first)} AND {int(last)}" if cohort.table.year else ""
    )
    con.execute(
        f"""CREATE OR REPLACE TABLE population_{cohort.unit} AS SELECT id FROM population_{cohort.unit} SEMI JOIN
            (SELECT {quoted(cohort.key)} AS id FROM {masters.sql(cohort.table.name)} WHERE {cohort.condition.sql}{years})
            USING (id)""",
        list(cohort.condition.parameters),
    )


def count(selection: Selection) -> CutPlan:
    """How many rows and units a cut would hold."""
    con, agreed = selection.con, selection.agreed
    rows = {t.name: one(con, f"SELECT count(*) {selection.rows(t)}") for t in agreed.tables}
    return CutPlan(agreed, rows, count_units(selection))


def count_units(selection: Selection) -> dict[str, int]:
    """How many people a cut would hold, or holds."""
    used = {t.unit for t in selection.agreed.tables}
    return {u: one(selection.con, f"SELECT count(*) FROM population_{u}") for u in _PEOPLE if u in used}


def told_of(selection: Selection, table: TablePlan) -> Told:
    """What a table of a cut to be made would say of its people."""
    known = joinable(table)
    unit = [f"m.{quoted(known.key)} AS unit"] if known.key else []
    columns = [
        f"{_expression(c, table.unit)} AS {quoted(c.name)}"
        for c in table.columns
        if c.name in indirect(table)
    ]
    return Told(known, f"SELECT {', '.join([*unit, *columns])} {selection.rows(table)}" if columns else "")


def identifiers(selection: Selection) -> dict[str, pa.Array]:
    """Every identifier that needs a code, unit by unit. What the rows are about comes from the population."""
    wanted: dict[str, list[str]] = {}
    for table in selection.agreed.tables:
        if table.unit in _PEOPLE:
            wanted.setdefault(table.unit, []).append(f"SELECT id FROM population_{table.unit}")
        for column in (c for c in table.columns if c.treatment is Treatment.CODE):
            query = f"SELECT m.{quoted(column.name)}::VARCHAR AS id {selection.rows(table)}"
            if (table.unit, table.key) != (column.field.unit, column.name) or table.unit not in _PEOPLE:
                wanted.setdefault(column.field.unit, []).append(query)
        if table.unit and table.unit not in _PEOPLE:
            wanted.setdefault(table.unit, []).append(
                f"SELECT m.{quoted(table.key)}::VARCHAR AS id {selection.rows(table)}"
            )
    return {unit: _distinct(selection.con, queries) for unit, queries in wanted.items()}


def _distinct(con: duckdb.DuckDBPyConnection, queries: list[str]) -> pa.Array:
    united = " UNION ".join(dict.fromkeys(queries))
    table = con.sql(f"SELECT DISTINCT id FROM ({united}) WHERE id IS NOT NULL").to_arrow_table()
    return table["id"].combine_chunks().cast(pa.string())


def write_tables(
    selection: Selection,
    crosswalk: Crosswalk,
    wanted: Mapping[str, pa.Array],
    target: Path,
    progress: Progress,
) -> dict[str, int]:
    """Write every granted table to `target`/TABLE.parquet; how many rows each has."""
    con, rows = selection.con, {}
    for unit in wanted:
        _load_crosswalk(con, crosswalk, unit, wanted[unit])
        if unit in _PEOPLE:  # the rows' own people bring their codes with them: one join fewer for every row
            con.execute(
                f"CREATE OR REPLACE TABLE population_{unit} AS SELECT p.id, c.code, c.place FROM population_{unit} p "
                f"LEFT JOIN codes_{unit} c ON c.identifier = p.id"
            )
    for number, table in enumerate(selection.agreed.tables):
        progress(f"scrambling {table.name}", number, len(selection.agreed.tables))
        rows[table.name] = _write(selection, table, target / f"{table.name}.parquet")
    return rows


def _load_crosswalk(
    con: duckdb.DuckDBPyConnection, crosswalk: Crosswalk, unit: str, wanted: pa.Array
) -> None:
    """Only the codes that this cut needs, and which of them in their order each is, from 1."""
    con.register("all_codes", crosswalk.of_unit(unit))
    con.register("wanted_ids", pa.table({"id": wanted}))
    con.execute(
        f"CREATE TABLE codes_{unit} AS SELECT identifier, code, row_number() OVER (ORDER BY code)::UBIGINT AS place "
        "FROM all_codes SEMI JOIN wanted_ids ON all_codes.identifier = wanted_ids.id"
    )
    con.unregister("all_codes")
    con.unregister("wanted_ids")


def _write(selection: Selection, table: TablePlan, path: Path) -> int:
    con, names = selection.con, [c.name for c in table.columns]
    columns, joins = _columns(table)

    def granted(more: str) -> str:
        return selection.rows(table, joins + more)

    source = Source(f"FROM {selection.masters.sql(table.name)} m", granted)
    packed = packing(con, columns, source)
    rows = write_packed(con, packed, names, source, path) if packed is not None else 0
    return rows or _write_sorted(con, columns, names, granted(""), path)


def _write_sorted(
    con: duckdb.DuckDBPyConnection,
    columns: Sequence[Wanted],
    names: Sequence[str],
    granted: str,
    path: Path,
) -> int:
    for unit in sorted({c.codes.removeprefix("codes_") for c in columns if c.codes}):
        _enumerate(con, unit)
    options = "FORMAT parquet, COMPRESSION zstd, WRITE_BLOOM_FILTER false"
    copied = first(con, f"COPY ({_sorted(columns, names, granted)}) TO {text_literal(str(path))} ({options})")
    return int(copied[0]) if copied else 0


def _enumerate(con: duckdb.DuckDBPyConnection, unit: str) -> None:
    """From here on a code of this unit is an enumeration, that is, a small number while rows are joined and sorted."""
    relations = [f"codes_{unit}", *([f"population_{unit}"] if unit in _PEOPLE else [])]
    known = first(con, f"SELECT count(*) FILTER (typeof(code) = 'VARCHAR') FROM codes_{unit}")
    if not known or not known[0]:
        return
    con.execute(f"CREATE TYPE code_of_{unit} AS ENUM (SELECT code FROM codes_{unit} ORDER BY code)")
    for relation in relations:
        con.execute(f"ALTER TABLE {relation} ALTER code TYPE code_of_{unit}")


def _columns(table: TablePlan) -> tuple[list[Wanted], str]:
    """The table's columns in the order in which its rows are sorted, the code of whom they are about first; and their joins."""
    own = table.key if table.unit in _PEOPLE else ""
    ordered = sorted(table.columns, key=lambda c: c.name != table.key)
    columns, joins = [], ""
    for number, column in enumerate(ordered):
        if column.treatment is not Treatment.CODE:
            columns.append(Wanted(column.name, _expression(column, table.unit)))
        elif column.name == own:
            columns.append(Wanted(column.name, "p.code", f"codes_{table.unit}", "p.place"))
        else:
            columns.append(
                Wanted(column.name, f"x{number}.code", f"codes_{column.field.unit}", f"x{number}.place")
            )
            joins += _join(number, column.field.unit, column.name)
    return columns, joins


def _sorted(columns: Sequence[Wanted], names: Sequence[str], granted: str) -> str:
    """Joined and sorted while codes are numbers; they become text only on their way into the file."""
    inner = ", ".join(f"{c.sql} AS {quoted(c.name)}" for c in columns)
    codes = {c.name for c in columns if c.codes}
    outer = ", ".join(f"{quoted(n)}::VARCHAR AS {quoted(n)}" if n in codes else quoted(n) for n in names)
    return f"SELECT {outer} FROM (SELECT {inner} {granted} ORDER BY {', '.join(map(str, range(1, len(columns) + 1)))})"


def _join(number: int, unit: str, name: str) -> str:
    return f" LEFT JOIN codes_{unit} x{number} ON x{number}.identifier = m.{quoted(name)}"


def _expression(column: Column, unit: str) -> str:
    reason = reason_to_drop(column.field)
    if reason:  # the plan has left such fields out; this is the second lock
        raise ValueError(f"{column.name} may not be shared: {reason}")
    if column.coarser:
        return coarser_sql(f"m.{quoted(column.name)}", column.coarser, common_name(unit, column.name))
    return f"m.{quoted(column.name)}"
