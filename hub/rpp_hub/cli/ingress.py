"""rpp ingress: files that researchers want to have in a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli


@click.group()
def ingress() -> None:
    """Offer, look at, admit and refuse files for a workspace."""


@ingress.command("offer")
@click.argument("project")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--purpose", required=True, help="What it is and what it is needed for.")
@pass_cli
def offer(ctx: CliContext, project: str, file: Path, purpose: str) -> None:
    """Offer FILE (code or a table) for the workspaces of PROJECT."""
    view = ctx.rpp.ingress.offer(ctx.actor, project, file.name, file.read_bytes(), purpose)
    click.echo(f"{view.name} waits for the data manager: rpp ingress show {view.name}")


@ingress.command("list")
@click.option("--project", help="One project only.")
@click.option("--waiting", is_flag=True, help="Only what nobody has decided on.")
@json_option
@pass_cli
def list_ingress(ctx: CliContext, project: str | None, waiting: bool, as_json: bool) -> None:
    """The files that were offered, as far as you may know of them."""
    views = ctx.rpp.ingress.list(ctx.actor, project, waiting=waiting)
    lines = (
        f"{v.name}  {v.status:<10} {v.project:<30} {v.author:<15} {v.file_name}  {v.size:,} bytes"
        for v in views
    )
    text = "\n".join(lines) or "Nothing was offered. `rpp ingress offer PROJECT FILE` offers a file."
    answer(views, as_json, lambda: text)


@ingress.command("show")
@click.argument("name")
@json_option
@pass_cli
def show(ctx: CliContext, name: str, as_json: bool) -> None:
    """What NAME is, and its text."""
    view, content = ctx.rpp.ingress.get(ctx.actor, name)
    text = content.decode("utf-8-sig", "replace")
    head = f"{view.name}: {view.file_name} for {view.project}, by {view.author}, {view.status}\nSHA-256 {view.sha256}\n{view.purpose}\n\n"
    answer(view, as_json, lambda: head + "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text))


@ingress.command("admit")
@click.argument("name")
@click.option("--reason", default="", help="What should be kept about it.")
@pass_cli
def admit(ctx: CliContext, name: str, reason: str) -> None:
    """Let NAME in: it appears in the folder `ingress` of the project's workspaces."""
    view = ctx.rpp.ingress.decide(ctx.actor, name, admit=True, reason=reason)
    click.echo(f"{view.file_name} lies in the folder ingress of {view.project}'s workspaces.")


@ingress.command("refuse")
@click.argument("name")
@click.option("--reason", required=True, help="Why; its author reads it.")
@pass_cli
def refuse(ctx: CliContext, name: str, reason: str) -> None:
    """Do not let NAME in."""
    ctx.rpp.ingress.decide(ctx.actor, name, admit=False, reason=reason)
    click.echo(f"{name} is refused.")


@ingress.command("withdraw")
@click.argument("name")
@pass_cli
def withdraw(ctx: CliContext, name: str) -> None:
    """Take back what you offered, while nobody has decided."""
    ctx.rpp.ingress.withdraw(ctx.actor, name)
    click.echo(f"{name} is taken back.")
