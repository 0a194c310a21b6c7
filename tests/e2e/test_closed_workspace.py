"""A workspace is asked once for all that is shown of it; when it was closed, its page says so and leads to its project."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Request, expect

from tests.e2e.people import at_browser
from tests.harness import Running

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(300)]

PROJECT = "attendance-gaps"
BETWEEN = 3.0  # seconds; one poll asks every five, two of them would come closer


def test_one_poll_asks_and_a_closed_workspace_says_so_and_leads_to_its_project(
    browser: Browser, site: Running
) -> None:
    with at_browser(browser, site, "rosa") as rosa:
        asked: list[float] = []

        def note(request: Request) -> None:
            if request.url.partition("?")[0].endswith("/rpp/usage"):
                asked.append(time.monotonic())

        rosa.page.on("request", note)
        rosa.open_workspace(PROJECT)
        while len(asked) < 4:
            rosa.page.wait_for_timeout(500)
        assert min(b - a for a, b in pairwise(asked)) > BETWEEN
        site.rpp("workspace", "revoke", PROJECT, "rosa", "--reason", "for a moment", actor="dora")
        dialog = rosa.page.locator(".jp-Dialog")
        expect(dialog).to_contain_text("Your workspace is closed", timeout=120_000)
        assert "erver" not in dialog.inner_text()
        dialog.get_by_role("button", name="Go to the project").click()
        rosa.page.wait_for_url(f"{site.url}/services/rpp/projects/{PROJECT}")
        opens = rosa.page.get_by_role("button", name="Open the workspace")
        while not opens.count():  # until the hub has noticed by itself
            rosa.page.wait_for_timeout(1000)
            rosa.page.reload()
        rosa.page.goto(f"{site.url}/user/rosa/{PROJECT}/lab")  # as a bookmark does
        expect(rosa.page.locator("h1")).to_have_text("Your workspace is closed")
        rosa.page.get_by_role("link", name="Go to the project").click()
        expect(opens).to_be_visible()
