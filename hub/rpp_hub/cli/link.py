"""rpp link: survey files to the project's codes, and the review of doubtful pairs."""

from __future__ import annotations

from pathlib import Path

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.cli.default_group import DefaultGroup
from rpp_hub.cli.progress import shown_progress
from rpp_hub.domain.names import printable
from rpp_hub.linkage.columns import By, named_columns
from rpp_hub.services.linkage_rows import LinkageView, PairView
from rpp_hub.services.linking import Survey


@click.group(cls=DefaultGroup)
def link() -> None:
    """Link a researcher's survey file to the project's codes: rpp link PROJECT FILE.

    Whom the file is about is found by an identifier, or by names and birth date. Columns that identify anybody are left
    out; the rest becomes a table of the project's next cut, with codes.
    """


@link.command("make")
@click.argument("project")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--by",
    type=click.Choice([str(b) for b in By]),
    default=str(By.IDENTIFIER),
    show_default=True,
    help="How students are found.",
)
@click.option(
    "--table",
    default=None,
    metavar="NAME",
    help="What the table is called in the cut; default: the file's name.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column of FILE is which field of the masters.",
)
@json_option
@pass_cli
def make(
    ctx: CliContext,
    project: str,
    file: Path,
    by: str,
    table: str | None,
    columns: tuple[str, ...],
    as_json: bool,
) -> None:
    """Find the students of FILE for PROJECT."""
    survey = Survey(file, By(by), table, named_columns(columns))
    with shown_progress() as progress:
        view = ctx.rpp.linking.link(ctx.actor, project, survey, progress)
    answer(view, as_json, lambda: _text(view))


@link.command("list")
@click.argument("project")
@json_option
@pass_cli
def list_linkages(ctx: CliContext, project: str, as_json: bool) -> None:
    """The linked surveys of PROJECT."""
    views = ctx.rpp.linking.list(ctx.actor, project)
    answer(views, as_json, lambda: "\n".join(_line(v) for v in views) or "Nothing has been linked yet.")


@link.command("show")
@click.argument("project")
@click.argument("name")
@json_option
@pass_cli
def show(ctx: CliContext, project: str, name: str, as_json: bool) -> None:
    """The linked survey NAME (l0001) of PROJECT, counted."""
    view = ctx.rpp.linking.get(ctx.actor, project, name)
    answer(view, as_json, lambda: _text(view))


@link.command("review")
@click.argument("project")
@click.argument("name")
@json_option
@pass_cli
def review(ctx: CliContext, project: str, name: str, as_json: bool) -> None:
    """The doubtful pairs of NAME side by side. They hold names and birth dates."""
    views = ctx.rpp.linking.pairs(ctx.actor, project, name)
    answer(views, as_json, lambda: "\n\n".join(_pair(v) for v in views) or "There is nothing to review.")


@link.command("accept")
@click.argument("project")
@click.argument("name")
@click.argument("pairs", type=int, nargs=-1, required=True, metavar="PAIR…")
@pass_cli
def accept(ctx: CliContext, project: str, name: str, pairs: tuple[int, ...]) -> None:
    """Say that these pairs of NAME are the same person."""
    _decide(ctx, project, name, pairs, accepted=True)


@link.command("reject")
@click.argument("project")
@click.argument("name")
@click.argument("pairs", type=int, nargs=-1, required=True, metavar="PAIR…")
@pass_cli
def reject(ctx: CliContext, project: str, name: str, pairs: tuple[int, ...]) -> None:
    """Say that these pairs of NAME are different people."""
    _decide(ctx, project, name, pairs, accepted=False)


@link.command("finish")
@click.argument("project")
@click.argument("name")
@json_option
@pass_cli
def finish(ctx: CliContext, project: str, name: str, as_json: bool) -> None:
    """End the review of NAME. What was typed in doubtful rows is removed."""
    with shown_progress() as progress:
        view = ctx.rpp.linking.finish(ctx.actor, project, name, progress)
    answer(view, as_json, lambda: _text(view))


@link.command("withdraw")
@click.argument("project")
@click.argument("name")
@click.option("--reason", default="", help="Why.")
@pass_cli
def withdraw(ctx: CliContext, project: str, name: str, reason: str) -> None:
    """Take NAME out of all cuts to come."""
    ctx.rpp.linking.withdraw(ctx.actor, project, name, reason)
    click.echo(f"{name} is withdrawn. Cuts that were made before keep it.")


def _decide(ctx: CliContext, project: str, name: str, pairs: tuple[int, ...], *, accepted: bool) -> None:
    for pair in pairs:
        view = ctx.rpp.linking.decide(ctx.actor, project, name, pair, accept=accepted)
    left = (
        f"{view.undecided} left" if view.undecided else f"none left; next: rpp link finish {project} {name}"
    )
    click.echo(f"{'Accepted' if accepted else 'Rejected'} {', '.join(map(str, pairs))}; {left}")


def _line(view: LinkageView) -> str:
    counts = ", ".join(f"{n:,} {what}" for what, n in view.counts.items())
    return f"{view.name}  {view.table:<30} {view.status:<10} by {view.by}: {counts}"


def _text(view: LinkageView) -> str:
    lines = [f"{view.name} of {view.project}: {view.table}, {view.status}"]
    lines += [f"  {what}: {n:,}" for what, n in view.counts.items()]
    lines += [f"  kept: {', '.join(view.kept)}"]
    lines += [f"  left out: {d['column']}. {d['reason']}" for d in view.dropped]
    if view.undecided:
        lines.append(
            f"Next: rpp link review {view.project} {view.name} ({view.undecided} doubtful pairs to decide)"
        )
    elif view.status == "finished":
        lines.append(f"Next: rpp cut build {view.project}")
    return "\n".join(lines)


def _pair(view: PairView) -> str:
    said = {
        True: f"accepted by {view.decided_by}",
        False: f"rejected by {view.decided_by}",
        None: "not decided",
    }[view.accepted]
    pair = view.pair
    lines = [f"Pair {pair.number}, on record under {pair.identifier}, weight {pair.weight} bits, {said}"]
    for part, known in pair.known.items():
        typed = printable(pair.typed.get(part, ""))
        sign = "=" if typed.lower() == known.lower() else "≠" if typed else " "
        lines.append(f"  {part:<11} {typed or '(not given)':<28} {sign} {printable(known)}")
    return "\n".join(lines)
