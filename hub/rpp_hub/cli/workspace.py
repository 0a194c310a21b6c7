"""rpp workspace: what runs, closing it, and how much went to browsers."""

from __future__ import annotations

from collections.abc import Sequence

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.services.egress import DayView
from rpp_hub.workspace.client import Status


@click.group()
def workspace() -> None:
    """Look at workspaces, close them, and see what they send."""


@workspace.command("list")
@json_option
@pass_cli
def list_workspaces(ctx: CliContext, as_json: bool) -> None:
    """The workspaces that run now."""
    running = ctx.rpp.workspaces.running(ctx.actor)
    answer(running, as_json, lambda: _running_lines(running))


@workspace.command("revoke")
@click.argument("project")
@click.argument("person")
@click.option("--reason", required=True, help="Why, for the audit log.")
@pass_cli
def revoke(ctx: CliContext, project: str, person: str, reason: str) -> None:
    """Close PERSON's workspace of PROJECT now. What was saved stays."""
    ctx.rpp.workspaces.close_now(ctx.actor, person, project, reason)
    click.echo(f"The workspace of {project}/{person} is closed.")


@workspace.command("egress")
@click.option("--days", default=7, show_default=True, help="How many days back.")
@click.option("--project", help="One project only.")
@json_option
@pass_cli
def egress(ctx: CliContext, days: int, project: str | None, as_json: bool) -> None:
    """How many bytes went to browsers, by person, project and day; what was paused comes first."""
    views = ctx.rpp.egress.days(ctx.actor, days, project)
    answer(views, as_json, lambda: _egress_lines(views))


@workspace.command("raise")
@click.argument("project")
@click.argument("person")
@click.argument("megabytes", type=int)
@click.option("--reason", required=True, help="Why; it is kept.")
@pass_cli
def raise_budget(ctx: CliContext, project: str, person: str, megabytes: int, reason: str) -> None:
    """Let MEGABYTES go to PERSON's browser today (until midnight UTC); a paused workspace goes on."""
    total = ctx.rpp.egress.raise_today(ctx.actor, project, person, megabytes, reason)
    click.echo(f"Today {total / 1e6:,.0f} MB may go to {person}'s browser from {project}.")


def _running_lines(running: Sequence[Status]) -> str:
    lines = (
        f"{s.project:<30} {s.person:<20} {s.state:<10} {s.kernels} kernels, {sum(s.metered.values()) / 1e6:,.1f} MB today"
        + (", paused" if s.paused else "")
        for s in running
    )
    return "\n".join(lines) or "No workspace is running. Researchers open theirs from their project's page."


def _egress_lines(views: Sequence[DayView]) -> str:
    lines = (
        f"{v.day}  {v.project:<30} {v.person:<20} {v.spent / 1e6:>9,.1f} of {v.total / 1e6:,.0f} MB  {v.state}"
        + (f"  {v.alarms} alarms" if v.alarms else "")
        for v in views
    )
    return "\n".join(lines) or "Nothing has been sent to a browser in these days."
