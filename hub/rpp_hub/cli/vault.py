"""rpp vault: another master key, and the end of a project's key."""

from __future__ import annotations

from pathlib import Path

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.vault.keys import write_master_key


@click.group()
def vault() -> None:
    """The keys: draw, rotate, destroy."""


@vault.command("keygen")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def keygen(file: Path) -> None:
    """Draw a new master key into FILE. Keep a copy where no backup of the installation lies."""
    write_master_key(file)
    click.echo(f"Wrote a master key to {file}. Next: rpp vault rotate --new-key {file}")


@vault.command("rotate")
@click.option(
    "--new-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The new master key.",
)
@pass_cli
def rotate(ctx: CliContext, new_key: Path) -> None:
    """Bring the vault under another master key. Data and codes stay as they are."""
    rotation = ctx.rpp.vaulting.rotate(ctx.actor, new_key)
    click.echo(
        f"{rotation.files} keys are under the new master key ({rotation.new}, before {rotation.old}). Where RPP_MASTER_KEY_FILE names "
        "the key, name the new one there. Start what is running again."
    )


@vault.command("destroy")
@click.argument("project")
@click.option("--reason", default="", help="Why.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_cli
def destroy(ctx: CliContext, project: str, reason: str, yes: bool, as_json: bool) -> None:
    """Destroy the key and the cuts of the closed PROJECT: its codes can never be told again."""
    if (
        not yes
        and click.prompt(f"This cannot be undone. Type {project} to destroy its key and its cuts", err=True)
        != project
    ):
        raise click.Abort
    made = ctx.rpp.vaulting.destroy(ctx.actor, project, reason)
    answer(
        made,
        as_json,
        lambda: f"The key of {project} and its cuts are destroyed. The certificate lies in {made.folder}.",
    )


@vault.command("certificate")
@click.argument("project")
@json_option
@pass_cli
def certificate(ctx: CliContext, project: str, as_json: bool) -> None:
    """What the certificate of PROJECT's destruction says, and where it lies."""
    made = ctx.rpp.vaulting.certificate(ctx.actor, project)
    lines = [f"{key}: {value}" for key, value in made.content.items()]
    answer(made, as_json, lambda: "\n".join([*lines, f"in {made.folder}"]))
