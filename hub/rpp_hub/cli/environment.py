"""rpp environment: the versions of the Python environment that workspaces and re-runs use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.services.environments import EnvironmentView, NewVersion, Origin

_wheels = click.option(
    "--wheels",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of wheels, instead of the package index that pip is set up for.",
)
_reason = click.option("--reason", required=True, help="Why; it is kept.")
_MOVE = "rpp environment move PROJECT --reason …"
_list = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def environment() -> None:
    """Make, look at and retire versions of the workspaces' Python environment.

    A version is never changed. Packages come from a list of exact versions with hashes (as `uv pip compile
    --generate-hashes` writes it) into a new one, in which projects begin once it has been tried. A project stays in the
    version it began in until somebody moves it.
    """


@environment.command("list")
@json_option
@pass_cli
def list_environments(ctx: CliContext, as_json: bool) -> None:
    """Every version, the current one first."""
    views = ctx.rpp.environments.list(ctx.actor)
    answer(views, as_json, lambda: _lines(views))


@environment.command("show")
@click.argument("version", default="")
@click.option("--verify", is_flag=True, help="Read every file and say whether it is the one that was tried.")
@json_option
@pass_cli
def show(ctx: CliContext, version: str, verify: bool, as_json: bool) -> None:
    """What VERSION is made of; the current one where none is named."""
    view = ctx.rpp.environments.show(ctx.actor, version)
    answer(view, as_json, lambda: _text(view))
    if verify and not ctx.rpp.environments.is_as_sealed(ctx.actor, view.version):
        click.echo(f"rpp: {view.version} is not as it was sealed. Make another one, and retire it.", err=True)
        raise SystemExit(3)


@environment.command("add")
@click.argument("allowed", type=_list, required=False)
@click.option(
    "--from-base", is_flag=True, help="Begin with what this release set up, not with the current one."
)
@_wheels
@_reason
@pass_cli
def add(ctx: CliContext, allowed: Path | None, from_base: bool, wheels: Path | None, reason: str) -> None:
    """Make a version with the packages of ALLOWED added; without a list, with rpp's own brought up to date."""
    text = "" if allowed is None else allowed.read_text(encoding="utf-8")
    origin = Origin.BASE if from_base else Origin.CURRENT
    _made(ctx, NewVersion(reason, text, wheels, origin))


@environment.command("build")
@click.argument("allowed", type=_list)
@_wheels
@_reason
@pass_cli
def build(ctx: CliContext, allowed: Path, wheels: Path | None, reason: str) -> None:
    """Make a version that holds exactly the packages of ALLOWED, and JupyterLab must be among them."""
    _made(ctx, NewVersion(reason, allowed.read_text(encoding="utf-8"), wheels, Origin.NOTHING))


@environment.command("use")
@click.argument("version")
@_reason
@pass_cli
def use(ctx: CliContext, version: str, reason: str) -> None:
    """Let projects begin in VERSION from now on, an older one for example. Those that began stay in theirs."""
    ctx.rpp.environments.use(ctx.actor, version, reason)
    click.echo(f"Projects begin in {version} from now on. Those that began stay in theirs: {_MOVE}")


@environment.command("projects")
@json_option
@pass_cli
def projects(ctx: CliContext, as_json: bool) -> None:
    """Which project stays in which version, since when, and who moved it there."""
    views = ctx.rpp.staying.list(ctx.actor)
    lines = (
        f"{v.project:<30} {v.version}  {v.state:<8} {v.since.date()}  {f'{v.moved_by}: ' if v.moved_by else ''}{v.reason}"
        for v in views
    )
    answer(views, as_json, lambda: "\n".join(lines) or "No project has begun yet.")


@environment.command("move")
@click.argument("project", nargs=-1, required=True)
@click.option("--to", "version", default="", help="The version; the current one where none is named.")
@_reason
@pass_cli
def move(ctx: CliContext, project: tuple[str, ...], version: str, reason: str) -> None:
    """Open the workspaces of each PROJECT in another version from now on; those that run stay in theirs until they are reopened."""
    version = version or ctx.rpp.environments.current().version
    for name in project:
        ctx.rpp.staying.move(ctx.actor, name, version, reason)
        click.echo(f"{name}: workspaces are opened in {version} from now on.")


@environment.command("retire")
@click.argument("version")
@_reason
@pass_cli
def retire(ctx: CliContext, version: str, reason: str) -> None:
    """Remove the files of VERSION. Work that was made in it is then run again in the current one, and that is said."""
    ctx.rpp.environments.retire(ctx.actor, version, reason)
    click.echo(f"{version} is retired; what it was made of stays known.")


@environment.command("ask")
@click.argument("project")
@click.argument("package")
@click.option("--purpose", required=True, help="What it is needed for.")
@pass_cli
def ask(ctx: CliContext, project: str, package: str, purpose: str) -> None:
    """Ask the operator for PACKAGE, as a member of PROJECT."""
    view = ctx.rpp.packages.ask(ctx.actor, project, package, purpose)
    click.echo(f"{view.name} waits for the operator.")


@environment.command("requests")
@json_option
@pass_cli
def requests(ctx: CliContext, as_json: bool) -> None:
    """The packages that were asked for, those that wait first."""
    views = ctx.rpp.packages.list(ctx.actor)
    lines = (
        f"{v.name}  {v.status:<8} {v.package:<24} {v.person} for {v.project}: {v.purpose}" for v in views
    )
    answer(views, as_json, lambda: "\n".join(lines) or "No package was asked for.")


@environment.command("answer")
@click.argument("name")
@click.option("--added/--refused", default=None, required=True, help="What became of it.")
@click.option(
    "--answer", "words", required=True, help="The version it comes in, or why not; the project reads it."
)
@pass_cli
def answer_request(ctx: CliContext, name: str, added: bool, words: str) -> None:
    """Answer the wish NAME. This installs nothing."""
    view = ctx.rpp.packages.answer(ctx.actor, name, added=added, answer=words)
    click.echo(f"{view.package} for {view.project}: {view.status}.")


def _made(ctx: CliContext, new: NewVersion) -> None:
    view = ctx.rpp.environments.make(ctx.actor, new, lambda what: click.echo(f"{what} …", err=True))
    click.echo(
        f"Projects begin in {view.version} from now on: {len(view.packages)} packages, Python {view.python}. "
        f"Those that began stay in theirs: {_MOVE}"
    )


def _lines(views: Sequence[EnvironmentView]) -> str:
    return "\n".join(
        f"{v.version}  {v.state:<8} Python {v.python:<8} {len(v.packages):>4} packages, {len(v.workspaces)} workspaces"
        f"  {'' if v.made_at is None else v.made_at.date()}  {v.reason}"
        + (
            ""
            if v.up_to_date or v.state == "retired"
            else "  (rpp's own packages are older: rpp environment add)"
        )
        for v in views
    )


def _text(view: EnvironmentView) -> str:
    head = (
        f"{view.version} ({view.state}), Python {view.python}: {view.reason}",
        f"Requirements {view.requirements}",
        f"Content      {view.content or 'not sealed'}",
        *([f"Made from    {view.made_from}"] if view.made_from else []),
        *(f"Opened in it {name}" for name in view.workspaces),
    )
    return "\n".join((*head, *(f"{pin.name}=={pin.version}" for pin in view.packages)))
