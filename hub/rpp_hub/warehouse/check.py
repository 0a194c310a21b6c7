"""What is wrong with what the district sent: what, how many, which rows, what it means, what the build will do.

Rows are named by file and record number, never by what is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import duckdb

from rpp_hub.domain.errors import Invalid
from rpp_hub.warehouse.build import kept_codebook
from rpp_hub.warehouse.cleaning import identical_sql
from rpp_hub.warehouse.codebook import Codebook, Table, Type
from rpp_hub.warehouse.engine import engine, first, one, quoted
from rpp_hub.warehouse.folders import locked, staged
from rpp_hub.warehouse.masters import plain_name
from rpp_hub.warehouse.progress import Progress, silent
from rpp_hub.warehouse.rules import Declared, rule_book
from rpp_hub.warehouse.tables import Loaded, complete_codebook, drops_in, load_text, type_tables, untyped_sql

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A row: which file, and which record below its header."""

    file: str
    row: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of thing that is wrong in one table. `count` counts `unit`s."""

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
class CheckReport:
    """Everything that was found in a district's drops."""

    district: str
    drops: tuple[str, ...]
    tables: tuple[TableFacts, ...]
    problems: tuple[Problem, ...]

    def count(self, table: str, code: str) -> int:
        """How many of one problem; 0 if it was not found."""
        return next((p.count for p in self.problems if (p.table, p.code) == (table, code)), 0)


@dataclass(frozen=True, slots=True)
class Looking:
    """A table under a check."""

    con: duckdb.DuckDBPyConnection
    loaded: Loaded
    table: Table

    def places(self, rows: str) -> tuple[Place, ...]:
        """The first places of a query that answers _file and _row."""
        found = self.con.execute(
            f"SELECT DISTINCT _file, _row FROM ({rows}) ORDER BY 1, 2 LIMIT {_SHOWN}"
        ).fetchall()
        return tuple(Place(self.loaded.files[file], int(row)) for file, row in found)

    def problem(self, check: Declared, code: str, count: int, unit: str, rows: str, **words: str) -> Problem:
        """What was found, in the words of the declared check."""
        title = (words.pop("title", "") or check.title).format(**words)
        places = self.places(rows) if count else ()
        return Problem(code, self.loaded.name, title, count, unit, check.meaning, check.build, places)


def check_district(
    district_dir: Path, title: str, drop_names: Sequence[str], progress: Progress = silent
) -> CheckReport:
    """Look through all drops of a district. Changes nothing."""
    if not drop_names:
        raise Invalid(
            "No files have been received yet. Begin with `rpp warehouse receive`.", code="nothing-received"
        )
    received, masters = district_dir / "received", district_dir / "masters"
    drops = drops_in(received, drop_names)
    with locked(masters), staged(masters) as stage, engine(stage / "spill") as con:
        tables = load_text(con, received, drops, progress)
        codebook = complete_codebook(con, title, kept_codebook(district_dir), received, drops, tables)
        typed = type_tables(con, tables, codebook)
        problems = tuple(p for p in _problems(con, typed, codebook, progress) if p.count)
        facts = tuple(_facts(Looking(con, t, _described(codebook, t.name))) for t in typed.values())
        return CheckReport(district_dir.name, tuple(d.name for d in drops), facts, problems)


def _problems(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, Loaded], codebook: Codebook, progress: Progress
) -> Iterator[Problem]:
    checks = rule_book().checks
    for number, (name, loaded) in enumerate(tables.items()):
        progress(f"checking {name}", number, len(tables))
        looking = Looking(con, loaded, _described(codebook, name))
        yield from _untyped(looking)
        yield _identical(looking)
        for check in checks:
            if check.applies_to(name):
                yield from _checked(looking, check)


def _checked(look: Looking, check: Declared) -> Iterator[Problem]:
    texts = check.texts(look.table, look.loaded.columns)
    if not texts:
        yield from CHECKS[check.kind](look, check)
        return
    title = f"rows that could not be checked ({check.kind}), because {', '.join(texts)} is text"
    meaning = f"Not known. Otherwise: {check.meaning}"
    build = (
        "Nothing: rules that need a number or date there are left out; mend the codebook if it should be one."
    )
    yield Problem(
        f"not-checked:{check.kind}", look.loaded.name, title, look.loaded.rows, "rows", meaning, build
    )


def _described(codebook: Codebook, name: str) -> Table:
    table = codebook.table(name)
    if table is None:
        raise ValueError(f"the codebook lacks {name}")
    return table


