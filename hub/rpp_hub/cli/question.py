"""rpp warehouse question: what researchers ask about fields, and the answers that become notes."""

from __future__ import annotations

from collections.abc import Sequence

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.services.questions import QuestionView


@click.group("question")
def question() -> None:
    """Questions about fields, and their answers."""


@question.command("ask")
@click.argument("project")
@click.argument("table")
@click.argument("field")
@click.argument("text")
@json_option
@pass_cli
def ask(ctx: CliContext, project: str, table: str, field: str, text: str, as_json: bool) -> None:
    """Ask TEXT about a FIELD of PROJECT's data."""
    view = ctx.rpp.warehousing.questions.ask(ctx.actor, project, table, field, text)
    answer(view, as_json, lambda: f"Asked: {view.name}. The data manager answers it.")


@question.command("list")
@click.option("--project", default=None, help="Only this project's.")
@click.option("--waiting", is_flag=True, help="Only those that wait for an answer.")
@json_option
@pass_cli
def list_(ctx: CliContext, project: str | None, waiting: bool, as_json: bool) -> None:
    """The questions that you may know of, newest first."""
    views = ctx.rpp.warehousing.questions.list(ctx.actor, project, waiting=waiting)
    answer(views, as_json, lambda: _list_text(views))


@question.command("show")
@click.argument("name")
@json_option
@pass_cli
def show(ctx: CliContext, name: str, as_json: bool) -> None:
    """One question, with its answer."""
    view = ctx.rpp.warehousing.questions.get(ctx.actor, name)
    answer(view, as_json, lambda: _text(view))


@question.command("answer")
@click.argument("name")
@click.argument("text")
@click.option(
    "--question", "published", default="", help="What is shown of the question; default: as it was asked."
)
@json_option
@pass_cli
def answer_(ctx: CliContext, name: str, text: str, published: str, as_json: bool) -> None:
    """Answer a question with TEXT. Both become a note that all projects with the field read, without who asked."""
    view = ctx.rpp.warehousing.questions.answer(ctx.actor, name, text, published)
    answer(view, as_json, lambda: f"Answered: a note on {view.table}.{view.field}.")


@question.command("decline")
@click.argument("name")
@click.argument("reason")
@json_option
@pass_cli
def decline(ctx: CliContext, name: str, reason: str, as_json: bool) -> None:
    """Do not answer a question, and say why to the project. Nothing of it is published."""
    view = ctx.rpp.warehousing.questions.decline(ctx.actor, name, reason)
    answer(view, as_json, lambda: f"Declined {view.name}.")


def _list_text(views: Sequence[QuestionView]) -> str:
    lines = [f"{v.name}  {v.status:<9} {v.project}  {v.table}.{v.field}: {v.question}" for v in views]
    return "\n".join(lines or ["No question."])


def _text(view: QuestionView) -> str:
    lines = [
        f"{view.name} ({view.status}) on {view.table}.{view.field}, asked by {view.asked_by} for {view.project} "
        f"{view.asked_at:%Y-%m-%d %H:%M %Z}:",
        f"  {view.question}",
    ]
    if view.answer:
        lines.append(f"  → {view.answer}")
    return "\n".join(lines)
