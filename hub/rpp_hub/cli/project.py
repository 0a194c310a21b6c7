"""rpp project: applications, the district's review and decision, the data discussion, members."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.domain.errors import Invalid
from rpp_hub.services.project_discussion import Kind
from rpp_hub.services.project_fields import Word
from rpp_hub.services.project_review import ASPECTS, Judged, ReviewView, Survey, Topic
from rpp_hub.services.project_rounds import IrbLetter
from rpp_hub.services.projects import ProjectView

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])
_RATING = click.IntRange(1, 5)


@click.group()
def project() -> None:
    """Apply, review, decide, discuss, look at and close projects."""


@project.command("apply")
@click.argument("file", type=_FILE)
@click.option("--irb-letter", type=_FILE, help="The IRB's approval or exemption (PDF, Word, picture).")
@pass_cli
def apply(ctx: CliContext, file: Path, irb_letter: Path | None) -> None:
    """Send the application in FILE (YAML), with the IRB's letter."""
    view = ctx.rpp.projects.apply(ctx.actor, _text_of(file), letter_from(irb_letter))
    click.echo(
        f"{view.name} has applied. Next: {view.sponsor}, its sponsor, answers the survey (rpp project answer {view.name} …), "
        f"research staff judge it (rpp project judge {view.name} …), then rpp project decide {view.name} --approve"
    )


@project.command("resubmit")
@click.argument("name")
@click.argument("file", type=_FILE)
@click.option("--irb-letter", type=_FILE, help="A newer letter of the IRB.")
@pass_cli
def resubmit(ctx: CliContext, name: str, file: Path, irb_letter: Path | None) -> None:
    """Send the revised application in FILE for the project NAME, which was sent back."""
    ctx.rpp.drafts.resubmit(ctx.actor, name, _text_of(file), letter_from(irb_letter))
    click.echo(f"{name} is with the district again.")


@project.command("answer")
@click.argument("name")
@click.option(
    "--alignment", type=_RATING, required=True, help="How well it fits the district's plan, 1 to 5."
)
@click.option("--benefits", type=_RATING, required=True, help="How ready the district is to use it, 1 to 5.")
@click.option("--costs", type=_RATING, required=True, help="How small the cost is, 1 to 5.")
@click.option("--comment", default="", help="In your words.")
@pass_cli
def answer_survey(
    ctx: CliContext, name: str, alignment: int, benefits: int, costs: int, comment: str
) -> None:
    """Answer the sponsors' survey on the project NAME."""
    ratings = {Topic.ALIGNMENT: alignment, Topic.BENEFITS: benefits, Topic.COSTS: costs}
    words = {Topic.ALIGNMENT: comment} if comment else {}
    ctx.rpp.reviews.answer(ctx.actor, name, Survey(ratings, words))
    click.echo(f"Your answers on {name} are recorded.")


@project.command("judge")
@click.argument("name")
@click.option("--design", type=click.Choice(ASPECTS), required=True, help="The design.")
@click.option("--timeline", type=click.Choice(ASPECTS), required=True, help="The timeline.")
@click.option(
    "--others",
    type=click.Choice([w.value for w in Word]),
    help="What holds for every field that is not named.",
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="TABLE.FIELD=WORD",
    help="One field; may be given several times.",
)
@click.option("--note", default="", help="Why.")
@pass_cli
def judge(
    ctx: CliContext,
    name: str,
    design: str,
    timeline: str,
    others: str | None,
    fields: tuple[str, ...],
    note: str,
) -> None:
    """Judge design, timeline and each field of the project NAME, as research staff."""
    view = ctx.rpp.projects.seen_by(ctx.actor, name)
    asked = [f"{t}.{f.name}" for t, f in view.application.fields()] if view.application else []
    words = dict.fromkeys(asked, (others, "")) if others else {}
    for one in fields:
        field, _, word = one.partition("=")
        words[field] = (word, note)
    ctx.rpp.reviews.judge(ctx.actor, name, Judged((design, note), (timeline, note), words))
    click.echo(f"Your judgement of {name} is recorded: {len(words)} of {len(asked)} fields.")


