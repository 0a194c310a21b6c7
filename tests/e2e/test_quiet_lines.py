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
        for theme in ("Dark", "Light"):
            choose_theme(rosa, theme)
            tone = lines.nth(1).evaluate("one => getComputedStyle(one).color")
            behind = rosa.page.locator(".jp-Notebook").evaluate(
                "one => getComputedStyle(one).backgroundColor"
            )
            assert contrast(tone, behind) >= 4.5, theme
            picture(rosa, f"lines-{theme.lower()}")
        lines.nth(1).focus()
        assert rosa.page.evaluate("document.activeElement.getAttribute('role')") == "note"
        rosa.page.keyboard.press("Control+b")  # a narrow window is for the notebook
        rosa.page.set_viewport_size({"width": 400, "height": 800})
        rosa.page.wait_for_timeout(500)
        lines.nth(1).scroll_into_view_if_needed()
        picture(rosa, "lines-400")


def choose_theme(someone: Someone, name: str) -> None:
    page = someone.page
    page.locator(".lm-MenuBar-item", has_text="Settings").click()
    page.locator(".lm-Menu-item", has_text="Theme").first.click()
    page.locator(".lm-Menu-item", has_text=re.compile(f"^JupyterLab {name}$")).click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(name == "Light").lower())
    page.wait_for_timeout(300)


def contrast(one: str, other: str) -> float:
    """Between two colours as a browser states them (WCAG 2)."""
    lights = sorted(_light(colour) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _light(colour: str) -> float:
    parts = [float(number) / 255 for number in re.findall(r"[\d.]+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


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
