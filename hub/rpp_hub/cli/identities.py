"""rpp warehouse identities: one person under two identifiers, two people under one; found, looked at, decided."""

from __future__ import annotations

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.cli.progress import shown_progress
from rpp_hub.domain.counts import counted
from rpp_hub.services.identities import CandidateView, DecidedView
from rpp_hub.warehouse.identities import Candidate, Sighting
from rpp_hub.warehouse.identity_table import Verdict


@click.group("identities")
def identities() -> None:
    """Identifiers that seem wrong: one person under two, or two people under one."""


@identities.command("find")
@click.argument("district")
@json_option
@pass_cli
def find(ctx: CliContext, district: str, as_json: bool) -> None:
    """Look for candidates in everything received from DISTRICT. Decides nothing."""
    with shown_progress() as progress:
        found = ctx.rpp.identities.find(ctx.actor, district, progress)
    answer(found, as_json, lambda: _list_text(found, district))


@identities.command("list")
@click.argument("district")
@json_option
@pass_cli
def list_(ctx: CliContext, district: str, as_json: bool) -> None:
    """What was found in DISTRICT and what was decided; what is to be decided comes first."""
    found = ctx.rpp.identities.list(ctx.actor, district)
    if not found and not ctx.rpp.identities.looked(district):
        text = f"Nobody has looked yet: rpp warehouse identities find {district}"
        answer(found, as_json, lambda: text)
    else:
        answer(found, as_json, lambda: _list_text(found, district))


@identities.command("show")
@click.argument("district")
@click.argument("candidate")
@json_option
@pass_cli
def show(ctx: CliContext, district: str, candidate: str, as_json: bool) -> None:
    """The people of one CANDIDATE side by side, with their true identifiers, names and birth dates."""
    found, decided = ctx.rpp.identities.get(ctx.actor, district, candidate)
    answer({"candidate": found, "decided": decided}, as_json, lambda: _shown_text(found, decided, district))


@identities.command("decide")
@click.argument("district")
@click.argument("candidate")
@click.argument("verdict", type=click.Choice([v.value for v in Verdict]))
@click.option(
    "--stays",
    default="",
    metavar="IDENTIFIER|NUMBER",
    help="Of a merge: the identifier that stays. Of a split: the number of the person who keeps it; default 1.",
)
@click.option("--reason", required=True, help="Why; it goes into the audit log, so name nobody in it.")
@json_option
@pass_cli
def decide(
    ctx: CliContext, district: str, candidate: str, verdict: str, stays: str, reason: str, as_json: bool
) -> None:
    """Decide CANDIDATE: merge its identifiers, split the one it has, or keep everything as it is."""
    view = ctx.rpp.identities.decide(ctx.actor, district, candidate, Verdict(verdict), reason, stays)
    answer(
        view, as_json, lambda: f"{view.name}: {verdict}. The next `rpp warehouse build {district}` does it."
    )


def _list_text(found: tuple[CandidateView, ...], district: str) -> str:
    if not found:
        return "No identifier seems to be of one person twice, or of two people."
    lines = [f"  {v.name}  {_what(v):<48} {_decided(v.decided)}" for v in found]
    still = sum(v.decided is None for v in found)
    return "\n".join(
        [
            f"{len(found)} found, {still} to decide:",
            *lines,
            f"Look: rpp warehouse identities show {district} NAME",
        ]
    )


def _what(view: CandidateView) -> str:
    together = f", both in {', '.join(map(str, view.years_together))}" if view.years_together else ""
    many = f"{view.people} " + (
        "identifiers of one" if view.kind == "two identifiers" else "people under one"
    )
    return f"{many} {view.unit if view.kind == 'two identifiers' else 'identifier'}{together}"


def _decided(decided: DecidedView | None) -> str:
    if decided is None:
        return "to decide"
    return (
        f"{decided.verdict} by {decided.decided_by} {decided.decided_at:%Y-%m-%d %H:%M %Z}: {decided.reason}"
    )


def _shown_text(found: Candidate, decided: DecidedView | None, district: str) -> str:
    lines = [f"{found.name}: {found.kind}, {found.unit}; {_decided(decided)}"]
    lines += [f"  {n}. {_person(p)}" for n, p in enumerate(found.people, start=1)]
    if found.years_together:
        lines.append(f"  In {', '.join(map(str, found.years_together))} both were there: hardly one person.")
    verdict = "merge --stays IDENTIFIER" if found.kind == "two identifiers" else "split --stays NUMBER"
    return "\n".join(
        [
            *lines,
            f"Decide: rpp warehouse identities decide {district} {found.name} {verdict} --reason WHY (or keep)",
        ]
    )


def _person(person: Sighting) -> str:
    years = ", ".join(map(str, person.years)) or "no years"
    sex = f", {person.sex}" if person.sex else ""
    return f"{person.identifier}  {person.first} {person.last}, born {person.born}{sex}; {counted(person.rows, 'row')}; {years}"