@project.command("except")
@click.argument("name")
@click.argument("field")
@click.option(
    "--approve/--refuse", required=True, default=None, help="Whether FIELD may be used for linkage."
)
@click.option("--reason", required=True, help="Why; it stands in the agreement.")
@pass_cli
def except_field(ctx: CliContext, name: str, field: str, approve: bool, reason: str) -> None:
    """Say whether the project NAME may use the name or identifier FIELD for linkage."""
    ctx.rpp.reviews.decide_exception(ctx.actor, name, field, approve=approve, reason=reason)
    click.echo(f"{field} {'may' if approve else 'may not'} be used by {name}.")


@project.command("return")
@click.argument("name")
@click.option("--reason", required=True, help="What is to be revised.")
@pass_cli
def send_back(ctx: CliContext, name: str, reason: str) -> None:
    """Send the application of the project NAME back for a revision."""
    ctx.rpp.projects.send_back(ctx.actor, name, reason)
    click.echo(f"{name} is with its applicants. The clock stands still until they send it again.")


@project.command("decide")
@click.argument("name")
@click.option("--approve/--decline", required=True, default=None, help="What the district decided.")
@click.option("--reason", default="", help="Why.")
@click.option(
    "--condition",
    "conditions",
    multiple=True,
    help="A condition of the approval; may be given several times.",
)
@pass_cli
def decide(ctx: CliContext, name: str, approve: bool, reason: str, conditions: tuple[str, ...]) -> None:
    """Approve or decline the project NAME."""
    view = ctx.rpp.projects.decide(ctx.actor, name, approve=approve, reason=reason, conditions=conditions)
    papers = ctx.rpp.agreements.versions(ctx.actor, name) if approve else ()
    after = (
        f" Next: both sides sign its agreement {papers[0].name} (rpp agreement show {papers[0].name})."
        if papers
        else ""
    )
    click.echo(f"{view.name} is {view.status}.{after}")


@project.command("withdraw")
@click.argument("name")
@click.option("--reason", default="", help="Why.")
@pass_cli
def withdraw(ctx: CliContext, name: str, reason: str) -> None:
    """Take the draft or application of the project NAME back."""
    ctx.rpp.projects.withdraw(ctx.actor, name, reason)
    click.echo(f"{name} is withdrawn.")


@project.command("close")
@click.argument("name")
@click.option("--reason", default="", help="Why it ends.")
@click.confirmation_option(prompt="Its workspaces stop within a minute. Close it?")
@pass_cli
def close(ctx: CliContext, name: str, reason: str) -> None:
    """End the project NAME."""
    ctx.rpp.projects.close(ctx.actor, name, reason)
    click.echo(f"{name} is closed.")


@project.command("discuss")
@click.argument("name")
@click.argument("text")
@click.option("--as", "kind", type=click.Choice([k.value for k in Kind]), required=True, help="What it is.")
@click.option("--on", type=_DAY, help="The day; by default today.")
@pass_cli
def discuss(ctx: CliContext, name: str, text: str, kind: str, on: datetime | None) -> None:
    """Add an entry to the data discussion of the project NAME."""
    ctx.rpp.discussions.write(ctx.actor, name, Kind(kind), text, on.date() if on else None)
    click.echo("Written.")


@project.command("discussion")
@click.argument("name")
@json_option
@pass_cli
def discussion(ctx: CliContext, name: str, as_json: bool) -> None:
    """The data discussion of the project NAME: the plan against what was found."""
    entries = ctx.rpp.discussions.of(ctx.actor, name)
    text = "\n".join(f"{e.on} {e.kind:<8} {e.side:<9} {e.person}: {e.text}" for e in entries)
    answer(entries, as_json, lambda: text or "Nothing has been written yet.")


@project.command("hours")
@click.argument("name")
@click.option("--add", type=click.FloatRange(0.25, 200), help="Hours to record.")
@click.option("--work", default="", help="On what.")
@click.option("--on", type=_DAY, help="The day; by default today.")
@json_option
@pass_cli
def hours(
    ctx: CliContext, name: str, add: float | None, work: str, on: datetime | None, as_json: bool
) -> None:
    """The staff hours spent on the project NAME; with --add, record some."""
    if add is not None:
        ctx.rpp.discussions.spend(ctx.actor, name, add, work, on.date() if on else None)
    spent = ctx.rpp.discussions.hours(ctx.actor, name)
    lines = [f"{h.on} {h.hours:>6.2f} {h.side:<9} {h.person}: {h.work}" for h in spent.entries]
    totals = [f"{side}: {total:.2f} hours" for side, total in spent.totals.items()]
    answer(spent, as_json, lambda: "\n".join([*lines, *totals]) or "No hours are recorded yet.")


