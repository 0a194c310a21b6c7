"""Applying, deciding, members, withdrawing, releases, audit: each through its page, each to its end."""

from __future__ import annotations

import sqlite3

import httpx
from rpp_hub.domain.lifecycle import Status
from rpp_hub.domain.project_lifecycle import ProjectStatus

from tests import approving
from tests.approving import LETTER
from tests.factories import APPLICATION, actor
from tests.integration.web.browser import OWN
from tests.integration.web.conftest import PortalWorld

GAMMA = APPLICATION.format(name="gamma", lead="rosa")


def send(portal: PortalWorld, person: str, application: str, as_file: bool = False) -> httpx.Response:
    """An application by its form, with the IRB's letter."""
    browser = portal.browser(person)
    files = {"irb_letter": (LETTER.file_name, LETTER.content)}
    if as_file:
        files["file"] = ("application.yaml", application.encode())
    data = {"csrf": browser.csrf, "application": "" if as_file else application}
    return browser.ask("POST", "/projects/upload", data=data, files=files, headers=OWN)


def test_an_application_is_sent_as_text_or_as_a_file_and_decided_by_its_sponsor(portal: PortalWorld) -> None:
    rosa, paula = portal.browser("rosa"), portal.browser("paula")
    assert send(portal, "rosa", GAMMA).headers["location"] == "/services/rpp/projects/gamma"
    assert send(portal, "rosa", GAMMA.replace("gamma", "delta"), as_file=True).status_code == 303
    assert "Read and decide" in paula.get("/").text
    assert "Decide on this application" in paula.get("/projects/gamma").text
    assert "Decide on this application" not in rosa.get("/projects/gamma").text
    assert paula.post("/projects/gamma/decide", {"decision": "perhaps"}).status_code == 422
    assert paula.post("/projects/gamma/decide", {"decision": "approve"}).status_code == 409  # no review yet
    approving.review(portal.world, "gamma")
    assert paula.post("/projects/gamma/decide", {"decision": "approve", "reason": "Fits."}).status_code == 303
    assert (
        paula.post("/projects/delta/decide", {"decision": "decline", "reason": "Too wide."}).status_code
        == 303
    )
    assert portal.world.projects.get("gamma").status is ProjectStatus.APPROVED
    assert portal.world.projects.get("delta").status is ProjectStatus.DECLINED
    assert "Too wide." in rosa.get("/projects/delta").text


def test_an_application_without_the_irbs_letter_is_not_taken(portal: PortalWorld) -> None:
    rosa = portal.browser("rosa")
    sent = rosa.post("/projects/upload", {"application": GAMMA})
    assert sent.status_code == 409
    assert "Send its letter with the application" in sent.text
    assert rosa.get("/projects/gamma").status_code == 404


def test_what_is_wrong_with_an_application_is_shown_beside_its_text(portal: PortalWorld) -> None:
    rosa = portal.browser("rosa")
    answer = rosa.post("/projects/upload", {"application": GAMMA.replace("years:", "yeers:")})
    assert answer.status_code == 422
    assert "yeers: there is no such key here" in answer.text
    assert "years: this is missing" in answer.text
    assert "project: gamma" in answer.text
    file = {"file": ("x.yaml", b"\xff\xfe\x00bad")}
    sent = rosa.ask("POST", "/projects/upload", data={"csrf": rosa.csrf}, files=file, headers=OWN)
    assert sent.status_code == 422
    assert "UTF-8" in sent.text


def test_a_data_manager_changes_the_staff_list_and_sees_everybodys_gate(portal: PortalWorld) -> None:
    dora = portal.browser("dora")
    assert dora.post("/projects/alpha/members", {"do": "add", "person": "viktr"}).status_code == 422
    assert (
        "Did you mean viktor?" in dora.post("/projects/alpha/members", {"do": "add", "person": "viktr"}).text
    )
    assert dora.post("/projects/alpha/members", {"do": "add", "person": "zoe"}).status_code == 303
    assert "May work today" in dora.get("/projects/alpha").text
    assert dora.post("/projects/alpha/members", {"do": "remove", "person": "zoe"}).status_code == 303
    assert [m for m, _ in portal.world.projects.get("alpha").members] == ["rosa"]


