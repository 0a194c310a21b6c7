"""What is installed, and a package that somebody asks for: seen by the project and the operator, answered, never installed from here."""

from __future__ import annotations

import pytest
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.staying import note_beginning

from tests.factories import NOW, actor
from tests.integration.web.conftest import PortalWorld

PLACE = "/services/rpp/environment"
WHY = "Survival models of who leaves school."


def test_a_researcher_asks_the_operator_answers_and_the_project_reads_it(portal: PortalWorld) -> None:
    rosa, otto = portal.browser("rosa"), portal.browser("otto")
    form = {"project": "alpha", "package": "lifelines", "purpose": WHY}
    assert rosa.post(PLACE, form).status_code == 303
    assert WHY in otto.get(PLACE).text
    assert WHY not in portal.browser("remy").get(PLACE).text
    assert (
        otto.post(f"{PLACE}/requests/p0001", {"do": "added", "answer": "From tomorrow."}).status_code == 303
    )
    assert "From tomorrow." in rosa.get(PLACE).text
    assert [event.act for event in portal.rpp.auditing.events(actor("ada"), AuditFilter(act="package:"))][:2] == [
        "package:answer", "package:ask",
    ]  # fmt: skip
    with pytest.raises(ActionRefused, match="answered already"):
        portal.rpp.packages.answer(actor("otto"), "p0001", added=False, answer="No.")


def test_which_project_stays_in_which_version_is_seen_and_one_is_moved(portal: PortalWorld) -> None:
    with portal.world.store.act(actor("dora"), "cut:build", "cut:alpha/c0001") as act:
        note_beginning(act, "alpha", "a" * 16, NOW)
    current = portal.rpp.environments.current().version
    door = f"{PLACE}/projects/alpha"
    for name in ("rosa", "dora", "otto"):
        text = portal.browser(name).get(PLACE).text
        assert "a" * 16 in text
        assert (f'action="{door}"' in text) == (name != "rosa")
    assert "a" * 16 not in portal.browser("remy").get(PLACE).text
    dora = portal.browser("dora")
    assert f'href="{PLACE}"' in dora.get("/services/rpp/workspaces").text
    assert dora.post(door, {"version": current, "reason": "no"}).status_code == 422
    assert dora.post(door, {"version": current, "reason": WHY}).status_code == 303
    text = portal.browser("rosa").get(PLACE).text
    assert f"dora: {WHY}" in text
    assert "a" * 16 not in text


def test_the_page_names_the_version_and_its_packages(portal: PortalWorld) -> None:
    text = portal.browser("rosa").get(PLACE).text
    view = portal.rpp.environments.show(actor("rosa"))
    assert f'<dd class="mono">{view.version}</dd>' in text
    for pin in view.packages[:5]:
        assert f'<th scope="row">{pin.name}</th><td data-th="Version">{pin.version}</td>' in text


@pytest.mark.parametrize(
    "package", ["", "two words", "-r x", "https://example.org/x.whl", "x" * 81, "<b>", "a;b"]
)
def test_what_is_no_package_is_said_above_the_form_and_what_was_typed_stays(
    portal: PortalWorld, package: str
) -> None:
    answered = portal.browser("rosa").post(PLACE, {"project": "alpha", "package": package, "purpose": WHY})
    assert answered.status_code == 422
    assert "Name one package" in answered.text
    assert WHY in answered.text
    assert portal.rpp.packages.list(actor("otto")) == ()


def test_who_may_ask_and_who_may_answer(portal: PortalWorld) -> None:
    packages = portal.rpp.packages
    for name in ("dora", "vera", "otto", "remy"):
        with pytest.raises(NotPermitted):
            packages.ask(actor(name), "alpha", "lifelines", WHY)
    packages.ask(actor("rosa"), "alpha", "lifelines", WHY)
    for name in ("rosa", "dora", "vera", "ada"):
        with pytest.raises(NotPermitted):
            packages.answer(actor(name), "p0001", added=True, answer="Yes.")
    for name in ("p0002", "p1", "x0001", "p", "../p0001"):
        with pytest.raises(NotFound):
            packages.answer(actor("otto"), name, added=True, answer="Yes.")
    with pytest.raises(Invalid):
        packages.ask(actor("rosa"), "alpha", "lifelines", "short")


def test_wishes_of_a_project_have_an_end(portal: PortalWorld) -> None:
    for number in range(20):
        portal.rpp.packages.ask(actor("rosa"), "alpha", f"package{number}", WHY)
    with pytest.raises(ActionRefused) as refusal:
        portal.rpp.packages.ask(actor("rosa"), "alpha", "one-more", WHY)
    assert refusal.value.refusals[0].code == "packages-waiting"
