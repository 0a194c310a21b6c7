"""rpp admin: what an operator does with the installation itself."""

from __future__ import annotations

import os

import click

from rpp_hub.cli.context import CliContext, answer, json_option, pass_cli
from rpp_hub.services.moving import move_database
from rpp_hub.store.schema import OWNER_VARIABLE


@click.group()
def admin() -> None:
    """Look after the installation itself."""


@admin.command("move-database", short_help="Move everything to another database.")
@click.option("--to", required=True, metavar="URL", help="The SQLAlchemy URL that rpp.toml will name.")
@json_option
@pass_cli
def move(ctx: CliContext, to: str, as_json: bool) -> None:
    """Copy everything to another, empty database, verify it there, and mark this one as moved.

    Stop the installation before. For PostgreSQL set RPP_DATABASE_OWNER_URL to the role that owns the tables. Killed at
    any moment, this database stays the valid one; empty the other and begin again.
    """

    def told(table: str, rows: int) -> None:
        if not as_json:
            click.echo(f"{table}: {rows:,} rows", err=True)

    moved = move_database(ctx.rpp.store, ctx.actor, to, os.environ.get(OWNER_VARIABLE, ""), told)
    text = (
        f"{sum(moved.tables.values()):,} rows, {moved.events:,} of them events in one unbroken chain, are in {moved.to}.\n"
        f"Now set database_url in {ctx.rpp.installation.config_path} to it. The old database can be read, not written."
    )
    answer(moved, as_json, lambda: text)
