"""rpp release: what was released, and whether a bundle is what was signed."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.domain.errors import Unavailable
from rpp_hub.release.verify import verify_bundle


@click.group()
def release() -> None:
    """List, fetch, verify and revoke releases."""


@release.command("list")
@json_option
@pass_cli
def list_releases(ctx: CliContext, as_json: bool) -> None:
    """The releases you may know of, newest first."""
    views = ctx.rpp.releasing.list(ctx.actor)
    text = "\n".join(
        f"{v.name}  {v.request}  {v.project:<24} {v.items} items  {v.released_at:%Y-%m-%d %H:%M %Z}"
        + ("  revoked" if v.revoked_at else "")
        for v in views
    )
    answer(views, as_json, lambda: text or "Nothing has been released yet.")


@release.command("fetch")
@click.argument("name")
@click.argument("target", type=click.Path(path_type=Path))
@pass_cli
def fetch(ctx: CliContext, name: str, target: Path) -> None:
    """Copy the bundle of the release NAME to TARGET."""
    path, view = ctx.rpp.releasing.download(ctx.actor, name)
    if target.is_dir():
        target = target / f"{view.project}-{view.name}.zip"
    if target.exists():
        raise click.UsageError(f"{target} exists already. Name another file.")
    shutil.copyfile(path, target)
    click.echo(str(target))


@release.command("verify")
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The public key (PEM)."
)
@json_option
@pass_cli
def verify(ctx: CliContext, bundle: Path, key: Path | None, as_json: bool) -> None:
    """Whether BUNDLE is whole and signed by this installation, or by --key. Needs nothing else."""
    pem = key.read_bytes() if key is not None else _own_key(ctx)
    outcome = verify_bundle(bundle, pem)
    answer(
        outcome,
        as_json,
        lambda: f"{bundle.name}: whole and signed." if outcome.ok else f"{bundle.name}: NOT valid.",
    )
    if not outcome.ok:
        for problem in outcome.problems:
            click.echo(f"rpp: {problem}", err=True)
        raise SystemExit(3)


@release.command("key")
@pass_cli
def public_key(ctx: CliContext) -> None:
    """The public key with which anybody can verify a bundle."""
    click.echo(ctx.rpp.releasing.public_key_pem().decode(), nl=False)


@release.command("revoke")
@click.argument("name")
@click.option("--reason", required=True, help="Why.")
@pass_cli
def revoke(ctx: CliContext, name: str, reason: str) -> None:
    """Stop the release NAME from being downloaded."""
    ctx.rpp.releasing.revoke(ctx.actor, name, reason)
    click.echo(f"{name} is revoked. What was downloaded before cannot be called back.")


def _own_key(ctx: CliContext) -> bytes:
    try:
        return ctx.rpp.releasing.public_key_pem()
    except Unavailable as error:
        raise Unavailable(f"{error.message} Or give the public key with --key.", code=error.code) from None
