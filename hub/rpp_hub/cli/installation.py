"""rpp init | up | doctor | demo: an installation's life."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from rpp_hub import demo as demonstration
from rpp_hub import up as running
from rpp_hub.bootstrap import database_url, environment_from, home_from, initialise, upgrade
from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.domain.actor import Via, system
from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.permissions import Role
from rpp_hub.installation import Installation
from rpp_hub.settings import Settings, read_settings
from rpp_hub.workspace import doctor_installation
from rpp_hub.workspace.doctor import Note, Problem, notes, probe
from rpp_hub.workspace.doctor_names import names

_FIRST_CONFIG = """\
# The installation's settings. An unknown key is an error.

[partnership]
name = "Our research-practice partnership"

[server]
bind = "127.0.0.1:8000"

# One block a district; its name is used on the command line and in applications.
# [districts.bayview]
# title = "Bayview Unified School District"
# aliases = ["BUSD"]
"""


@click.command(short_help="Make an installation in RPP_HOME.")
@click.option("--data-manager", metavar="NAME", help="The first account: who can then add all others.")
@pass_cli
def init(ctx: CliContext, data_manager: str | None) -> None:
    """Make an installation in RPP_HOME, or finish one whose making was cut short."""
    installation = initialise(ctx.home, _FIRST_CONFIG)
    click.echo(f"The installation is in {installation.home}. Its settings: {installation.config_path}")
    if data_manager is not None:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        ctx.rpp.people.add(
            system(Via.CLI),
            data_manager,
            data_manager,
            roles=[Role.DATA_MANAGER],
            password=password,
        )
        click.echo(f"{data_manager} can log in as data manager.")
    click.echo(
        f"Keep a copy of {installation.vault_dir / 'master.key'} somewhere else: without it the vault stays shut."
    )


@click.command()
@pass_cli
def up(ctx: CliContext) -> None:
    """Start the installation and watch it; Ctrl-C stops all of it."""
    installation = Installation(ctx.home)
    settings = read_settings(installation.config_path)
    upgrade(installation, settings)
    running.run(installation, settings, _say, lambda: click.echo(f"Ready: http://{settings.server.bind}/"))


@click.command(short_help="Whether this machine can run workspaces.")
@json_option
def doctor(as_json: bool) -> None:
    """Whether this machine can run workspaces, and what to do where it cannot."""
    installed = tuple(_installed(Installation(home_from(os.environ))))
    problems = [*probe(), *(p for p in installed if isinstance(p, Problem))]
    known = [*notes(), *(n for n in installed if isinstance(n, Note))]
    text = "\n".join(f"{p.sentence} {p.remedy}" for p in problems) or "This machine can run workspaces."
    lines = (f"{note.sentence} {note.remedy}".strip() for note in known)
    found = {"problems": [asdict(p) for p in problems], "notes": [asdict(note) for note in known]}
    answer(found, as_json, lambda: "\n".join((text, *lines)))
    if problems:
        raise SystemExit(1)


def _installed(place: Installation) -> Iterator[Problem | Note]:
    """What the installation here asks of the machine; without one, what each asks."""
    if not place.config_path.exists():
        yield from doctor_installation.parts(environment_from(os.environ, Settings()))
        return
    try:
        settings = read_settings(place.config_path)
    except Invalid as error:
        yield Problem("settings", error.message, f"Put it right in {place.config_path}.")
        return
    yield from doctor_installation.parts(environment_from(os.environ, settings))
    yield from doctor_installation.installation(place, settings, database_url(place, settings))
    yield names(settings.server.origins)


@click.command(short_help="Prepare a demonstration and start it.")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A district's files instead of a synthetic district.",
)
@click.option("--students", default=20_000, show_default=True, help="Size of the synthetic district.")
@click.option("--prepare-only", is_flag=True, help="Prepare everything, then stop without starting.")
@pass_cli
def demo(ctx: CliContext, data: Path | None, students: int, prepare_only: bool) -> None:
    """Prepare a demonstration, or go on with the one that is there, and start it."""
    bind = os.environ.get("RPP_BIND", "127.0.0.1:8000")
    prepared = demonstration.prepare(ctx.home, data, students, bind, _say)
    if prepare_only:
        return
    installation = Installation(ctx.home)
    running.run(
        installation,
        read_settings(installation.config_path),
        _say,
        lambda: click.echo(demonstration.welcome(prepared)),
    )


def _say(text: str) -> None:
    click.echo(f"{datetime.now(UTC):%H:%M:%S} {text}")
