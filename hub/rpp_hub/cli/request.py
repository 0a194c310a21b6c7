"""rpp request: what researchers ask to have released, and the reviewers' word on it."""

from __future__ import annotations

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.domain.lifecycle import Decision, Status, Verdict, mermaid
from rpp_hub.services.request_state import RequestView


@click.group()
def request() -> None:
    """Look at requests, review them, withdraw them."""


@request.command("list")
@click.option(
    "--status", "status", multiple=True, type=click.Choice([s.value for s in Status]), help="Only these."
)
@json_option
@pass_cli
def list_requests(ctx: CliContext, status: tuple[str, ...], as_json: bool) -> None:
    """The requests you may see, newest first."""
    views = ctx.rpp.requests.list(ctx.actor, status=[Status(s) for s in status])
    text = "\n".join(f"{v.name}  {v.status:<10} {v.project:<24} {v.author:<14} {v.file_name}" for v in views)
    answer(
        views, as_json, lambda: text or "There is no request yet. Researchers make them in their workspace."
    )


@request.command("show")
@click.argument("name")
@json_option
@pass_cli
def show(ctx: CliContext, name: str, as_json: bool) -> None:
    """The request NAME, its items and what the checks say of each."""
    view = ctx.rpp.requests.seen_by(ctx.actor, name)
    answer(view, as_json, lambda: _lines(view))


@request.command("approve")
@click.argument("name")
@click.option(
    "--item", "items", multiple=True, help="Approve only these; the others are refused. Default: all."
)
@click.option("--comment", default="", help="For the researcher; needed when something is refused.")
@pass_cli
def approve(ctx: CliContext, name: str, items: tuple[str, ...], comment: str) -> None:
    """Finish your review of NAME and approve its items."""
    view = ctx.rpp.requests.seen_by(ctx.actor, name)
    chosen = set(items) or {i.identity for i in view.items}
    verdicts = {i.identity: Verdict.APPROVE if i.identity in chosen else Verdict.REFUSE for i in view.items}
    _finish(ctx, view, Decision.RELEASE_APPROVED, verdicts, comment)


@request.command("reject")
@click.argument("name")
@click.option("--comment", required=True, help="Why, for the researcher.")
@pass_cli
def reject(ctx: CliContext, name: str, comment: str) -> None:
    """Finish your review of NAME and refuse every item."""
    view = ctx.rpp.requests.seen_by(ctx.actor, name)
    _finish(ctx, view, Decision.RELEASE_APPROVED, {i.identity: Verdict.REFUSE for i in view.items}, comment)


@request.command("return")
@click.argument("name")
@click.option("--comment", required=True, help="What the researcher should change.")
@pass_cli
def send_back(ctx: CliContext, name: str, comment: str) -> None:
    """Finish your review of NAME and send it back to the researcher."""
    view = ctx.rpp.requests.seen_by(ctx.actor, name)
    _finish(ctx, view, Decision.SEND_BACK, {i.identity: Verdict.REFUSE for i in view.items}, comment)


@request.command("withdraw")
@click.argument("name")
@click.option("--reason", default="", help="Why.")
@pass_cli
def withdraw(ctx: CliContext, name: str, reason: str) -> None:
    """Take your own request NAME back."""
    click.echo(f"{name} is {ctx.rpp.requests.withdraw(ctx.actor, name, reason).status}.")


@request.command("diagram")
def diagram() -> None:
    """The life of a request, as a Mermaid diagram."""
    click.echo(mermaid(), nl=False)


def _finish(
    ctx: CliContext, view: RequestView, decision: Decision, verdicts: dict[str, Verdict], comment: str
) -> None:
    after = ctx.rpp.reviewing.finish(ctx.actor, view.name, view.round, decision, verdicts, comment=comment)
    missing = after.reviewers_needed - after.reviewers_decided
    wait = f" It waits for {missing} more reviewer{'s' if missing > 1 else ''}." if missing > 0 else ""
    click.echo(f"Your review is kept. {view.name} is {after.status}.{wait}")


def _lines(view: RequestView) -> str:
    lines = [
        f"{view.name} ({view.status}, round {view.round}): {view.file_name} of {view.project}, by {view.author}",
        f"context: {view.context}",
        f"controls: {view.controls}",
        f"{view.reviewers_decided} of {view.reviewers_needed} reviewers have decided",
        "",
    ]
    for item in view.items:
        lines.append(f"{item.identity}  {item.kind}  {item.reproduction or 'not re-run yet'}  {item.title}")
        lines += [f"    {f['outcome']}: {f['summary']}" for f in item.findings]
    return "\n".join(lines)
