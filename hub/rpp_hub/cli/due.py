"""rpp due: all that is due, late, or ends soon."""

from __future__ import annotations

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.services.dues import DueView


@click.group(short_help="What is due, what is late, what ends soon.")
def due() -> None:
    """What is due, what is late and what ends soon, as far as it is yours to do or to know."""


@due.command("list")
@click.option("--mine", is_flag=True, help="Only what is your move.")
@json_option
@pass_cli
def list_due(ctx: CliContext, mine: bool, as_json: bool) -> None:
    """All of it, the most urgent first."""
    found = tuple(d for d in ctx.rpp.dues.seen_by(ctx.actor) if d.mine or not mine)
    answer(found, as_json, lambda: "\n".join(map(_line, found)) or "Nothing is due.")


@due.command("confirm")
@click.argument("project")
@pass_cli
def confirm(ctx: CliContext, project: str) -> None:
    """Confirm for the district that PROJECT's data is destroyed."""
    ctx.rpp.dues.confirm_destruction(ctx.actor, project)
    click.echo(f"The destruction of {project}'s data is confirmed.")


def _line(due: DueView) -> str:
    when = "LATE" if due.late else f"{due.left} days"
    return f"{due.on}  {when:>9}  {due.sentence}"
