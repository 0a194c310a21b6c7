"""rpp audit: every act, and the proof that none was altered."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import asdict

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.store.audit import COLUMNS


@click.group()
def audit() -> None:
    """Read and verify the audit log."""


@audit.command("log")
@click.option("--by", "by", default="", help="Only this actor.")
@click.option("--act", default="", help="Only acts that begin so, such as request:approve or request:.")
@click.option("--subject", default="", help="Only subjects that begin so.")
@click.option("--limit", default=100, show_default=True, help="At most so many, the newest.")
@json_option
@pass_cli
def log(ctx: CliContext, by: str, act: str, subject: str, limit: int, as_json: bool) -> None:
    """The newest events, oldest of them first."""
    events = ctx.rpp.auditing.events(ctx.actor, AuditFilter(by, act, subject, None, limit))[::-1]
    answer(
        events, as_json,
        lambda: "\n".join(f"{e.seq:>6}  {e.at}  {e.actor:<12} {e.act:<20} {e.subject}  {e.reason}".rstrip() for e in events),
    )  # fmt: skip


@audit.command("verify")
@json_option
@pass_cli
def verify(ctx: CliContext, as_json: bool) -> None:
    """Walk the whole chain. Exits 3 when an event was altered, removed or reordered."""
    outcome = ctx.rpp.auditing.verify(ctx.actor)
    text = (
        f"{outcome.events} events, unbroken. Head {outcome.head}"
        if outcome.ok
        else "The audit log is NOT whole."
    )
    answer(outcome, as_json, lambda: text)
    if not outcome.ok:
        click.echo(f"rpp: {outcome.problem}", err=True)
        raise SystemExit(3)


@audit.command("export")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="Which form.",
)
@pass_cli
def export(ctx: CliContext, kind: str) -> None:
    """Every event, to standard output."""
    events = ctx.rpp.auditing.events(ctx.actor, AuditFilter(limit=sys.maxsize))[::-1]
    if kind == "jsonl":
        for event in events:
            click.echo(json.dumps(asdict(event), ensure_ascii=False))
        return
    writer = csv.DictWriter(sys.stdout, COLUMNS)
    writer.writeheader()
    writer.writerows(asdict(event) for event in events)
