"""Every event says which request, command or piece of work it came with."""

from __future__ import annotations

import time

from rpp_hub.domain.tracing import request_id, traced
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.store.audit import AuditEvent
from rpp_hub.web import BASE

from tests.factories import SETUP
from tests.integration.web.conftest import PortalWorld


def newest(portal: PortalWorld) -> AuditEvent:
    return portal.world.auditing.events(SETUP, AuditFilter(limit=1))[0]


def test_an_act_on_a_page_carries_the_id_that_its_answer_carries(portal: PortalWorld) -> None:
    portal.world.submit()
    answer = portal.browser("rosa").post("/requests/r0001/withdraw", {"sure": "yes", "reason": "a mistake"})
    event = newest(portal)
    assert event.act == "request:withdraw"
    assert event.request_id == answer.headers["x-request-id"] != ""
    assert event.request_id.startswith("http-")


def test_every_request_has_an_id_of_its_own_whatever_the_caller_sends(portal: PortalWorld) -> None:
    browser = portal.browser("rosa")
    sent = {"X-Request-Id": "http-of-somebody-else"}
    seen = {
        browser.get(path, headers=sent).headers["x-request-id"]
        for path in ("/", "/projects", "/nowhere", "/api/me")
    }
    assert len(seen) == 4
    assert not seen & set(sent.values())


def test_an_unexpected_error_is_told_by_the_id_of_its_request(portal: PortalWorld) -> None:
    @portal.app.get(f"{BASE}/api/broken")
    def broken() -> None:
        raise RuntimeError("with a secret")

    answer = portal.browser("rosa").get("/api/broken")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.json()["error"]["message"]
    assert "secret" not in answer.text


def test_long_work_begun_by_a_page_keeps_the_id(portal: PortalWorld) -> None:
    seen: list[str] = []
    with traced("http") as made:
        portal.app.state.portal.jobs.start("k", "Working", "dora", lambda _told: seen.append(request_id()))
    for _ in range(100):
        if seen:
            break
        time.sleep(0.02)
    assert seen == [made]


def test_outside_of_anything_there_is_no_id_and_afterwards_none_is_left(portal: PortalWorld) -> None:
    assert request_id() == ""
    portal.world.submit()
    assert newest(portal).request_id == ""
    with traced("work"):
        portal.world.examination.examine("r0001")
    assert newest(portal).request_id.startswith("work-")
    assert request_id() == ""
