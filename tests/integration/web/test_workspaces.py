"""Opening, stopping and closing workspaces: the gate first, the hub second, the audit log always."""

from __future__ import annotations

import time
from datetime import date

import httpx
from rpp_hub.services.auditing import AuditFilter

from tests.factories import SETUP, actor
from tests.integration.web.browser import Browser
from tests.integration.web.conftest import PortalWorld

PATH = "/projects/alpha/workspace"


def settled(browser: Browser, **headers: str) -> httpx.Response:
    """The progress page once the opening has come to an end."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        answer = browser.get(PATH, headers=headers)
        if "is starting" not in answer.text:
            return answer
        time.sleep(0.05)
    raise TimeoutError


def test_an_open_gate_leads_into_the_workspace(portal: PortalWorld) -> None:
    rosa = portal.browser("rosa")
    answer = rosa.post(PATH, {"do": "open"})
    assert answer.headers["location"] == f"/services/rpp{PATH}"
    there = settled(rosa)
    assert (there.status_code, there.headers["location"]) == (303, "/user/rosa/alpha/lab/tree/starter.ipynb")
    assert (
        settled(rosa, **{"HX-Request": "true"}).headers["hx-redirect"]
        == "/user/rosa/alpha/lab/tree/starter.ipynb"
    )
    assert "POST /hub/api/users/rosa/servers/alpha" in portal.hub.asked
    assert "Stop it" in rosa.get("/projects/alpha").text


def test_a_closed_gate_gives_every_reason_and_does_not_ask_the_hub(portal: PortalWorld) -> None:
    portal.world.people.certify(SETUP, "rosa", training_ends=date(2020, 1, 1))
    portal.world.projects.close(actor("dora"), "alpha")
    rosa = portal.browser("rosa")
    answer = rosa.post(PATH, {"do": "open"})
    assert answer.status_code == 409
    assert "is closed" in answer.text
    assert "training ended on 1 January 2020" in answer.text
    assert not [a for a in portal.hub.asked if "servers/alpha" in a]
    home = rosa.get("/").text
    assert "You cannot open the workspace now." in home
    assert "Open the workspace" not in home
    codes = {r["code"] for r in rosa.call("POST", PATH).json()["error"]["refusals"]}
    assert codes == {"project-closed", "training-ended"}


def test_the_hubs_own_no_is_shown_in_its_words(portal: PortalWorld) -> None:
    portal.hub.start_refusal = "The workspace's environment is missing. <b>Tell</b> the operator."
    rosa = portal.browser("rosa")
    rosa.post(PATH, {"do": "open"})
    answer = settled(rosa)
    assert "environment is missing. &lt;b&gt;Tell" in answer.text
    assert "Try again" in answer.text


def test_an_opening_under_way_shows_itself_with_and_without_scripts(portal: PortalWorld) -> None:
    portal.hub.servers[("rosa", "alpha")] = {"name": "alpha", "ready": False, "pending": "spawn"}
    rosa = portal.browser("rosa")
    whole, part = rosa.get(PATH).text, rosa.get(PATH, headers={"HX-Request": "true"}).text
    assert '<noscript><meta http-equiv="refresh"' in whole
    assert "hx-get" in whole
    assert "hx-get" in part
    assert "<html" not in part


def test_one_stops_ones_own_workspace(portal: PortalWorld) -> None:
    portal.hub.servers[("rosa", "alpha")] = {"name": "alpha", "ready": True, "pending": None}
    rosa = portal.browser("rosa")
    stopped = rosa.post(PATH, {"do": "stop"})
    assert stopped.status_code == 303
    assert stopped.headers["clear-site-data"] == '"cache", "storage"'  # and no cookie: the log-in stays
    assert not portal.hub.servers
    assert rosa.post(PATH, {"do": "stop"}).status_code == 409
    assert acts(portal)[1] == ("workspace:stop", "rosa", "")


def test_closing_somebodys_workspace_is_in_the_log_before_it_is_done(portal: PortalWorld) -> None:
    portal.hub.servers[("rosa", "alpha")] = {"name": "alpha", "ready": True, "pending": None}
    dora = portal.browser("dora")
    assert "rosa" in dora.get("/workspaces").text
    form = {"person": "rosa", "project": "alpha", "reason": "Training has lapsed."}
    assert dora.post("/workspaces/revoke", form).status_code == 303
    assert not portal.hub.servers
    assert acts(portal)[0] == ("workspace:revoke", "dora", "Training has lapsed.")
    before = portal.acts()
    assert dora.post("/workspaces/revoke", form).status_code == 404
    assert dora.post("/workspaces/revoke", {"person": "../../users/vera", "project": "x"}).status_code == 404
    assert portal.acts() == before


def acts(portal: PortalWorld) -> list[tuple[str, str, str]]:
    return [(e.act, e.actor, e.reason) for e in portal.world.auditing.events(actor("otto"), AuditFilter())]
