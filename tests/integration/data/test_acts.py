"""Who may receive, build and cut, what each act leaves in the log, and what happens when two act at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, NotFound, NotPermitted, Unavailable
from rpp_hub.domain.permissions import Role
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.cutting import Cutting
from rpp_hub.services.warehousing import Warehousing
from rpp_hub.store.database import Act, Store
from rpp_hub.synthetic import Summary

from tests import approving
from tests.factories import SETUP, actor
from tests.integration.data.conftest import APPLICATION, PEOPLE, acts, approve, contents

DORA = actor("dora")
OTHERS = [name for name in PEOPLE if name != "dora"]
WAREHOUSE: dict[str, Callable[[Rpp, Actor, Path], object]] = {
    "receive": lambda rpp, who, drop: rpp.warehousing.receive(who, drop, "bayview", "202501_more"),
    "check": lambda rpp, who, _: rpp.warehousing.check(who, "bayview"),
    "build": lambda rpp, who, _: rpp.warehousing.build(who, "bayview"),
    "cut": lambda rpp, who, _: rpp.cutting.build(who, "absence"),
}


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "202501_clubs"
    folder.mkdir()
    (folder / "Clubs.csv").write_text("student_id,school_year,club\n1,2024,chess\n")
    return folder


@pytest.mark.parametrize("name", WAREHOUSE)
def test_nobody_but_a_data_manager_may(name: str, rpp: Rpp, drop: Path) -> None:
    before, log = contents(rpp.installation.home / "warehouse"), acts(rpp)
    for who in (*OTHERS, "stranger"):
        with pytest.raises(NotPermitted, match=f"{who} may not do this"):
            WAREHOUSE[name](rpp, actor(who), drop)
    assert contents(rpp.installation.home / "warehouse") == before
    assert not (rpp.installation.home / "cuts").exists()
    assert acts(rpp) == log
    WAREHOUSE[name](rpp, DORA, drop)


def test_a_data_manager_whose_account_is_closed_may_not(rpp: Rpp, drop: Path) -> None:
    rpp.people.add(SETUP, "dana", "Dana", roles=[Role.DATA_MANAGER])  # the last one's account stays open
    rpp.people.set_active(SETUP, "dora", active=False)
    for act in WAREHOUSE.values():
        with pytest.raises(NotPermitted):
            act(rpp, DORA, drop)


def test_every_act_leaves_one_event_that_says_who_and_what_and_no_identifier(
    empty: Rpp, district: tuple[Path, Summary]
) -> None:
    before = len(acts(empty))
    for drop in sorted(district[0].iterdir()):
        empty.warehousing.receive(DORA, drop, "bayview")
    empty.warehousing.check(DORA, "bayview")  # looks, changes nothing
    empty.warehousing.build(DORA, "bayview")
    approve(empty)
    empty.cutting.plan("absence")
    empty.cutting.build(DORA, "absence")
    assert acts(empty)[before:] == [
        "drop:bring",
        "drop:receive",
        "drop:bring",
        "drop:receive",
        "masters:build",
        "project:apply",
        "project:answer",
        "project:judge",
        "project:approve",
        "agreement:propose",
        "agreement:sign",
        "agreement:sign",
        "agreement:in-force",
        "cut:build",
    ]
    event = empty.auditing.events(SETUP, AuditFilter(limit=1))[0]
    assert (event.actor, event.subject) == ("dora", "cut:absence/c0001")
    assert empty.auditing.verify(SETUP).ok
    said = json.dumps([str(e) for e in empty.auditing.events(SETUP, AuditFilter(limit=1000))])
    masters = empty.cutting.surroundings("absence")
    assert not any(i in said for i in masters.identifiers)


@pytest.mark.parametrize("fate", ["submitted", "rejected", "closed"])
def test_a_project_that_is_not_approved_gets_no_cut(fate: str, rpp: Rpp) -> None:
    rpp.projects.apply(actor("rosa"), APPLICATION.format(project="later"), approving.LETTER)
    if fate == "rejected":
        rpp.projects.decide(actor("paula"), "later", approve=False, reason="Not aligned with the plan.")
    if fate == "closed":
        approving.review(rpp, "later")
        rpp.projects.decide(actor("paula"), "later", approve=True)
        rpp.projects.close(DORA, "later", "Over.")
    with pytest.raises(ActionRefused, match="Data is cut for approved projects only") as refused:
        rpp.cutting.build(DORA, "later")
    assert refused.value.refusals[0].code == "not-approved"
    assert "cut:build" not in acts(rpp)
    assert not rpp.installation.cuts_dir("later").exists()


def test_a_project_closed_while_it_is_cut_gets_no_cut(rpp: Rpp) -> None:
    def close(what: str, _done: int, _total: int) -> None:
        if what == "sealed":
            rpp.projects.close(DORA, "absence", "Over.")

    with pytest.raises(ActionRefused, match="approved projects only"):
        rpp.cutting.build(DORA, "absence", close)
    assert not rpp.cutting.has_cut("absence")
    assert "cut:build" not in acts(rpp)


def test_what_is_not_there_is_said(rpp: Rpp, empty: Rpp, drop: Path) -> None:
    for act in (
        lambda: rpp.warehousing.receive(DORA, drop, "elsewhere"),
        lambda: rpp.warehousing.build(DORA, "elsewhere"),
        lambda: rpp.warehousing.check(DORA, "elsewhere"),
        lambda: rpp.cutting.build(DORA, "nothing"),
        lambda: rpp.cutting.plan("nothing"),
        lambda: rpp.cutting.current("absence"),
        lambda: rpp.cutting.named("absence", "c0009"),
        lambda: empty.warehousing.codebook("bayview"),
    ):
        with pytest.raises(NotFound) as told:
            act()
        assert told.value.message.endswith(".")


class _Intruded(Store):
    """Somebody else does something in the moment between renaming into place and recording."""

    intruder: Callable[[], Any] | None = None

    @contextmanager
    def act(self, actor: Actor, act: str, subject: str, reason: str = "") -> Iterator[Act]:
        intruder, self.intruder = self.intruder, None
        if intruder is not None:
            with pytest.raises(Unavailable, match="Somebody else is working on the same thing"):
                intruder()
        with super().act(actor, act, subject, reason) as doing:
            yield doing


def test_two_who_cut_at_once_do_not_replace_each_others_folder(rpp: Rpp) -> None:
    store = _Intruded(rpp.store.url, rpp.store.anchors)
    store.intruder = lambda: rpp.cutting.build(DORA, "absence")
    cutting = Cutting(store, rpp.installation, rpp.cutting._vault, lambda _project: "")
    cutting.build(DORA, "absence")
    assert rpp.cutting.verify("absence") == ()
    assert rpp.cutting.build(DORA, "absence").name == "c0002"
    store.close()


def test_two_who_receive_at_once_do_not_replace_each_others_files(
    rpp: Rpp, drop: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "Clubs.csv").write_text("student_id,school_year,club\n2,2024,go\n")
    store = _Intruded(rpp.store.url, rpp.store.anchors)
    store.intruder = lambda: rpp.warehousing.receive(DORA, other, "bayview", drop.name)
    Warehousing(store, rpp.installation).receive(DORA, drop, "bayview")
    kept = rpp.installation.warehouse_dir("bayview") / "received" / drop.name / "Clubs.csv"
    assert kept.read_text() == (drop / "Clubs.csv").read_text()
    store.close()


def test_cuts_are_made_of_recorded_masters_only(rpp: Rpp) -> None:
    recorded = rpp.warehousing.current_build("bayview")
    assert recorded is not None
    masters = rpp.installation.warehouse_dir("bayview") / "masters"
    (masters / recorded.name).rename(masters / "away")
    with pytest.raises(Unavailable, match="recorded but not on disk"):
        rpp.cutting.build(DORA, "absence")
    assert rpp.warehousing.build(DORA, "bayview").name == recorded.name
    assert rpp.cutting.build(DORA, "absence").name == "c0001"


def test_an_amended_cut_keeps_the_codes_and_the_first_cut_stays(rpp: Rpp) -> None:
    first = rpp.cutting.build(DORA, "absence")
    codes = rpp.cutting._vault.crosswalks.load("absence").codes("student")
    second = rpp.cutting.build(DORA, "absence")
    assert (first.name, second.name) == ("c0001", "c0002")
    assert rpp.cutting._vault.crosswalks.load("absence").codes("student") == codes
    assert rpp.cutting.verify("absence", "c0001") == rpp.cutting.verify("absence", "c0002") == ()
    assert contents(first.path / "data") == contents(second.path / "data")


def test_two_projects_share_no_code(rpp: Rpp) -> None:
    approve(rpp, "reading")
    for project in ("absence", "reading"):
        rpp.cutting.build(DORA, project)
    one, two = (
        set(rpp.cutting._vault.crosswalks.load(p).codes("student").values()) for p in ("absence", "reading")
    )
    assert one
    assert two
    assert not {code[2:11] for code in one} & {code[2:11] for code in two}


def test_a_cut_says_in_which_environment_it_will_be_worked_with(rpp: Rpp) -> None:
    cut = rpp.cutting.build(DORA, "absence")
    manifest = json.loads((cut.path / "manifest.json").read_text())
    assert manifest["environment"] == rpp.environments.current().version
