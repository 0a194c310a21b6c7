"""Did any true identifier survive into a scrambled table? Asked of every value, name and note in the files themselves.

A finding says which column and how many rows, never the values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from rpp_hub.cuts.birth_dates import scan_birth_dates
from rpp_hub.cuts.look import Leak, Look
from rpp_hub.cuts.notes import dictionary_values, notes, unexpected_notes
from rpp_hub.cuts.plan import Agreed, Column, TablePlan, Treatment
from rpp_hub.cuts.population import by_chance, load_population, mark, people_with_codes
from rpp_hub.cuts.texts import make_plain, rows_in_column_of_names, rows_with_identifiers, rows_with_names
from rpp_hub.domain.generalisation import Calendar
from rpp_hub.vault import Crosswalk
from rpp_hub.warehouse.engine import first, one, quoted, text_literal
from rpp_hub.warehouse.masters import Masters
from rpp_hub.warehouse.progress import Progress, silent

# A column is one of identifiers when it holds many different values, nearly all of them identifiers of people in the
# cut, and those of a good part of them. Grades and days hold few.
_FEWEST_VALUES, _SHARE_OF_COLUMN, _SHARE_OF_PEOPLE = 25, 0.9, 0.1
_OWN_SHARE, _OWN_FEWEST = 0.05, 3
# How seldom a number may be somebody's identifier by chance before it counts as that identifier.
_NO_CHANCE = 0.003
_TELLING = "(SELECT mark FROM true_marks WHERE telling)"
_FORMS = {Calendar.MONTH: "[0-9]{4}-[0-9]{2}", Calendar.YEAR: "[0-9]{4}", Calendar.SCHOOL_YEAR: "[0-9]{4}"}


def scan_tables(
    con: duckdb.DuckDBPyConnection,
    masters: Masters,
    agreed: Agreed,
    crosswalk: Crosswalk,
    folder: Path,
    progress: Progress = silent,
) -> tuple[Leak, ...]:
    """Every leak in the files of a cut that is being made."""
    load_population(con, masters, crosswalk)
    leaks: list[Leak] = []
    for number, table in enumerate(agreed.tables):
        progress(f"scanning {table.name}", number, len(agreed.tables))
        look = Look(con, folder / f"{table.name}.parquet", table)
        leaks += _scan_notes(look)
        for column in table.columns:
            leaks += _scan_column(look, column, crosswalk)
        leaks += scan_birth_dates(look, masters, crosswalk)
    beside = sorted(p for p in folder.iterdir() if p.suffix != ".parquet")
    for path in beside:
        leaks += _scan_texts(con, path.name, "", [path.name, *path.read_text(encoding="utf-8").splitlines()])
    return tuple(leaks)


def scan_lines(
    con: duckdb.DuckDBPyConnection, masters: Masters, crosswalk: Crosswalk, name: str, lines: Sequence[str]
) -> tuple[Leak, ...]:
    """The same question of a text that comes from outside."""
    load_population(con, masters, crosswalk)
    return tuple(_scan_texts(con, name, "", lines))


def _scan_notes(look: Look) -> Iterator[Leak]:
    """The file's own notes: no pandas metadata, no column that was not agreed, no identifier in a name or statistic."""
    strange = unexpected_notes(look.path, [c.name for c in look.table.columns])
    yield from (Leak(look.table.name, "", 0, what) for what in strange)
    yield from _scan_texts(
        look.con, look.table.name, "", [look.path.name, *notes(look.path, _coded_names(look.table))]
    )


def _coded_names(table: TablePlan) -> frozenset[str]:
    return frozenset(c.name for c in table.columns if c.treatment is Treatment.CODE)


