"""A project from its draft to an open workspace, in browsers that run no JavaScript, on a telephone's screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from tests.e2e.people import Someone, at_browser
from tests.harness import Running

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(300)]
NAME = "grade-gaps"
WORDS = {
    "questions": "In which grade does absence rise?\nFor whom?",
    "design": "Compare the grades of one year, and one grade over the years.",
    "timeline": "One school year.",
    "alignment": "Goal two of the district's plan.",
    "first_year": "2020",
    "last_year": "2024",
    "agreement_ends": "2031-12-31",
    "irb_number": "IRB-2026-77",
    "irb_ends": "2031-06-30",
}
FIELDS = {"grade_level": "The groups compared", "total_days_absent": "The outcome"}


@contextmanager
def without_scripts(browser: Browser, site: Running, *names: str) -> Iterator[list[Someone]]:
    with ExitStack() as stack:
        yield [stack.enter_context(at_browser(browser, site, name, 400, scripts=False)) for name in names]


def fits(somebody: Someone) -> None:
    """Nothing on the page is wider than the screen."""
    sizes = somebody.page.locator("main").evaluate("m => [document.documentElement.scrollWidth, innerWidth]")
    assert sizes[0] <= sizes[1], somebody.page.url


def begin(rosa: Someone) -> None:
    rosa.go("projects/new")
    rosa.page.fill("#title", "Gaps between grades")
    rosa.page.fill("#name", NAME)
    rosa.page.select_option("#sponsor", "paula")
    fits(rosa)
    rosa.press("Begin the draft")
    expect(rosa.page.get_by_role("heading", name="Write the application")).to_be_visible()


def write(rosa: Someone) -> None:
    for field, words in WORDS.items():
        rosa.page.fill(f"#{field}", words)
    letter = FilePayload(name="irb.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7 the board's letter")
    rosa.page.locator("#irb_letter").set_input_files(letter)
    rosa.press("Save")
    expect(rosa.page.get_by_role("status")).to_contain_text("Saved.")
    fits(rosa)


def choose(rosa: Someone) -> None:
    rosa.page.get_by_role("link", name="Choose fields").click()
    rosa.page.get_by_role("link", name=re.compile("^student_classifications")).click()
    for field, why in FIELDS.items():
        row = rosa.page.get_by_role("row", name=re.compile(rf"^{field}\b"))
        row.get_by_role("checkbox").check()
        row.get_by_label(f"Why {field} is needed").fill(why)
    fits(rosa)
    rosa.press("Save these choices")
    expect(rosa.page.locator("main")).to_contain_text("2 fields chosen in all tables")


def send(rosa: Someone) -> None:
    rosa.go(f"projects/{NAME}/edit")
    rosa.press("Send the application")
    expect(rosa.page.locator("main")).to_contain_text("The answer is due on")
    fits(rosa)


def cut(dora: Someone) -> None:
    dora.go(f"projects/{NAME}")
    dora.page.get_by_role("link", name="Plan and build a cut").click()
    fits(dora)
    dora.press("Build the cut")
    expect(dora.page.locator("#cuts ~ ul")).to_contain_text("current", timeout=60_000)


def open_workspace(rosa: Someone) -> None:
    rosa.go(f"projects/{NAME}")
    rosa.press("workspace of")
    rosa.page.wait_for_url(f"**/user/{rosa.name}/{NAME}/lab**", timeout=90_000)


def test_a_project_goes_from_its_draft_to_an_open_workspace_without_javascript(
    site: Running, browser: Browser
) -> None:
    with without_scripts(browser, site, "rosa", "paula", "dora") as (rosa, paula, dora):
        begin(rosa)
        write(rosa)
        choose(rosa)
        send(rosa)
        paula.answer_survey(NAME)
        fits(paula)
        dora.judge(NAME)
        fits(dora)
        paula.decide(NAME)
        fits(paula)
        rosa.sign(NAME)
        paula.sign(NAME)
        fits(paula)
        cut(dora)
        open_workspace(rosa)
    site.rpp("workspace", "revoke", "rosa", NAME, "--reason", "The test is over", actor="otto", expect=None)
