"""A world with a request half reviewed, processes that die in it, and a way to look at every row."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, select

from tests.conftest import Place
from tests.factories import World

Mortal = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="package")
def mortal() -> Iterator[Mortal]:
    """Does what it is asked in processes of its own, some of which die of it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.store.mortal"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        asked_of, told_by = server.stdin, server.stdout
        assert asked_of is not None
        assert told_by is not None

        def ask(**asked: Any) -> list[dict[str, Any]]:
            asked_of.write(json.dumps(asked) + "\n")
            asked_of.flush()
            answers: list[dict[str, Any]] = json.loads(told_by.readline())
            return answers

        yield ask
        asked_of.close()


@pytest.fixture
def world(tmp_path: Path, place: Place) -> Iterator[World]:
    """A request that one of two reviewers has finished."""
    world = World(tmp_path / "instance", place.url).populate()
    world.finish("vera", world.examined())
    yield world
    world.store.close()


class Looker:
    """Reads every row of every table, by the schema as it was found once."""

    def __init__(self, url: str) -> None:
        self._engine, self._found = create_engine(url), MetaData()
        self._found.reflect(self._engine)

    def everything(self) -> dict[str, list[str]]:
        with self._engine.connect() as connection:
            tables = self._found.tables.values()
            return {t.name: sorted(map(repr, connection.execute(select(t)))) for t in tables}

    def close(self) -> None:
        self._engine.dispose()
