"""A project stays in the version it began in: cuts, workspaces, re-runs and releases of it name that one, until it is moved."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted, Unavailable
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.environments import NewVersion
from rpp_hub.services.staying import BEGUN, NOT_KEPT, Staying, note_beginning, note_opening
from rpp_hub.workspace import doctor

from tests.factories import NOW, World, actor
from tests.harness import remove
from tests.integration.services.small_versions import (
    OTTO,
    WHY,
    allowed,
    environments,
    opened,
    quiet,
    with_one_version,
)
from tests.wheels import wheel

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """An installation with two versions, the newer of them current."""
    if problems := doctor.probe():
        pytest.skip(f"no sandbox here: {problems[0].sentence}")
    home, wheels = tmp_path_factory.mktemp("staying") / "home", tmp_path_factory.mktemp("wheels")
    with_one_version(home, wheels)
    world = opened(home)
    old = environments(world).current().version
    new = environments(world).make(
        OTTO, NewVersion(WHY, allowed(wheel(wheels, "second", "1.0")), wheels), quiet
    )
    world.store.close()
    yield home, old, new.version
    remove(home)


@pytest.fixture
def scene(template: tuple[Path, str, str], tmp_path: Path) -> Iterator[tuple[World, str, str]]:
    home, old, new = template
    shutil.copytree(home, tmp_path / "home", symlinks=True)
    world = opened(tmp_path / "home")
    yield world, old, new
    world.store.close()
    remove(tmp_path / "home")


Scene = tuple[World, str, str]


def staying(world: World) -> Staying:
    return Staying(world.store, environments(world), lambda: NOW)


def begin(world: World, project: str, version: str) -> None:
    with world.store.act(actor("dora"), "cut:build", f"cut:{project}/c0001") as act:
        note_beginning(act, project, version, NOW)


def open_workspace(world: World, person: str, project: str) -> None:
    with world.store.act(actor(person), "workspace:open", f"workspace:{project}/{person}") as act:
        note_opening(act, project, person, staying(world).of(project).version, NOW)


def where(world: World, who: str = "otto") -> dict[str, tuple[str, str]]:
    return {view.project: (view.version, view.reason) for view in staying(world).list(actor(who))}


def test_a_project_stays_in_the_version_it_began_in_and_another_begins_in_the_current_one(
    scene: Scene,
) -> None:
    world, old, new = scene
    begin(world, "alpha", old)
    assert environments(world).current().version == new
    open_workspace(world, "rosa", "alpha")
    open_workspace(world, "remy", "beta")
    assert where(world) == {"alpha": (old, BEGUN), "beta": (new, BEGUN)}
    assert (staying(world).of("alpha").version, staying(world).of("beta").version) == (old, new)
    assert environments(world).show(OTTO, old).workspaces == ("alpha/rosa",)


def test_moved_by_somebody_who_may_its_next_workspace_is_opened_there_and_the_log_says_both(
    scene: Scene,
) -> None:
    world, old, new = scene
    begin(world, "alpha", old)
    open_workspace(world, "rosa", "alpha")
    for who in ("dora", "otto"):
        to = new if who == "dora" else old
        staying(world).move(actor(who), "alpha", to, "It needs the survival models.")
        assert where(world)["alpha"] == (to, "It needs the survival models.")
    event = world.auditing.events(actor("ada"), AuditFilter(act="environment:move"))[0]
    assert (event.actor, event.subject) == ("otto", "project:alpha")
    assert json.loads(event.detail) == {"before": new, "environment": old}
    staying(world).move(actor("dora"), "alpha", new, "Back again.")
    open_workspace(world, "rosa", "alpha")
    opening = world.auditing.events(actor("ada"), AuditFilter(act="workspace:open"))[0]
    assert json.loads(opening.detail) == {"environment": new, "environment_before": old}


def test_nobody_else_moves_a_project_and_to_nowhere_it_is_not_moved(scene: Scene) -> None:
    world, old, new = scene
    begin(world, "alpha", old)
    for who in ("rosa", "vera", "ada", "dirk", "paula"):
        with pytest.raises(NotPermitted):
            staying(world).move(actor(who), "alpha", new, WHY)
    for version, kind in ((old, ActionRefused), ("", NotFound), ("../base", NotFound), ("0" * 16, NotFound)):
        with pytest.raises(kind):
            staying(world).move(OTTO, "alpha", version, WHY)
    with pytest.raises(NotFound):
        staying(world).move(OTTO, "nowhere", new, WHY)
    with pytest.raises(Invalid):
        staying(world).move(OTTO, "alpha", new, " ")
    assert where(world) == {"alpha": (old, BEGUN)}


def test_a_member_sees_their_own_project_and_an_operator_all(scene: Scene) -> None:
    world, old, _ = scene
    begin(world, "alpha", old)
    begin(world, "beta", old)
    assert set(where(world, "rosa")) == {"alpha"}
    assert set(where(world, "otto")) == set(where(world, "dora")) == {"alpha", "beta"}
    assert where(world, "vera") == {}


def test_a_version_that_a_project_stays_in_is_not_retired(scene: Scene) -> None:
    world, old, new = scene
    begin(world, "alpha", old)
    with pytest.raises(ActionRefused, match="alpha") as refusal:
        environments(world).retire(OTTO, old, "old")
    assert refusal.value.refusals[0].code == "environment-stayed-in"
    staying(world).move(OTTO, "alpha", new, "The old one goes.")
    environments(world).retire(OTTO, old, "old")
    with pytest.raises(ActionRefused, match="not kept"):
        staying(world).move(OTTO, "alpha", old, "Back.")


def test_a_version_that_went_with_a_release_is_replaced_at_the_next_opening_and_one_that_was_lost_is_not(
    scene: Scene,
) -> None:
    world, old, new = scene
    begin(world, "alpha", "a" * 16)  # the base of a release before this one
    open_workspace(world, "rosa", "alpha")
    assert where(world)["alpha"] == (new, NOT_KEPT)
    begin(world, "beta", old)
    path = environments(world).kept(old)
    assert path is not None
    path.path.chmod(0o700)
    remove(path.path)
    with pytest.raises(Unavailable, match="environment move"):
        staying(world).of("beta")
    staying(world).move(OTTO, "beta", new, "Its files were lost.")
    assert staying(world).of("beta").version == new


def test_work_is_run_again_in_its_own_version_while_that_is_kept_else_in_its_projects(scene: Scene) -> None:
    world, old, new = scene
    begin(world, "alpha", old)
    run = staying(world).for_work
    assert (run(old, "alpha").version, run(new, "alpha").version) == (old, new)
    for strange in ("", "..", "../base", "0" * 16, "x"):
        assert run(strange, "alpha").version == old
        assert run(strange, "beta").version == new
    staying(world).move(OTTO, "alpha", new, "It needs the survival models.")
    assert run(old, "alpha").version == old  # work of before the move
    environments(world).retire(OTTO, old, "old")
    assert run(old, "alpha").version == new
