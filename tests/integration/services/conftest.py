"""A populated installation's services, without any process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Seven people, two approved projects, nothing submitted."""
    world = World(tmp_path / "instance").populate()
    yield world
    world.store.close()
