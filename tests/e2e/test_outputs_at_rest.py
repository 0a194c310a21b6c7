"""What a notebook holds that nobody has run yet, or that was run and waits for a click: does it do anything? Beside a plain JupyterLab."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.people import at_browser, run_all
from tests.e2e.plain import Plain
from tests.factories import notebook
from tests.harness import Running

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(300)]

OWN = "attendance-gaps"
BUTTON = '<button data-commandlinker-command="application:toggle-left-area" data-commandlinker-args="{}">press here</button>'
NAMED = '<form id="rppFormed" name="rppNamed"><p>named here</p></form><a id="rppAnchored" name="rppAnchored">anchor</a>'
FORMULA = r"$\href{javascript:void(document.body.dataset.formula='ran')}{press}$ and $\href{https://example.org/}{lead}$"
CLOBBERED = "() => ['rppFormed', 'rppNamed', 'rppAnchored'].filter(name => name in window)"
SCRIPTED = """() => {
    const a = Object.assign(document.createElement('a'), {href: "javascript:void(document.body.dataset.scripted='ran')"});
    document.body.append(a); a.click();
    return new Promise(done => setTimeout(() => done(document.body.dataset.scripted || ''), 300));
}"""


def held() -> bytes:
    """Markdown, an output that was stored and one that is made anew."""
    stored = {
        "output_type": "display_data",
        "data": {"text/html": BUTTON.replace("press", "stored")},
        "metadata": {},
    }
    shown = f"from IPython.display import HTML, display\ndisplay(HTML({BUTTON!r}))"
    cells: tuple[dict[str, Any], ...] = (
        {"cell_type": "markdown", "id": "m0", "metadata": {}, "source": f"{NAMED}\n\n{FORMULA}"},
        {
            "cell_type": "code",
            "id": "c0",
            "metadata": {},
            "source": "0",
            "outputs": [stored],
            "execution_count": 1,
        },
        {
            "cell_type": "code",
            "id": "c1",
            "metadata": {},
            "source": shown,
            "outputs": [],
            "execution_count": None,
        },
    )
    return notebook(*cells)


@contextmanager
def shown(browser: Browser, url: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(url)
    expect(page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
    yield page
    context.close()


@pytest.fixture(scope="module")
def ours(browser: Browser, site: Running) -> Iterator[Page]:
    with at_browser(browser, site, "rosa") as rosa:
        rosa.open_workspace(OWN)
        (site.home / "workspaces" / OWN / "members" / "rosa" / "held.ipynb").write_bytes(held())
        rosa.page.goto(f"{site.url}/user/rosa/{OWN}/lab/workspaces/{secrets.token_hex(4)}/tree/held.ipynb")
        expect(rosa.page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
        yield rosa.page


@pytest.fixture(scope="module")
def theirs(browser: Browser, plain: Plain) -> Iterator[Page]:
    (plain.root / "held.ipynb").write_bytes(held().replace(b'"rpp"', b'"python3"'))
    with shown(browser, plain.page_of("held.ipynb")) as page:
        yield page


def is_left_open(page: Page) -> bool:
    return page.locator(".jp-FileBrowser").first.is_visible()


def pressed(page: Page, words: str) -> bool:
    """Whether a click on it did what it names."""
    button = page.get_by_text(words, exact=True).last
    before = is_left_open(page)
    button.click()
    page.wait_for_timeout(500)
    return is_left_open(page) != before


def test_a_button_that_names_a_command_does_nothing_stored_or_just_run(ours: Page) -> None:
    assert not pressed(ours, "stored here")
    run_all(ours)
    assert not pressed(ours, "press here")


def test_control_in_a_plain_interface_such_a_button_runs_the_command(theirs: Page) -> None:
    run_all(theirs)
    assert pressed(theirs, "press here")


def test_names_in_markdown_hide_nothing_of_the_page(ours: Page) -> None:
    expect(ours.get_by_text("named here", exact=True)).to_be_visible()
    assert ours.evaluate(CLOBBERED) == []


def test_control_with_the_sanitizers_switch_on_names_reach_the_page(theirs: Page) -> None:
    expect(theirs.get_by_text("named here", exact=True)).to_be_visible()
    assert theirs.evaluate(CLOBBERED)


def test_a_link_in_a_formula_runs_nothing_and_gives_no_page_a_hold_on_this_one(ours: Page) -> None:
    formula = ours.locator("mjx-container").first
    expect(formula).to_be_visible(timeout=30_000)
    for link in ours.locator("mjx-container a, .MathJax a").all():
        assert not (link.get_attribute("href") or "").lower().startswith("javascript:")
        assert "noopener" in (link.get_attribute("rel") or "")
    formula.click()
    ours.wait_for_timeout(300)
    assert ours.evaluate("() => document.body.dataset.formula || ''") == ""
    assert ours.evaluate(SCRIPTED) == ""  # were one left, the policy would not run it


def test_control_in_a_plain_page_a_script_link_runs(theirs: Page) -> None:
    assert theirs.evaluate(SCRIPTED) == "ran"