def test_a_request_is_withdrawn_only_when_one_says_twice(portal: PortalWorld) -> None:
    name = portal.world.examined().name
    rosa = portal.browser("rosa")
    assert "Withdraw" in rosa.get(f"/requests/{name}").text
    assert rosa.post(f"/requests/{name}/withdraw").status_code == 422
    assert (
        rosa.post(f"/requests/{name}/withdraw", {"sure": "yes", "reason": "Wrong file."}).status_code == 303
    )
    assert portal.world.requests.seen_by(actor("rosa"), name).status is Status.WITHDRAWN
    assert rosa.post(f"/requests/{name}/withdraw", {"sure": "yes"}).status_code == 409


def test_a_release_is_downloaded_under_a_name_of_ours_and_each_download_is_an_act(
    portal: PortalWorld,
) -> None:
    name = portal.released()
    rosa = portal.browser("rosa")
    assert f"Download {name}" in rosa.get("/releases").text
    before = portal.acts()
    bundle = rosa.post(f"/releases/{name}/download")
    assert bundle.headers["content-type"] == "application/zip"
    assert bundle.headers["content-disposition"] == 'attachment; filename="alpha-e0001.zip"'
    assert bundle.content[:2] == b"PK"
    assert portal.acts() == before + 1
    assert rosa.get("/releases/public-key.pem").text.startswith("-----BEGIN PUBLIC KEY-----")
    assert "Download" not in portal.browser("vera").get("/releases").text.split("How to verify")[0]


def test_a_revoked_release_is_not_downloaded_and_a_damaged_one_neither(portal: PortalWorld) -> None:
    name = portal.released()
    rosa, dora = portal.browser("rosa"), portal.browser("dora")
    bundle = portal.world.installation.releases_dir / "r0001.zip"
    whole = bundle.read_bytes()
    bundle.chmod(0o600)
    bundle.write_bytes(whole[:-1] + b"x")
    assert rosa.post(f"/releases/{name}/download").status_code == 503
    bundle.write_bytes(whole)
    assert rosa.post(f"/releases/{name}/download").status_code == 200
    assert dora.post(f"/releases/{name}/revoke", {"reason": " "}).status_code == 422
    assert dora.post(f"/releases/{name}/revoke", {"reason": "Wrong figure."}).status_code == 303
    assert rosa.post(f"/releases/{name}/download").status_code == 409
    assert "revoked" in rosa.get("/releases").text


def test_the_audit_page_filters_pages_and_verifies(portal: PortalWorld) -> None:
    portal.world.examined()
    otto = portal.browser("otto")
    shown = otto.get("/audit", params={"act": "request:"}).text
    assert "request:submit" in shown
    assert "person:add" not in shown
    assert "No event fits" in otto.get("/audit", params={"actor": "x' OR 1=1 --"}).text
    assert "No event fits" in otto.get("/audit", params={"act": "%"}).text
    assert ">1<" in otto.get("/audit", params={"before": "2"}).text
    assert "The log is whole." in otto.post("/audit/verify").text
    with sqlite3.connect(portal.world.installation.database_path) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 3")
    connection.close()
    broken = otto.post("/audit/verify").text
    assert "The log is not whole." in broken
    assert "Event 3 was altered" in broken


def test_home_says_what_waits_for_each(portal: PortalWorld) -> None:
    name = portal.world.examined().name
    portal.hub.servers[("rosa", "alpha")] = {"name": "alpha", "ready": True, "pending": None}
    assert f"/requests/{name}/review" in portal.browser("vera").get("/").text
    assert "Go to the workspace" in portal.browser("rosa").get("/").text
    assert "Verify the audit log" in portal.browser("ada").get("/").text
    dora = portal.browser("dora").get("/").text
    assert "Districts" in dora
    assert "Close rosa" in dora
    portal.world.person("nina")
    assert "You are on no project yet." in portal.browser("nina").get("/").text
