"""rpp return: results by code to the district, encrypted; and what the district does with them."""

from __future__ import annotations

from pathlib import Path

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.cli.default_group import DefaultGroup
from rpp_hub.cli.progress import shown_progress
from rpp_hub.domain.errors import Invalid, Unavailable
from rpp_hub.linkage.envelope import draw_keys, open_box
from rpp_hub.linkage.results import rows_in_words
from rpp_hub.services.returning import Returned, Wanted
from rpp_hub.whole import write_whole


@click.group("return", cls=DefaultGroup)
def return_() -> None:
    """Return student-level results to the district: rpp return PROJECT FILE --to OUT.

    Codes become the district's identifiers, in a file that only the district can open.
    """


@return_.command("make")
@click.argument("project")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--to",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The encrypted file to write.",
)
@click.option(
    "--column", default=None, metavar="NAME", help="Where the codes stand; default: the one column of codes."
)
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase instead of using the district's key.")
@click.option("--skip-mistyped", is_flag=True, help="Leave out rows whose code is mistyped.")
@click.option("--force", is_flag=True, help="Overwrite the file that --to names.")
@json_option
@pass_cli
def make(
    ctx: CliContext,
    project: str,
    file: Path,
    out: Path,
    column: str | None,
    passphrase: bool,
    skip_mistyped: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Encrypt the results in FILE for PROJECT's district."""
    if not out.parent.is_dir():
        raise Invalid(
            f"There is no folder {out.parent}. Make it, or name another file with --to.",
            code="no-such-folder",
        )
    secret = (
        click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True) if passphrase else ""
    )
    with shown_progress() as progress:
        made = ctx.rpp.returning.give_back(
            ctx.actor, project, Wanted(file, out, column, secret, skip_mistyped, force), progress
        )
    answer(made, as_json, lambda: _text(made, out))


@return_.command("keygen")
@click.argument("private", type=click.Path(dir_okay=False, path_type=Path))
def keygen(private: Path) -> None:
    """For the district: write a new private key to PRIVATE and print the public one, for rpp.toml."""
    if private.exists():
        raise Unavailable(f"There is a file {private} already; it was left as it is.", code="file-exists")
    secret, public = draw_keys()
    write_whole(private, secret.encode() + b"\n")
    click.echo(public)


@return_.command("open")
@click.argument("box", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The district's private key."
)
@click.option("--passphrase", is_flag=True, help="Ask for the passphrase.")
@click.option(
    "--to", "out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write."
)
def open_(box: Path, key: Path | None, passphrase: bool, out: Path) -> None:
    """For the district: decrypt BOX. Needs no installation."""
    if out.exists():
        raise Unavailable(f"There is a file {out} already; it was left as it is.", code="file-exists")
    private = key.read_text(encoding="ascii", errors="replace") if key else ""
    secret = click.prompt("Passphrase", hide_input=True, err=True) if passphrase else ""
    write_whole(out, open_box(box.read_bytes(), private=private, passphrase=secret))
    click.echo(f"Wrote {out}. It holds student identifiers: keep it as such.")


def _text(made: Returned, out: Path) -> str:
    lines = [f"Wrote {out} for the {made.recipient}: {made.returned:,} of {made.rows:,} rows."]
    lines += (
        [f"  {made.unmatched:,} with a code that this project has given to nobody"] if made.unmatched else []
    )
    lines += [f"  left out, mistyped: row {rows_in_words(made.mistyped)}"] if made.mistyped else []
    lines += [f"  {made.blank:,} without a code"] if made.blank else []
    return "\n".join(lines)
