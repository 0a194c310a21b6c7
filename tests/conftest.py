"""What all tests share: the databases that the store is tried on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from rpp_hub.store.database import Store, migrate, sqlite_url

from tests.postgres import Cluster, cannot, cluster

DATABASES = ("sqlite", "postgresql")

# How long an example took says how busy the machine is, nothing about our code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@dataclass(frozen=True, slots=True)
class Place:
    """A database with the newest schema, and where its anchors are kept."""

    url: str
    owner_url: str
    anchors: Path

    def store(self) -> Store:
        return Store(self.url, self.anchors)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A running PostgreSQL. CI must have one; elsewhere its absence is a skipped test with a clear word."""
    if reason := cannot():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with cluster() as made:
        yield made


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The same test on both databases."""
    anchors = tmp_path / "audit-anchors.jsonl"
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "rpp.sqlite")
        migrate(url)
        yield Place(url, url, anchors)
        return
    database = request.getfixturevalue("postgres").database()
    yield Place(database.url, database.owner_url, anchors)
    database.drop()
