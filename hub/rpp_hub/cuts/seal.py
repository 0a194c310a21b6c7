"""How does a cut come into being? Scrambled, scanned, described and hashed in a hidden folder, then renamed into place.

A cut that fails its scan, a full disk or a kill leave no cut.
"""

from __future__ import annotations

import html
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

from rpp_hub.cuts.linked import LinkedTable, select_with_linked
from rpp_hub.cuts.look import Leak
from rpp_hub.cuts.plan import Agreed, Column, CutPlan, Dropped, Generalised, Risk, TablePlan, Treatment
from rpp_hub.cuts.risk import measure_risk, told_by
from rpp_hub.cuts.scan import scan_tables
from rpp_hub.cuts.scramble import count, count_units, identifiers, told_of, write_tables
from rpp_hub.domain.errors import ActionRefused
from rpp_hub.domain.generalisation import NONE, Calendar
from rpp_hub.domain.refusal import Refusal
from rpp_hub.vault import CrosswalkStore
from rpp_hub.warehouse.codebook import Codebook, Field, Identifier, Table, Type, codebook_json
from rpp_hub.warehouse.engine import engine
from rpp_hub.warehouse.folders import canonical_json, hash_file, locked, publish, remove_folder, staged
from rpp_hub.warehouse.masters import Masters
from rpp_hub.warehouse.progress import Progress, silent

DATA, MANIFEST, CODEBOOK, REPORT = "data", "manifest.json", "datapackage.json", "report.html"
_YEARS = (Calendar.YEAR, Calendar.SCHOOL_YEAR)


@dataclass(frozen=True, slots=True)
class SealedCut:
    """A cut in its place."""

    project: str
    name: str
    path: Path
    sha256: str
    rows: Mapping[str, int]
    units: Mapping[str, int]
    dropped: tuple[Dropped, ...]
    generalised: tuple[Generalised, ...] = ()
    risks: tuple[Risk, ...] = ()


def plan_cut(masters: Masters, agreed: Agreed, scratch: Path, linked: Sequence[LinkedTable] = ()) -> CutPlan:
    """What a cut would hold, counted; nothing is written but spill, which is removed (a dead process's, too)."""
    spill = scratch / ".planning"
    with locked(scratch, ".planning.lock", wait=True):
        remove_folder(spill)
        with engine(spill) as con:
            selection = select_with_linked(con, masters, agreed, linked)
            risks = measure_risk(con, [told_of(selection, t) for t in selection.agreed.tables])
            return replace(count(selection), risks=risks)


def build_cut(
    parent: Path,
    name: str,
    masters: Masters,
    agreed: Agreed,
    crosswalks: CrosswalkStore,
    progress: Progress = silent,
    linked: Sequence[LinkedTable] = (),
    environment: str = "",
) -> SealedCut:
    """Make the cut `parent`/`name`; the project's linked surveys are in it as any other table.

    `environment` is the version of what workspaces run in at this time.

    Raises ActionRefused, naming columns and numbers of rows but no values, when a true identifier survived.
    """
    with locked(parent), staged(parent) as stage:
        plan = _fill(stage, masters, agreed, crosswalks, progress, linked)
        sha256 = _seal(stage, name, masters, plan, environment)
        remove_folder(parent / name)  # what a dead process left between renaming and recording
        publish(stage, parent / name)
        progress("sealed", 1, 1)
    return SealedCut(
        agreed.project,
        name,
        parent / name,
        sha256,
        plan.rows,
        plan.units,
        agreed.dropped,
        agreed.generalised,
        plan.risks,
    )


def rehearse_cut(
    parent: Path,
    masters: Masters,
    agreed: Agreed,
    crosswalks: CrosswalkStore,
    progress: Progress = silent,
    linked: Sequence[LinkedTable] = (),
) -> Mapping[str, int]:
    """Scramble and scan as `build_cut` does, throw it away, and answer how many rows each table would have."""
    with locked(parent), staged(parent) as stage:
        return _fill(stage, masters, agreed, crosswalks, progress, linked).rows


def _fill(
    stage: Path,
    masters: Masters,
    agreed: Agreed,
    crosswalks: CrosswalkStore,
    progress: Progress,
    linked: Sequence[LinkedTable],
) -> CutPlan:
    """Scramble and scan; what the files hold."""
    data = stage / DATA
    data.mkdir()
    with engine(stage / "spill") as con:
        progress("choosing rows and students", 0, 1)
        selection = select_with_linked(con, masters, agreed, linked)
        wanted = identifiers(selection)
        crosswalk = crosswalks.extend(agreed.project, wanted, masters.merged)
        rows = write_tables(selection, crosswalk, wanted, data, progress)
        _describe(data, selection.masters.codebook, agreed)
        _refuse_leaks(scan_tables(con, selection.masters, agreed, crosswalk, data, progress))
        progress("measuring who is unique", 0, 1)
        granted = selection.agreed
        risks = measure_risk(con, [told_by(data / f"{t.name}.parquet", t) for t in granted.tables])
        return CutPlan(granted, rows, count_units(selection), risks)


