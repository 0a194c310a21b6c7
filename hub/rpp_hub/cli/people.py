"""rpp person: who has an account, which roles, which training and agreements."""

from __future__ import annotations

from datetime import datetime

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.domain.permissions import Role
from rpp_hub.services.people import PersonView

_ROLES = [r.value for r in Role if r is not Role.RESEARCHER]
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(short_help="People: accounts, roles, training, agreements.")
def person() -> None:
    """Add people, record their training and agreements, close their accounts."""


@person.command("add")
@click.argument("name")
@click.option("--display-name", required=True, help="How people call them.")
@click.option("--institution", default="", help="Where they work.")
@click.option("--role", "roles", multiple=True, type=click.Choice(_ROLES), help="May be given several times.")
@click.option("--password", is_flag=True, help="Ask for a password, for a local account.")
@pass_cli
def add(
    ctx: CliContext, name: str, display_name: str, institution: str, roles: tuple[str, ...], password: bool
) -> None:
    """Register NAME. A researcher needs no role: membership in a project makes one."""
    secret = click.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    view = ctx.rpp.people.add(
        ctx.actor,
        name,
        display_name,
        institution=institution,
        roles=[Role(r) for r in roles],
        password=secret,
    )
    click.echo(f"{view.name} is registered.")


@person.command("certify")
@click.argument("name")
@click.option("--training-ends", type=_DAY, help="Last day of the human-subjects training.")
@click.option("--access-signed", type=_DAY, help="Day on which the access agreement was signed.")
@pass_cli
def certify(
    ctx: CliContext, name: str, training_ends: datetime | None, access_signed: datetime | None
) -> None:
    """Record NAME's training or access agreement."""
    if training_ends is None and access_signed is None:
        raise click.UsageError("Give --training-ends, --access-signed, or both.")
    ctx.rpp.people.certify(
        ctx.actor,
        name,
        training_ends=training_ends.date() if training_ends else None,
        access_signed=access_signed.date() if access_signed else None,
    )
    click.echo(f"Recorded for {name}.")


@person.command("close")
@click.argument("name")
@pass_cli
def close(ctx: CliContext, name: str) -> None:
    """Close NAME's account; running workspaces stop within a minute."""
    ctx.rpp.people.set_active(ctx.actor, name, active=False)
    click.echo(f"The account {name} is closed. Open it again with `rpp person open {name}`.")


@person.command("open")
@click.argument("name")
@pass_cli
def open_again(ctx: CliContext, name: str) -> None:
    """Open NAME's account again."""
    ctx.rpp.people.set_active(ctx.actor, name, active=True)
    click.echo(f"The account {name} is open.")


@person.command("show")
@click.argument("name")
@json_option
@pass_cli
def show(ctx: CliContext, name: str, as_json: bool) -> None:
    """What is on record of NAME."""
    view = next((p for p in ctx.rpp.people.list(ctx.actor) if p.name == name), None) or ctx.rpp.people.get(
        name
    )
    answer(view, as_json, lambda: _lines(view))


@person.command("list")
@json_option
@pass_cli
def list_people(ctx: CliContext, as_json: bool) -> None:
    """Everybody, by name."""
    people = ctx.rpp.people.list(ctx.actor)
    answer(
        people,
        as_json,
        lambda: "\n".join(f"{p.name:<16} {', '.join(p.roles) or 'researcher'}" for p in people),
    )


def _lines(view: PersonView) -> str:
    rows = {
        "name": view.name,
        "called": view.display_name,
        "institution": view.institution or "–",
        "account": "open" if view.active else "closed",
        "roles": ", ".join(view.roles) or "–",
        "projects": ", ".join(view.projects) or "–",
        "training ends": view.training_ends or "not on record",
        "access agreement": view.access_agreement_signed or "not signed",
    }
    return "\n".join(f"{k:<18}{v}" for k, v in rows.items())