def _facts(look: Looking) -> TableFacts:
    typed = look.loaded.typed
    keys = [f for f in look.table.fields if f.is_key and f.name in look.loaded.columns]
    units = {f.unit: one(look.con, f"SELECT count(DISTINCT {quoted(f.name)}) FROM {typed}") for f in keys}
    return TableFacts(
        look.loaded.name, look.loaded.rows, units, _range(look, look.table.year), _range(look, "grade_level")
    )


def _range(look: Looking, name: str | None) -> tuple[int, int] | None:
    field = look.table.field(name) if name else None
    if field is None or field.type is not Type.INTEGER or name not in look.loaded.columns:
        return None
    row = first(look.con, f"SELECT min({quoted(name)}), max({quoted(name)}) FROM {look.loaded.typed}")
    return (int(row[0]), int(row[1])) if row and row[0] is not None else None


def _untyped(look: Looking) -> Iterator[Problem]:
    for name, count in look.loaded.untyped.items():
        field = look.table.field(name)
        if field is None:
            continue
        rows = f"SELECT _file, _row FROM {look.loaded.text} WHERE {untyped_sql(field, look.table.missing)}"
        yield Problem(
            f"type:{name}", look.loaded.name, f"values of {name} that are not of type {field.type}", count, "rows",
            "These values are lost to analysis.", "Treated as missing; mend the codebook if the type is wrong.",
            look.places(rows),
        )  # fmt: skip


def _identical(look: Looking) -> Problem:
    rows = identical_sql(look.con, look.loaded.typed, look.loaded.columns) or ""
    count = one(look.con, f"SELECT count(*) FROM ({rows})") if rows else 0
    return Problem(
        "identical-rows", look.loaded.name, "rows that repeat another one in every field", count, "rows",
        "Counts of rows come out too high.", "Only the first is kept.", look.places(rows) if count else (),
    )  # fmt: skip


def _key(look: Looking, check: Declared) -> Iterator[Problem]:
    key = check.key(look.table, look.loaded.columns)
    if len(key) == len(check.more["key"]):
        rows = f"""SELECT _file, _row FROM {look.loaded.typed}
            QUALIFY row_number() OVER (PARTITION BY {", ".join(map(quoted, key))} ORDER BY _seq) > 1"""
        yield look.problem(check, "key", one(look.con, f"SELECT count(*) FROM ({rows})"), "rows", rows)


def _changing(look: Looking, check: Declared) -> Iterator[Problem]:
    unit = look.table.key("student") or look.table.key("staff")
    for name in check.fields(look.loaded.columns) if unit else ():
        yield _conflict(look, check, f"changes:{name}", (unit.name,) if unit else (), name, "students")


def _conflict_in_year(look: Looking, check: Declared) -> Iterator[Problem]:
    key = check.key(look.table, look.loaded.columns)
    for name in check.fields(look.loaded.columns) if len(key) > 1 else ():
        yield _conflict(look, check, f"conflict:{name}", key, name, "students and years")


def _conflict(
    look: Looking, check: Declared, code: str, key: tuple[str, ...], name: str, unit: str
) -> Problem:
    group, typed = ", ".join(map(quoted, key)), look.loaded.typed
    groups = f"SELECT {group} FROM {typed} GROUP BY {group} HAVING count(DISTINCT {quoted(name)}) > 1"
    rows = f"SELECT _file, _row FROM {typed} JOIN ({groups}) USING ({group})"
    return look.problem(
        check, code, one(look.con, f"SELECT count(*) FROM ({groups})"), unit, rows, field=name
    )


def _missing(look: Looking, check: Declared) -> Iterator[Problem]:
    for name in check.fields(look.loaded.columns):
        rows = f"SELECT _file, _row FROM {look.loaded.typed} WHERE {quoted(name)} IS NULL"
        yield look.problem(
            check,
            f"missing:{name}",
            one(look.con, f"SELECT count(*) FROM ({rows})"),
            "rows",
            rows,
            field=name,
        )


def _at_most(look: Looking, check: Declared) -> Iterator[Problem]:
    limit = check.first("limit", look.loaded.columns)
    for name in check.fields(look.loaded.columns) if limit else ():
        rows = f"SELECT _file, _row FROM {look.loaded.typed} WHERE {quoted(name)} > {quoted(limit or '')}"
        count = one(look.con, f"SELECT count(*) FROM ({rows})")
        yield look.problem(check, f"above:{name}", count, "rows", rows, field=name, limit=limit or "")


def _values(look: Looking, check: Declared) -> Iterator[Problem]:
    values = ", ".join(str(float(v)) for v in check.more["values"])
    for name in check.fields(look.loaded.columns):
        rows = f"SELECT _file, _row FROM {look.loaded.typed} WHERE try_cast({quoted(name)} AS DOUBLE) IN ({values})"
        yield look.problem(
            check,
            f"impossible:{name}",
            one(look.con, f"SELECT count(*) FROM ({rows})"),
            "rows",
            rows,
            field=name,
        )


