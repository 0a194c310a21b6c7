"""A project on its pages, as browsers without scripts send them: draft, fields, review, signatures, an amendment."""

from __future__ import annotations

import re
from typing import Any

import pytest
from rpp_hub.domain.agreements import PaperKind
from rpp_hub.domain.paging import PageAt
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.services.personal_papers import ThirdParty

from tests.approving import LETTER
from tests.factories import FAR, SETUP, actor
from tests.integration.services.test_project_path import BOOK
from tests.integration.web.browser import OWN, Browser
from tests.integration.web.conftest import PortalWorld

BEGINNING = {
    "name": "gamma",
    "title": "Absence by grade",
    "district": "bayview",
    "lead": "rosa",
    "sponsor": "paula",
}
WORDS = {
    "title": "Absence by grade", "questions": "How does absence differ?\nWhy?", "design": "Compare grades.", "timeline": "One year.",
    "first_year": "2019", "last_year": "2024", "agreement_ends": "2029-12-31", "irb_number": "IRB-7", "irb_ends": "2030-06-30",
    "linkage": "student_id", "members": "", "cosponsors": "",
}  # fmt: skip


@pytest.fixture
def booked(portal: PortalWorld, monkeypatch: pytest.MonkeyPatch) -> PortalWorld:
    """A portal whose district has a codebook, and rita, who is research staff."""
    portal.world.codebook = BOOK
    monkeypatch.setattr(type(portal.rpp.warehousing), "known_codebook", lambda _self, _district: BOOK)
    portal.world.person("rita", Role.PRACTITIONER)
    return portal


