"""Logging in at a provider: who gets in, as whom, with how many factors, and out again everywhere."""

from __future__ import annotations

import re

import httpx
import pytest
from rpp_hub.services.auditing import AuditFilter

from tests.factories import SETUP
from tests.login.conftest import Site, go, log_in, path_of


def me(browser: httpx.Client) -> httpx.Response:
    return browser.get("/services/rpp/api/me")


def acts(site: Site, act: str) -> int:
    return len(site.rpp.auditing.events(SETUP, AuditFilter(act=act)))


def test_a_linked_account_logs_in_as_its_person_and_the_log_says_so(site: Site) -> None:
    before = acts(site, "account:login")
    with site.browser() as browser:
        home = log_in(site, browser, "rosa-at-uni")
        assert (home.status_code, path_of(home)) == (200, "/services/rpp/")
        assert me(browser).json()["name"] == "rosa"
    assert acts(site, "account:login") == before + 1


def test_groups_and_roles_that_a_provider_claims_grant_nothing(site: Site) -> None:
    with site.browser() as browser:
        log_in(site, browser, "rosa-at-uni")
        assert me(browser).json()["roles"] == []
        assert browser.get("/services/rpp/data").status_code == 403
        assert browser.get("/hub/admin").status_code == 403
        assert browser.get("/hub/api/users", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 403


def test_an_account_named_like_a_person_is_not_that_person(site: Site) -> None:
    with site.browser() as browser:
        refused = log_in(site, browser, "dora", "pwd mfa")
        assert refused.status_code == 403
        assert "not linked to a person here" in refused.text
        assert me(browser).status_code == 401


def test_an_unverified_address_is_refused(site: Site) -> None:
    with site.browser() as browser:
        refused = log_in(site, browser, "unverified")
        assert refused.status_code == 403
        assert "has not verified your e-mail address" in refused.text
        assert me(browser).status_code == 401


@pytest.mark.parametrize(("amr", "acr"), [("pwd mfa", ""), ("pwd", "https://refeds.org/profile/mfa")])
def test_a_role_that_needs_two_factors_gets_in_with_them(site: Site, amr: str, acr: str) -> None:
    with site.browser() as browser:
        home = log_in(site, browser, "dora-at-uni", amr, acr)
        assert home.status_code == 200, home.text
        assert me(browser).json()["roles"] == ["data manager"]


def test_a_role_that_needs_two_factors_does_not_get_in_with_one(site: Site) -> None:
    with site.browser() as browser:
        refused = log_in(site, browser, "dora-at-uni", "pwd")
        assert refused.status_code == 403
        assert "two factors" in refused.text
        assert me(browser).status_code == 401


def test_a_data_manager_links_a_newcomer_on_the_portal(site: Site) -> None:
    with site.browser() as newcomer, site.browser() as dora:
        refused = log_in(site, newcomer, "newcomer")
        assert refused.status_code == 403
        number = re.search(r"It is (a\d+) here", refused.text)
        assert number is not None
        log_in(site, dora, "dora-at-uni", "pwd mfa")
        page = dora.get("/services/rpp/accounts").text
        assert "Newcomer" in page
        own = {"Origin": site.running.url, "Sec-Fetch-Site": "same-origin"}
        form = {"csrf": me(dora).json()["csrf"], "do": "link", "person": "nina"}
        linked = dora.post(f"/services/rpp/accounts/{number[1]}", data=form, headers=own)
        assert linked.status_code == 303, linked.text
    with site.browser() as newcomer:
        log_in(site, newcomer, "newcomer")
        assert me(newcomer).json()["name"] == "nina"


def test_the_command_line_lists_links_and_unlinks(site: Site) -> None:
    listed = site.running.rpp("person", "accounts", "--json", actor="dora").stdout
    assert '"person": "rosa"' in listed
    site.running.rpp("person", "link", "rosa", "--issuer", site.issuer, "--subject", "other", actor="dora")
    assert site.running.rpp("person", "accounts", actor="rosa", expect=3).returncode == 3
    taken = site.running.rpp(
        "person", "link", "nina", "--issuer", site.issuer, "--subject", "other", actor="dora", expect=3
    )
    assert "account-taken" in taken.stderr


def test_logging_out_ends_the_session_here_at_the_hub_and_at_the_provider(site: Site) -> None:
    with site.browser() as browser:
        log_in(site, browser, "rosa-at-uni")
        kept = dict(browser.cookies)
        own = {"Origin": site.running.url, "Sec-Fetch-Site": "same-origin"}
        sure = go(
            browser, "/services/rpp/logout", "POST", data={"csrf": me(browser).json()["csrf"]}, headers=own
        )
        assert str(sure.url).startswith(f"{site.issuer}/session/end"), (
            "the provider asks whether to log out there, too"
        )
        secret = re.search(r'name="xsrf" value="([^"]+)"', sure.text)
        assert secret is not None
        back = browser.post(f"{site.issuer}/session/end/confirm", data={"xsrf": secret[1], "logout": "yes"})
        assert back.headers["location"].startswith(f"{site.running.url}/services/rpp/")
        assert me(browser).status_code == 401
        again = go(browser, "/hub/oauth_login?next=%2Fservices%2Frpp%2F")
        assert "/interaction/" in str(again.url), "the provider knows nobody any more"
    with httpx.Client(base_url=site.running.url, cookies=kept) as thief:
        assert me(thief).status_code == 401, "a copy of the portal's cookie is worth nothing after a log-out"


def test_an_account_that_is_closed_does_not_get_in(site: Site) -> None:
    with site.browser() as browser:
        log_in(site, browser, "closing")
        assert me(browser).json()["name"] == "clara"
        site.rpp.people.set_active(SETUP, "clara", active=False)
        assert me(browser).status_code == 403
    with site.browser() as browser:
        assert log_in(site, browser, "closing").status_code == 403
