"""Each role's pages for everybody: axe-core finds nothing, the keyboard reaches everything, and 400 pixels are enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from tests.factories import NOW, actor
from tests.integration.web.conftest import add_paper_and_certificate, open_world
from tests.integration.web.test_in_chromium import Site, chromium

__all__ = ["chromium"]
pytestmark = pytest.mark.browser
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PAGES = {
    "nina": ("", "me", "due", "projects/new"),
    "rosa": ("", "me", "due", "projects/alpha", "environment"),
    "vera": ("", "review"),
    "dora": ("", "people", "people/rosa", "papers", "due"),
    "paula": ("", "projects/alpha/destruction", "projects"),
    "dirk": ("", "people?soon=yes", "due"),
    "otto": ("", "workspaces", "environment"),
    "ada": ("", "audit"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One portal for all pages here, with something late, something due and something waiting."""
    with open_world(tmp_path_factory.mktemp("accessible") / "instance") as portal:
        world = portal.world
        world.people.add(actor("dora"), "nina", "Nina Newcomer", institutions=["lakeside"])
        world.people.certify(actor("dora"), "rosa", training_ends=NOW.date() - timedelta(days=3))
        world.examined(project="beta", author="remy")
        add_paper_and_certificate(portal)
        portal.rpp.packages.ask(actor("rosa"), "alpha", "lifelines", "to follow students")
        site = Site(portal)
        yield site
        site.stop()


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [f"{v['id']}: {v['help']} {[n['target'] for n in v['nodes']][:3]}" for v in found["violations"]]


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("person", PAGES)
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(
    site: Site, chromium: Browser, person: str, width: int
) -> None:
    page = site.page(chromium, person, width)
    for path in PAGES[person]:
        page.goto(f"{site.url}/services/rpp/{path}")
        assert page.locator("h1").count() == 1, path
        assert violations(page) == [], path
        wide = page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, path
    page.context.close()


def test_control_axe_notices_a_field_without_a_label(site: Site, chromium: Browser) -> None:
    page = site.page(chromium, "nina")
    page.goto(f"{site.url}/services/rpp/me")
    page.evaluate("() => document.querySelector('label[for=begins]').remove()")
    assert any(found.startswith("label") for found in violations(page))
    page.context.close()


@pytest.mark.parametrize("person", PAGES)
def test_the_keyboard_alone_reaches_what_waits(site: Site, chromium: Browser, person: str) -> None:
    page = site.page(chromium, person)
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    inside = page.evaluate("() => document.getElementById('main').contains(document.activeElement)")
    assert inside
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.context.close()
