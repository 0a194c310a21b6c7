"""What is wrong with what the district sent: what, how many, which rows, what it means, what the build will do.

Rows are named by file and record number, never by what is in them. Everything that can be said of a row by itself is
asked in one pass over a table; rows are looked up only of what was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import duckdb

from rpp_hub.domain.errors import Invalid
from rpp_hub.warehouse.build import kept_codebook
from rpp_hub.warehouse.check_kinds import GROUP_CHECKS, ROW_CHECKS
from rpp_hub.warehouse.cleaning import identical_sql
from rpp_hub.warehouse.codebook import Codebook, Type
from rpp_hub.warehouse.engine import engine, first, one, quoted
from rpp_hub.warehouse.findings import SHOWN, Defect, Looking, RowTest, TableFacts
from rpp_hub.warehouse.folders import locked, staged
from rpp_hub.warehouse.progress import Progress, silent
from rpp_hub.warehouse.references import ReferenceFacts, follow, references_of
from rpp_hub.warehouse.rules import Declared, rule_book
from rpp_hub.warehouse.shifts import Limits, Shift, find_shifts
from rpp_hub.warehouse.tables import (
    Loaded,
    complete_codebook,
    described,
    drops_in,
    find_tables,
    type_tables,
    untyped_places,
)

_READ_AS = MappingProxyType({Type.INTEGER: "a whole number", Type.NUMBER: "a number", Type.DATE: "a date"})


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Everything that was found in a district's drops."""

    district: str
    drops: tuple[str, ...]
    tables: tuple[TableFacts, ...]
    problems: tuple[Defect, ...]
    references: tuple[ReferenceFacts, ...] = ()
    shifts: tuple[Shift, ...] = ()

    def count(self, table: str, code: str) -> int:
        """How many of one problem; 0 if it was not found."""
        return next((p.count for p in self.problems if (p.table, p.code) == (table, code)), 0)


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
        tables = find_tables(con, district_dir, drops, progress)
        codebook = complete_codebook(title, kept_codebook(district_dir), received, drops, tables)
        looking = _looking(con, type_tables(con, tables, codebook, progress), codebook)
        problems = tuple(p for p in _problems(looking, progress) if p.count)
        references, lost = _references(looking, progress)
        shifts = _shifts(looking, progress)
        facts = tuple(_facts(look) for look in looking)
        names = tuple(d.name for d in drops)
        return CheckReport(district_dir.name, names, facts, (*problems, *lost), references, shifts)


def _looking(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, Loaded], codebook: Codebook
) -> tuple[Looking, ...]:
    others = {name: (loaded, described(codebook, name)) for name, loaded in tables.items()}
    return tuple(Looking(con, loaded, table, others) for loaded, table in others.values())


def _problems(tables: Sequence[Looking], progress: Progress) -> Iterator[Defect]:
    checks = rule_book().checks
    for number, look in enumerate(tables):
        progress(f"checking {look.loaded.name}", number, len(tables))
        yield from _untyped(look)
        yield _identical(look)
        yield from _declared(look, [c for c in checks if c.applies_to(look.loaded.name)])


def _references(
    tables: Sequence[Looking], progress: Progress
) -> tuple[tuple[ReferenceFacts, ...], tuple[Defect, ...]]:
    rules = rule_book()
    followed = []
    for number, look in enumerate(tables):
        progress(f"following the references of {look.loaded.name}", number, len(tables))
        followed += [follow(look, r, said, rules.references) for r, said in references_of(look, rules.lists)]
    return tuple(facts for facts, _ in followed), tuple(p for _, p in followed if p is not None)


def _shifts(tables: Sequence[Looking], progress: Progress) -> tuple[Shift, ...]:
    declared = rule_book().shifts
    limits = Limits(
        declared["rows"], declared["missing"], declared["share"], declared["code"],
        int(declared["least_rows"]), int(declared["most_values"]), int(declared["most_numbers"]),
    )  # fmt: skip
    found: list[Shift] = []
    for number, look in enumerate(tables):
        progress(f"comparing the years of {look.loaded.name}", number, len(tables))
        found += find_shifts(look, limits)
    return tuple(found)