def version(browser: Browser, path: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', browser.get(path).text)
    assert found is not None
    return found.group(1)


def save(browser: Browser, name: str, words: dict[str, Any], letter: bool = False) -> int:
    path = f"/projects/{name}/edit"
    data = {"csrf": browser.csrf, "version": version(browser, path), **words}
    files = {"irb_letter": (LETTER.file_name, LETTER.content)} if letter else {"irb_letter": ("", b"")}
    return browser.ask("POST", path, data=data, files=files, headers=OWN).status_code


def choose(browser: Browser, name: str, **why: str) -> Any:
    """why: table__field → rationale; an empty one is shown and not picked."""
    path, form = f"/projects/{name}/fields", {}
    for key, rationale in ((k.replace("__", "."), v) for k, v in why.items()):
        form[f"shown:{key}"] = "1"
        if rationale:
            form |= {f"pick:{key}": "1", f"need:{key}": "useful", f"why:{key}": rationale}
    return browser.post(path, {**form, "version": version(browser, path), "table": "students"})


def sent(portal: PortalWorld) -> None:
    """An application from its first page to the district."""
    rosa, paula = portal.browser("rosa"), portal.browser("paula")
    assert rosa.post("/projects/new", BEGINNING).headers["location"].endswith("/projects/gamma/edit")
    unwritten = rosa.get("/projects/gamma/edit").text
    for fault in ("Research questions", "Ethics approval", "The agreement&#39;s end", "School years"):
        assert f"<li>{fault}: this is missing</li>" in unwritten
    assert "<li>Fields: there is nothing yet</li>" in unwritten
    assert save(paula, "gamma", WORDS) == 303
    assert (
        choose(
            rosa, "gamma", students__sex="the groups", classifications__grade_level="the grades"
        ).status_code
        == 303
    )
    assert rosa.post("/projects/gamma/send").status_code == 409  # no letter yet
    assert save(rosa, "gamma", WORDS, letter=True) == 303
    assert rosa.post("/projects/gamma/send").headers["location"].endswith("/projects/gamma")


def test_an_application_is_written_by_both_reviewed_decided_and_signed(booked: PortalWorld) -> None:
    sent(booked)
    rosa, paula, rita = (booked.browser(p) for p in ("rosa", "paula", "rita"))
    assert "The answer is due on" in rosa.get("/projects/gamma").text
    answers = {"alignment": "5", "benefits": "4", "costs": "3", "alignment-words": "Goal two."}
    assert paula.post("/projects/gamma/survey", answers).status_code == 303
    assert rita.post("/projects/gamma/survey", answers).status_code == 403
    words = {
        "field:students.sex": "necessary",
        "field:classifications.grade_level": "useful",
        "note:students.sex": "Yes.",
    }
    judged = {"design": "sound", "timeline": "needs changes", **words}
    assert paula.post("/projects/gamma/judge", judged).status_code == 403  # she sponsors it
    assert rita.post("/projects/gamma/judge", judged).status_code == 303
    decision = {"decision": "approve", "reason": "Fits.", "conditions": "Show us first.\n"}
    assert paula.post("/projects/gamma/decide", decision).status_code == 303
    page = rosa.get("/projects/gamma").text
    assert "Show us first." in page
    paper = re.search(r"/agreements/(a\d+)", page)
    assert paper is not None
    place = f"/agreements/{paper.group(1)}"
    sha256 = booked.world.agreements.versions(SETUP, "gamma")[0].document_sha256
    for browser, party in ((rosa, "research team"), (paula, "district")):
        assert (
            browser.post(f"{place}/sign", {"party": party, "document_sha256": sha256}).status_code == 422
        )  # not read
        signed = {"party": party, "document_sha256": sha256, "read": "yes"}
        assert browser.post(f"{place}/sign", signed).status_code == 303
    assert "signed" in rosa.get(place).text
    assert rosa.get(f"{place}/document").headers["content-security-policy"].startswith("sandbox;")
    assert rosa.get(f"{place}/document.pdf").content.startswith(b"%PDF-")
    assert "version 1" in rosa.get("/projects/gamma").text


def test_what_may_not_be_shared_is_refused_by_the_page_too_and_nothing_is_saved(booked: PortalWorld) -> None:
    rosa = booked.browser("rosa")
    rosa.post("/projects/new", BEGINNING)
    shown = rosa.get("/projects/gamma/fields?table=students").text
    assert "State law keeps meal eligibility." in shown
    assert 'name="pick:students.frpl"' not in shown
    refused = choose(rosa, "gamma", students__frpl="wanted", students__sex="the groups")
    assert refused.status_code == 422
    assert "students.frpl cannot be chosen: State law" in refused.text
    assert 'name="pick:students.sex" value="1" checked' in refused.text
    assert 'value="the groups"' in refused.text
    assert "Say why students.sex is needed." in choose(rosa, "gamma", students__sex=" .").text
    assert booked.world.projects.get("gamma").status is ProjectStatus.DRAFT
    assert "days_absent" in rosa.get("/projects/gamma/fields?q=absent").text


def test_a_revision_and_its_withdrawal(booked: PortalWorld) -> None:
    sent(booked)
    rosa, paula = booked.browser("rosa"), booked.browser("paula")
    assert paula.post("/projects/gamma/decide", {"decision": "return", "reason": ""}).status_code == 422
    assert (
        paula.post("/projects/gamma/decide", {"decision": "return", "reason": "Say more."}).status_code == 303
    )
    assert "Sent back for a revision" in rosa.get("/projects/gamma").text
    assert save(rosa, "gamma", {**WORDS, "design": "More."}) == 303
    assert rosa.post("/projects/gamma/withdraw", {"reason": "No time."}).status_code == 303
    assert booked.world.projects.get("gamma").status is ProjectStatus.WITHDRAWN


def test_an_amendment_is_written_on_the_same_pages_and_shows_what_it_changes(booked: PortalWorld) -> None:
    rosa = booked.browser("rosa")
    assert rosa.get("/projects/alpha/edit").status_code == 409
    assert rosa.post("/projects/alpha/amend").status_code == 303
    assert choose(rosa, "alpha", students__sex="gender gaps").status_code == 303
    place = rosa.post("/projects/alpha/send", {"amend": "yes", "reason": "Gaps."}).headers["location"]
    page = rosa.get(place).text
    assert "field students.sex" in page
    assert "What this version changes" in page
    assert booked.browser("remy").get(place).status_code == 404


def test_lists_are_filtered(booked: PortalWorld) -> None:
    sent(booked)
    dora = booked.browser("dora")
    assert "gamma" in dora.get("/projects?status=applied").text
    assert "gamma" not in dora.get("/projects?status=approved").text.split("<table")[1]
    assert "No project fits" in dora.get("/projects?sponsor=nobody").text
    assert "a0001" in dora.get("/agreements?kind=umbrella").text
    assert "No agreement fits" in dora.get("/agreements?kind=access").text


def test_the_director_finds_a_name_that_an_amendment_asks_for(booked: PortalWorld) -> None:
    rosa, dirk = booked.browser("rosa"), booked.browser("dirk")
    rosa.post("/projects/alpha/amend")
    assert save(rosa, "alpha", {**WORDS, "linkage": "student_id first_name"}) == 303
    assert rosa.post("/projects/alpha/send", {"amend": "yes", "reason": "Surveys."}).status_code == 409
    assert "May first_name be used for linkage?" in dirk.get("/projects/alpha").text
    said = {"do": "approve", "field": "first_name", "reason": "No numbers in the survey."}
    assert dirk.post("/projects/alpha/exceptions", said).status_code == 303
    assert rosa.post("/projects/alpha/send", {"amend": "yes", "reason": "Surveys."}).status_code == 303
    assert "No numbers in the survey." in rosa.get("/projects/alpha").text


def test_every_kind_of_agreement_has_a_page(portal: PortalWorld) -> None:
    """Only a project's agreement speaks of exceptions; the others' pages do without."""
    world = portal.world
    world.personal.access(actor("dirk"), "rosa", "bayview")
    elsewhere = ThirdParty("alpha", "remy", "dirk", "Harbor Institute", FAR)
    world.personal.third_party(actor("dirk"), elsewhere)
    lines = world.agreements.lines(actor("dirk"), PageAt()).items
    assert {line.kind for line in lines} == set(PaperKind)
    for line in lines:
        page = portal.browser("dirk").get(f"/agreements/{line.name}")
        assert page.status_code == 200, line
        assert "The document" in page.text