def verify_cut(path: Path, sha256: str) -> tuple[str, ...]:
    """Everything that is not as it was sealed, in sentences; empty when all is."""
    manifest = path / MANIFEST
    if not manifest.is_file() or hash_file(manifest) != sha256:
        return ("The manifest is gone or was altered.",)
    files: dict[str, str] = json.loads(manifest.read_text(encoding="utf-8"))["files"]
    there = {str(p.relative_to(path)) for p in path.rglob("*") if p.is_file()} - {MANIFEST}
    problems = [f"{name} is not in the manifest." for name in sorted(there - files.keys())]
    problems += [f"{name} is missing." for name in sorted(files.keys() - there)]
    problems += [
        f"{name} was altered."
        for name in sorted(there & files.keys())
        if hash_file(path / name) != files[name]
    ]
    return tuple(problems)


def _refuse_leaks(leaks: tuple[Leak, ...]) -> None:
    if leaks:
        advice = "No cut was made. Mark the column in the codebook as an identifier or as never to be shared, build the masters, and cut again. Of a survey, take the column or those answers out of the file, and link it again."
        raise ActionRefused(
            [
                *(Refusal("identifier-survived", leak.sentence) for leak in leaks),
                Refusal("cut-refused", advice),
            ]
        )


def _describe(data: Path, codebook: Codebook, agreed: Agreed) -> None:
    """The cut's own codebook: only its tables and fields, as they are in the cut."""
    tables = [_described(codebook.table(t.name), t) for t in agreed.tables]
    paths = {t.name: f"{t.name}.parquet" for t in agreed.tables}
    (data / CODEBOOK).write_bytes(
        codebook_json(Codebook(codebook.title, tuple(t for t in tables if t)), paths)
    )


def _described(table: Table | None, plan: TablePlan) -> Table | None:
    return replace(table, fields=tuple(_as_cut(plan, c) for c in plan.columns)) if table else None


def _as_cut(plan: TablePlan, column: Column) -> Field:
    field = column.field
    if column.treatment is Treatment.CODE:
        note = (
            f"The project's own code for the {field.unit}; the same in every table and year of this project."
        )
        return replace(field, type=Type.STRING, identifier=Identifier.NONE, description=note, labels={})
    if column.coarser:
        said = plan.said_of(column)
        coarse = Type.INTEGER if column.coarser.calendar in _YEARS else Type.STRING
        return replace(
            field,
            type=coarse,
            description=f"{field.description} {said[0].upper()}{said[1:]}.".strip(),
            generalise=column.coarser.declared,
            days_since="",
        )
    return replace(field, generalise=NONE if field.generalise else "")


def _seal(stage: Path, name: str, masters: Masters, plan: CutPlan, environment: str) -> str:
    agreed = plan.agreed
    (stage / REPORT).write_text(_report(name, plan), encoding="utf-8")
    files = {str(p.relative_to(stage)): hash_file(p) for p in sorted(stage.rglob("*")) if p.is_file()}
    manifest = {
        "project": agreed.project,
        "cut": name,
        "masters": masters.sha256,
        "years": list(agreed.years),
        "table_years": {t.name: list(t.years) for t in agreed.tables if t.years},
        "agreement": agreed.agreement,
        "exceptions": list(agreed.exceptions),
        "rows": dict(plan.rows),
        "units": dict(plan.units),
        "dropped": [asdict(d) for d in agreed.dropped],
        "generalised": [asdict(g) for g in agreed.generalised],
        "risk": [asdict(r) for r in plan.risks],
        "made_with": made_with(),
        "environment": environment,
        "files": files,
    }
    (stage / MANIFEST).write_bytes(canonical_json(manifest))
    return hash_file(stage / MANIFEST)


def made_with() -> dict[str, str]:
    """The versions of what a cut's bytes depend on."""
    packages = {name: version(name) for name in ("duckdb", "pyarrow", "numpy", "cryptography")}
    return {"python": platform.python_version(), "rpp": version("rpp"), **packages}


def _report(name: str, plan: CutPlan) -> str:
    agreed = plan.agreed
    tables = "".join(
        f"<tr><th scope=row>{html.escape(t.name)}<td>{plan.rows[t.name]:,}<td>"
        + ", ".join(
            f"{html.escape(c.name)} ({html.escape(t.said_of(c))})"
            if c.treatment is not Treatment.KEEP
            else html.escape(c.name)
            for c in t.columns
        )
        for t in agreed.tables
    )
    left = "".join(
        f"<li>{html.escape(d.table)}.{html.escape(d.field)}: {html.escape(d.reason)}" for d in agreed.dropped
    )
    exceptions = "".join(f"<li>{html.escape(e)}" for e in agreed.exceptions)
    risks = "".join(f"<li>{html.escape(r.sentence)}" for r in plan.risks)
    units = ", ".join(f"{n:,} {html.escape(u)}{'s' if u == 'student' else ''}" for u, n in plan.units.items())
    return (
        f"<!doctype html><meta charset=utf-8><title>Cut {name} of {html.escape(agreed.project)}</title>"
        f"<h1>Cut {name} of {html.escape(agreed.project)}</h1><p>School years {agreed.years[0]} to {agreed.years[1]}; {units}.</p>"
        f"<table><tr><th>Table<th>Rows<th>Columns{tables}</table>"
        + (f"<h2>Who could be told apart</h2><ul>{risks}</ul>" if risks else "")
        + (f"<h2>Asked for and not given</h2><ul>{left}</ul>" if left else "")
        + (f"<h2>Exceptions, for linkage only</h2><ul>{exceptions}</ul>" if exceptions else "")
    )
