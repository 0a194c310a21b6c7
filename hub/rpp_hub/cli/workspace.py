"""rpp workspace: what runs, closing it, and how much went to browsers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.domain.workspace_life import workspace_mermaid
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


@workspace.command("states")
@click.option("--project", help="One project only.")
@json_option
@pass_cli
def states(ctx: CliContext, project: str | None, as_json: bool) -> None:
    """Where each workspace stands: active, frozen, open for reading, archived, destroyed."""
    views = ctx.rpp.living.list(ctx.actor, project)
    lines = (
        f"{v.project:<30} {v.person:<20} {v.state}" + (f" until {v.until}" if v.until else "") for v in views
    )
    answer(views, as_json, lambda: "\n".join(lines) or "There is no workspace yet.")


@workspace.command("reopen")
@click.argument("project")
@click.argument("person")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day.")
@click.option("--reason", required=True, help="Why; it is kept.")
@pass_cli
def reopen(ctx: CliContext, project: str, person: str, until: datetime, reason: str) -> None:
    """Let PERSON read their frozen workspace of PROJECT: no data, nothing runs, nothing changes."""
    ctx.rpp.living.reopen(ctx.actor, project, person, until.date(), reason)
    click.echo(f"{person} may read their workspace of {project} until {until.date()}.")


@workspace.command("archive")
@click.argument("project")
@click.argument("person")
@click.option("--reason", default="", help="What should be kept about it.")
@pass_cli
def archive(ctx: CliContext, project: str, person: str, reason: str) -> None:
    """Pack PERSON's frozen workspace of PROJECT away."""
    view = ctx.rpp.living.archive(ctx.actor, project, person, reason)
    packed = view.archive or {}
    click.echo(f"Packed {packed.get('files', 0)} files; SHA-256 {packed.get('sha256', '')}.")


@workspace.command("restore")
@click.argument("project")
@click.argument("person")
@pass_cli
def restore(ctx: CliContext, project: str, person: str) -> None:
    """Unpack PERSON's archived workspace of PROJECT; it is frozen again."""
    ctx.rpp.living.restore(ctx.actor, project, person)
    click.echo(f"Restored. Next: rpp workspace reopen {project} {person} --until DAY --reason WHY")


@workspace.command("destroy")
@click.argument("project")
@click.argument("person")
@click.option("--reason", required=True, help="Why; the certificate states it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_cli
def destroy(ctx: CliContext, project: str, person: str, reason: str, yes: bool, as_json: bool) -> None:
    """Destroy PERSON's frozen or archived workspace of PROJECT, with a signed certificate."""
    if not yes and click.prompt(f"This cannot be undone. Type {person} to destroy it", err=True) != person:
        raise click.Abort
    view = ctx.rpp.living.destroy(ctx.actor, project, person, reason)
    folder = ctx.rpp.installation.certificates_dir / project / f"workspace-{person}"
    answer(view, as_json, lambda: f"The workspace is destroyed. Its certificate lies in {folder}.")


@workspace.command("diagram")
def diagram() -> None:
    """The states of a workspace as a Mermaid diagram."""
    click.echo(workspace_mermaid(), nl=False)


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
