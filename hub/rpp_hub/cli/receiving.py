"""rpp warehouse receive and what follows it: a delivery is shown as it would be read, and kept once a person agrees."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli, plain
from rpp_hub.cli.progress import shown_progress
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.names import printable
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.receiving import DropView, WaitingView
from rpp_hub.services.waiting_drops import NOT_COVERED_ADVICE, FileReading, NotCovered
from rpp_hub.warehouse.column_habits import NO_DATES, Habit, habits_from
from rpp_hub.warehouse.dates import DATE_FORMS
from rpp_hub.warehouse.habits import in_words, written_as
from rpp_hub.warehouse.read import ENCODINGS
from rpp_hub.warehouse.receive import ARCHIVE, ReceivedFile, file_from

_FORMS = (NO_DATES, *DATE_FORMS)
_DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";", "bar": "|"}

_reading_option = click.option(
    "--reading",
    "reading_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="How the files are to be read, as `rpp warehouse waiting DISTRICT NAME --json` shows it, changed where needed.",
)


@click.command("receive")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--district", required=True, help="Whose files these are.")
@click.option(
    "--as",
    "name",
    default=None,
    metavar="YYYYMM_TYPE",
    help="The drop's name, such as 201804_staff; default: the folder's.",
)
@click.option("--yes", is_flag=True, help="Keep it as it looks, without being asked.")
@_reading_option
@json_option
@pass_cli
def receive(
    ctx: CliContext,
    folder: Path,
    district: str,
    name: str | None,
    yes: bool,
    reading_file: Path | None,
    as_json: bool,
) -> None:
    """Keep the files of FOLDER, unchanged and hashed, once it is confirmed how they are read.

    What was confirmed for the last drop of its kind is not asked again. Where somebody has to be asked and nobody is there,
    the drop waits: confirm it with `rpp warehouse confirm`, or in the portal.
    """
    readings = _readings(reading_file) if reading_file else ()
    receiving = ctx.rpp.warehousing.receiving
    with shown_progress() as progress:
        view = receiving.bring(ctx.actor, folder, district, name, progress)
        if readings:
            view = receiving.change(ctx.actor, district, view.name, view.version, readings, progress)
    if not (yes or readings or view.nothing_to_ask):
        view = _asked(ctx, view, as_json)
    _confirm(ctx, view, as_json)


@click.command("waiting")
@click.argument("district")
@click.argument("name", required=False)
@json_option
@pass_cli
def waiting(ctx: CliContext, district: str, name: str | None, as_json: bool) -> None:
    """The deliveries of DISTRICT that wait for confirmation, or how the one called NAME would be read."""
    receiving = ctx.rpp.warehousing.receiving
    if name is not None:
        view = receiving.waiting_drop(ctx.actor, district, name)
        answer(view, as_json, lambda: _reading_text(view))
        return
    views = receiving.waiting(ctx.actor, district)
    answer(views, as_json, lambda: _list_text(district, views))


@click.command("read")
@click.argument("district")
@click.argument("name")
@click.argument("file")
@click.option("--encoding", type=click.Choice(ENCODINGS), default=None, help="What the file is written in.")
@click.option(
    "--delimiter", type=click.Choice(list(_DELIMITERS)), default=None, help="What stands between values."
)
@click.option("--column", default=None, help="The column that the following is about.")
@click.option("--dates", type=click.Choice(_FORMS), default=None, help="How its dates are written.")
@click.option("--missing", multiple=True, help="A code that stands for nothing; may be repeated.")
@click.option(
    "--value", "values", multiple=True, help="What looks like such a code and is a value; may be repeated."
)
@json_option
@pass_cli
def read(
    ctx: CliContext,
    district: str,
    name: str,
    file: str,
    encoding: str | None,
    delimiter: str | None,
    column: str | None,
    dates: str | None,
    missing: tuple[str, ...],
    values: tuple[str, ...],
    as_json: bool,
) -> None:
    """Read FILE of the waiting delivery NAME otherwise."""
    receiving = ctx.rpp.warehousing.receiving
    view = receiving.waiting_drop(ctx.actor, district, name)
    habits = _changed(view, file, column, dates, missing, values)
    reading = FileReading(file, encoding or "", _DELIMITERS.get(delimiter or "", ""), habits)
    with shown_progress() as progress:
        view = receiving.change(ctx.actor, district, name, view.version, [reading], progress)
    answer(view, as_json, lambda: _reading_text(view))


@click.command("confirm")
@click.argument("district")
@click.argument("name")
@_reading_option
@json_option
@pass_cli
def confirm(ctx: CliContext, district: str, name: str, reading_file: Path | None, as_json: bool) -> None:
    """Keep the waiting delivery NAME for good, read as it now says."""
    receiving = ctx.rpp.warehousing.receiving
    view = receiving.waiting_drop(ctx.actor, district, name)
    if reading_file:
        with shown_progress() as progress:
            view = receiving.change(
                ctx.actor, district, name, view.version, _readings(reading_file), progress
            )
    _confirm(ctx, view, as_json)


@click.command("discard")
@click.argument("district")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_cli
def discard(ctx: CliContext, district: str, name: str, yes: bool) -> None:
    """Throw the waiting delivery NAME away; the folder it came from is not touched."""
    view = ctx.rpp.warehousing.receiving.waiting_drop(ctx.actor, district, name)
    if not yes:
        click.confirm(f"Discard {view.name} of {district}?", abort=True, err=True)
    ctx.rpp.warehousing.receiving.discard(ctx.actor, district, name, view.version)
    click.echo(f"Discarded {view.name}. The district's own folder is as it was.")


def _confirm(ctx: CliContext, view: WaitingView, as_json: bool) -> None:
    with shown_progress() as progress:
        drop = ctx.rpp.warehousing.receiving.confirm(
            ctx.actor, view.district, view.name, view.version, progress
        )
    answer(drop, as_json, lambda: _received_text(drop, view.district))


def _asked(ctx: CliContext, view: WaitingView, as_json: bool) -> WaitingView:
    """The delivery with a person's answers. Raises ActionRefused where nobody is there to ask, or they say no."""
    if not sys.stdin.isatty():
        if as_json:
            click.echo(json.dumps(plain(view), indent=2, ensure_ascii=False))
        else:
            click.echo(_reading_text(view))
        raise _not_confirmed(view)
    click.echo(_reading_text(view), err=True)
    for question in (a for a in view.asked if a.open):
        forms = next(c.forms for c in view.found[question.file] if c.name == question.column)
        dates = click.prompt(
            question.sentence, type=click.Choice([NO_DATES, *(f.name for f in forms)]), err=True
        )
        habits = _changed(view, question.file, question.column, dates, (), ())
        reading = FileReading(question.file, habits=habits)
        view = ctx.rpp.warehousing.receiving.change(
            ctx.actor, view.district, view.name, view.version, [reading]
        )
    if not click.confirm(f"Keep {view.name}, read so?", err=True):
        raise _not_confirmed(view)
    return view


