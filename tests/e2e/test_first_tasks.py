"""As each role, a new user finds their first task from their home page within two clicks, with the mouse and with the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from rpp_hub.bootstrap import open_installation
from rpp_hub.services.requests import Submission

from tests.approving import LETTER
from tests.e2e.parts import eventually
from tests.e2e.people import at_browser
from tests.factories import actor, cell, notebook, printed
from tests.harness import Running

Pressed = Literal["link", "button"]
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

APPLICATION = """\
project: first-look
title: Where absence begins
district: bayview
sponsor: paula
questions: ["In which grade does absence begin to rise?"]
irb: {number: IRB-9, ends: 2031-06-30}
agreement: {ends: 2031-12-31}
tables:
  student_classifications:
    fields: [{name: grade_level, rationale: the groups, need: critical}]
years: [2020, 2023]
linkage: [first_name]
linkage_rationale: Surveys have no numbers.
members: [{person: rosa, role: lead}]
"""
BOOK = notebook(cell("print('n = 120')", [printed("n = 120\n")]))


@dataclass(frozen=True, slots=True)
class Task:
    """What somebody presses from their home page on, and where the work then begins."""

    person: str
    presses: tuple[tuple[Pressed, str], ...]  # (role, accessible name begins with)
    place: str  # where


TASKS = (
    Task("remy", (("button", "(Open|Go to) the workspace"),), r"/(workspace|lab)"),
    Task("paula", (("link", "Read and decide"), ("link", "Answer the survey")), r"/survey$"),
    Task("dora", (("link", "Read and decide"), ("link", "Judge it")), r"/judge$"),
    Task("dirk", (("link", "Decide on the exception"),), r"/projects/first-look#exceptions$"),
    Task("vera", (("link", r"r\d{4}"),), r"/requests/r\d{4}/review$"),
    Task("otto", (("button", "Verify the audit log"),), r"/audit/verify$"),
    Task("ada", (("button", "Verify the audit log"),), r"/audit/verify$"),
)  # fmt: skip


@pytest.fixture(scope="module")
def busy(site: Running) -> Iterator[Running]:
    """The shared installation with an application that waits, a name that asks for leave, and outputs to review."""
    rpp = open_installation(site.home)
    rpp.projects.apply(actor("rosa"), APPLICATION, LETTER)
    given = Submission(
        name="first.ipynb",
        notebook=BOOK,
        outputs=("a:0",),
        context="Number of students in grade nine.",
        controls="Counts below ten are not shown.",
    )
    request = rpp.requests.submit(actor("remy"), "course-pathways", given).name
    eventually(lambda: rpp.requests.seen_by(actor("vera"), request).examined_at is not None, 90.0)
    rpp.store.close()
    yield site
    site.rpp("project", "withdraw", "first-look", actor="rosa", expect=None)


def found(page: Page, role: Pressed, name: str) -> Locator:
    return page.locator("main").get_by_role(role, name=re.compile(rf"^{name}")).first


def press_by_mouse(page: Page, role: Pressed, name: str) -> None:
    found(page, role, name).click()


def press_by_keyboard(page: Page, role: Pressed, name: str) -> None:
    """Tab to it, as somebody without a mouse does, and see where one is."""
    wanted = found(page, role, name)
    expect(wanted).to_be_visible()
    for _ in range(150):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            break
    else:
        raise AssertionError(f"the Tab key does not reach {name}")
    assert wanted.evaluate("e => getComputedStyle(e).outlineStyle") != "none"
    page.keyboard.press("Enter")


@pytest.mark.parametrize("press", [press_by_mouse, press_by_keyboard], ids=["mouse", "keyboard"])
@pytest.mark.parametrize("task", TASKS, ids=[task.person for task in TASKS])
def test_the_first_task_is_at_most_two_clicks_from_home(
    busy: Running, browser: Browser, task: Task, press: Callable[[Page, Pressed, str], None]
) -> None:
    assert len(task.presses) <= 2
    with at_browser(browser, busy, task.person) as somebody:
        expect(somebody.page.get_by_role("heading", name="What waits for you")).to_be_visible()
        expect(somebody.page.get_by_role("heading", name="What you may do")).to_be_visible()
        for role, name in task.presses:
            press(somebody.page, role, name)
        expect(somebody.page).to_have_url(re.compile(task.place), timeout=90_000)
    if task.person == "remy":
        busy.rpp(
            "workspace",
            "revoke",
            "remy",
            "course-pathways",
            "--reason",
            "The test is over",
            actor="otto",
            expect=None,
        )
