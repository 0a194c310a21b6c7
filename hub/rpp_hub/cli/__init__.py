"""`rpp NOUN VERB`: the command line. Every read takes --json; every refusal exits 3 and says its codes."""

from __future__ import annotations

import os

import click

from rpp_hub.cli.admin import admin
from rpp_hub.cli.agreement import agreement
from rpp_hub.cli.audit import audit
from rpp_hub.cli.context import CliContext, fail
from rpp_hub.cli.cut import cut
from rpp_hub.cli.due import due
from rpp_hub.cli.environment import environment
from rpp_hub.cli.ingress import ingress
from rpp_hub.cli.installation import demo, doctor, init, up
from rpp_hub.cli.institution import institution
from rpp_hub.cli.link import link
from rpp_hub.cli.people import person
from rpp_hub.cli.project import project
from rpp_hub.cli.release import release
from rpp_hub.cli.request import request
from rpp_hub.cli.return_ import return_
from rpp_hub.cli.synthetic import synthetic
from rpp_hub.cli.vault import vault
from rpp_hub.cli.warehouse import warehouse
from rpp_hub.cli.workspace import workspace
from rpp_hub.domain.errors import RppError
from rpp_hub.domain.tracing import traced


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--actor", envvar="RPP_ACTOR", metavar="NAME", help="Who acts; their roles are checked. Or set RPP_ACTOR."
)
@click.version_option(package_name="rpp")
@click.pass_context
def cli(context: click.Context, actor: str | None) -> None:
    """A secure analysis environment for research-practice partnerships.

    The installation is the folder that RPP_HOME names, or ./instance.
    """
    context.obj = CliContext(actor)


for command in (
    init,
    up,
    doctor,
    demo,
    person,
    institution,
    due,
    project,
    agreement,
    warehouse,
    cut,
    link,
    return_,
    vault,
    request,
    release,
    workspace,
    ingress,
    environment,
    audit,
    admin,
    synthetic,
):
    cli.add_command(command)


def main() -> None:
    """The entry point: errors of ours become sentences and exit codes."""
    os.umask(0o077)
    try:
        with traced("cli"):
            cli()
    except RppError as error:
        fail(error)


if __name__ == "__main__":
    main()
