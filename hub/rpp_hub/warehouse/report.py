"""A check's report for people: as text for a terminal, and as a page of its own."""

from __future__ import annotations

import html
from collections.abc import Iterable
from itertools import groupby

from rpp_hub.domain.counts import counted
from rpp_hub.warehouse.check import CheckReport
from rpp_hub.warehouse.findings import Defect, TableFacts
from rpp_hub.warehouse.references import ReferenceFacts
from rpp_hub.warehouse.shifts import Shift

_FIRST = 5
_COUNTED = "Rows are counted below the header: row 1 is the first that holds data. The first rows of each kind are named."
_STYLE = (
    ":root{color-scheme:light}*{box-sizing:border-box}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem;color:#1d2530;overflow-wrap:anywhere}"
    "h1{font-size:1.6rem;margin:0 0 .3rem}h2{font-size:1.25rem;margin:2.2rem 0 .6rem}h3{font-size:1.05rem;margin:1.6rem 0 .4rem}"
    "p{margin:.2rem 0}ul{padding-left:1.2rem}li{margin:.25rem 0}"
    ".finding{border:1px solid #d6dbe1;border-left:5px solid #b86b00;border-radius:6px;padding:.7rem 1rem;margin:.7rem 0;break-inside:avoid}"
    ".n{font-size:1.15rem;font-weight:600;font-variant-numeric:tabular-nums}dl{margin:.4rem 0 0;display:grid;grid-template-columns:8.5rem 1fr;gap:.15rem .8rem}"
    "dt{color:#4a5462}dd{margin:0}code,.rows{font:.9em ui-monospace,monospace}.quiet{color:#4a5462}"
    "@media(max-width:36rem){dl{grid-template-columns:1fr}dd{margin-bottom:.35rem}}"
)


def report_text(report: CheckReport) -> str:
    """For a terminal: what, how many, what it means, what the build will do."""
    lines = [f"{report.district}: {', '.join(report.drops)}", ""]
    lines += [f"  {_facts(t)}" for t in report.tables]
    if any(p.rows for p in report.problems):
        lines += ["", _COUNTED]
    if not report.problems:
        lines += ["", "Nothing is wrong with these files."]
    for problem in report.problems:
        lines += [
            "",
            f"{problem.table}: {problem.count:,} {problem.title}",
            f"  {problem.meaning}",
            f"  Build: {problem.build}",
        ]
        if problem.rows:
            lines.append(f"  Rows: {_places(problem)}")
    if report.references:
        lines += ["", "References between tables:", *(f"  {_reference(r)}" for r in report.references)]
    if report.shifts:
        lines += ["", "From one year to the next:"]
        for table, meaning, moved in _by_meaning(report.shifts):
            lines += [f"  {table}: {meaning}", *(f"    {s.title}" for s in moved)]
    return "\n".join(lines)


def report_html(report: CheckReport) -> str:
    """The same as a page of its own that loads nothing."""
    title = f"Check of {html.escape(report.district)}"
    kinds = len(report.problems)
    found = f"{counted(kinds, 'kind')} of problems" if kinds else "Nothing is wrong with these files."
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>"
        f'<p class="quiet">Received: {html.escape(", ".join(report.drops))}</p>'
        f"<h2>What came</h2><ul>{_listed(_facts(t) for t in report.tables)}</ul><h2>{found}</h2>"
        f"{_counted_from(report.problems)}{_problems(report.problems)}{_references(report.references)}{_shifts(report.shifts)}</html>"
    )


def _counted_from(problems: tuple[Defect, ...]) -> str:
    return f'<p class="quiet">{_COUNTED}</p>' if any(p.rows for p in problems) else ""


def _problems(problems: tuple[Defect, ...]) -> str:
    tables = dict.fromkeys(p.table for p in problems)
    return "".join(
        f"<h3><code>{html.escape(table)}</code></h3>{''.join(_problem(p) for p in problems if p.table == table)}"
        for table in tables
    )


def _problem(problem: Defect) -> str:
    rows = f'<dt>Rows<dd class="rows">{html.escape(_places(problem))}' if problem.rows else ""
    return (
        f'<div class="finding"><p><span class="n">{problem.count:,}</span> {html.escape(problem.title)}</p>'
        f"<dl><dt>It means<dd>{html.escape(problem.meaning)}<dt>The build<dd>{html.escape(problem.build)}{rows}</dl></div>"
    )


def _references(references: tuple[ReferenceFacts, ...]) -> str:
    if not references:
        return ""
    return f"<h2>References between tables</h2><ul>{_listed(map(_reference, references))}</ul>"


def _shifts(shifts: tuple[Shift, ...]) -> str:
    if not shifts:
        return ""
    return "<h2>From one year to the next</h2>" + "".join(
        f'<div class="finding"><p><code>{html.escape(table)}</code>: {html.escape(meaning)}</p>'
        f"<ul>{_listed(s.title for s in moved)}</ul></div>"
        for table, meaning, moved in _by_meaning(shifts)
    )


def _by_meaning(shifts: tuple[Shift, ...]) -> list[tuple[str, str, list[Shift]]]:
    """What moved, table by table; what means the same is told together, once."""
    found: dict[tuple[str, str], list[Shift]] = {}
    for shift in shifts:
        found.setdefault((shift.table, shift.meaning), []).append(shift)
    tables = list(dict.fromkeys(s.table for s in shifts))
    ordered = sorted(found.items(), key=lambda kept: tables.index(kept[0][0]))
    return [(table, meaning, moved) for (table, meaning), moved in ordered]


def _listed(lines: Iterable[str]) -> str:
    return "".join(f"<li>{html.escape(line)}" for line in lines)


def _facts(table: TableFacts) -> str:
    units = "".join(f", {n:,} {_plural(unit, n)}" for unit, n in table.units.items())
    years = f", school years {table.years[0]} to {table.years[1]}" if table.years else ""
    return f"{table.name}: {table.rows:,} rows{units}{years}"


def _plural(unit: str, n: int) -> str:
    if n == 1 or unit == "staff":
        return unit
    return f"{unit}es" if unit.endswith("s") else f"{unit}s"


def _reference(r: ReferenceFacts) -> str:
    how = "as the codebook declares" if r.declared else "by its name"
    lost = "all are there" if not r.nowhere else f"{r.nowhere:,} of {r.values:,} are not there"
    return f"{r.table}.{', '.join(r.fields)} → {r.to_table}.{', '.join(r.to_fields)} ({how}): {lost}"


def _places(problem: Defect) -> str:
    files = groupby(problem.rows[:_FIRST], key=lambda place: place.file)
    shown = "; ".join(f"{file} row {', '.join(str(place.row) for place in places)}" for file, places in files)
    return f"{shown} …" if len(problem.rows) > _FIRST or problem.count > len(problem.rows) > 0 else shown
