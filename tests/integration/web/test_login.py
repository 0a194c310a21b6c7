"""Logging in through the hub, staying in only as long as the hub says so, and landing only on our own pages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from rpp_hub.web.hub_client import HubClient
from rpp_hub.web.known_tokens import KnownTokens
from rpp_hub.web.sessions import SESSION_COOKIE

from tests.factories import SETUP
from tests.integration.web.conftest import PortalWorld
from tests.integration.web.stand_in_hub import PORTAL_TOKEN

CALLBACK = "/oauth_callback"


def test_a_stranger_is_sent_to_the_hub_with_state_and_pkce(portal: PortalWorld) -> None:
    away = portal.browser().get("/requests?x=1")
    place = httpx.URL(away.headers["location"])
    assert away.status_code == 302
    assert place.path == "/hub/api/oauth2/authorize"
    assert place.host == ""
    asked = dict(place.params)
    assert asked["client_id"] == "service-rpp"
    assert asked["redirect_uri"] == "/services/rpp/oauth_callback"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 32


def test_the_session_cookie_is_sealed_bound_to_our_path_and_out_of_reach_of_scripts(
    portal: PortalWorld,
) -> None:
    browser = portal.browser()
    away = browser.get("/")
    back = browser.get(CALLBACK, params=portal.hub.authorize(away.headers["location"], "rosa"))
    cookie = next(c for c in back.headers.get_list("set-cookie") if c.startswith(f"{SESSION_COOKIE}="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/services/rpp/;" in cookie
    assert next(iter(portal.hub.tokens)) not in cookie


def test_the_cookie_is_marked_secure_behind_https(portal: PortalWorld) -> None:
    away = portal.browser().get("https://rpp.test/services/rpp/")
    assert "Secure" in away.headers["set-cookie"]


def test_after_the_log_in_one_is_where_one_wanted_to_be(portal: PortalWorld) -> None:
    browser = portal.browser()
    away = browser.get("/releases")
    back = browser.get(CALLBACK, params=portal.hub.authorize(away.headers["location"], "rosa"))
    assert back.headers["location"] == "/services/rpp/releases"


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/",
        "/../../hub/logout",
        "/%2e%2e//evil.example",
        "/\\evil.example",
        "/x%0d%0aSet-Cookie:a=b",
    ],
)
def test_a_log_in_never_ends_on_another_site(portal: PortalWorld, path: str) -> None:
    browser = portal.browser()
    away = browser.get(path)
    if away.status_code != 302:
        assert away.status_code == 404
        return
    back = browser.get(CALLBACK, params=portal.hub.authorize(away.headers["location"], "rosa"))
    assert back.headers["location"] == "/services/rpp/"


def test_a_callback_that_did_not_begin_in_this_browser_is_refused(portal: PortalWorld) -> None:
    attacker, victim = portal.browser(), portal.browser()
    theirs = portal.hub.authorize(attacker.get("/").headers["location"], "remy")
    assert victim.get(CALLBACK, params=theirs).status_code == 403
    victim.get("/")
    assert victim.get(CALLBACK, params=theirs).status_code == 403
    assert victim.get("/").status_code == 302
    for params in ({}, {"code": theirs["code"]}, {"state": theirs["state"]}, {"state": "x", "code": "y"}):
        assert victim.get(CALLBACK, params=params).status_code == 403


def test_a_code_counts_once_and_needs_its_verifier(portal: PortalWorld) -> None:
    first, second = portal.browser(), portal.browser()
    mine = portal.hub.authorize(first.get("/").headers["location"], "rosa")
    other = portal.hub.authorize(second.get("/").headers["location"], "rosa")
    # somebody's code under one's own state: the verifier does not fit
    assert first.get(CALLBACK, params={"state": mine["state"], "code": other["code"]}).status_code == 403
    assert first.get(CALLBACK, params=mine).status_code == 303
    assert first.get(CALLBACK, params=mine).status_code == 403


def test_a_fresh_log_in_leaves_no_trace_of_the_session_before(portal: PortalWorld) -> None:
    browser = portal.browser("rosa")
    before = browser.cookies[SESSION_COOKIE], browser.csrf
    browser.cookies.clear()
    browser.log_in("rosa")
    assert (browser.cookies[SESSION_COOKIE], browser.csrf) != before


def test_out_at_the_hub_is_out_here(portal: PortalWorld) -> None:
    browser = portal.browser("rosa")
    assert browser.get("/").status_code == 200
    portal.hub.log_out("rosa")
    portal.a_while_later()
    assert browser.get("/").status_code == 302
    assert browser.call("GET", "/me").status_code == 401
    assert browser.post("/requests/r0001/withdraw").status_code == 401


def test_the_memory_of_a_session_ends_after_its_seconds_and_keeps_no_refusal() -> None:
    asked: list[str] = []

    def ask(token: str) -> str | None:
        asked.append(token)
        return "rosa" if token == "good" else None

    long, none = KnownTokens(ask, 60.0), KnownTokens(ask, 0.0)
    assert [long.person("good"), long.person("good"), long.person("bad"), long.person("bad")] == [
        "rosa",
        "rosa",
        None,
        None,
    ]
    assert asked == ["good", "bad", "bad"]
    asked.clear()
    assert [none.person("good"), none.person("good")] == ["rosa", "rosa"]
    assert asked == ["good", "good"]
    long.forget("good")
    long.person("good")
    assert asked == ["good", "good", "good"]


def test_logging_out_forgets_the_session_at_once(portal: PortalWorld) -> None:
    browser = portal.browser("rosa")
    stolen = browser.cookies[SESSION_COOKIE]
    out = browser.post("/logout")
    assert out.headers["location"] == "/hub/logout"
    assert SESSION_COOKIE not in browser.cookies
    portal.hub.log_out("rosa")  # what the hub does on that page
    assert portal.browser().get("/", headers={"Cookie": f"{SESSION_COOKIE}={stolen}"}).status_code == 302


def test_somebody_the_register_does_not_know_is_told_whom_to_ask(portal: PortalWorld) -> None:
    answer = portal.browser("ghost").get("/")
    assert answer.status_code == 403
    assert "Ask the data manager" in answer.text
    assert 'href="/hub/logout"' in answer.text


def test_a_closed_account_is_out_at_the_next_request(portal: PortalWorld) -> None:
    browser = portal.browser("vera")
    portal.world.people.set_active(SETUP, "vera", active=False)
    answer = browser.get("/review")
    assert answer.status_code == 403
    assert "closed" in answer.text


def test_a_token_of_the_hubs_that_is_not_for_the_portal_does_not_count(portal: PortalWorld) -> None:
    client = HubClient(portal.hub.client(), PORTAL_TOKEN)
    portal.hub.tokens["t"] = "rosa"
    assert client.person_of_token("t") == "rosa"
    for scopes in ([], ["access:servers!user=rosa"], ["access:services!service=other"]):
        portal.hub.scopes = scopes
        assert client.person_of_token("t") is None


@pytest.mark.parametrize("cookie", ["", "x", "AAAA" * 50, "{}", "ä" * 10])
def test_a_made_up_cookie_is_nobody(portal: PortalWorld, cookie: str) -> None:
    headers: dict[str, Any] = {"Cookie": f"{SESSION_COOKIE}={cookie}".encode()}
    assert portal.browser().get("/", headers=headers).status_code == 302


def test_a_silent_hub_lets_nobody_in_and_says_so(portal: PortalWorld) -> None:
    browser = portal.browser("rosa")
    portal.hub.silent = True
    portal.a_while_later()
    answer = browser.get("/projects")
    assert answer.status_code == 503
    assert "hub does not answer" in answer.text
