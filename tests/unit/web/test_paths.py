"""A browser is sent to our own pages and nowhere else."""

from __future__ import annotations

import pytest
from rpp_hub.web.paths import own_path, path, workspace_path

HOME = "/services/rpp/"


@pytest.mark.parametrize(
    "own",
    [
        "/services/rpp/",
        "/services/rpp/projects",
        "/services/rpp/requests/r0001/review",
        "/services/rpp/requests/r0001/items/a:0?sha256=ab12",
        "/services/rpp/audit?actor=&act=request%3A&before=12",
    ],
)
def test_our_own_pages_are_kept(own: str) -> None:
    assert own_path(own) == own


@pytest.mark.parametrize(
    "hostile",
    [
        "", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example/services/rpp/",
        "/%2f%2fevil.example", "/services/rpp//evil.example", "/services/rpp/..//evil.example", "/services/rpp/../../hub/logout",
        "/services/rpp/./x", "/services/rpp/%2e%2e/x", "/services/rpp/\\evil", "/services/rpp/x\r\nSet-Cookie: a=b",
        "/services/rpp/x\n", "/services/rpp.evil.example/", "/services/rppx/", "javascript:alert(1)", "/services/rpp/\tx",
        "/services/rpp/?next=\r\n", "/services/rpp/x?y=\\", "/services/rpp/" + "a" * 2000, "/services/rpp/@evil", "/user/rosa/alpha/",
    ],
)  # fmt: skip
def test_anything_else_leads_home(hostile: str) -> None:
    assert own_path(hostile) == HOME


def test_parts_of_a_path_are_quoted() -> None:
    assert path("requests", "../../hub", "a b") == "/services/rpp/requests/..%2F..%2Fhub/a%20b"
    assert workspace_path("a/b", "../x") == "/user/a%2Fb/..%2Fx/lab/tree/starter.ipynb"
