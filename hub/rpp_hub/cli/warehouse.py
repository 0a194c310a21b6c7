"""rpp warehouse: receive a district's files, look what is wrong with them, build masters."""

from __future__ import annotations

from pathlib import Path

import click

from rpp_hub.cli.codebook import codebook
from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.cli.identities import identities
from rpp_hub.cli.progress import shown_progress
from rpp_hub.cli.question import question
from rpp_hub.cli.receiving import confirm, discard, read, receive, waiting
from rpp_hub.domain.counts import counted
from rpp_hub.domain.errors import Invalid
from rpp_hub.services.warehousing import WarehouseStatus
from rpp_hub.warehouse.build import BuildReport
from rpp_hub.warehouse.report import report_html, report_text


@click.group()
def warehouse() -> None:
    """Receive, check and build a district's data."""


for command in (receive, waiting, read, confirm, discard, identities, codebook, question):
    warehouse.add_command(command)


@warehouse.command("check")
@click.argument("district")
@click.option(
    "--html",
    "html_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report there as a page.",
)
@json_option
@pass_cli
def check(ctx: CliContext, district: str, html_file: Path | None, as_json: bool) -> None:
    """What is wrong with everything received from DISTRICT, and what the build will do about it."""
    with shown_progress() as progress:
        report = ctx.rpp.warehousing.check(ctx.actor, district, progress)
    if html_file is not None:
        _write_page(html_file, report_html(report))
    answer(report, as_json, lambda: report_text(report))


def _write_page(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise Invalid(
            f"{path} cannot be written: {error.strerror}. Name a file in a folder of yours.",
            code="unwritable-file",
        ) from None


@warehouse.command("build")
@click.argument("district")
@json_option
@pass_cli
def build(ctx: CliContext, district: str, as_json: bool) -> None:
    """Build longitudinal masters of DISTRICT by the declared rules."""
    with shown_progress() as progress:
        report = ctx.rpp.warehousing.build(ctx.actor, district, progress)
    answer(report, as_json, lambda: _build_text(report))


@warehouse.command("status")
@click.argument("district")
@json_option
@pass_cli
def status(ctx: CliContext, district: str, as_json: bool) -> None:
    """What was received from DISTRICT and what was built."""
    view = ctx.rpp.warehousing.status(district)
    answer(view, as_json, lambda: _status_text(view))


def _build_text(report: BuildReport) -> str:
    lines = [
        f"Built {report.name}:",
        *(f"  {name}: {rows:,} rows" for name, rows in report.tables.items()),
        "",
        "Rules:",
    ]
    lines += [
        f"  {r.rule} on {r.table}: {counted(r.touched, 'row') if r.applied else r.why}" for r in report.rules
    ]
    return "\n".join(lines)


def _status_text(view: WarehouseStatus) -> str:
    lines = [f"{view.title} ({view.district})", "", "Received:"]
    lines += [
        f"  {d.name:<24} {d.snapshot:<12} {d.received_at:%Y-%m-%d %H:%M %Z}  by {d.received_by}  {d.sha256[:12]}…"
        for d in view.drops
    ] or ["  nothing yet: rpp warehouse receive"]
    lines += ["", "Built:"]
    lines += [f"  {b.name:<24} {b.built_at:%Y-%m-%d %H:%M %Z}  by {b.built_by}" for b in view.builds] or [
        "  nothing yet: rpp warehouse build"
    ]
    return "\n".join(lines)