def _scan_texts(
    con: duckdb.DuckDBPyConnection, table: str, column: str, texts: Sequence[str]
) -> Iterator[Leak]:
    con.register("texts_in", pa.table({"v": pa.array(texts, pa.string())}))
    con.execute("CREATE OR REPLACE TEMP TABLE seen AS SELECT v, count(*) AS n FROM texts_in GROUP BY v")
    con.unregister("texts_in")
    make_plain(con)
    if rows_with_identifiers(con):
        yield Leak(table, column, 0, "true identifiers")
    if rows_with_names(con):
        yield Leak(table, column, 0, "names of people")


def _scan_column(look: Look, column: Column, crosswalk: Crosswalk) -> Iterator[Leak]:
    con, name = look.con, quoted(column.name)
    kind = look.type_of(column)
    is_text = kind == "VARCHAR"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE seen AS SELECT {name}::VARCHAR AS v, count(*) AS n FROM {look.file} "
        f"WHERE {name} IS NOT NULL GROUP BY 1"
    )
    if column.treatment is Treatment.CODE:
        yield from _not_codes(look, column, crosswalk)
        return
    if column.coarser and column.coarser.calendar:
        form = _FORMS[column.coarser.calendar]
        rows = one(con, f"SELECT sum(n) FROM seen WHERE NOT regexp_full_match(v, '{form}')")
        yield from look.leak(column.name, rows, f"something other than {column.coarser.declared}s")
        return
    if column.coarser and column.coarser.first:
        longest = max(column.coarser.first, len(column.coarser.label))
        rows = one(con, f"SELECT sum(n) FROM seen WHERE length(v) > {longest}")
        yield from look.leak(column.name, rows, "more characters than were agreed")
    if is_text:
        yield from _unused_values(look, column)
        make_plain(con)
    if kind != "DATE":  # a date without its hyphens may look like an identifier
        yield from _column_of_identifiers(look, column, is_text)
    if is_text:
        yield from look.leak(column.name, rows_with_identifiers(con), "true identifiers")
        yield from look.leak(
            column.name, rows_with_names(con) or rows_in_column_of_names(con), "names of people"
        )


def _not_codes(look: Look, column: Column, crosswalk: Crosswalk) -> Iterator[Leak]:
    """A column of codes holds this project's codes of this unit and nothing else."""
    look.con.register("codes_in", crosswalk.of_unit(column.field.unit))
    rows = one(look.con, "SELECT sum(n) FROM seen ANTI JOIN codes_in ON seen.v = codes_in.code")
    look.con.unregister("codes_in")
    yield from look.leak(column.name, rows, "something other than the project's codes")


def _unused_values(look: Look, column: Column) -> Iterator[Leak]:
    """A Parquet dictionary may keep values of rows that were filtered out."""
    look.con.register("dictionary_in", pa.table({"v": dictionary_values(look.path, column.name)}))
    if one(look.con, "SELECT count(*) FROM dictionary_in ANTI JOIN seen USING (v)"):
        yield Leak(look.table.name, column.name, 0, "values that no row has")
    look.con.unregister("dictionary_in")


def _column_of_identifiers(look: Look, column: Column, is_text: bool) -> Iterator[Leak]:
    """Numbers that are their own row's identifier, or identifiers of so many people that it is no chance."""
    con = look.con
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE marks AS SELECT {mark(_whole('v'))} AS mark, sum(n) AS n FROM seen GROUP BY 1"
    )
    same = one(con, "SELECT count(*) FROM marks SEMI JOIN own_marks USING (mark)")
    own = _rows_with_own_identifier(look, column) if same else 0
    if own:
        yield from look.leak(column.name, own, "true identifiers")
        return
    values = one(con, "SELECT count(*) FROM marks")
    many = (
        same >= _FEWEST_VALUES
        and same >= _SHARE_OF_COLUMN * values
        and same >= _SHARE_OF_PEOPLE * people_with_codes(con)
        and _says_one_thing_of_each(look, column)
    )
    if many or (not is_text and _telling_numbers(con, "marks")):
        yield from look.leak(
            column.name,
            one(con, "SELECT sum(n) FROM marks SEMI JOIN true_marks USING (mark)"),
            "true identifiers",
        )
        return
    yield from look.leak(column.name, _rows_of_parted_identifiers(con), "true identifiers")