def _declared(look: Looking, checks: Sequence[Declared]) -> Iterator[Defect]:
    able = [c for c in checks if not c.texts(look.table, look.columns)]
    tests = [(c, test) for c in able if c.kind in ROW_CHECKS for test in ROW_CHECKS[c.kind](look, c)]
    counts = _counted(look, [test for _, test in tests])
    for check in checks:
        if check not in able:
            yield _left_out(look, check)
        elif check.kind in GROUP_CHECKS:
            yield from GROUP_CHECKS[check.kind](look, check)
        for (asked, test), count in zip(tests, counts, strict=True):
            if asked is check:
                rows = f"SELECT {look.seq} FROM {look.typed} WHERE {test.where}"
                yield look.problem(check, test.code, count, "rows", rows, **test.words)


def _counted(look: Looking, tests: Sequence[RowTest]) -> tuple[int, ...]:
    """How many rows each test is true of, all in one pass."""
    if not tests:
        return ()
    counts = ", ".join(f"count(*) FILTER ({test.where})" for test in tests)
    return tuple(int(n) for n in first(look.con, f"SELECT {counts} FROM {look.typed}") or ())


def _left_out(look: Looking, check: Declared) -> Defect:
    texts = ", ".join(check.texts(look.table, look.columns))
    return Defect(
        f"not-checked:{check.kind}", look.loaded.name,
        f"rows that could not be checked ({check.kind}), because {texts} is text", look.loaded.rows, "rows",
        f"Not known. Otherwise: {check.meaning}",
        "Nothing: rules that need a number or date there are left out; mend the codebook if it should be one.",
    )  # fmt: skip


def _facts(look: Looking) -> TableFacts:
    keys = [f for f in look.table.fields if f.is_key and f.name in look.columns]
    units = {
        f.unit: one(look.con, f"SELECT count(DISTINCT {quoted(f.name)}) FROM {look.typed}") for f in keys
    }
    years, grades = _range(look, look.table.year), _range(look, "grade_level")
    return TableFacts(look.loaded.name, look.loaded.rows, units, years, grades)


def _range(look: Looking, name: str | None) -> tuple[int, int] | None:
    field = look.table.field(name) if name else None
    if field is None or field.type is not Type.INTEGER or name not in look.columns:
        return None
    row = first(look.con, f"SELECT min({quoted(name)}), max({quoted(name)}) FROM {look.typed}")
    return (int(row[0]), int(row[1])) if row and row[0] is not None else None


def _untyped(look: Looking) -> Iterator[Defect]:
    for name, count in look.loaded.untyped.items():
        field = look.table.field(name)
        if field is None:
            continue
        rows = untyped_places(look.con, look.loaded, field, look.table.missing, SHOWN)
        several = "" if count == 1 else "s"
        kind = _READ_AS.get(field.type, f"a {field.type}")
        yield Defect(
            f"type:{name}", look.loaded.name, f"value{several} of {look.called(name)} that cannot be read as {kind}", count,
            "rows", "These values are lost to analysis.", "Treated as missing; mend the codebook if the type is wrong.",
            look.as_places(rows),
        )  # fmt: skip


def _identical(look: Looking) -> Defect:
    rows = identical_sql(look.con, look.typed, look.columns, look.seq) or ""
    count = look.count(rows) if rows else 0
    title = (
        "row that repeats another one in every field"
        if count == 1
        else "rows that repeat another one in every field"
    )
    return Defect(
        "identical-rows", look.loaded.name, title, count, "rows",
        "Counts of rows come out too high.", "Only the first is kept.", look.places(rows) if count else (),
    )  # fmt: skip
