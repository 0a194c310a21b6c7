"""rpp warehouse codebook: what the tables and fields of a district mean, shown, edited, taken out and in, and mapped."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.cli.progress import shown_progress
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.names import printable
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.codebooks import Edited, VersionView
from rpp_hub.warehouse.codebook import (
    Codebook,
    Field,
    Identifier,
    Sensitivity,
    Table,
    Type,
    codebook_json,
    parse_codebook,
)
from rpp_hub.warehouse.codebook_edits import (
    differences,
    find_field,
    with_attributes,
    with_change,
    with_note,
)
from rpp_hub.warehouse.standard import STANDARDS, Mapped, mapping

_yes_option = click.option("--yes", is_flag=True, help="Do not ask before it is kept.")
_reason_option = click.option("--reason", default="", help="Why; it is kept with the version.")


@click.group("codebook")
def codebook() -> None:
    """What the tables and fields mean."""


@codebook.command("show")
@click.argument("district")
@click.argument("table", required=False)
@click.argument("field", required=False)
@click.option("--version", "number", type=int, default=None, help="What a person had said in that version.")
@json_option
@pass_cli
def show(
    ctx: CliContext,
    district: str,
    table: str | None,
    field: str | None,
    number: int | None,
    as_json: bool,
) -> None:
    """The codebook of DISTRICT, or of one TABLE or FIELD in full."""
    books = ctx.rpp.warehousing.codebooks
    if number is not None:
        book = books.version(ctx.actor, district, number)
    else:
        with shown_progress() as progress:
            book = books.shown(ctx.actor, district, progress)
    if table and field:
        found = find_field(book, table, field)[1]
        answer(found, as_json, lambda: _field_text(found))
    elif table:
        one = book.table(table) or find_field(book, table, "")[0]
        answer(one, as_json, lambda: "\n".join(_table_lines(one)))
    else:
        answer(book, as_json, lambda: "\n".join(line for t in book.tables for line in _table_lines(t)))


@codebook.command("edit")
@click.argument("district")
@click.argument("table", required=False)
@click.argument("field", required=False)
@click.option(
    "--file",
    "package",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A whole codebook, edited elsewhere; without it and without a TABLE, $EDITOR opens.",
)
@click.option("--title", default=None, help="A few words.")
@click.option("--description", default=None, help="The definition.")
@click.option("--population", default=None, help="Of whom it is known.")
@click.option("--source", default=None, help="Where the district has it from.")
@click.option("--observation", default=None, help="The unit of observation: what one value or row is about.")
@click.option(
    "--type", "kind", type=click.Choice([str(t) for t in Type]), default=None, help="What values are."
)
@click.option(
    "--identifier", type=click.Choice([str(i) for i in Identifier]), default=None, help="Whom it identifies."
)
@click.option("--unit", default=None, help="Of what it is the identifier: student, staff, school, class …")
@click.option(
    "--sensitivity",
    type=click.Choice([str(s) for s in Sensitivity if s]),
    default=None,
    help="How much harm a known value does.",
)
@click.option(
    "--never-share", default=None, help="The reason why no cut may hold it; empty to take that back."
)
@click.option(
    "--label", "labels", multiple=True, metavar="VALUE=WORDS", help="What a value means; may be repeated."
)
@click.option("--note", default=None, help="A note more, with today's date.")
@click.option("--since", type=int, default=None, help="The school year from which --means holds.")
@click.option("--means", default=None, help="What the field means from --since on.")
@_yes_option
@_reason_option
@pass_cli
def edit(
    ctx: CliContext,
    /,
    district: str,
    table: str | None,
    field: str | None,
    package: Path | None,
    labels: tuple[str, ...],
    note: str | None,
    since: int | None,
    means: str | None,
    yes: bool,
    reason: str,
    **attributes: str | None,
) -> None:
    """Change what the codebook of DISTRICT says: a FIELD or TABLE by the options, or the whole of it in an editor."""
    now = _current(ctx, district)
    if table is None:
        edited = _parsed(package) if package else _in_editor(now.codebook)
    else:
        said = {("type" if k == "kind" else k): v for k, v in attributes.items() if v is not None}
        edited = _with_options(now.codebook, table, field or "", said, labels)
        edited = _with_notes(edited, table, field or "", note, since, means)
    _save(ctx, now, edited, yes, reason)


@codebook.command("import")
@click.argument("district")
@click.argument("package", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_yes_option
@_reason_option
@pass_cli
def import_(ctx: CliContext, district: str, package: Path, yes: bool, reason: str) -> None:
    """Take a codebook in: a Frictionless Data Package. What it does not describe stays as it is."""
    now = _current(ctx, district)
    _save(ctx, now, _parsed(package).with_missing_from(now.codebook), yes, reason)


@codebook.command("export")
@click.argument("district")
@click.argument("package", type=click.Path(dir_okay=False, path_type=Path))
@pass_cli
def export(ctx: CliContext, district: str, package: Path) -> None:
    """Write the codebook of DISTRICT as a Frictionless Data Package."""
    book = _current(ctx, district).codebook
    try:
        package.write_bytes(codebook_json(book))
    except OSError as error:
        raise Invalid(
            f"{package} cannot be written: {error.strerror}. Name a file in a folder of yours.",
            code="unwritable-file",
        ) from None
    click.echo(f"Wrote {sum(len(t.fields) for t in book.tables)} fields to {package}.")


@codebook.command("history")
@click.argument("district")
@json_option
@pass_cli
def history(ctx: CliContext, district: str, as_json: bool) -> None:
    """Who changed what of the codebook of DISTRICT, newest first."""
    versions = ctx.rpp.warehousing.codebooks.history(ctx.actor, district)
    answer(versions, as_json, lambda: _history_text(versions))


@codebook.command("map")
@click.argument("district")
@click.option("--to", "to", type=click.Choice(list(STANDARDS)), required=True, help="Which standard.")
@json_option
@pass_cli
def map_(ctx: CliContext, district: str, to: str, as_json: bool) -> None:
    """Which field of DISTRICT corresponds to which element of a standard."""
    mapped = mapping(_current(ctx, district).codebook, to)
    answer(mapped, as_json, lambda: _map_text(mapped))


def _current(ctx: CliContext, district: str) -> Edited:
    with shown_progress() as progress:
        return ctx.rpp.warehousing.codebooks.current(ctx.actor, district, progress)


def _save(ctx: CliContext, now: Edited, edited: Codebook, yes: bool, reason: str) -> None:
    changes = differences(now.codebook, edited)
    for change in changes:
        click.echo(f"  {change}")
    if changes and not yes:
        if not sys.stdin.isatty():
            raise ActionRefused(
                [
                    Refusal(
                        "changes-not-confirmed",
                        "Nobody is there to confirm these changes. Look at them, then repeat the command with --yes.",
                    )
                ]
            )
        click.confirm(f"Keep {len(changes)} changes?", abort=True, err=True)
    with shown_progress() as progress:
        version = ctx.rpp.warehousing.codebooks.save(
            ctx.actor, now.district, now.number, edited, reason, progress
        )
    click.echo(
        f"Kept as version {version.number}. Types hold from the next build on, everything else at once."
    )


def _with_options(
    book: Codebook, table: str, field: str, said: Mapping[str, Any], labels: Sequence[str]
) -> Codebook:
    changes = dict(said)
    if not field and not changes.keys() <= {"title", "description", "population", "source", "observation"}:
        raise Invalid("That is said of a field, not of a table: name the field.", code="bad-codebook")
    if labels:
        known = dict(find_field(book, table, field)[1].labels)
        pairs = [pair.partition("=") for pair in labels]
        if any(not (value and sign) for value, sign, _ in pairs):
            raise Invalid("A label is VALUE=WORDS, such as --label H=Hispanic.", code="bad-codebook")
        changes["labels"] = known | {value: words for value, _, words in pairs}
    return with_attributes(book, table, field, changes) if changes else book


def _with_notes(
    book: Codebook, table: str, field: str, note: str | None, since: int | None, means: str | None
) -> Codebook:
    if (since is None) != (means is None):
        raise Invalid("A change of definition needs both --since and --means.", code="bad-codebook")
    if note:
        book = with_note(book, table, field, note, datetime.now(UTC).date())
    return with_change(book, table, field, since, means) if since is not None and means is not None else book


def _in_editor(book: Codebook) -> Codebook:
    text = click.edit(codebook_json(book).decode(), extension=".json", require_save=True)
    if text is None:
        raise Invalid("The editor was left without saving. Nothing was changed.", code="no-change")
    return parse_codebook(text)


def _parsed(package: Path) -> Codebook:
    try:
        return parse_codebook(package.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise Invalid(
            f"{printable(package.name)} cannot be read as UTF-8 text. Name a codebook that `rpp warehouse codebook export` wrote.",
            code="bad-codebook",
        ) from None


def _table_lines(table: Table) -> list[str]:
    facts = [("population", table.population), ("source", table.source), ("one row", table.observation)]
    lines = [f"{table.name}: {table.title}", *(f"  {k}: {v}" for k, v in facts if v)]
    for field in table.fields:
        kind = f"{field.unit} identifier" if field.is_key else str(field.identifier)
        never = f"  NEVER SHARED: {field.never_share}" if field.never_share else ""
        noted = f"  ({len(field.notes)} notes)" if field.notes else ""
        lines.append(
            f"  {field.name:<36} {field.type:<9} {kind:<20} {field.description or field.title}{noted}{never}"
        )
    return lines


def _field_text(field: Field) -> str:
    kind = f"{field.identifier}{f' ({field.unit})' if field.unit else ''}"
    facts = [
        ("title", field.title), ("definition", field.description), ("population", field.population), ("source", field.source),
        ("one value", field.observation), ("type", str(field.type)), ("identifier", kind),
        ("sensitivity", str(field.sensitivity)), ("generalised", field.generalise), ("never shared", field.never_share),
    ]  # fmt: skip
    lines = [field.name, *(f"  {k}: {v}" for k, v in facts if v)]
    lines += [f"  {value} = {words}" for value, words in field.labels.items()]
    lines += [f"  from {c.since}: {c.meaning}" for c in field.changes]
    for note in field.notes:
        lines.append(f"  {note.on}  {f'{note.question} → ' if note.question else ''}{note.text}")
    return "\n".join(lines)


def _history_text(versions: Sequence[VersionView]) -> str:
    lines = []
    for v in versions:
        lines.append(
            f"{v.number}  {v.changed_at:%Y-%m-%d %H:%M %Z}  {v.changed_by}{f': {v.reason}' if v.reason else ''}"
        )
        lines += [f"     {c}" for c in v.changes]
    return "\n".join(lines or ["Nobody has changed anything: all of it is inferred."])


def _map_text(mapped: Sequence[Mapped]) -> str:
    return "\n".join(
        f"{m.table}.{m.field:<36} {f'{m.standard_table}.{m.element}' if m.element else '-'}" for m in mapped
    )
