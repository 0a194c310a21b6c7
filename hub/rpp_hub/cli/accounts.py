"""rpp person accounts | link | unlink: which account at a provider is which person here."""

from __future__ import annotations

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.services.accounts import AccountView, Identity


@click.command("accounts")
@json_option
@pass_cli
def accounts(ctx: CliContext, as_json: bool) -> None:
    """The accounts at providers that have logged in, those that are nobody here first."""
    views = ctx.rpp.accounts.list(ctx.actor)
    answer(views, as_json, lambda: "\n".join(map(_line, views)))


@click.command("link")
@click.argument("name")
@click.option(
    "--account", default="", help="The account's number here, such as a0007: it has tried to log in."
)
@click.option("--issuer", default="", help="Instead: the provider's issuer …")
@click.option("--subject", default="", help="… and the account's subject there.")
@pass_cli
def link(ctx: CliContext, name: str, account: str, issuer: str, subject: str) -> None:
    """Say that an account at a provider is NAME."""
    if bool(account) == bool(issuer and subject):
        raise click.UsageError("Give --account, or --issuer and --subject.")
    if account:
        view = ctx.rpp.accounts.link(ctx.actor, account, name)
    else:
        view = ctx.rpp.accounts.link_identity(ctx.actor, Identity(issuer, subject), name)
    click.echo(f"{view.name} is {view.person} from now on.")


@click.command("unlink")
@click.argument("account")
@pass_cli
def unlink(ctx: CliContext, account: str) -> None:
    """Take ACCOUNT from its person: it can log in no more."""
    view = ctx.rpp.accounts.unlink(ctx.actor, account)
    click.echo(f"{view.name} is nobody here any more.")


def _line(view: AccountView) -> str:
    who = view.person or "not linked"
    return f"{view.name}  {who:<12} {view.email or view.display_name or '–':<30} {view.issuer} {view.subject}"
