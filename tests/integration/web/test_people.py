"""People in the portal: papers from upload to confirmation, the register with its filters, what is due, and each role's home."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from rpp_hub.domain.dues import DueKind
from rpp_hub.web.pages.dues import LINKS

from tests.factories import NOW, SETUP, actor
from tests.integration.web.browser import OWN, Browser
from tests.integration.web.conftest import PortalWorld, add_paper_and_certificate

TODAY = NOW.date()
PDF = b"%PDF-1.7\ncertificate"
TERMS = {"kind": "training", "begins": "2026-01-01", "ends": "2028-12-31", "sponsor": ""}


def upload(browser: Browser, path: str = "/me/papers", content: bytes = PDF, **changes: str) -> int:
    data = {"csrf": browser.csrf, **TERMS, **changes}
    answer = browser.ask("POST", path, data=data, files={"file": ("citi.pdf", content)}, headers=OWN)
    return answer.status_code


def test_a_new_researcher_finds_what_to_do_uploads_it_and_a_data_manager_confirms_it(
    portal: PortalWorld,
) -> None:
    portal.world.people.add(SETUP, "nina", "Nina", institutions=["lakeside"])
    nina, dora = portal.browser("nina"), portal.browser("dora")
    assert 'href="/services/rpp/me">Upload a certificate' in nina.get("/").text
    assert upload(nina) == 303
    assert "waiting" in nina.get("/me").text
    home = dora.get("/").text
    assert "Look at the paper" in home
    papers = dora.get("/papers").text
    name = papers.split('aria-labelledby="')[1].split('"')[0]
    assert f"/services/rpp/papers#{name}" in home
    kept = dora.post(f"/papers/{name}/file")
    assert (kept.content, kept.headers["content-type"]) == (PDF, "application/pdf")
    assert kept.headers["content-disposition"] == f'attachment; filename="{name}.pdf"'
    assert kept.headers["content-security-policy"].startswith("sandbox;")
    assert dora.post(f"/papers/{name}/decide", {"decision": "confirm"}).status_code == 303
    assert "Upload a certificate" not in nina.get("/").text
    assert "31 December 2028" in nina.get("/me").text


@pytest.mark.parametrize(
    ("changes", "content", "said"),
    [
        ({"ends": ""}, PDF, "has a last day"),
        ({"begins": "yesterday"}, PDF, "2026-11-24"),
        ({"kind": "poem"}, PDF, "Choose one of the list"),
        ({}, b"<html>", "neither a PDF"),
    ],
)
def test_what_is_wrong_with_a_paper_is_said_beside_the_form(
    portal: PortalWorld, changes: dict[str, str], content: bytes, said: str
) -> None:
    rosa = portal.browser("rosa")
    data = {"csrf": rosa.csrf, **TERMS, **changes}
    answer = rosa.ask("POST", "/me/papers", data=data, files={"file": ("x.pdf", content)}, headers=OWN)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'role="alert"' in answer.text


def test_a_data_manager_keeps_the_register(portal: PortalWorld) -> None:
    dora = portal.browser("dora")
    new = {
        "name": "sam",
        "display_name": "Sam Ple",
        "institution": "lakeside",
        "email": "sam@example.org",
        "role": "",
    }
    assert dora.post("/people", new).status_code == 303
    assert (
        dora.post("/institutions", {"name": "other", "title": "Other U", "kind": "university"}).status_code
        == 303
    )
    change = "/people/sam/change"
    assert dora.post(change, {"do": "give", "role": "director"}).status_code == 303
    assert (
        dora.post(change, {"do": "works", "institution": "other", "until": "2027-06-30"}).status_code == 303
    )
    assert dora.post(change, {"do": "take", "role": "director"}).status_code == 303
    assert dora.post(change, {"do": "give", "role": "wizard"}).status_code == 422
    assert upload(dora, "/people/sam/papers") == 303
    page = dora.get("/people/sam").text
    assert "Other U (outside the partnership), until" in page
    assert "sam@example.org" in page
    assert dora.post(change, {"do": "close"}).status_code == 303
    assert "account closed" in dora.get("/people/sam").text
    assert dora.post(change, {"do": "open"}).status_code == 303


def test_the_register_is_filtered_by_what_is_asked_for(portal: PortalWorld) -> None:
    portal.world.people.certify(actor("dora"), "rosa", training_ends=TODAY + timedelta(days=3))
    dirk = portal.browser("dirk")
    shown = dirk.get("/people", params={"soon": "yes"}).text
    assert "/people/rosa" in shown
    assert "/people/remy" not in shown
    assert "/people/vera" in dirk.get("/people", params={"role": "output reviewer"}).text
    assert "Nobody fits" in dirk.get("/people", params={"text": "zzz"}).text
    assert "Add a person" not in shown


def test_due_shows_each_person_what_is_theirs_and_where_it_is_done(portal: PortalWorld) -> None:
    portal.world.people.certify(actor("dora"), "rosa", training_ends=TODAY - timedelta(days=3))
    add_paper_and_certificate(portal)
    rosa = portal.browser("rosa").get("/due").text
    assert "3 days late" in rosa
    assert 'href="/services/rpp/me">Upload a certificate' in rosa
    dirk = unescape(portal.browser("dirk").get("/due").text)
    assert "Nothing waits for you" in dirk
    assert 'href="/services/rpp/people/rosa">Open the person' in dirk
    paula = portal.browser("paula")
    assert 'href="/services/rpp/projects/alpha/destruction">Read the certificate' in paula.get("/").text
    assert "Confirm the destruction" in paula.get("/projects/alpha/destruction").text
    assert "Confirm the destruction" not in portal.browser("dora").get("/projects/alpha/destruction").text
    assert paula.post("/projects/alpha/destruction").status_code == 303
    assert "Confirm the destruction" not in paula.get("/projects/alpha/destruction").text


def test_every_kind_of_due_leads_somewhere() -> None:
    assert set(LINKS) == set(DueKind)


NAVIGATION = {
    "rosa": ["Home", "Due", "Projects", "Requests", "Releases", "Environment"],
    "vera": ["Home", "Due", "Review", "Projects", "Requests", "Releases"],
    "paula": ["Home", "Due", "Projects", "Releases"],
    "dirk": ["Home", "Due", "Projects", "Releases", "People"],
    "ada": ["Home", "Due", "Projects", "Audit"],
    "nina": ["Home", "Due", "Projects"],
}


@pytest.mark.parametrize("person", NAVIGATION)
def test_a_role_is_led_only_to_what_it_may_see(portal: PortalWorld, person: str) -> None:
    portal.world.person("nina")
    browser = portal.browser(person)
    navigation = browser.get("/").text.split('aria-label="Portal"')[1].split("</nav>")[0]
    places = [part.split("<")[0] for part in navigation.split('">')[1:]]
    assert [p for p in places if p not in ("Agreements", "Egress")] == NAVIGATION[person]
    for part in navigation.split('href="')[1:]:
        assert browser.get(part.split('"')[0]).status_code == 200, part


@pytest.mark.parametrize("person", ["rosa", "vera", "dora", "paula", "dirk", "otto", "ada", "nina"])
def test_every_home_answers_what_waits_and_what_one_may_do_and_every_way_is_open(
    portal: PortalWorld, person: str
) -> None:
    portal.world.person("nina")
    browser = portal.browser(person)
    home = browser.get("/").text
    assert "What waits for you" in home
    ways = home.split('class="ways"')[1].split("</ul>")[0].split('href="')[1:]
    assert ways
    for way in ways:
        assert browser.get(unescape(way.split('"')[0]).partition("#")[0]).status_code == 200, way


def test_the_api_has_people_papers_and_what_is_due(portal: PortalWorld) -> None:
    rosa, dora = portal.browser("rosa"), portal.browser("dora")
    body = {"kind": "training", "begins": "2026-01-01", "ends": "2028-01-01", "content": "JVBERi0x"}
    sent = rosa.call("POST", "/people/rosa/papers", body)
    assert sent.status_code == 200
    name = sent.json()["name"]
    (due,) = dora.call("GET", "/due").json()
    assert (due["kind"], due["subject"], due["mine"]) == ("paper", name, True)
    assert rosa.call("POST", f"/papers/{name}/decide", {"confirm": True}).status_code == 403
    assert dora.call("POST", f"/papers/{name}/decide", {"confirm": True}).json()["status"] == "confirmed"
    assert dora.call("GET", "/people/rosa").json()["training_ends"] == "2028-01-01"
    assert rosa.call("POST", "/people/rosa/papers", {**body, "content": "%%"}).status_code == 422
    assert dora.call("PUT", "/people/remy/roles/director").json()["roles"] == ["director"]
    assert dora.call("PUT", "/people/dora/roles/director").json()["error"]["code"] == "own-role"
