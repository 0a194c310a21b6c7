"""rpp institution: where people work, and which of these places share the partnership's agreements."""

from __future__ import annotations

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.domain.attestations import InstitutionKind


@click.group(short_help="Districts, universities and others that people work at.")
def institution() -> None:
    """Register the places people work at. The districts of rpp.toml are registered already."""


@institution.command("add")
@click.argument("name")
@click.option("--title", required=True, help="What people call it.")
@click.option(
    "--kind", required=True, type=click.Choice([k.value for k in InstitutionKind]), help="What it is."
)
@click.option(
    "--partner/--outside",
    required=True,
    default=None,
    help="Whether it shares the agreements; people from outside need one of their own.",
)
@pass_cli
def add(ctx: CliContext, name: str, title: str, kind: str, partner: bool) -> None:
    """Register the institution NAME."""
    view = ctx.rpp.institutions.add(ctx.actor, name, title, InstitutionKind(kind), partner=partner)
    click.echo(f"{view.name} is registered.")


@institution.command("list")
@json_option
@pass_cli
def list_institutions(ctx: CliContext, as_json: bool) -> None:
    """All of them."""
    found = ctx.rpp.institutions.list()
    text = "\n".join(
        f"{i.name:<20} {i.kind:<11} {'partner' if i.partner else 'outside':<8} {i.title}" for i in found
    )
    answer(found, as_json, lambda: text or "There is none yet. `rpp institution add` registers one.")