@project.command("add-member")
@click.argument("name")
@click.argument("person")
@pass_cli
def add_member(ctx: CliContext, name: str, person: str) -> None:
    """Put PERSON on the staff list of the project NAME."""
    ctx.rpp.projects.add_member(ctx.actor, name, person)
    click.echo(f"{person} is a member of {name}.")


@project.command("remove-member")
@click.argument("name")
@click.argument("person")
@pass_cli
def remove_member(ctx: CliContext, name: str, person: str) -> None:
    """Take PERSON off; their running workspace stops within a minute."""
    ctx.rpp.projects.remove_member(ctx.actor, name, person)
    click.echo(f"{person} is no longer a member of {name}.")


@project.command("list")
@json_option
@pass_cli
def list_projects(ctx: CliContext, as_json: bool) -> None:
    """The projects you may know of."""
    views = ctx.rpp.projects.list(ctx.actor)
    text = "\n".join(f"{v.name:<30} {v.status:<10} {v.district:<14} {v.title}" for v in views)
    answer(views, as_json, lambda: text or "There is no project yet. `rpp project apply FILE` registers one.")


@project.command("show")
@click.argument("name")
@json_option
@pass_cli
def show(ctx: CliContext, name: str, as_json: bool) -> None:
    """The project NAME: what it asks for, who is in it, and who could work on it today."""
    view = ctx.rpp.projects.seen_by(ctx.actor, name)
    answer(view, as_json, lambda: _lines(ctx, view))


@project.command("review")
@click.argument("name")
@json_option
@pass_cli
def review(ctx: CliContext, name: str, as_json: bool) -> None:
    """The district's review of the project NAME: rounds, answers, judgements, the clock, what is missing."""
    ctx.rpp.projects.seen_by(ctx.actor, name)
    found = ctx.rpp.reviews.of(name)
    answer(found, as_json, lambda: _review_lines(found))


def _review_lines(found: ReviewView) -> str:
    lines = [
        f"round {r.number}, sent {r.sent_at:%Y-%m-%d} by {r.sent_by}: {r.answer or 'open'} {r.reason}".rstrip()
        for r in found.rounds
    ]
    lines += [f"survey: {s.person} {dict(s.ratings)}" for s in found.surveys]
    lines += [
        f"judged: {j.person} design {j.design['word']}, timeline {j.timeline['word']}, {len(j.fields)} fields"
        for j in found.judgements
    ]
    lines += [
        f"exception: {e.field} {'open' if e.approved is None else 'approved' if e.approved else 'refused'} {e.reason}".rstrip()
        for e in found.exceptions
    ]
    if found.clock is not None and found.clock.due is not None:
        state = "late" if found.clock.late else "standing still" if found.clock.paused else "running"
        lines.append(
            f"clock: {found.clock.left} of {found.clock.allowed} days left, due {found.clock.due}, {state}"
        )
    return (
        "\n".join([*lines, *(f"missing: {r.reason}" for r in found.missing)]) or "It has not been sent yet."
    )


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Invalid(
            f"{file.name} is not UTF-8 text. Save it as UTF-8 and send it again.", code="application-encoding"
        ) from None


def letter_from(path: Path | None) -> IrbLetter | None:
    """A letter from its file."""
    return IrbLetter(path.name, path.read_bytes()) if path else None


def _lines(ctx: CliContext, view: ProjectView) -> str:
    app = view.application
    lines = [
        f"{view.name}: {view.title}",
        f"{view.status}; district {view.district}; sponsor {view.sponsor}" + (f"; years {app.years[0]} to {app.years[1]}" if app else ""),
        f"IRB until {view.irb_ends}; agreement until {view.agreement_ends or 'it is signed'}",
        "", "Tables:",
        *(f"  {table}: {', '.join(f.name for f in wanted.fields)}" for table, wanted in (app.tables if app else {}).items()),
        "", "Members:",
    ]  # fmt: skip
    for name, role in view.members:
        reasons = ctx.rpp.projects.gate(name, view.name)
        lines.append(f"  {name} ({role}): " + (" ".join(r.reason for r in reasons) or "may work today"))
    return "\n".join(lines)
