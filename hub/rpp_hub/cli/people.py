"""rpp person: who has an account, where they work, which roles, which training and agreements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from rpp_hub.cli.accounts import accounts, link, unlink
from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.domain.attestations import AttestationKind, AttestationTerms
from rpp_hub.domain.permissions import Role
from rpp_hub.services.attestations import AttestationView
from rpp_hub.services.people_views import PeopleFilter, PersonView

_ROLES = [r.value for r in Role if r is not Role.RESEARCHER]
_KINDS = [k.value for k in AttestationKind]
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(short_help="People: accounts, roles, training, agreements.")
def person() -> None:
    """Add people, record their training and agreements, close their accounts."""


@person.command("add")
@click.argument("name")
@click.option("--display-name", required=True, help="How people call them.")
@click.option(
    "--institution", "institutions", multiple=True, help="Where they work; may be given several times."
)
@click.option("--email", default="", help="Where mail about what ends soon goes.")
@click.option("--role", "roles", multiple=True, type=click.Choice(_ROLES), help="May be given several times.")
@click.option("--password", is_flag=True, help="Ask for a password, for a local account.")
@pass_cli
def add(
    ctx: CliContext,
    name: str,
    display_name: str,
    institutions: tuple[str, ...],
    email: str,
    roles: tuple[str, ...],
    password: bool,
) -> None:
    """Register NAME. A researcher needs no role: membership in a project makes one."""
    secret = click.prompt("Password", hide_input=True, confirmation_prompt=True) if password else None
    view = ctx.rpp.people.add(
        ctx.actor,
        name,
        display_name,
        institutions=institutions,
        email=email,
        roles=[Role(r) for r in roles],
        password=secret,
    )
    click.echo(f"{view.name} is registered.")


@person.command("certify")
@click.argument("name")
@click.option("--training-ends", type=_DAY, help="Last day of the human-subjects training.")
@click.option("--access-signed", type=_DAY, help="Day on which the access agreement was signed.")
@click.option("--access-ends", type=_DAY, help="Last day of the access agreement, if it has one.")
@pass_cli
def certify(
    ctx: CliContext,
    name: str,
    training_ends: datetime | None,
    access_signed: datetime | None,
    access_ends: datetime | None,
) -> None:
    """Record NAME's training or access agreement, seen elsewhere. With a file, use `rpp person send`."""
    if training_ends is None and access_signed is None:
        raise click.UsageError("Give --training-ends, --access-signed, or both.")
    ctx.rpp.people.certify(
        ctx.actor,
        name,
        training_ends=training_ends.date() if training_ends else None,
        access_signed=access_signed.date() if access_signed else None,
        access_ends=access_ends.date() if access_ends else None,
    )
    click.echo(f"Recorded for {name}.")


@person.command("send")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", required=True, type=click.Choice(_KINDS), help="What it certifies.")
@click.option("--begins", required=True, type=_DAY, help="Its first day.")
@click.option("--ends", type=_DAY, help="Its last day, if it has one.")
@click.option("--sponsor", default="", help="Who at the university sponsors a person from outside.")
@pass_cli
def send(
    ctx: CliContext,
    name: str,
    file: Path,
    kind: str,
    begins: datetime,
    ends: datetime | None,
    sponsor: str,
) -> None:
    """Send in a paper of NAME's: a PDF, PNG or JPEG. It counts once a data manager has confirmed it."""
    terms = AttestationTerms(AttestationKind(kind), begins.date(), ends.date() if ends else None, sponsor)
    paper = ctx.rpp.attestations.send(ctx.actor, name, terms, file.name, file.read_bytes())
    click.echo(f"{paper.name} waits for a data manager: rpp person confirm {paper.name}")


@person.command("papers")
@click.argument("name")
@json_option
@pass_cli
def papers(ctx: CliContext, name: str, as_json: bool) -> None:
    """The papers of NAME, newest first."""
    found = ctx.rpp.attestations.of_person(ctx.actor, name)
    answer(found, as_json, lambda: "\n".join(map(_paper_line, found)) or f"{name} has sent in no paper.")


@person.command("paper")
@click.argument("paper")
@click.option(
    "--to", "target", required=True, type=click.Path(path_type=Path), help="Where to write the file."
)
@pass_cli
def paper(ctx: CliContext, paper: str, target: Path) -> None:
    """Write the file of PAPER (d0001) to a new file."""
    kept = ctx.rpp.attestations.file(ctx.actor, paper)
    with target.open("xb") as out:
        out.write(kept.content)
    click.echo(f"{paper} was written to {target}.")


