"""A researcher sees what the workspace uses, and reads why a kernel was ended: in a real JupyterLab."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from rpp_hub.installation import Installation
from rpp_hub.workspace.cgroups import base_v1

from tests.e2e.people import Someone, at_browser
from tests.factories import cell, notebook
from tests.harness import Running

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(300)]

PROJECT = "attendance-gaps"
LITTLE = 900 << 20
BOMB = "x = []\nwhile True: x.append(bytearray(64 << 20))"


def test_use_and_limit_are_in_the_status_bar_and_an_ended_kernel_is_explained(
    browser: Browser, site: Running
) -> None:
    with at_browser(browser, site, "rosa") as rosa:
        rosa.open_workspace(PROJECT)
        item = rosa.page.get_by_test_id("rpp-usage")
        expect(item).to_contain_text(re.compile(r"Memory [\d.]+ (MiB|GiB) of 8\.0 GiB"), timeout=30_000)
        expect(item).to_contain_text(re.compile(r"Files \d+ MiB of 10\.0 GiB"))
        version = rosa.page.context.request.get(f"{rosa.portal}environment").text()
        shown = (item.text_content() or "").rpartition("Environment ")[2]
        assert len(shown) == 8
        assert f'<dd class="mono">{shown}' in version
        picture(rosa, "usage")
        if not base_v1():
            pytest.skip("the second half lowers a limit of control groups of version 1, which are not here")
        (site.home / "workspaces" / PROJECT / "members" / "rosa" / "bomb.ipynb").write_bytes(
            notebook(cell(BOMB))
        )
        lower_the_limit(site)
        rosa.page.goto(f"{site.url}/user/rosa/{PROJECT}/lab/workspaces/bomb/tree/bomb.ipynb")
        expect(rosa.page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
        expect(rosa.page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=60_000)
        rosa.page.get_by_role("menuitem", name="Run", exact=True).click()
        rosa.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        told = rosa.page.locator(".Toastify__toast", has_text="of memory it may use")
        expect(told).to_be_visible(timeout=90_000)
        rosa.page.locator(".jp-Dialog", has_text="appears to have died").get_by_role(
            "button", name="Ok"
        ).click()
        told.get_by_role("button", name="What to do").click()
        expect(rosa.page.locator(".jp-Dialog")).to_contain_text("rpp.load(…, columns=[…])")
        picture(rosa, "ended")


def lower_the_limit(site: Running) -> None:
    """So that the bomb need not take eight gigabytes of the machine that runs the tests."""
    runs = {run.name for run in (Installation(site.home).run_dir / "w").iterdir()}
    groups = [group for run in runs for group in base_v1()["memory"].glob(f"w*-{run}")]
    assert groups
    for group in groups:
        (group / "memory.limit_in_bytes").write_text(str(LITTLE))


def picture(someone: Someone, name: str) -> None:
    if folder := os.environ.get("RPP_PICTURES"):
        someone.page.screenshot(path=str(Path(folder) / f"{name}.png"))
