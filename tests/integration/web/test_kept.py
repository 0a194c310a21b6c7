"""The page of workspaces after their project: what can be done in each state, and that harm asks to be confirmed."""

from __future__ import annotations

import json

from tests.factories import actor
from tests.integration.web.browser import Browser
from tests.integration.web.conftest import PortalWorld

PATH = "/workspaces/kept"


def frozen(portal: PortalWorld) -> Browser:
    """Rosa's workspace of a project that is over."""
    folder = portal.world.installation.workspace_dir("alpha", "rosa")
    folder.mkdir(parents=True)
    (folder / "a.ipynb").write_text("{}")
    portal.world.projects.close(actor("dora"), "alpha")
    for step in portal.rpp.living.due():
        portal.rpp.living.do(step)
    return portal.browser("dora")


def done(dora: Browser, do: str, **more: str) -> int:
    return dora.post(PATH, {"do": do, "project": "alpha", "person": "rosa", **more}).status_code


def test_an_empty_page_says_when_there_will_be_something(portal: PortalWorld) -> None:
    page = portal.browser("dora").get(PATH).text
    assert "One is frozen by itself" in page


def test_a_frozen_workspace_is_opened_for_reading_until_a_day(portal: PortalWorld) -> None:
    dora = frozen(portal)
    page = dora.get(PATH).text
    assert "Let rosa read it" in page
    assert "Unpack it" not in page
    assert done(dora, "reopen", until="soon", reason="a question of the district") == 422
    assert done(dora, "reopen", until="2020-01-01", reason="a question of the district") == 422
    assert done(dora, "reopen", until="2099-01-31", reason="a question of the district") == 303
    assert "until" in dora.get(PATH).text
    assert "31 January 2099" in dora.get(PATH).text


def test_it_is_archived_restored_and_destroyed_with_a_certificate(portal: PortalWorld) -> None:
    dora = frozen(portal)
    folder = portal.world.installation.workspace_dir("alpha", "rosa")
    assert done(dora, "archive") == 303
    assert not folder.exists()
    page = dora.get(PATH).text
    assert "1 file" in page
    assert "Let rosa read it" not in page
    assert done(dora, "restore") == 303
    assert (folder / "a.ipynb").exists()
    assert done(dora, "destroy", reason="the project is over", sure="rosa") == 303
    assert not folder.exists()
    kept = portal.world.installation.certificates_dir / "alpha" / "workspace-rosa" / "certificate.json"
    assert json.loads(kept.read_text())["destroyed_by"] == "dora"
    assert "the project is over" in dora.get(PATH).text


def test_nothing_is_destroyed_without_the_persons_name_and_a_reason(portal: PortalWorld) -> None:
    dora = frozen(portal)
    before = portal.acts()
    for sure, reason in (("", "the project is over"), ("alpha", "the project is over"), ("rosa", "")):
        assert done(dora, "destroy", sure=sure, reason=reason) == 422
    assert portal.acts() == before
    assert portal.world.installation.workspace_dir("alpha", "rosa").exists()
