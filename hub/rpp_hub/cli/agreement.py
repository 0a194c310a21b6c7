"""rpp agreement: umbrella agreements; what is signed, by whom, and for how long."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.domain.agreements import Party
from rpp_hub.services.papers import PaperView
from rpp_hub.services.signing import SignedElsewhere
from rpp_hub.services.umbrellas import UmbrellaTerms, groups_from, groups_of

_DAY = click.DateTime(["%Y-%m-%d"])
_PARTIES = click.Choice([p.value for p in Party])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(short_help="Agreements: propose, sign, look at.")
def agreement() -> None:
    """Agreements: what is proposed, who has signed, and until when it holds."""


@agreement.group()
def umbrella() -> None:
    """A district's umbrella agreement: its leave to keep records here, for three years by default."""


@umbrella.command("propose")
@click.argument("district")
@click.option("--starts", type=_DAY, required=True, help="First day.")
@click.option("--ends", type=_DAY, help="Last day; by default three years after the first.")
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="TITLE: TABLE, TABLE.FIELD",
    help="Fields it covers; by default all.",
)
@click.option("--reason", default="", help="Why the agreement is amended.")
@pass_cli
def propose_umbrella(
    ctx: CliContext,
    district: str,
    starts: datetime,
    ends: datetime | None,
    groups: tuple[str, ...],
    reason: str,
) -> None:
    """Write the next version of DISTRICT's umbrella agreement, to be signed by both sides."""
    terms = UmbrellaTerms(starts.date(), ends.date() if ends else None, groups_from(groups), reason)
    view = ctx.rpp.umbrellas.propose(ctx.actor, district, terms)
    click.echo(
        f"{view.name} is proposed, version {view.number}, until {view.ends}. Next: `rpp agreement sign {view.name}` by each "
        f"side, or `rpp agreement record {view.name}` with the signed file."
    )


@umbrella.command("show")
@click.argument("district")
@json_option
@pass_cli
def show_umbrella(ctx: CliContext, district: str, as_json: bool) -> None:
    """Every version of DISTRICT's umbrella agreement, newest first."""
    views = ctx.rpp.umbrellas.versions(district)
    text = "\n\n".join(f"{lines_of(v)}\n{_groups(v)}" for v in views)
    answer(
        views,
        as_json,
        lambda: text or f"{district} has none. `rpp agreement umbrella propose {district}` writes one.",
    )


@agreement.command("sign")
@click.argument("name")
@click.option(
    "--sha256", required=True, help="SHA-256 of the document that you have read, as `show` says it."
)
@click.option("--for", "party", type=_PARTIES, help="For whom, where you stand for more than one.")
@pass_cli
def sign(ctx: CliContext, name: str, sha256: str, party: str | None) -> None:
    """Sign the agreement NAME as yourself."""
    view = ctx.rpp.signing.sign(ctx.actor, name, sha256, Party(party) if party else None)
    click.echo(_after(view))


@agreement.command("record")
@click.argument("name")
@click.argument("file", type=_FILE)
@click.option("--for", "party", type=_PARTIES, required=True, help="Who signed.")
@click.option("--signer", required=True, help="The name of the person who signed.")
@click.option("--signed-on", type=_DAY, required=True, help="The day of the signature.")
@pass_cli
def record(ctx: CliContext, name: str, file: Path, party: str, signer: str, signed_on: datetime) -> None:
    """Record that the agreement NAME was signed elsewhere, with the signed FILE."""
    given = SignedElsewhere(Party(party), signer, signed_on.date(), file.read_bytes())
    click.echo(_after(ctx.rpp.signing.record(ctx.actor, name, given)))


def _after(view: PaperView) -> str:
    if view.missing:
        return f"Recorded. Still to sign {view.name}: {', '.join(view.missing)}."
    return f"{view.name} is signed by all and holds from {view.starts} to {view.ends or 'its end'}."


def lines_of(view: PaperView) -> str:
    """One agreement for a terminal."""
    about = view.project or view.person or view.district
    lines = [
        f"{view.name}: {view.kind} agreement, {about}, version {view.number}: {view.status}",
        f"  from {view.starts} to {view.ends or 'no fixed end'}"
        + (f"; {view.reason}" if view.reason else ""),
        f"  document {view.document_sha256}",
    ]
    for s in view.signatures:
        how = f"elsewhere, file {s.file_sha256[:12]}…" if s.file_sha256 else "here"
        lines.append(f"  signed for {s.party} by {s.signer} on {s.signed_on}, {how}")
    return "\n".join([*lines, *(f"  not signed yet: {p}" for p in view.missing)])


def _groups(view: PaperView) -> str:
    return "\n".join(f"  covers {g.title}: {', '.join(g.fields)}" for g in groups_of(view))
