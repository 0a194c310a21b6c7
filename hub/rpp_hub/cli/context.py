"""What every command needs: the open installation, who acts, and one way to answer and to fail."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

import click

from rpp_hub.bootstrap import Rpp, home_from, open_installation
from rpp_hub.domain.actor import Actor, Via
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted, RppError, Stale, Unavailable

EXIT_CODES: dict[type[RppError], int] = {
    RppError: 1,
    Unavailable: 1,
    Invalid: 2,
    ActionRefused: 3,
    NotPermitted: 3,
    NotFound: 4,
    Stale: 5,
}

json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


class CliContext:
    """Opened late, so that `--help` needs no installation."""

    def __init__(self, actor_name: str | None) -> None:
        self._actor_name = actor_name
        self._rpp: Rpp | None = None

    @property
    def home(self) -> Path:
        """Where the installation lies."""
        return home_from(os.environ)

    @property
    def rpp(self) -> Rpp:
        """The open installation."""
        if self._rpp is None:
            self._rpp = open_installation(self.home)
        return self._rpp

    @property
    def actor(self) -> Actor:
        """Who acts: --actor or RPP_ACTOR. Their roles are checked as anywhere else."""
        if not self._actor_name:
            raise Invalid("Say who you are: rpp --actor NAME …, or set RPP_ACTOR.", code="no-actor")
        if not self.rpp.people.get(self._actor_name).active:
            raise NotPermitted(f"The account {self._actor_name} is closed.", code="person-inactive")
        return Actor(self._actor_name, Via.CLI)


pass_cli = click.make_pass_decorator(CliContext)


def answer(value: Any, as_json: bool, text: Callable[[], str]) -> None:
    """Print a value as JSON, or as text for a person."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False) if as_json else text())


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum | Path):
        return str(value)
    return value


def fail(error: RppError) -> NoReturn:
    """Say every reason on standard error and leave with the code of the error's kind."""
    for refusal in error.refusals:
        click.echo(f"rpp: {refusal.reason} [{refusal.code}]", err=True)
    code = next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)
    raise SystemExit(code)
