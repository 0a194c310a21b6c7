"""Under each output one quiet line: that it is safe, or what a reviewer will say. In a real JupyterLab."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import Someone, at_browser
from tests.factories import cell, notebook
from tests.harness import Running

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(300)]

PROJECT = "attendance-gaps"
SAFE = """import rpp
frame = max((rpp.load(table) for table in rpp.tables()), key=len)
by = next(name for name in frame if 2 <= frame[name].nunique() <= 15)
frame[frame[by] == frame[by].mode()[0]].groupby(by, observed=True).size()"""
FEW = "frame.head(7).groupby(by, observed=True).size()"


def test_the_line_says_safe_or_what_a_reviewer_will_say(browser: Browser, site: Running) -> None:
    with opened(browser, site, "lines", SAFE, FEW, "frame", "print(len(frame))") as rosa:
        lines = rosa.page.locator(".rpp-Line")
        expect(lines.nth(2)).to_be_visible(timeout=60_000)
        expect(lines.nth(0)).to_contain_text(re.compile(r"Safe: it stands for [\d,]+ students\."))
        expect(lines.nth(1)).to_contain_text("A reviewer would not let this pass")
        expect(lines.nth(2)).to_contain_text("none of them is shown")
        assert lines.nth(1).get_attribute("role") == "note"
        picture(rosa, "lines-1280")
        lines.nth(1).focus()
        assert rosa.page.evaluate("document.activeElement.getAttribute('role')") == "note"
        rosa.page.keyboard.press("Control+b")  # a narrow window is for the notebook
        rosa.page.set_viewport_size({"width": 400, "height": 800})
        rosa.page.wait_for_timeout(500)
        lines.nth(1).scroll_into_view_if_needed()
        picture(rosa, "lines-400")


@contextmanager
def opened(browser: Browser, site: Running, name: str, *cells: str) -> Iterator[Someone]:
    """Rosa in her workspace, with a notebook of these cells that has run."""
    with at_browser(browser, site, "rosa") as rosa:
        rosa.open_workspace(PROJECT)
        folder = site.home / "workspaces" / PROJECT / "members" / "rosa"
        (folder / f"{name}.ipynb").write_bytes(
            notebook(*(cell(code, ident=f"c{number}") for number, code in enumerate(cells)))
        )
        rosa.page.goto(f"{site.url}/user/rosa/{PROJECT}/lab/workspaces/{name}/tree/{name}.ipynb")
        expect(rosa.page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
        rosa.run_all()
        yield rosa


def picture(someone: Someone, name: str) -> None:
    if folder := os.environ.get("RPP_PICTURES"):
        someone.page.screenshot(path=str(Path(folder) / f"{name}.png"))
