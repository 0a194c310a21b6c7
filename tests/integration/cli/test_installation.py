"""An installation's life from the command line: made, looked at, refused when it cannot start."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rpp_hub.cli import cli
from rpp_hub.cli.context import EXIT_CODES
from rpp_hub.domain import errors

from tests.harness import cannot_sandbox


def rpp(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rpp_hub.cli", *arguments],
        env={**os.environ, "RPP_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that the tests of this file share."""
    home = tmp_path_factory.mktemp("cli") / "home"
    assert rpp(home, "init").returncode == 0
    return home


@contextmanager
def settings(home: Path, text: str) -> Iterator[None]:
    """Other settings for a moment."""
    kept = (home / "rpp.toml").read_text()
    (home / "rpp.toml").write_text(text)
    yield
    (home / "rpp.toml").write_text(kept)


def test_init_makes_an_installation_and_a_second_one_changes_nothing(home: Path) -> None:
    before = {
        p.relative_to(home): p.read_bytes() for p in home.rglob("*") if p.is_file() and "sqlite" not in p.name
    }
    assert rpp(home, "init").returncode == 0
    after = {
        p.relative_to(home): p.read_bytes() for p in home.rglob("*") if p.is_file() and "sqlite" not in p.name
    }
    assert before == after
    assert home.stat().st_mode & 0o077 == 0


def test_without_an_installation_every_command_says_how_to_make_one(tmp_path: Path) -> None:
    done = rpp(tmp_path / "nowhere", "--actor", "dora", "project", "list")
    assert done.returncode == 1
    assert "rpp init" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_key_in_the_settings_is_an_error_that_names_it(home: Path) -> None:
    with settings(home, "[server]\nbindd = '127.0.0.1:1'\n"):
        done = rpp(home, "--actor", "dora", "project", "list")
    assert done.returncode == EXIT_CODES[errors.Invalid]
    assert "bindd" in done.stderr


def test_acting_as_nobody_or_as_a_stranger_is_refused(home: Path) -> None:
    assert "--actor NAME" in rpp(home, "audit", "verify", RPP_ACTOR="").stderr
    assert rpp(home, "--actor", "stranger", "audit", "verify").returncode == EXIT_CODES[errors.NotFound]


def test_an_address_in_use_is_said_at_once(home: Path) -> None:
    reason = cannot_sandbox()
    if reason:
        pytest.skip(reason)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with settings(home, f'[server]\nbind = "{address}"\n'):
            done = rpp(home, "up")
    assert done.returncode == EXIT_CODES[errors.Unavailable]
    assert f"The address {address} cannot be used" in done.stderr


def test_doctor_answers_in_json(tmp_path: Path) -> None:
    done = rpp(tmp_path, "doctor", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode == 0) == (found["problems"] == [])
    assert {note["code"].partition("-")[0] for note in found["notes"]} >= {"limits"}


def test_every_kind_of_error_has_an_exit_code() -> None:
    kinds = {c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.RppError)}
    assert kinds == EXIT_CODES.keys()


def test_every_command_has_help_and_every_reading_one_takes_json() -> None:
    reading = {"list", "show", "status", "check", "plan", "verify", "log", "doctor"}
    for group in cli.commands.values():
        for command in getattr(group, "commands", {group.name: group}).values():
            assert command.help, command.name
            if command.name in reading:
                assert any("--json" in p.opts for p in command.params), command.name
