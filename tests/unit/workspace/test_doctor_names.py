"""What the doctor says of the names below a wildcard domain."""

from __future__ import annotations

from rpp_hub.domain.origins import Origins
from rpp_hub.workspace.doctor import Note, Problem
from rpp_hub.workspace.doctor_names import Resolve, names

ORIGINS = Origins("https://rpp.example.org", "w.rpp.example.org")
MADE_UP = ORIGINS.host("doctor", "doctor")


def known(**places: str) -> Resolve:
    table = {"rpp.example.org": places.get("portal", ""), MADE_UP: places.get("below", "")}
    return lambda name: frozenset({table.get(name, "")} - {""})


def test_names_that_lead_to_the_portals_address_are_well() -> None:
    found = names(ORIGINS, known(portal="192.0.2.1", below="192.0.2.1"))
    assert isinstance(found, Note)
    assert found.code == "own-origins"


def test_names_that_lead_nowhere_or_elsewhere_are_a_problem_with_its_remedy() -> None:
    for places in (
        {"portal": "192.0.2.1"},
        {"portal": "192.0.2.1", "below": "192.0.2.9"},
        {"below": "192.0.2.1"},
        {},
    ):
        found = names(ORIGINS, known(**places))
        assert isinstance(found, Problem)
        assert found.code == "workspace-domain"
        assert "'*.w.rpp.example.org'" in found.remedy


def test_a_browser_knows_localhost_by_itself() -> None:
    assert isinstance(names(Origins("http://rpp.localhost:8000", "w.rpp.localhost"), known()), Note)


def test_without_a_domain_what_that_leaves_is_said() -> None:
    found = names(None)
    assert isinstance(found, Note)
    assert found.code == "shared-origin"
    assert "workspace_domain" in found.remedy