def _not_confirmed(view: WaitingView) -> ActionRefused:
    reason = (
        f"{view.name} waits: it has to be confirmed how it is read. Change what is wrong with `rpp warehouse read "
        f"{view.district} {view.name} …`, then run `rpp warehouse confirm {view.district} {view.name}`, or do both in the portal."
    )
    return ActionRefused([Refusal("reading-not-confirmed", reason)])


def _changed(
    view: WaitingView,
    file_name: str,
    column: str | None,
    dates: str | None,
    missing: Sequence[str],
    values: Sequence[str],
) -> tuple[Habit, ...]:
    """The habit of one column: what is said replaces what was found, a code is either nothing or a value."""
    if column is None:
        if dates or missing or values:
            raise Invalid("Say which column that is about: --column NAME.", code="bad-reading")
        return ()
    file = next((f for f in view.files if f.name == file_name), None)
    habit = (file.habit(column) if file else None) or Habit(column)
    nothing = [m for m in dict.fromkeys((*habit.missing, *missing)) if m not in values]
    kept = [v for v in dict.fromkeys((*habit.values, *values)) if v not in missing]
    return (Habit(column, dates or habit.dates, tuple(nothing), tuple(kept)),)


def _readings(path: Path) -> tuple[FileReading, ...]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return tuple(
            FileReading(
                str(f["name"]),
                str(f.get("encoding", "")),
                str(f.get("delimiter", "")),
                habits_from(f.get("habits", ())),
            )
            for f in raw["files"]
            if f.get("table", True)
        )
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        raise Invalid(
            f"{printable(path.name)} is no reading. Begin with what `rpp warehouse waiting DISTRICT NAME --json` shows.",
            code="bad-reading",
        ) from None


def _list_text(district: str, views: Sequence[WaitingView]) -> str:
    lines = [f"  {v.name:<24} brought by {v.brought_by} {v.brought_at:%Y-%m-%d %H:%M %Z}" for v in views]
    return "\n".join(lines or [f"Nothing of {district} waits."])


def _reading_text(view: WaitingView) -> str:
    lines = [f"{view.name} ({view.sha256[:12]}…) would be read so:"]
    for file in view.files:
        if not file.table:
            lines.append(
                f"  {file.name}: {'unpacked beside it' if file.name.lower().endswith(ARCHIVE) else 'documentation'}"
            )
            continue
        lines.append(f"  {file.name}: {file.rows:,} rows, {written_as(file)}")
        asked = {a.column for a in view.asked if a.file == file.name}
        for found in view.found.get(file.name, ()):
            if found.name not in asked and (found.says_something or file.habit(found.name)):
                lines.append(f"    {found.name}: {in_words(found, file.habit(found.name))}")
    if view.unlike_before:
        lines += ["Other than last time:", *(f"  {s}" for s in view.unlike_before)]
    lines += _not_covered_text(view.not_covered)
    if view.asked:
        lines += ["To be confirmed:", *(f"  {a.sentence}" for a in view.asked)]
    return "\n".join(lines)


def _received_text(drop: DropView, district: str) -> str:
    shown = f", {drop.snapshot}" if drop.snapshot else ""
    lines = [f"Received {drop.name} ({drop.sha256[:12]}…{shown}):"]
    lines += [
        f"  {f.name}: {f.rows:,} rows, {written_as(f)}" if f.table else f"  {f.name}" for f in _files(drop)
    ]
    if drop.unlike_before:
        lines += ["Other than last time:", *(f"  {s}" for s in drop.unlike_before)]
    lines += _not_covered_text(drop.not_covered)
    return "\n".join([*lines, f"Next: rpp warehouse check {district}"])


def _not_covered_text(beyond: Sequence[NotCovered]) -> list[str]:
    if not beyond:
        return []
    return ["Not in the umbrella agreement:", *(f"  {n.sentence}" for n in beyond), f"  {NOT_COVERED_ADVICE}"]


def _files(drop: DropView) -> list[ReceivedFile]:
    raw: list[Any] = list(drop.files)
    return [file_from(f) for f in raw]
