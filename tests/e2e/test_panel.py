"""The Output Review panel with real evidence in it, and a request that reviewers sent back. In a real JupyterLab."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.test_quiet_lines import FEW, SAFE, choose_theme, opened, picture
from tests.harness import Running

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(300)]


def test_the_panel_shows_what_the_kernel_says_and_that_reviewers_sent_it_back(
    browser: Browser, site: Running
) -> None:
    with opened(browser, site, "panel", SAFE, FEW) as rosa:
        request = rosa.ask_for_release()
        for reviewer in ("vera", "viktor"):
            _send_back(site, reviewer, request)
        panel = rosa.page.get_by_test_id("rpp-panel")
        panel.get_by_test_id("rpp-refresh").click()
        back = panel.get_by_test_id(f"rpp-request-{request}")
        expect(back).to_have_attribute("data-status", "returned", timeout=60_000)
        few = panel.get_by_test_id("rpp-output-c1:0")
        expect(few).to_contain_text("fewer than 10 students")
        for theme in ("Dark", "Light"):
            choose_theme(rosa, theme)
            for width in (1280, 400):
                rosa.page.set_viewport_size({"width": width, "height": 900})
                rosa.page.wait_for_timeout(500)
                few.scroll_into_view_if_needed()
                picture(rosa, f"panel-{theme.lower()}-{width}")
                back.scroll_into_view_if_needed()
                picture(rosa, f"panel-{theme.lower()}-{width}-requests")
            rosa.page.set_viewport_size({"width": 1280, "height": 900})


def _send_back(site: Running, reviewer: str, request: str) -> None:
    for _ in range(60):  # until it has been examined
        done = site.rpp("request", "return", request, "--comment", "Too few.", actor=reviewer, expect=None)
        if done.returncode == 0:
            return
        time.sleep(1)
    raise AssertionError(done.stderr)
