"""The way into a workspace that has an origin of its own: which requests pass, and where a tab ends."""

from __future__ import annotations

import pytest
from aiohttp import ClientResponse
from rpp_hub.workspace.config import Framing
from rpp_hub.workspace.relay import Relay

from tests.sandbox.browser import Browser
from tests.sandbox.conftest import BASE
from tests.sandbox.test_relay import relayed

OWN = Framing(
    "http://abc.w.rpp.localhost:8000",
    "http://rpp.localhost:8000",
    "/services/rpp/projects/gaps/workspace/frame",
)
HERE = {"Host": OWN.host, "Origin": OWN.own}


def answer_to(path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of one request, as a browser at the workspace's own host sends it."""
    found: list[tuple[int, dict[str, str], str]] = []

    async def ask(browser: Browser, _relay: Relay) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response: ClientResponse = await browser.get(path, **{**HERE, **named})
        found.append((response.status, dict(response.headers), await response.text()))

    relayed(ask, framing=OWN)
    return found[0]


def test_a_frame_gets_the_page_with_a_policy_that_names_the_portal_alone() -> None:
    status, headers, text = answer_to("lab", Sec_Fetch_Dest="iframe", Sec_Fetch_Site="same-site")
    assert (status, text) == (200, "<p>page</p>")
    assert "frame-ancestors http://rpp.localhost:8000;" in headers["Content-Security-Policy"]
    assert f"script-src http://{OWN.host}{BASE}" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("destination", ["document", "", "object", "embed", "frame"])
def test_a_page_outside_of_the_frame_is_not_shown_but_leads_to_it(destination: str) -> None:
    told = {"Sec_Fetch_Dest": destination} if destination else {}
    status, headers, text = answer_to("lab", **told)
    assert (status, text) == (303, "")
    assert headers["Location"].startswith(f"{OWN.portal}{OWN.page}?at=")
    assert "Set-Cookie" not in headers


def test_a_tab_is_sent_to_the_hubs_log_in_and_nowhere_else() -> None:
    status, headers, _ = answer_to("lab/log-in", Sec_Fetch_Dest="document")
    assert (status, headers["Location"]) == (302, f"{OWN.portal}/hub/api/oauth2/authorize?client_id=x")
    assert answer_to("logout", Sec_Fetch_Dest="document")[0] == 502


def test_in_the_frame_a_log_in_that_has_ended_is_said_and_leads_nowhere() -> None:
    status, headers, text = answer_to("lab/log-in", Sec_Fetch_Dest="iframe", Accept="text/html")
    assert status == 401
    assert "Location" not in headers
    assert "Load the page again" in text


@pytest.mark.parametrize("destination", ["document", "iframe", "object"])
@pytest.mark.parametrize("path", ["api/kernels", "static/a.js", "api/contents/x.py"])
def test_only_pages_are_shown_as_documents(path: str, destination: str) -> None:
    assert answer_to(path, Sec_Fetch_Dest=destination)[0] == 403
    assert answer_to(path, Sec_Fetch_Dest="empty")[0] == 200


@pytest.mark.parametrize("host", ["rpp.localhost:8000", "def.w.rpp.localhost:8000", "abc.w.rpp.localhost"])
def test_another_hosts_name_is_refused(host: str) -> None:
    said = {"Host": host, "Origin": f"http://{host}"}
    assert answer_to("lab", **said, Sec_Fetch_Dest="iframe")[0] == 421
    assert answer_to("api/kernels", **said)[0] == 421
    assert answer_to("api", **said)[0] == 200  # the hub's own question whether it is up


def test_control_without_an_origin_of_its_own_a_tab_shows_the_page() -> None:
    async def ask(browser: Browser, _relay: Relay) -> None:
        response = await browser.get("lab", **{"Sec-Fetch-Dest": "document"})
        assert response.status == 200
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]

    relayed(ask)


def test_a_cookie_for_other_hosts_is_not_passed_on() -> None:
    async def ask(browser: Browser, _relay: Relay) -> None:
        response = await browser.get("api/status")
        assert response.headers.getall("Set-Cookie") == ["own=1; Path=/"]

    relayed(ask)
