"""A workspace whose page is open and that nobody works in: a person is warned, it closes, and what was saved is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import at_browser
from tests.harness import Running, cannot_sandbox, running

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(300)]
PROJECT = "attendance-gaps"


@pytest.fixture
def impatient() -> Iterator[Running]:
    """An installation that closes workspaces after the shortest time there is."""
    reason = cannot_sandbox()
    if reason:
        pytest.skip(reason)
    with running("--students", "200", workspace="idle_minutes = 1") as installation:
        yield installation


def test_an_open_page_alone_does_not_keep_a_workspace_open(impatient: Running, browser: Browser) -> None:
    with at_browser(browser, impatient, "rosa") as rosa:
        rosa.open_workspace(PROJECT)
        rosa.page.locator(".jp-CodeCell").first.locator(".cm-content").click()
        rosa.page.keyboard.type("# the last thought of the day")
        rosa.page.keyboard.press("Control+s")
        warned = rosa.page.locator(".Toastify__toast", has_text="Nobody has worked here for a while")
        expect(warned).to_be_visible(timeout=90_000)
        dialog = rosa.page.locator(".jp-Dialog")
        expect(dialog).to_contain_text("Your workspace is closed", timeout=90_000)
    kept = impatient.home / "workspaces" / PROJECT / "members" / "rosa" / "starter.ipynb"
    assert "the last thought of the day" in kept.read_text(encoding="utf-8")
