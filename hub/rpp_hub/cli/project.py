"""rpp project: applications, decisions, members."""

from __future__ import annotations

from pathlib import Path

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.domain.errors import Invalid
from rpp_hub.services.projects import ProjectView


@click.group()
def project() -> None:
    """Apply, decide, look at and close projects."""


@project.command("apply")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_cli
def apply(ctx: CliContext, file: Path) -> None:
    """Register the application in FILE (YAML)."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Invalid(
            f"{file.name} is not UTF-8 text. Save it as UTF-8 and send it again.", code="application-encoding"
        ) from None
    view = ctx.rpp.projects.apply(ctx.actor, text)
    click.echo(
        f"{view.name} has applied. {view.sponsor}, its sponsor, decides: rpp project decide {view.name} --approve"
    )


@project.command("decide")
@click.argument("name")
@click.option("--approve/--decline", required=True, default=None, help="What the district decided.")
@click.option("--reason", default="", help="Conditions, or why not.")
@pass_cli
def decide(ctx: CliContext, name: str, approve: bool, reason: str) -> None:
    """Approve or decline the project NAME."""
    view = ctx.rpp.projects.decide(ctx.actor, name, approve=approve, reason=reason)
    click.echo(f"{view.name} is {view.status}." + (f" Next: rpp cut build {view.name}" if approve else ""))


@project.command("close")
@click.argument("name")
@click.option("--reason", default="", help="Why it ends.")
@click.confirmation_option(prompt="Its workspaces stop within a minute. Close it?")
@pass_cli
def close(ctx: CliContext, name: str, reason: str) -> None:
    """End the project NAME."""
    ctx.rpp.projects.close(ctx.actor, name, reason)
    click.echo(f"{name} is closed.")


@project.command("add-member")
@click.argument("name")
@click.argument("person")
@pass_cli
def add_member(ctx: CliContext, name: str, person: str) -> None:
    """Put PERSON on the staff list of the project NAME."""
    ctx.rpp.projects.add_member(ctx.actor, name, person)
    click.echo(f"{person} is a member of {name}.")


@project.command("remove-member")
@click.argument("name")
@click.argument("person")
@pass_cli
def remove_member(ctx: CliContext, name: str, person: str) -> None:
    """Take PERSON off; their running workspace stops within a minute."""
    ctx.rpp.projects.remove_member(ctx.actor, name, person)
    click.echo(f"{person} is no longer a member of {name}.")


@project.command("list")
@json_option
@pass_cli
def list_projects(ctx: CliContext, as_json: bool) -> None:
    """The projects you may know of."""
    views = ctx.rpp.projects.list(ctx.actor)
    text = "\n".join(f"{v.name:<30} {v.status:<10} {v.district:<14} {v.title}" for v in views)
    answer(views, as_json, lambda: text or "There is no project yet. `rpp project apply FILE` registers one.")


@project.command("show")
@click.argument("name")
@json_option
@pass_cli
def show(ctx: CliContext, name: str, as_json: bool) -> None:
    """The project NAME: what it asks for, who is in it, and who could work on it today."""
    view = ctx.rpp.projects.seen_by(ctx.actor, name)
    answer(view, as_json, lambda: _lines(ctx, view))


def _lines(ctx: CliContext, view: ProjectView) -> str:
    app = view.application
    lines = [
        f"{view.name}: {view.title}",
        f"{view.status}; district {view.district}; sponsor {view.sponsor}; years {app.years[0]} to {app.years[1]}",
        f"IRB until {view.irb_ends}; agreement until {view.agreement_ends}",
        "", "Tables:",
        *(f"  {table}: {', '.join(f.name for f in wanted.fields)}" for table, wanted in app.tables.items()),
        "", "Members:",
    ]  # fmt: skip
    for name, role in view.members:
        reasons = ctx.rpp.projects.gate(name, view.name)
        lines.append(f"  {name} ({role}): " + (" ".join(r.reason for r in reasons) or "may work today"))
    return "\n".join(lines)
