"""rpp agreement: umbrella agreements; what is signed, by whom, and for how long."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.cli.project import letter_from
from rpp_hub.domain.agreements import Party
from rpp_hub.domain.paging import MOST, PageAt
from rpp_hub.services.agreements import Extension
from rpp_hub.services.papers import PaperView
from rpp_hub.services.personal_papers import ThirdParty
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


@agreement.command("list")
@click.option("--project", help="Only the versions of this project's agreement.")
@json_option
@pass_cli
def list_agreements(ctx: CliContext, project: str | None, as_json: bool) -> None:
    """The agreements you may know of, newest first."""
    rpp = ctx.rpp
    views = (
        rpp.agreements.versions(ctx.actor, project)
        if project
        else tuple(rpp.agreements.page(ctx.actor, PageAt(limit=MOST)))
    )
    answer(views, as_json, lambda: "\n".join(map(lines_of, views)) or "There is none yet.")


@agreement.command("show")
@click.argument("name")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the exact document to this file."
)
@click.option(
    "--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Write it as PDF, for signing by hand."
)
@json_option
@pass_cli
def show(ctx: CliContext, name: str, html: Path | None, pdf: Path | None, as_json: bool) -> None:
    """The agreement NAME: its dates, who has signed, and its document."""
    view = ctx.rpp.agreements.get(ctx.actor, name)
    if html is not None:
        html.write_bytes(ctx.rpp.agreements.document(ctx.actor, name))
    if pdf is not None:
        pdf.write_bytes(ctx.rpp.agreements.pdf(ctx.actor, name))
    answer(view, as_json, lambda: lines_of(view))


@agreement.command("diff")
@click.argument("name")
@click.option("--from", "before", help="Another version; by default the one before.")
@json_option
@pass_cli
def diff(ctx: CliContext, name: str, before: str | None, as_json: bool) -> None:
    """What the version NAME changes."""
    changes = ctx.rpp.agreements.changes(ctx.actor, name, before)
    lines = [f"{c.what}: {c.before or '(nothing)'} -> {c.after or '(nothing)'}" for c in changes]
    answer(changes, as_json, lambda: "\n".join(lines) or "Nothing is changed.")


@agreement.command("amend")
@click.argument("project")
@click.argument("file", type=_FILE)
@click.option("--reason", required=True, help="Why; it stands in the amendment.")
@pass_cli
def amend(ctx: CliContext, project: str, file: Path, reason: str) -> None:
    """Propose the next version of PROJECT's agreement from FILE (YAML, as an application)."""
    view = ctx.rpp.agreements.amend(ctx.actor, project, file.read_text(encoding="utf-8"), reason)
    click.echo(
        f"{view.name} is proposed, version {view.number}. It grants nothing before both sides have signed it."
    )


@agreement.command("extend")
@click.argument("project")
@click.option(
    "--agreement-ends", type=_DAY, help="New last day of the agreement, once both sides have signed."
)
@click.option(
    "--irb-ends", type=_DAY, help="New last day of the IRB's approval, at once; needs --irb-letter."
)
@click.option("--irb-number", default="", help="The IRB's new number, if it changed.")
@click.option("--irb-letter", type=_FILE, help="The IRB's letter.")
@click.option("--reason", default="", help="Why.")
@pass_cli
def extend(
    ctx: CliContext,
    project: str,
    agreement_ends: datetime | None,
    irb_ends: datetime | None,
    irb_number: str,
    irb_letter: Path | None,
    reason: str,
) -> None:
    """Give PROJECT more time."""
    extension = Extension(
        agreement_ends.date() if agreement_ends else None,
        irb_ends.date() if irb_ends else None,
        irb_number,
        letter_from(irb_letter),
        reason,
    )
    view = ctx.rpp.agreements.extend(ctx.actor, project, extension)
    if irb_ends:
        click.echo(f"The IRB's approval of {project} now ends on {irb_ends.date()}.")
    if view:
        click.echo(f"{view.name} is proposed, version {view.number}, until {view.ends}. Both sides sign it.")


@agreement.command("access")
@click.argument("person")
@click.option("--district", required=True, help="The district whose records it is about.")
@click.option("--ends", type=_DAY, help="Last day; by default it holds until further notice.")
@pass_cli
def access(ctx: CliContext, person: str, district: str, ends: datetime | None) -> None:
    """Write PERSON's personal access agreement, for them to sign."""
    view = ctx.rpp.personal.access(ctx.actor, person, district, ends.date() if ends else None)
    click.echo(f"{view.name} is ready for {person} to sign.")


@agreement.command("third-party")
@click.argument("project")
@click.argument("person")
@click.option("--sponsor", required=True, help="Who at the university answers for them.")
@click.option("--institution", required=True, help="Where PERSON works now.")
@click.option("--ends", type=_DAY, required=True, help="Last day.")
@pass_cli
def third_party(
    ctx: CliContext, project: str, person: str, sponsor: str, institution: str, ends: datetime
) -> None:
    """Write a third-party agreement for PERSON, who moved to another institution and works on PROJECT."""
    wanted = ThirdParty(project, person, sponsor, institution, ends.date())
    view = ctx.rpp.personal.third_party(ctx.actor, wanted)
    click.echo(f"{view.name} is ready to sign: {', '.join(view.missing)}.")


@agreement.command("withdraw")
@click.argument("name")
@click.option("--reason", default="", help="Why.")
@pass_cli
def withdraw(ctx: CliContext, name: str, reason: str) -> None:
    """Take back the agreement NAME, which not all have signed."""
    ctx.rpp.agreements.withdraw(ctx.actor, name, reason)
    click.echo(f"{name} is withdrawn.")


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
