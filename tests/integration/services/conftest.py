"""A populated installation's services, without any process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Place
from tests.factories import World


@pytest.fixture
def world(tmp_path: Path, place: Place) -> Iterator[World]:
    """Seven people, two approved projects, nothing submitted; on each database."""
    world = World(tmp_path / "instance", place.url).populate()
    yield world
    world.store.close()
