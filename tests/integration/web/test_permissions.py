"""Every route × every role × nobody: who gets in, and that those who do not change nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rpp_hub.services.accounts import Identity
from rpp_hub.web import BASE
from rpp_hub.web.app import ROUTERS
from starlette.routing import Mount, Route

from tests.factories import actor
from tests.integration.web.browser import Browser
from tests.integration.web.conftest import (
    PortalWorld,
    add_candidate,
    add_linkage,
    add_old_things,
    add_paper_and_certificate,
    add_question,
    add_waiting_drop,
    open_world,
)
from tests.integration.web.door import ALL, Door
from tests.integration.web.doors import DOORS, OTHER


def populate(portal: PortalWorld) -> PortalWorld:
    """Something behind every door; r0001 is released, r0002 waits for review."""
    portal.world.person("nina")
    add_paper_and_certificate(portal)
    portal.released()  # r0001 → e0001
    portal.rpp.ingress.offer(actor("rosa"), "alpha", "a.py", b"1", "a test of the doors")
    portal.rpp.packages.ask(actor("rosa"), "alpha", "lifelines", "a test of the doors")
    add_linkage(portal)
    add_waiting_drop(portal)
    portal.rpp.accounts.seen(Identity("https://idp.example", "1"))
    add_question(portal)
    add_candidate(portal)
    add_old_things(portal)
    portal.hub.servers[("rosa", "alpha")] = {"name": "alpha", "ready": True, "pending": None}
    portal.world.examined()
    return portal


@pytest.fixture
def populated(portal: PortalWorld) -> PortalWorld:
    return populate(portal)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalWorld]:
    """One for all that changes nothing, and each test sees to it that it did not."""
    with open_world(tmp_path_factory.mktemp("doors") / "instance") as portal:
        yield populate(portal)


def use(door: Door, browser: Browser) -> int:
    path = door.path.replace("r0001", "r0002")
    if door.files:
        return browser.send(path.removeprefix("/api"), door.files, door.form).status_code
    if door.is_api:
        return browser.call(door.method, path.removeprefix("/api"), door.json).status_code
    return (browser.get(path) if door.method == "GET" else browser.post(path, door.form)).status_code


def check_lets_in(door: Door, portal: PortalWorld) -> None:
    for person in sorted(door.allowed):
        portal.hub.servers[("rosa", "alpha")] = {"name": "alpha", "ready": True, "pending": None}
        assert use(door, portal.browser(person)) in (200, 201, 202, 204, 303, 409, 422), person


@pytest.mark.parametrize("door", DOORS, ids=lambda d: f"{d.method} {d.template}")
def test_a_door_turns_away_whom_no_permission_names_and_looking_in_changes_nothing(
    untouched: PortalWorld, door: Door
) -> None:
    before = untouched.acts()
    for person in sorted(ALL - door.allowed):
        assert use(door, untouched.browser(person)) in (403, 404), person
    assert use(door, untouched.browser("ghost")) == 403
    nobody = untouched.browser()
    expected = 302 if door.method == "GET" and not door.is_api else 401
    assert use(door, nobody) == expected
    if door.method == "GET":
        check_lets_in(door, untouched)
    assert untouched.acts() == before, "somebody who changed nothing left an act"


@pytest.mark.parametrize(
    "door", [d for d in DOORS if d.method != "GET"], ids=lambda d: f"{d.method} {d.template}"
)
def test_a_door_lets_in_whom_the_permissions_name(populated: PortalWorld, door: Door) -> None:
    check_lets_in(door, populated)


def test_every_route_of_the_portal_stands_in_the_table(portal: PortalWorld) -> None:
    routes = {
        (method, route.path.removeprefix(BASE))
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert routes == {(d.method, d.template) for d in DOORS} | OTHER
    beside = [r for r in portal.app.routes if getattr(r, "original_router", None) not in ROUTERS]
    assert [r.path for r in beside if isinstance(r, Mount)] == [f"{BASE}/static"]
    assert len(beside) == 1


def test_health_says_one_word_to_anybody(portal: PortalWorld) -> None:
    assert portal.browser().get("/health").json() == {"ok": True}


def test_another_projects_things_do_not_exist(populated: PortalWorld) -> None:
    theirs = populated.world.examined(project="beta", author="remy").name
    rosa = populated.browser("rosa")
    for path in (
        "/projects/beta",
        f"/requests/{theirs}",
        f"/requests/{theirs}/items/a:0",
        "/requests/r9999",
        "/projects/omega",
    ):
        assert rosa.get(path).status_code == 404
    assert rosa.post(f"/requests/{theirs}/withdraw", {"sure": "yes"}).status_code == 404
    assert rosa.post("/projects/beta/workspace", {"do": "open"}).status_code == 404
    assert [r["name"] for r in rosa.call("GET", "/requests").json()] == ["r0002", "r0001"]
    assert populated.browser("remy").post("/releases/e0001/download").status_code == 404


def test_what_exists_and_what_does_not_sound_alike_to_a_stranger(populated: PortalWorld) -> None:
    remy = populated.browser("remy")
    there, not_there = remy.call("GET", "/requests/r0001"), remy.call("GET", "/requests/r0099")
    assert there.status_code == not_there.status_code == 404
    assert there.json()["error"]["code"] == not_there.json()["error"]["code"]


def test_fields_that_are_not_asked_for_are_refused(populated: PortalWorld) -> None:
    vera = populated.browser("vera")
    body = {"round": 1, "verdicts": {}, "status": "approved"}
    assert vera.call("POST", "/requests/r0002/review", body).status_code == 422
    body = {"approve": True, "reason": "", "decided_by": "paula"}
    assert populated.browser("dora").call("POST", "/projects/alpha/decide", body).status_code == 422
