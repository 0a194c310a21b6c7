"""Nothing changes unless a page of this very session asked for it; looking changes nothing at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.web.browser import HOST, OWN
from tests.integration.web.conftest import PortalWorld, open_world
from tests.integration.web.door import Door
from tests.integration.web.doors import DOORS

CHANGES = tuple(d for d in DOORS if d.method != "GET")
LOOKS = tuple(d for d in DOORS if d.method == "GET")
OTHERS: tuple[dict[str, str], ...] = (
    {},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {**OWN, "Sec-Fetch-Site": "cross-site"},
    {**OWN, "Sec-Fetch-Site": "same-site"},
    {**OWN, "Sec-Fetch-Mode": "no-cors"},
    {"Origin": f"{HOST}.evil.example", "Sec-Fetch-Site": "same-origin"},
)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalWorld]:
    """One for all of them: nothing changes it, and each test sees to that."""
    with open_world(tmp_path_factory.mktemp("forged") / "instance") as portal:
        portal.released()  # e0001
        portal.world.examined()  # r0002
        portal.hub.servers[("rosa", "alpha")] = {"name": "alpha", "ready": True, "pending": None}
        yield portal


@pytest.mark.parametrize("door", CHANGES, ids=lambda d: f"{d.method} {d.template}")
def test_a_change_without_the_right_token_or_from_another_site_is_refused(
    settled: PortalWorld, door: Door
) -> None:
    person = sorted(door.allowed - {"nina"})[0]
    browser, other = settled.browser(person), settled.browser("zoe")
    path = (f"/api{door.path.removeprefix('/api')}" if door.is_api else door.path).replace("r0001", "r0002")
    before, asked = settled.acts(), [a for a in settled.hub.asked if not a.startswith("GET")]
    for token in ("", "x", other.csrf, browser.csrf.upper(), browser.csrf + "0", "ä"):
        body = {"json": door.json or {}} if door.is_api else {"data": {**door.form, "csrf": token}}
        headers = {**OWN, **({"X-RPP-CSRF": token.encode("latin-1")} if door.is_api else {})}
        assert browser.ask(door.method, path, headers=headers, **body).status_code == 403, token
    for origin in OTHERS:
        body = {"json": door.json or {}} if door.is_api else {"data": {**door.form, "csrf": browser.csrf}}
        headers = {**origin, **({"X-RPP-CSRF": browser.csrf} if door.is_api else {})}
        assert browser.ask(door.method, path, headers=headers, **body).status_code == 403, origin
    assert settled.acts() == before
    assert [a for a in settled.hub.asked if not a.startswith("GET")] == asked


def test_looking_changes_nothing(settled: PortalWorld) -> None:
    browsers = {p: settled.browser(p) for p in ("rosa", "vera", "dora", "otto", "paula")}
    before, asked = settled.acts(), len(settled.hub.asked)
    for browser in browsers.values():
        for door in LOOKS:
            browser.get(door.path.replace("r0001", "r0002"), headers={"Sec-Fetch-Site": "cross-site"})
    assert settled.acts() == before
    assert all(a.startswith("GET") for a in settled.hub.asked[asked:])


def test_a_change_is_never_taken_by_get(settled: PortalWorld) -> None:
    browser = settled.browser("dora")
    for door in CHANGES:
        if door.template not in {d.template for d in LOOKS}:
            assert browser.get(door.path).status_code in (404, 405), door.template
