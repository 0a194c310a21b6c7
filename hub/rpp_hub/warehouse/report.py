"""A check's report for people: as text for a terminal, and as a page."""

from __future__ import annotations

import html

from rpp_hub.warehouse.check import CheckReport
from rpp_hub.warehouse.findings import Problem, TableFacts

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2530}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #d6dbe1;vertical-align:top}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}small{color:#5a6472}"
)


def report_text(report: CheckReport) -> str:
    """For a terminal: what, how many, what it means, what the build will do."""
    lines = [f"{report.district}: {', '.join(report.drops)}", ""]
    lines += [f"  {_facts(t)}" for t in report.tables]
    if not report.problems:
        return "\n".join([*lines, "", "Nothing is wrong with these files."])
    for problem in report.problems:
        lines += [
            "",
            f"{problem.table}: {problem.count:,} {problem.title}",
            f"  {problem.meaning}",
            f"  Build: {problem.build}",
        ]
        if problem.rows:
            lines.append(f"  Rows: {_places(problem)}")
    return "\n".join(lines)


def report_html(report: CheckReport) -> str:
    """The same as a page of its own that loads nothing."""
    rows = "".join(
        f"<tr><td><code>{html.escape(p.table)}</code><td class=n>{p.count:,}<td>{html.escape(p.title)}"
        f"<br><small>{html.escape(_places(p))}</small><td>{html.escape(p.meaning)}<td>{html.escape(p.build)}"
        for p in report.problems
    )
    found = (
        f"<table><tr><th>Table<th>How many<th>What<th>What it means<th>What the build does{rows}</table>"
        if rows
        else "<p>Nothing is wrong with these files.</p>"
    )
    facts = "".join(f"<li>{html.escape(_facts(t))}" for t in report.tables)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Check of {html.escape(report.district)}</title>"
        f"<style>{_STYLE}</style><h1>Check of {html.escape(report.district)}</h1>"
        f"<p>{html.escape(', '.join(report.drops))}</p><ul>{facts}</ul>{found}</html>"
    )


def _facts(table: TableFacts) -> str:
    units = "".join(f", {n:,} {unit}{'s' if unit == 'student' else ''}" for unit, n in table.units.items())
    years = f", school years {table.years[0]} to {table.years[1]}" if table.years else ""
    return f"{table.name}: {table.rows:,} rows{units}{years}"


def _places(problem: Problem) -> str:
    shown = "; ".join(f"{place.file} row {place.row:,}" for place in problem.rows[:5])
    return f"{shown} …" if len(problem.rows) > 5 or problem.count > len(problem.rows) > 0 else shown
