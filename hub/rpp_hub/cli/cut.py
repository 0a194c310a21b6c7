"""rpp cut: plan, build, show and verify a project's scrambled data."""

from __future__ import annotations

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.cli.progress import shown_progress
from rpp_hub.cuts.difference import CutDifference
from rpp_hub.cuts.plan import CutPlan
from rpp_hub.domain.counts import counted
from rpp_hub.services.cutting import CutView


@click.group()
def cut() -> None:
    """A project's data, cut to its agreement and scrambled."""


@cut.command("plan")
@click.argument("project")
@json_option
@pass_cli
def plan(ctx: CliContext, project: str, as_json: bool) -> None:
    """What a cut for PROJECT would hold, before anything is written."""
    view = ctx.rpp.cutting.plan(project)
    answer(view, as_json, lambda: _plan_text(view))


@cut.command("build")
@click.argument("project")
@json_option
@pass_cli
def build(ctx: CliContext, project: str, as_json: bool) -> None:
    """Make the next cut for PROJECT: scrambled, scanned, sealed."""
    with shown_progress() as progress:
        record = ctx.rpp.cutting.build(ctx.actor, project, progress)
    answer(record, as_json, lambda: _record_text(record))


@cut.command("show")
@click.argument("project")
@click.option("--cut", "name", default=None, help="Which one; default: the newest.")
@json_option
@pass_cli
def show(ctx: CliContext, project: str, name: str | None, as_json: bool) -> None:
    """What PROJECT's cut holds."""
    record = ctx.rpp.cutting.current(project) if name is None else ctx.rpp.cutting.named(project, name)
    answer(record, as_json, lambda: _record_text(record))


@cut.command("verify")
@click.argument("project")
@click.option("--cut", "name", default=None, help="Which one; default: the newest.")
@json_option
@pass_cli
def verify(ctx: CliContext, project: str, name: str | None, as_json: bool) -> None:
    """Whether PROJECT's cut is as it was sealed. Exits 3 when it is not."""
    problems = ctx.rpp.cutting.verify(project, name)
    answer(
        {"ok": not problems, "problems": problems},
        as_json,
        lambda: "As it was sealed." if not problems else "NOT as it was sealed.",
    )
    if problems:
        for problem in problems:
            click.echo(f"rpp: {problem}", err=True)
        raise SystemExit(3)


@cut.command("diff")
@click.argument("project")
@click.option(
    "--from",
    "before",
    default=None,
    metavar="CUT",
    help="The earlier cut; default: the one before the newest.",
)
@click.option("--to", "after", default=None, metavar="CUT", help="The later cut; default: the newest.")
@json_option
@pass_cli
def diff(ctx: CliContext, project: str, before: str | None, after: str | None, as_json: bool) -> None:
    """What differs between two cuts of PROJECT: rows, columns, people, masters, versions."""
    found = ctx.rpp.cutting.difference(project, before, after)
    answer(found, as_json, lambda: _difference_text(found))


def _difference_text(found: CutDifference) -> str:
    lines = [f"From {found.before} to {found.after} of {found.project}:"]
    for t in found.tables:
        counts = f"{_rows(t.before)} before, {_rows(t.after)} after, {t.same:,} the same"
        columns = [
            *(f"new column {c}" for c in t.columns_added),
            *(f"column {c} gone" for c in t.columns_gone),
        ]
        lines.append("; ".join([f"  {t.table}: {counts}", *columns]))
    lines += [f"  {u.unit} codes: {u.gone:,} gone, {u.both:,} in both, {u.added:,} new" for u in found.units]
    lines += [f"  {name}: {old} before, {new} after" for name, (old, new) in found.facts.items()]
    return "\n".join(lines)


def _rows(count: int | None) -> str:
    return "no table" if count is None else f"{count:,} rows"


def _plan_text(view: CutPlan) -> str:
    agreed = view.agreed
    lines = [f"A cut for {agreed.project}, school years {agreed.years[0]} to {agreed.years[1]}:"]
    lines += [
        f"  {t.name}: {view.rows[t.name]:,} rows; {', '.join(c.name for c in t.columns)}"
        for t in agreed.tables
    ]
    lines += [f"  {counted(n, unit, unit if unit == 'staff' else '')}" for unit, n in view.units.items()]
    lines += [f"  risk: {r.sentence}" for r in view.risks]
    lines += [f"  coarser: {g.table}.{g.field}, {g.sentence}." for g in agreed.generalised]
    lines += [f"  exception for linkage: {e}" for e in agreed.exceptions]
    lines += [f"  not given: {d.table}.{d.field}. {d.reason}" for d in agreed.dropped]
    return "\n".join(lines)


def _record_text(record: CutView) -> str:
    lines = [
        f"{record.name} of {record.project}, built {record.built_at:%Y-%m-%d %H:%M %Z} by {record.built_by} ({record.sha256[:12]}…)"
    ]
    lines += [f"  {table}: {rows:,} rows" for table, rows in record.rows.items()]
    lines += [f"  {counted(n, unit, unit if unit == 'staff' else '')}" for unit, n in record.units.items()]
    lines += [f"  coarser: {g['table']}.{g['field']}, {g['sentence']}." for g in record.generalised]
    lines += [f"  not given: {d['table']}.{d['field']}. {d['reason']}" for d in record.dropped]
    return "\n".join(lines)
