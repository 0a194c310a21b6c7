"""rpp audit: every act, and the proof that none was altered."""

from __future__ import annotations

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.services.audit_export import ExportKind, lines
from rpp_hub.services.auditing import AuditFilter

_by = click.option("--by", "by", default="", help="Only this actor.")
_act = click.option("--act", default="", help="Only acts that begin so, such as request:approve or request:.")
_subject = click.option("--subject", default="", help="Only subjects that begin so.")
_request = click.option(
    "--request", default="", help="Only what came with this request or command, by its id."
)


@click.group()
def audit() -> None:
    """Read and verify the audit log."""


@audit.command("log")
@_by
@_act
@_subject
@_request
@click.option("--limit", default=100, show_default=True, help="At most so many, the newest.")
@json_option
@pass_cli
def log(ctx: CliContext, by: str, act: str, subject: str, request: str, limit: int, as_json: bool) -> None:
    """The newest events, oldest of them first."""
    events = ctx.rpp.auditing.events(ctx.actor, AuditFilter(by, act, subject, None, limit, request))[::-1]
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
    type=click.Choice([str(kind) for kind in ExportKind]),
    default=str(ExportKind.JSONL),
    show_default=True,
    help="Which form.",
)
@_by
@_act
@_subject
@_request
@pass_cli
def export(ctx: CliContext, kind: str, by: str, act: str, subject: str, request: str) -> None:
    """Every event that fits, oldest first, to standard output."""
    wanted = AuditFilter(by, act, subject, request=request)
    for line in lines(ctx.rpp.auditing.export(ctx.actor, wanted), ExportKind(kind)):
        click.echo(line, nl=False)
