"""One running installation for all browser tests, since a start takes its time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.people import chromium
from tests.e2e.plain import Plain, plain_server
from tests.e2e.scene import Scene, two_at_work
from tests.harness import Running, cannot_sandbox, running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. For one module: playwright keeps an event loop in this thread, and others want to run their own."""
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("Chromium is not installed; scripts/set-up --for-tests installs it")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def site() -> Iterator[Running]:
    """An installation on a synthetic district."""
    reason = cannot_sandbox()
    if reason:
        pytest.skip(reason)
    with running("--students", "3000") as installation:
        yield installation


@pytest.fixture(scope="module")
def plain() -> Iterator[Plain]:
    """A plain JupyterLab beside it."""
    with plain_server() as server:
        yield server


@pytest.fixture(scope="module")
def scene(site: Running) -> Iterator[Scene]:
    """Two people at work."""
    with two_at_work(site) as found:
        yield found
