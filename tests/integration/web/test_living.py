"""A workspace after its project's end: frozen, read, archived, restored, destroyed; nothing lost on the way and nothing left after."""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import signal
from datetime import date, timedelta
from pathlib import Path

import pytest
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted
from rpp_hub.domain.workspace_life import Life
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.store.models import Project
from rpp_hub.vault.destruction import certificate_bytes
from rpp_hub.worker import work_once

from tests.factories import NOW, SETUP, actor
from tests.integration.web.conftest import PortalWorld

TODAY = NOW.date()


def made(portal: PortalWorld) -> Path:
    folder = portal.rpp.installation.workspace_dir("alpha", "rosa")
    (folder / "notes").mkdir(parents=True)
    (folder / "notes" / "a.ipynb").write_text("{}")
    (folder / "way-out").symlink_to("/etc/passwd")
    shared = portal.rpp.installation.shared_dir("alpha")
    shared.mkdir(parents=True)
    (shared / "b.py").write_text("1")
    return folder


def agreement_ends(portal: PortalWorld, day: date) -> None:
    with portal.world.store.act(SETUP, "agreement:amend", "project:alpha") as act:
        project = act.session.get(Project, "alpha")
        assert project is not None
        project.agreement_ends = day


def frozen(portal: PortalWorld) -> Path:
    folder = made(portal)
    agreement_ends(portal, TODAY - timedelta(days=1))
    work_once(portal.rpp, {}, 0.0)
    return folder


def codes(portal: PortalWorld) -> set[str]:
    return {r.code for r in portal.rpp.living.refusals("rosa", "alpha")}


def test_the_projects_page_says_that_it_is_frozen_and_opens_it_while_it_may_be_read(
    portal: PortalWorld,
) -> None:
    frozen(portal)
    rosa = portal.browser("rosa")
    for address in ("/", "/projects/alpha"):
        text = rosa.get(address).text
        assert "is frozen" in text
        assert "agreement ended" in text
        assert "Open the workspace" not in text
    portal.rpp.living.reopen(
        actor("dora"), "alpha", "rosa", TODAY + timedelta(days=3), "A question of the district."
    )
    for address in ("/", "/projects/alpha"):
        text = rosa.get(address).text
        assert "open for reading until" in text
        assert "Open the workspace" in text
        assert "Files for the workspace" not in text  # nothing is brought into it any more
        assert "agreement ended on" not in text


def test_the_end_of_the_agreement_freezes_and_its_renewal_thaws(portal: PortalWorld) -> None:
    folder = frozen(portal)
    assert portal.rpp.living.state("alpha", "rosa") is Life.FROZEN
    assert codes(portal) == {"workspace-frozen", "agreement-ended"}
    assert (folder / "notes" / "a.ipynb").read_text() == "{}"  # nothing was taken away
    agreement_ends(portal, TODAY + timedelta(days=100))
    work_once(portal.rpp, {}, 0.0)
    assert codes(portal) == set()
    acts = [e.act for e in portal.rpp.auditing.events(actor("ada"), AuditFilter(act="workspace:"))]
    assert acts == ["workspace:thaw", "workspace:freeze"]


def test_it_is_opened_for_reading_until_a_day_and_for_members_alone(portal: PortalWorld) -> None:
    frozen(portal)
    living = portal.rpp.living
    with pytest.raises(Invalid):
        living.reopen(actor("dora"), "alpha", "rosa", TODAY - timedelta(days=1), "to read")
    with pytest.raises(NotPermitted):
        living.reopen(actor("rosa"), "alpha", "rosa", TODAY, "to read")
    living.reopen(actor("dora"), "alpha", "rosa", TODAY, "to write the paper")
    assert codes(portal) == set()
    portal.rpp.projects.remove_member(actor("dora"), "alpha", "rosa")
    assert "not-member" in codes(portal)
    living._now = lambda: NOW + timedelta(days=1)
    work_once(portal.rpp, {}, 0.0)
    assert living.state("alpha", "rosa") is Life.FROZEN


def test_an_archive_is_whole_and_a_restored_workspace_is_the_same(portal: PortalWorld) -> None:
    folder = frozen(portal)
    view = portal.rpp.living.archive(actor("dora"), "alpha", "rosa")
    assert view.archive is not None
    assert (view.archive["files"], view.archive["left_out"]) == (1, 1)  # the link of a kernel is not packed
    assert not folder.exists()
    assert codes(portal) == {"workspace-archived", "agreement-ended"}
    portal.rpp.living.restore(actor("dora"), "alpha", "rosa")
    assert (folder / "notes" / "a.ipynb").read_text() == "{}"
    assert not list((portal.rpp.installation.home / "archives").rglob("*.gz"))


@pytest.mark.parametrize("archived", [False, True])
def test_a_destroyed_workspace_is_gone_and_its_certificate_verifies(
    portal: PortalWorld, archived: bool
) -> None:
    folder = frozen(portal)
    if archived:
        portal.rpp.living.archive(actor("dora"), "alpha", "rosa")
    with pytest.raises(Invalid):
        portal.rpp.living.destroy(actor("dora"), "alpha", "rosa", "")
    view = portal.rpp.living.destroy(actor("dora"), "alpha", "rosa", "The agreement asks for it.")
    assert not folder.exists()
    assert not portal.rpp.installation.shared_dir("alpha").exists()  # it was the last one
    assert not list((portal.rpp.installation.home / "archives").rglob("*.gz"))
    kept = portal.rpp.installation.certificates_dir / "alpha" / "workspace-rosa"
    content = (kept / "certificate.json").read_bytes()
    assert content == certificate_bytes(view.certificate or {})
    assert json.loads(content)["shared"]["files"] == 1
    assert len(base64.b64decode((kept / "certificate.sig").read_text())) == 64
    with pytest.raises(ActionRefused):
        portal.rpp.living.restore(actor("dora"), "alpha", "rosa")


def test_what_was_killed_after_its_record_is_finished_by_the_worker(portal: PortalWorld) -> None:
    folder = frozen(portal)

    def die() -> None:
        portal.rpp.living.settle = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
        portal.rpp.living.archive(actor("dora"), "alpha", "rosa")

    process = multiprocessing.get_context("fork").Process(target=die)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert folder.exists()
    work_once(portal.rpp, {}, 0.0)
    assert not folder.exists()
    assert portal.rpp.living.due() == ()


def test_an_active_workspace_and_one_that_is_not_there_are_not_touched(portal: PortalWorld) -> None:
    made(portal)
    with pytest.raises(ActionRefused):
        portal.rpp.living.destroy(actor("dora"), "alpha", "rosa", "by mistake")
    with pytest.raises(NotFound):
        portal.rpp.living.archive(actor("dora"), "beta", "remy")