def _rows_of_parted_identifiers(con: duckdb.DuckDBPyConnection) -> int:
    """123.4567 may be the identifier 1234567 or a measurement: it counts where there are more than chance explains."""
    digits = "ltrim(regexp_replace(v, '[.,]', ''), '0')"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE parted AS SELECT {digits} AS mark, sum(n) AS n FROM seen "
        "WHERE regexp_full_match(v, '[0-9]+[.,][0-9]*[1-9][0-9]*') GROUP BY 1"
    )
    if not _telling_numbers(con, "parted"):
        return 0
    return one(con, f"SELECT sum(n) FROM parted SEMI JOIN {_TELLING} USING (mark)")


def _telling_numbers(con: duckdb.DuckDBPyConnection, marks: str) -> bool:
    """Whether more of the numbers are identifiers than chance explains. In a text one is enough, for a text is no measure."""
    found = one(con, f"SELECT count(*) FROM {marks} SEMI JOIN {_TELLING} USING (mark)")
    expected = by_chance(con, marks)
    return found > 5 * expected and _chance_of(found, expected) < _NO_CHANCE


def _chance_of(found: int, expected: float) -> float:
    """How likely at least `found` are where `expected` are expected, if they come independently (Poisson)."""
    if expected <= 0:
        return 0.0 if found else 1.0
    if (
        expected > 100
    ):  # where exp() would underflow; `found` is more than five times as many, so it is never likely
        return 0.0
    below = (math.exp(i * math.log(expected) - expected - math.lgamma(i + 1)) for i in range(found))
    return 1.0 - math.fsum(below)


def _whole(sql: str) -> str:
    """12.0 is 12, and so is 1.2E1; 12.5 is no identifier."""
    whole = f"CASE WHEN try_cast({sql} AS DECIMAL(38, 9)) = round(try_cast({sql} AS DOUBLE)) THEN try_cast({sql} AS HUGEINT)::VARCHAR END"
    return (
        f"CASE WHEN regexp_full_match({sql}, '[0-9]+[.]0*') THEN split_part({sql}, '.', 1) "
        f"WHEN regexp_full_match({sql}, '[0-9]([.][0-9]+)?[eE][+]?[0-9]{{1,2}}') THEN {whole} "
        f"WHEN {sql} NOT LIKE '%.%' THEN {sql} END"
    )


def _rows_with_own_identifier(look: Look, column: Column) -> int:
    key, con = look.key, look.con
    if key is None:
        return 0
    value = f"c.{quoted(column.name)}::VARCHAR"
    row = first(
        con,
        f"""SELECT count(*), count(*) FILTER (o.mark IN (SELECT mark FROM true_marks WHERE telling))
            FROM {look.file} c JOIN own_marks o ON o.code = c.{quoted(key.name)} AND o.unit = {text_literal(key.field.unit)}
            WHERE {mark(_whole(value))} = o.mark""",
    )
    rows, telling = row if row else (0, 0)
    present = one(con, "SELECT sum(n) FROM seen")
    return int(rows) if telling or rows >= max(_OWN_FEWEST, _OWN_SHARE * present) else 0


def _says_one_thing_of_each(look: Look, column: Column) -> bool:
    """Whether the column nearly tells people apart: where everybody has several values it counts something."""
    key, name = look.key, quoted(column.name)
    if key is None:
        return True
    row = first(
        look.con,
        f"""SELECT count(*), count(*) FILTER (different = 1) FROM (SELECT count(DISTINCT {name}) AS different
            FROM {look.file} WHERE {name} IS NOT NULL GROUP BY {quoted(key.name)})""",
    )
    people, single = row if row else (0, 0)
    return (
        bool(people) and single >= 0.9 * people and one(look.con, "SELECT count(*) FROM seen") >= 0.5 * people
    )
