"""How do received drops become longitudinal masters?

A pure function of drops, codebook, rules and decisions about identifiers: the folder is named after the hash of these, and the same of them give the
same bytes. `current` points to the build that cuts are made from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from rpp_hub.domain.errors import Invalid
from rpp_hub.warehouse.cleaning import KINDS, Work
from rpp_hub.warehouse.codebook import FILE_NAME, Codebook, Field, Type, codebook_json, read_codebook
from rpp_hub.warehouse.engine import engine, one, quoted, text_literal
from rpp_hub.warehouse.folders import canonical_json, hash_file, locked, point, publish, remove_folder, staged
from rpp_hub.warehouse.identities import Candidate, find_candidates
from rpp_hub.warehouse.identity_table import Decision, apply_decisions, decisions_json, merged
from rpp_hub.warehouse.masters import CURRENT, MERGED, PERSONS
from rpp_hub.warehouse.packed_masters import Unsorted, write_packed_master
from rpp_hub.warehouse.progress import Progress, silent
from rpp_hub.warehouse.receive import ReceivedDrop
from rpp_hub.warehouse.rules import Declared, RuleBook, rule_book
from rpp_hub.warehouse.tables import Loaded, complete_codebook, described, drops_in, find_tables, type_tables

# Part of what a build's name is made of: raise it when the same rules come to mean something else.
_VERSION = 4
# The most identifiers that are sorted as numbers: a list of them is held in memory.
_ENUMERABLE = 1_000_000


@dataclass(frozen=True, slots=True)
class RuleReport:
    """What one rule did to one table, or why it was left out."""

    rule: str
    table: str
    touched: int
    why: str
    applied: bool = True


@dataclass(frozen=True, slots=True)
class BuildReport:
    """A build: its name (of the folder), its hash and what the rules did."""

    name: str
    sha256: str
    tables: Mapping[str, int]
    rules: tuple[RuleReport, ...]
    drops: tuple[str, ...]


def kept_codebook(district_dir: Path) -> Codebook | None:
    """The codebook that the data manager keeps, if there is one."""
    path = district_dir / "codebook" / FILE_NAME
    return read_codebook(path) if path.exists() else None


def build_masters(
    district_dir: Path,
    title: str,
    drop_names: Sequence[str],
    progress: Progress = silent,
    decisions: Sequence[Decision] = (),
) -> BuildReport:
    """Build masters from these drops and make them current. `decisions`: what was decided of doubtful identifiers."""
    if not drop_names:
        raise Invalid(
            "No files have been received yet. Begin with `rpp warehouse receive`.", code="nothing-received"
        )
    received, masters = district_dir / "received", district_dir / "masters"
    drops, rules = drops_in(received, drop_names), rule_book()
    with locked(masters), staged(masters) as stage:
        with engine(stage / "spill") as con:
            tables = find_tables(con, district_dir, drops, progress)
            codebook = complete_codebook(title, kept_codebook(district_dir), received, drops, tables)
            codebook = _with_added(codebook, rules)
            sha256 = _inputs_hash(drops, codebook, rules, decisions)
            typed = type_tables(con, tables, codebook, progress)
            reports = _identified(con, typed, codebook, decisions)
            reports += _apply(con, typed, codebook, rules, progress)
            written = _as_written(con, typed, codebook)
            counts = _write(con, typed, written, stage, progress)
        report = BuildReport(sha256[:12], sha256, counts, reports, tuple(d.name for d in drops))
        _seal(stage, written, report, decisions)
        _replace(stage, masters / report.name)
        point(masters / CURRENT, report.name)
        progress("built", 1, 1)
        return report


def look_for_identities(
    district_dir: Path, title: str, drop_names: Sequence[str], salt: bytes, progress: Progress = silent
) -> tuple[Candidate, ...]:
    """Identifiers that seem to be of one person twice, or of two people, in everything that was received."""
    received, masters = district_dir / "received", district_dir / "masters"
    drops = drops_in(received, drop_names)
    with locked(masters), staged(masters) as stage, engine(stage / "spill") as con:
        tables = find_tables(con, district_dir, drops, progress)
        codebook = complete_codebook(title, kept_codebook(district_dir), received, drops, tables)
        about = {n: described(codebook, n) for n in tables}
        named = {n: t for n, t in tables.items() if any(f.person_name for f in about[n].fields)}
        typed = type_tables(con, named, codebook, progress)
        progress("comparing people", 0, 1)
        return find_candidates(con, {n: (t, about[n]) for n, t in typed.items()}, salt)


def _identified(
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, Loaded],
    codebook: Codebook,
    decisions: Sequence[Decision],
) -> tuple[RuleReport, ...]:
    """Rows get the identifiers that were decided before any rule looks at them."""
    typed = {name: (loaded, described(codebook, name)) for name, loaded in tables.items()}
    applied = tuple(apply_decisions(con, typed, decisions)) if decisions else ()
    untold = tuple(
        RuleReport(
            "identities-not-told-apart", a.table, a.untold,
            "Nothing says which of two people these rows are about; they stay with the one who keeps the identifier.",
        )
        for a in applied if a.untold
    )  # fmt: skip
    why = "What the data manager decided: merged identifiers become one, split ones two."
    return (*(RuleReport("identities", a.table, a.touched, why) for a in applied if a.touched), *untold)


def _inputs_hash(
    drops: Sequence[ReceivedDrop], codebook: Codebook, rules: RuleBook, decisions: Sequence[Decision]
) -> str:
    inputs = {
        "version": _VERSION,
        "drops": {d.name: [d.sha256, d.reading] for d in drops},
        "codebook": hashlib.sha256(codebook_json(codebook)).hexdigest(),
        "rules": rules.sha256,
        "identities": hashlib.sha256(decisions_json(decisions)).hexdigest(),
        "written_by": [duckdb.__version__, pa.__version__],
    }
    return hashlib.sha256(canonical_json(inputs)).hexdigest()


def _with_added(codebook: Codebook, rules: RuleBook) -> Codebook:
    """Describe what rules add to tables; where they cannot, nothing of it is written."""
    adding = [r for r in rules.rules if "adds" in r.more]
    tables = [
        replace(
            table,
            fields=(
                *table.fields,
                *(
                    Field(
                        rule.more["adds"], Type.NUMBER, description=rule.why, source="Computed by the build."
                    )
                    for rule in adding
                    if rule.applies_to(table.name) and table.field(rule.more["adds"]) is None
                ),
            ),
        )
        for table in codebook.tables
    ]
    return replace(codebook, tables=tuple(tables))


def _apply(
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, Loaded],
    codebook: Codebook,
    rules: RuleBook,
    progress: Progress,
) -> tuple[RuleReport, ...]:
    tables_of = {name: described(codebook, name) for name in tables}
    others = {name: (f"typed_{name}", tables_of[name]) for name in tables}
    reports = [
        RuleReport(
            "types",
            name,
            sum(t.untyped.values()),
            "What does not fit the codebook's type is treated as missing.",
        )
        for name, t in tables.items()
    ]
    for number, rule in enumerate(rules.rules):
        progress(f"rule {rule.name}", number, len(rules.rules))
        for name, loaded in tables.items():
            if rule.applies_to(name):
                reports.append(_applied(Work(con, loaded.typed, tables_of[name], others), rule))
    return tuple(r for r in reports if r.touched or not r.applied)


def _applied(work: Work, rule: Declared) -> RuleReport:
    texts = rule.texts(work.table, work.columns)
    if texts:
        why = f"Not applied: {', '.join(texts)} is text in the codebook, and the rule needs a number or date."
        return RuleReport(rule.name, work.table.name, 0, why, applied=False)
    return RuleReport(rule.name, work.table.name, KINDS[rule.kind](work, rule), rule.why)


def _as_written(con: duckdb.DuckDBPyConnection, tables: Mapping[str, Loaded], codebook: Codebook) -> Codebook:
    """The codebook of what the masters hold: rules may have dropped a column, and not every described table came."""
    kept = []
    for name, loaded in tables.items():
        present = {row[0] for row in con.execute(f"DESCRIBE {loaded.typed}").fetchall()}
        table = described(codebook, name)
        kept.append(replace(table, fields=tuple(f for f in table.fields if f.name in present)))
    return replace(codebook, tables=tuple(kept))


def _write(
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, Loaded],
    codebook: Codebook,
    stage: Path,
    progress: Progress,
) -> dict[str, int]:
    counts = {}
    for number, (name, loaded) in enumerate(tables.items()):
        progress(f"writing {name}", number, len(tables))
        (stage / name).mkdir()
        work = Work(con, loaded.typed, described(codebook, name), {})
        counts[name] = _write_sorted(work, loaded, stage / name / "part-0.parquet")
        con.execute(f"DROP TABLE {loaded.typed}")
    return counts


def _write_sorted(work: Work, loaded: Loaded, target: Path) -> int:
    """Write a master by person and by the order in which their rows were sent, always the same; how many rows it has.

    Where a person has many rows their identifiers are sorted as numbers, which takes half the time, or less.
    """
    key = next((k.name for k in work.table.fields if k.is_key and k.unit in PERSONS), "")
    many = bool(key) and _many_rows_each(work, loaded, key)
    if many:
        columns = [f.name for f in work.table.fields]
        written = write_packed_master(Unsorted(work.con, work.sql, columns, key, work.seq), target)
        if written:
            return written
    query = _sorted(work, key, many)
    work.con.execute(f"COPY ({query}) TO {text_literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
    return work.count()


def _sorted(work: Work, name: str, many: bool) -> str:
    con, sql, key = work.con, work.sql, quoted(name)
    columns = [quoted(f.name) for f in work.table.fields]
    inner, outer = [*columns, f"{work.seq} AS _sent"], columns
    if many:
        con.execute("DROP TYPE IF EXISTS identifiers")
        con.execute(
            f"CREATE TYPE identifiers AS ENUM (SELECT DISTINCT {key} FROM {sql} WHERE {key} IS NOT NULL ORDER BY 1)"
        )
        # two narrow numbers in one sorting key of eight bytes
        inner = [
            *(f"{c}::identifiers AS {c}" if c == key else c for c in columns),
            f"{work.seq}::UINTEGER AS _sent",
        ]
        # text again on its way into the file: what DuckDB writes of an enumeration is not always the same bytes
        outer = [f"{c}::VARCHAR AS {c}" if c == key else c for c in columns]
    order = ", ".join([*([key] if name else []), "_sent"])
    return f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM {sql} ORDER BY {order})"


def _many_rows_each(work: Work, loaded: Loaded, key: str) -> bool:
    """Whether it pays, and can be done: text, persons few enough to be listed, rows few enough for a narrow number."""
    kinds = dict(work.con.execute(f"SELECT column_name, column_type FROM (DESCRIBE {work.sql})").fetchall())
    last = one(work.con, f"SELECT max({work.seq}) FROM {work.sql}")
    if kinds.get(key) != "VARCHAR" or last >= 1 << 32:
        return False
    most = min(_ENUMERABLE, work.count() // 4)
    sent = (
        loaded.facts[key].distinct if key in loaded.columns else 0
    )  # at most so many, known without looking
    if 0 < sent <= most:
        return True
    return 0 < one(work.con, f"SELECT approx_count_distinct({quoted(key)}) FROM {work.sql}") <= most


def _seal(stage: Path, codebook: Codebook, report: BuildReport, decisions: Sequence[Decision]) -> None:
    paths = {name: f"{name}/part-0.parquet" for name in report.tables}
    (stage / FILE_NAME).write_bytes(codebook_json(codebook, paths))
    (stage / MERGED).write_bytes(canonical_json(merged(decisions)))
    hashes = {path: hash_file(stage / path) for path in (*paths.values(), MERGED)}
    manifest: dict[str, Any] = asdict(report) | {
        "files": hashes,
        "pure": "The same drops, codebook, rules and decisions about identifiers give the same bytes.",
    }
    (stage / "manifest.json").write_bytes(canonical_json(manifest))


def _replace(stage: Path, final: Path) -> None:
    """The same inputs were built before: then that folder has the same bytes and stays, unless it was damaged."""
    if final.exists() and _hashes(final) == _hashes(stage):
        return
    remove_folder(final)
    publish(stage, final)


def _hashes(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hash_file(p) for p in folder.rglob("*") if p.is_file()}
