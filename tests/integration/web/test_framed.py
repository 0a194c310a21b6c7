"""The portal with a wildcard domain: the page that holds a workspace, and what is answered on a workspace's own host."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rpp_hub.settings import Server
from rpp_hub.web.sessions import SESSION_COOKIE

from tests.integration.web.conftest import PortalWorld, open_world

SERVER = Server(origin="https://rpp.example.org", workspace_domain="w.rpp.example.org")
FRAME = "/projects/alpha/workspace/frame"


@pytest.fixture
def framed(tmp_path: Path) -> Iterator[PortalWorld]:
    with open_world(tmp_path / "instance", SERVER) as portal:
        portal.hub.servers[("rosa", "alpha")] = {"name": "alpha", "ready": True, "pending": None}
        yield portal


def own() -> str:
    assert SERVER.origins is not None
    return SERVER.origins.of("rosa", "alpha")


def test_a_ready_workspace_is_shown_in_its_frame_after_its_own_log_in(framed: PortalWorld) -> None:
    rosa = framed.browser("rosa")
    assert rosa.get("/projects/alpha/workspace").headers["location"] == f"/services/rpp{FRAME}"
    inside = f"{own()}/user/rosa/alpha/lab/tree/starter.ipynb"
    for at in ("", "?at=1", f"?at={int(time.time()) + 60}", "?at=x", "?at=%D9%A1"):
        assert rosa.get(f"{FRAME}{at}").headers["location"] == inside
    page = rosa.get(f"{FRAME}?at={int(time.time())}")
    assert page.status_code == 200
    assert f'src="{inside}"' in page.text
    assert 'sandbox="allow-scripts allow-same-origin allow-forms"' in page.text
    policy = page.headers["content-security-policy"]
    assert f"frame-src {own()};" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_workspace_that_is_not_open_leads_to_its_opening(framed: PortalWorld) -> None:
    framed.hub.servers.clear()
    rosa = framed.browser("rosa")
    assert (
        rosa.get(f"{FRAME}?at={int(time.time())}").headers["location"]
        == "/services/rpp/projects/alpha/workspace"
    )


def test_after_a_stop_its_own_host_is_asked_to_forget(framed: PortalWorld) -> None:
    rosa = framed.browser("rosa")
    stopped = rosa.post("/projects/alpha/workspace", {"do": "stop"})
    assert stopped.headers["location"] == "/services/rpp/projects/alpha/workspace/closed"
    page = rosa.get("/projects/alpha/workspace/closed")
    assert f'src="{own()}/closed"' in page.text
    assert own() in page.headers["content-security-policy"]


def test_on_a_workspaces_host_the_portal_is_not_there_and_forgets(framed: PortalWorld) -> None:
    host = own().removeprefix("https://")
    rosa = framed.browser("rosa")
    for path in ("/", "/projects/alpha", "/api/me", "/static/portal.css", "/health"):
        answer = rosa.get(path, headers={"Host": host})
        assert answer.status_code == 404, path
        assert "This workspace is closed" in answer.text
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert "set-cookie" not in answer.headers
    led = rosa.get("/", headers={"Host": host, "Sec-Fetch-Dest": "document"})
    assert (led.status_code, led.headers["location"]) == (303, "https://rpp.example.org/services/rpp/")


def test_the_session_is_kept_under_a_name_that_no_other_host_can_set(framed: PortalWorld) -> None:
    rosa = framed.browser("rosa")
    assert rosa.get("/").status_code == 200
    assert f"__Host-{SESSION_COOKIE}" in rosa.cookies
    assert SESSION_COOKIE not in rosa.cookies
    tossed = framed.browser().get(
        "/", headers={"Cookie": f"{SESSION_COOKIE}={rosa.cookies[f'__Host-{SESSION_COOKIE}']}"}
    )
    assert tossed.status_code == 302


def test_control_without_a_domain_there_is_no_frame_and_a_tab_is_opened(portal: PortalWorld) -> None:
    portal.hub.servers[("rosa", "alpha")] = {"name": "alpha", "ready": True, "pending": None}
    rosa = portal.browser("rosa")
    assert rosa.get(FRAME).status_code == 409
    assert (
        rosa.get("/projects/alpha/workspace").headers["location"] == "/user/rosa/alpha/lab/tree/starter.ipynb"
    )
    assert rosa.get("/health", headers={"Host": "x.w.rpp.example.org"}).status_code == 200
