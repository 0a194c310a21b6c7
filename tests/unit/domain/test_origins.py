"""Each person and project has an origin; nothing else leads there, and an impossible pair of settings is refused in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from rpp_hub.domain.origins import Origins, fault
from rpp_hub.settings import Server

ORIGINS = Origins("https://rpp.example.org:8443", "w.rpp.example.org")
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=40)


@given(NAMES, NAMES, NAMES, NAMES)
def test_two_workspaces_never_share_an_origin(a: str, b: str, c: str, d: str) -> None:
    assert (ORIGINS.of(a, b) == ORIGINS.of(c, d)) == ((a, b) == (c, d))


@given(NAMES, NAMES)
def test_a_workspaces_name_is_one_plain_label_below_the_domain_and_says_nothing(
    person: str, project: str
) -> None:
    assert re.fullmatch(r"[a-z2-7]{24}\.w\.rpp\.example\.org", ORIGINS.host(person, project))
    assert ORIGINS.of(person, project) == f"https://{ORIGINS.host(person, project)}:8443"


def test_a_path_belongs_to_the_workspaces_host_or_to_the_portals() -> None:
    own = ORIGINS.host("alice@x", "gaps")
    assert ORIGINS.host_of_path("/user/alice@x/gaps/") == ORIGINS.host_of_path("/user/alice%40x/gaps") == own
    for path in ("/", "/hub/", "/services/rpp/", "/user/alice/", "/user/alice/gaps/lab"):
        assert ORIGINS.host_of_path(path) == "rpp.example.org"


@pytest.mark.parametrize(
    ("origin", "domain"),
    [
        ("", ""),
        ("https://rpp.example.org", ""),
        ("https://rpp.example.org", "w.rpp.example.org"),
        ("https://rpp.example.org:8443", "w.rpp.example.org"),
        ("http://rpp.localhost:8000", "w.rpp.localhost"),
        ("http://localhost:8000", "w.localhost"),
    ],
)
def test_these_settings_fit(origin: str, domain: str) -> None:
    assert fault(origin, domain) == ""
    assert (Server(origin=origin, workspace_domain=domain).origins is None) == (domain == "")


@pytest.mark.parametrize(
    ("origin", "domain", "said"),
    [
        ("", "w.rpp.example.org", "public address"),
        ("rpp.example.org", "", "public address"),
        ("https://rpp.example.org/portal", "", "without a path"),
        ("https://alice@rpp.example.org", "", "public address"),
        ("https://rpp.example.org:x", "", "public address"),
        ("https://rpp.example.org", "*.rpp.example.org", "without a star"),
        ("https://rpp.example.org", "W.rpp.example.org", "lower case"),
        ("https://rpp.example.org", "rpp.example.org", "must lie below"),
        ("https://rpp.example.org", "evilrpp.example.org", "must lie below"),
        ("https://rpp.example.org", "w.example.com", "must lie below"),
        ("http://rpp.example.org", "w.rpp.example.org", "need TLS"),
    ],
)
def test_these_are_refused_with_the_reason(origin: str, domain: str, said: str) -> None:
    assert said in fault(origin, domain)
    with pytest.raises(ValidationError, match=re.escape(said)):
        Server(origin=origin, workspace_domain=domain)
