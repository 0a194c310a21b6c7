"""Which requests come from the workspace's own pages, and what its answers carry."""

from __future__ import annotations

import pytest
from rpp_hub.workspace.policy import (
    content_security_policy,
    is_local_redirect,
    request_headers,
    request_refusal,
    response_headers,
)
from rpp_hub.workspace.routes import Kind

HOST = "data.example.org:8443"
BASE = "/user/alice/gaps/"
OWN = {"Host": HOST, "Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}

REFUSED = {
    "no host": ("GET", {}, Kind.API),
    "a host that would end the policy": ("GET", {"Host": "x; script-src *"}, Kind.PAGE),
    "a token": ("GET", {**OWN, "Authorization": "token x"}, Kind.API),
    "another origin": ("POST", {**OWN, "Origin": "https://evil.example"}, Kind.API),
    "another port of the same host": ("POST", {**OWN, "Origin": "https://data.example.org:1"}, Kind.API),
    "the null origin": ("POST", {**OWN, "Origin": "null"}, Kind.API),
    "a change from a sister site": ("PUT", {**OWN, "Sec-Fetch-Site": "same-site"}, Kind.API),
    "a change nobody vouches for": ("DELETE", {"Host": HOST}, Kind.API),
    "a websocket without an origin": ("GET", {"Host": HOST}, Kind.WEBSOCKET),
    "a websocket from elsewhere": ("GET", {**OWN, "Sec-Fetch-Site": "cross-site"}, Kind.WEBSOCKET),
    "reading the API from elsewhere": ("GET", {"Host": HOST, "Sec-Fetch-Site": "cross-site"}, Kind.API),
    "a service worker": ("GET", {**OWN, "Service-Worker": "script"}, Kind.STATIC),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_is(case: str) -> None:
    method, headers, kind = REFUSED[case]
    assert request_refusal(method, headers, kind) is not None


@pytest.mark.parametrize(
    ("method", "headers", "kind"),
    [
        ("GET", {"Host": HOST}, Kind.API),
        ("GET", {"Host": HOST, "Sec-Fetch-Site": "cross-site"}, Kind.PAGE),
        ("POST", {"Host": HOST, "Origin": f"http://{HOST}"}, Kind.API),
        ("POST", {"Host": HOST, "Sec-Fetch-Site": "same-origin"}, Kind.API),
        ("GET", OWN, Kind.WEBSOCKET),
        ("GET", {"Host": "[::1]:8000"}, Kind.PAGE),
    ],
)
def test_the_workspaces_own_pages_and_a_link_to_it_pass(
    method: str, headers: dict[str, str], kind: Kind
) -> None:
    assert request_refusal(method, headers, kind) is None


def test_the_server_never_sees_what_would_let_a_request_pose_as_another() -> None:
    sent = [
        ("Cookie", "a=b"),
        ("Accept-Encoding", "gzip"),
        ("Connection", "keep-alive, X-Secret"),
        ("X-Secret", "1"),
        ("X-RPP-Workspace", "forged"),
        ("Transfer-Encoding", "chunked"),
        ("Range", "bytes=0-1"),
        ("Accept", "text/html"),
    ]
    assert request_headers(sent) == [("Cookie", "a=b"), ("Accept", "text/html")]


def test_an_answer_keeps_its_cookies_and_loses_its_own_policy() -> None:
    sent = [
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Content-Disposition", "attachment; filename=x.csv"),
        ("Content-Security-Policy", "default-src *"),
        ("Access-Control-Allow-Origin", "*"),
        ("Cache-Control", "public, max-age=99"),
        ("Content-Type", "application/json"),
    ]
    kept = response_headers(sent, Kind.API, HOST, BASE)
    names = [name for name, _ in kept]
    assert [value for name, value in kept if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert "Content-Disposition" not in names
    assert "Access-Control-Allow-Origin" not in names
    assert names.count("Content-Security-Policy") == 1
    assert ("Cache-Control", "no-store") in kept
    assert ("X-Content-Type-Options", "nosniff") in kept


def test_only_static_files_may_be_kept_by_a_browser() -> None:
    sent = [("Cache-Control", "max-age=99")]
    assert ("Cache-Control", "max-age=99") in response_headers(sent, Kind.STATIC, HOST, BASE)
    assert ("Cache-Control", "no-store") in response_headers(sent, Kind.PAGE, HOST, BASE)


def test_the_policy_names_this_workspace_alone_and_allows_neither_download_nor_popup() -> None:
    policy = content_security_policy(HOST, BASE)
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["connect-src"].split() == [
        f"{scheme}://{HOST}{BASE}" for scheme in ("http", "https", "ws", "wss")
    ]
    assert "'self'" not in policy
    assert "allow-downloads" not in policy
    assert "allow-popups" not in policy
    assert "unsafe-inline" not in directives["script-src"]


@pytest.mark.parametrize(
    "location", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", ""]
)
def test_a_redirection_elsewhere_is_not_local(location: str) -> None:
    assert not is_local_redirect(location)
    assert is_local_redirect("/hub/api/oauth2/authorize?x=1")