_GRADES = MappingProxyType(
    {
        "grade-drop": (
            "students whose grade drops from one year to the next",
            "year = before + 1 AND grade < was",
        ),
        "grade-repeat": ("students who repeat a grade", "year = before + 1 AND grade = was"),
        "grade-jump": (
            "students who go up two grades or more in a year",
            "year = before + 1 AND grade >= was + 2",
        ),
        "gap-year": ("pairs of years with a gap between them", "year > before + 1"),
    }
)


def _grades(look: Looking, check: Declared) -> Iterator[Problem]:
    key = check.key(look.table, look.loaded.columns)
    if not key or not {"grade_level", "school_year"} <= set(look.loaded.columns):
        return
    unit = quoted(key[0])
    pairs = f"""SELECT *, lag(grade) OVER w AS was, lag(year) OVER w AS before FROM (
          SELECT {unit} AS unit, school_year AS year, max(grade_level) AS grade, min(_file) AS _file, min(_row) AS _row
          FROM {look.loaded.typed} GROUP BY ALL) WINDOW w AS (PARTITION BY unit ORDER BY year)"""
    for code, (title, where) in _GRADES.items():
        rows = f"SELECT * FROM ({pairs}) WHERE {where}"
        yield look.problem(
            check, code, one(look.con, f"SELECT count(*) FROM ({rows})"), "pairs of years", rows, title=title
        )


def _impossible_spells(look: Looking, check: Declared) -> Iterator[Problem]:
    entry, leave = check.more["entry"], check.more["exit"]
    if {entry, leave} <= set(look.loaded.columns):
        rows = f"SELECT _file, _row FROM {look.loaded.typed} WHERE ({quoted(entry)} < {quoted(leave)}) IS NOT TRUE"
        yield look.problem(
            check, "impossible-spells", one(look.con, f"SELECT count(*) FROM ({rows})"), "rows", rows
        )


def _overlapping_spells(look: Looking, check: Declared) -> Iterator[Problem]:
    key, columns = check.key(look.table, look.loaded.columns), set(look.loaded.columns)
    entry, leave, other = check.more["entry"], check.more["exit"], check.more.get("other", "")
    if not key or not {entry, leave} <= columns or (other and other not in columns):
        return
    same = " AND ".join(f"a.{quoted(k)} = b.{quoted(k)}" for k in key)
    different = f"AND a.{quoted(other)} <> b.{quoted(other)}" if other else ""
    typed, e, x = look.loaded.typed, quoted(entry), quoted(leave)
    rows = f"""SELECT b._file, b._row FROM {typed} a JOIN {typed} b ON {same} {different} AND a._seq <> b._seq
        AND (a.{e}, a._seq) < (b.{e}, b._seq) AND b.{e} < a.{x} WHERE a.{e} < a.{x} AND b.{e} < b.{x}"""
    count = one(look.con, f"SELECT count(*) FROM (SELECT DISTINCT * FROM ({rows}))")
    yield look.problem(
        check, f"overlapping-spells:{other}" if other else "overlapping-spells", count, "rows", rows
    )


def _two_identifiers(look: Looking, check: Declared) -> Iterator[Problem]:
    key, fields = check.key(look.table, look.loaded.columns), check.fields(look.loaded.columns)
    if not key or len(fields) < len(check.more["fields"]):
        return
    unit, typed = quoted(key[0]), look.loaded.typed
    same = ", ".join(
        f"{plain_name(quoted(f))} AS {quoted(f)}" if f.endswith("name") else quoted(f) for f in fields
    )
    rows = f"""SELECT _file, _row, {unit} AS unit FROM (SELECT {unit}, _file, _row, {same} FROM {typed})
        WHERE {" AND ".join(f"{quoted(f)} IS NOT NULL" for f in fields)}
        QUALIFY min({unit}) OVER (PARTITION BY {", ".join(map(quoted, fields))})
             <> max({unit}) OVER (PARTITION BY {", ".join(map(quoted, fields))})"""
    count = one(look.con, f"SELECT count(DISTINCT unit) FROM ({rows})")
    yield look.problem(check, "two-identifiers", count, "identifiers", rows)


CHECKS: Mapping[str, Callable[[Looking, Declared], Iterator[Problem]]] = MappingProxyType(
    {
        "key": _key,
        "changing": _changing,
        "missing": _missing,
        "conflict-in-year": _conflict_in_year,
        "at-most": _at_most,
        "values": _values,
        "grades": _grades,
        "impossible-spells": _impossible_spells,
        "overlapping-spells": _overlapping_spells,
        "two-identifiers": _two_identifiers,
    }
)