@person.command("confirm")
@click.argument("paper")
@pass_cli
def confirm(ctx: CliContext, paper: str) -> None:
    """Confirm PAPER (d0001): from now on it counts at the gate."""
    view = ctx.rpp.attestations.decide(ctx.actor, paper, confirm=True)
    click.echo(f"{view.name}, {view.person}'s {view.kind}, is confirmed.")


@person.command("refuse")
@click.argument("paper")
@click.option("--reason", required=True, help="What is wrong with it.")
@pass_cli
def refuse(ctx: CliContext, paper: str, reason: str) -> None:
    """Refuse PAPER (d0001)."""
    view = ctx.rpp.attestations.decide(ctx.actor, paper, confirm=False, reason=reason)
    click.echo(f"{view.name}, {view.person}'s {view.kind}, is refused.")


@person.command("affiliate")
@click.argument("name")
@click.argument("institution")
@click.option("--until", type=_DAY, help="Last day there; without it no end is known.")
@pass_cli
def affiliate(ctx: CliContext, name: str, institution: str, until: datetime | None) -> None:
    """Write down that NAME works at INSTITUTION, or until when."""
    ctx.rpp.people.affiliate(ctx.actor, name, institution, until=until.date() if until else None)
    click.echo(f"Recorded for {name}.")


@person.command("email")
@click.argument("name")
@click.argument("address")
@pass_cli
def email(ctx: CliContext, name: str, address: str) -> None:
    """Send NAME's mail to ADDRESS; an empty one sends none."""
    ctx.rpp.people.set_email(ctx.actor, name, address)
    click.echo(f"Recorded for {name}.")


@person.command("give-role")
@click.argument("name")
@click.argument("role", type=click.Choice(_ROLES))
@pass_cli
def give_role(ctx: CliContext, name: str, role: str) -> None:
    """Give NAME a role for the whole installation."""
    ctx.rpp.people.give_role(ctx.actor, name, Role(role))
    click.echo(f"{name} is {role}.")


@person.command("take-role")
@click.argument("name")
@click.argument("role", type=click.Choice(_ROLES))
@pass_cli
def take_role(ctx: CliContext, name: str, role: str) -> None:
    """Take a role from NAME."""
    ctx.rpp.people.take_role(ctx.actor, name, Role(role))
    click.echo(f"{name} is no longer {role}.")


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
    view = ctx.rpp.people.seen_by(ctx.actor, name)
    answer(view, as_json, lambda: _lines(view))


@person.command("list")
@click.option("--text", default="", help="Part of a name.")
@click.option("--institution", default="", help="Where they work.")
@click.option("--role", default="", type=click.Choice(["", *(r.value for r in Role)]), help="What they are.")
@click.option(
    "--ends-within", type=click.IntRange(0, 3650), help="Days: a paper ends by then, or is missing."
)
@json_option
@pass_cli
def list_people(
    ctx: CliContext, text: str, institution: str, role: str, ends_within: int | None, as_json: bool
) -> None:
    """Those who fit, by name."""
    by = datetime.now(UTC).date() + timedelta(days=ends_within) if ends_within is not None else None
    people = ctx.rpp.people.list(ctx.actor, PeopleFilter(text, institution, role, by))
    answer(
        people,
        as_json,
        lambda: "\n".join(f"{p.name:<16} {', '.join(p.roles) or 'researcher'}" for p in people),
    )


def _paper_line(p: AttestationView) -> str:
    return f"{p.name}  {p.kind:<22} {p.begins} to {p.ends or 'no end':<10}  {p.status}"


def _lines(view: PersonView) -> str:
    signed = view.access_agreement_signed
    until = f", until {view.access_agreement_ends}" if view.access_agreement_ends else ""
    rows = {
        "name": view.name,
        "called": view.display_name,
        "institution": view.institution or "not on record",
        "mail": view.email or "–",
        "account": "open" if view.active else "closed",
        "roles": ", ".join(view.roles) or "–",
        "projects": ", ".join(view.projects) or "–",
        "training ends": view.training_ends or "not on record",
        "access agreement": f"{signed}{until}" if signed else "not signed",
        "third party": f"until {view.third_party_ends}, sponsor {view.sponsor}" if view.sponsor else "–",
    }
    return "\n".join(f"{k:<18}{v}" for k, v in rows.items())


for _command in (accounts, link, unlink):
    person.add_command(_command)
