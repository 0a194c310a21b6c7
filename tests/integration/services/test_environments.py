"""Versions of the workspaces' environment: made from a list, beside the old one, and never changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted, RppError
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.environments import Environments, NewVersion
from rpp_hub.workspace import doctor
from rpp_hub.workspace.environment import hold, version_of
from rpp_hub.workspace.locks import Pinned

from tests.factories import World, actor
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

WATCHED = frozenset(
    {"open", "os.rename", "os.mkdir", "os.chmod", "os.rmdir", "os.remove", "subprocess.Popen"}
)

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module", autouse=True)
def _sandboxes_work() -> None:
    if problems := doctor.probe():
        pytest.skip(f"no sandbox here: {problems[0].sentence}")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wheels")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Iterator[Path]:
    """An installation in which one version was made of one package."""
    home = tmp_path_factory.mktemp("environments") / "home"
    with_one_version(home, wheels)
    yield home
    remove(home)


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    world = opened(tmp_path / "home")
    yield world
    world.store.close()
    remove(tmp_path / "home")


def installed(environment: Path) -> set[str]:
    return {path.name for path in environment.glob("lib/python3*/site-packages/*.dist-info")}


def test_a_package_of_the_list_comes_into_a_new_version_and_the_old_one_is_as_it_was(
    world: World, wheels: Path
) -> None:
    made = environments(world)
    old = made.current()
    assert installed(old.path) == {"first-1.0.dist-info"}
    second = wheel(wheels, "second", "2.0", "y = 2\n", needs="first")
    view = made.make(OTTO, NewVersion(WHY, allowed(second), wheels), quiet)
    new = made.current()
    assert new.version == view.version != old.version
    assert installed(new.path) == {"first-1.0.dist-info", "second-2.0.dist-info"}
    assert installed(old.path) == {"first-1.0.dist-info"}
    assert made.is_as_sealed(OTTO, old.version)
    assert made.is_as_sealed(OTTO, new.version)
    assert [(pin.name, pin.version) for pin in view.packages] == [("first", "1.0"), ("second", "2.0")]
    assert view.packages[1].hashes == second.hashes
    assert view.made_from == old.version
    assert view.python == ".".join(map(str, sys.version_info[:3]))
    assert version_of(new.path) == new.version
    (event,) = [e for e in world.auditing.events(actor("ada"), AuditFilter(act="environment:make"))][:1]
    assert json.loads(event.detail)["added"] == ["second==2.0"]


def test_a_version_is_compiled_and_nothing_in_it_can_be_written_to(world: World) -> None:
    path = environments(world).current().path
    site = next(path.glob("lib/python3*/site-packages"))
    assert list(site.glob("__pycache__/first.*.pyc"))
    writable = [p for p in (path, *path.rglob("*")) if not p.is_symlink() and p.stat().st_mode & 0o222]
    assert writable == []
    assert path.stat().st_mode & 0o077 == 0


def test_a_changed_file_is_noticed(world: World) -> None:
    made = environments(world)
    module = next(made.current().path.glob("lib/python3*/site-packages/first.py"))
    module.chmod(0o644)
    module.write_text("x = 2\n")
    assert not made.is_as_sealed(OTTO, made.current().version)


def _with_a_wrong_hash(wheels: Path) -> str:
    pin = wheel(wheels, "other", "1.0")
    return allowed(Pinned(pin.name, pin.version, (hashlib.sha256(b"another").hexdigest(),)))


def _absent(wheels: Path) -> str:
    return allowed(Pinned("absent", "1.0", ("a" * 64,)))


def _with_unmet_needs(wheels: Path) -> str:
    return allowed(wheel(wheels, "needy", "1.0", needs="nowhere>=3"))


def _that_breaks(wheels: Path) -> str:
    return allowed(wheel(wheels, "broken", "1.0", "raise RuntimeError('it cannot start')\n"))


@pytest.mark.parametrize(
    ("bad", "code", "words"),
    [
        (_with_a_wrong_hash, "environment-packages", "hash"),
        (_absent, "environment-packages", "absent"),
        (_with_unmet_needs, "environment-packages", "nowhere"),
        (_that_breaks, "environment-broken", "it cannot start"),
    ],
)
def test_what_cannot_be_had_or_does_not_work_changes_nothing(
    world: World, wheels: Path, bad: Callable[[Path], str], code: str, words: str
) -> None:
    made = environments(world)
    before, listed = made.current(), made.list(OTTO)
    with pytest.raises(ActionRefused) as refusal:
        made.make(OTTO, NewVersion(WHY, bad(wheels), wheels), quiet)
    assert refusal.value.refusals[0].code == code
    assert words in refusal.value.refusals[0].reason
    assert (made.current(), made.list(OTTO)) == (before, listed)
    left = [p.name for p in world.installation.environments_dir.iterdir() if p.is_dir()]
    assert left == [before.version]


def test_code_that_a_package_plants_for_the_start_of_python_runs_in_a_sandbox_alone(
    world: World, wheels: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "it-ran"
    code = f"import pathlib; pathlib.Path({str(mark)!r}).write_text('x')\n"
    sly = wheel(
        wheels,
        "sly",
        "1.0",
        zz_sly__pth=f"import os; exec({code!r}) if os.path.isdir({str(tmp_path)!r}) else None\n",
    )
    made = environments(world)
    made.make(OTTO, NewVersion(WHY, allowed(sly), wheels), quiet)
    made.make(OTTO, NewVersion(WHY, allowed(wheel(wheels, "after", "1.0")), wheels), quiet)
    assert not mark.exists()
    os.system(f"{made.current().path}/bin/python -c ''")  # the control: outside of a sandbox it does run
    assert mark.exists()


def test_an_older_version_is_used_again_and_one_that_is_not_current_retired(
    world: World, wheels: Path
) -> None:
    made = environments(world)
    old = made.current()
    new = made.make(OTTO, NewVersion(WHY, allowed(wheel(wheels, "third", "1.0")), wheels), quiet).version
    with pytest.raises(ActionRefused, match="Use another one first"):
        made.retire(OTTO, new, "old")
    made.use(OTTO, old.version, "The new one is slower.")
    assert made.current() == old
    made.retire(OTTO, new, "Nobody needs it.")
    assert not (world.installation.environments_dir / new).exists()
    assert made.show(OTTO, new).state == "retired"
    assert made.show(OTTO, new).packages
    with pytest.raises(ActionRefused, match="not kept"):
        made.use(OTTO, new, "again")
    again = made.make(OTTO, NewVersion(WHY, allowed(wheel(wheels, "third", "1.0")), wheels), quiet)
    assert (again.version, again.state) == (new, "current")


def test_a_version_in_use_is_not_retired(world: World, wheels: Path) -> None:
    made = environments(world)
    old = made.current()
    made.make(OTTO, NewVersion(WHY, allowed(wheel(wheels, "fifth", "1.0")), wheels), quiet)
    held = hold(old.path)
    assert held is not None
    with pytest.raises(ActionRefused) as refusal:
        made.retire(OTTO, old.version, "old")
    assert refusal.value.refusals[0].code == "environment-in-use"
    assert made.show(OTTO, old.version).state == "kept"
    os.close(held)
    made.retire(OTTO, old.version, "old")


def test_the_operator_alone_makes_uses_and_retires(world: World) -> None:
    made = environments(world)
    version = made.current().version
    for name in ("dora", "rosa", "vera", "ada", "dirk", "paula"):
        for act in (
            lambda who: made.make(who, NewVersion(WHY, _absent(Path())), quiet),
            lambda who: made.use(who, version, WHY),
            lambda who: made.retire(who, version, WHY),
        ):
            with pytest.raises(NotPermitted):
                act(actor(name))
    assert made.list(actor("rosa"))[0].version == version
    with pytest.raises(NotFound):
        made.show(OTTO, "nothing")
    with pytest.raises(Invalid):
        made.make(OTTO, NewVersion(" "), quiet)


def test_the_same_packages_are_the_same_version(world: World, wheels: Path) -> None:
    made = environments(world)
    with pytest.raises(ActionRefused) as refusal:
        made.make(OTTO, NewVersion(WHY, allowed(wheel(wheels, "first", "1.0", "x = 1\n")), wheels), quiet)
    assert refusal.value.refusals[0].code == "environment-there"


def _dies(home: Path, do: Callable[[Environments], object], until: int | None) -> list[str]:
    """Do it in a child that is killed at a moment; the answer is all the moments there were."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(source)
            os.write(target, "\n".join(_lived(home, do, until)).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(target)
    with os.fdopen(source) as told:
        said = told.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) == (until is not None)
    return said.splitlines()


def _lived(home: Path, do: Callable[[Environments], object], until: int | None) -> list[str]:
    made, moments = environments(opened(home)), []

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in WATCHED and (event == "subprocess.Popen" or str(args[0]).startswith(str(home))):
            moments.append(event)
            if len(moments) - 1 == until:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    do(made)
    return moments


def _telling(moments: list[str]) -> list[int]:
    """The first of all, before the last renaming and after it, before each process, and the last of all."""
    renames = [n for n, what in enumerate(moments) if what == "os.rename"]
    processes = [n for n, what in enumerate(moments) if what == "subprocess.Popen"]
    return sorted({0, renames[-1], renames[-1] + 1, *processes[1::2], len(moments) - 1})


def test_killed_at_any_moment_of_making_the_old_version_stays_or_the_new_is_there(
    template: Path, tmp_path: Path, wheels: Path
) -> None:
    new = NewVersion(WHY, allowed(wheel(wheels, "mortal", "1.0")), wheels)
    _after_each_death(template, tmp_path, lambda made: made.make(OTTO, new, quiet))


def test_killed_at_any_moment_of_retiring_a_version_is_kept_or_gone(
    template: Path, tmp_path: Path, wheels: Path
) -> None:
    home = tmp_path / "two"
    shutil.copytree(template, home, symlinks=True)
    two = opened(home)
    old = environments(two).current().version
    environments(two).make(OTTO, NewVersion(WHY, allowed(wheel(wheels, "mortal", "1.0")), wheels), quiet)
    two.store.close()
    _after_each_death(home, tmp_path, lambda made: made.retire(OTTO, old, "old"))
    remove(home)


def _after_each_death(template: Path, folder: Path, do: Callable[[Environments], object]) -> None:
    home = folder / "home"
    shutil.copytree(template, home, symlinks=True)
    moments = _dies(home, do, None)
    after = _state(home)
    remove(home)
    seen = set()
    for moment in _telling(moments):
        shutil.copytree(template, home, symlinks=True)
        before = _state(home)
        _dies(home, do, moment)
        found = _state(home)
        assert found in (before, after), moments[moment]
        seen.add(found)
        world = opened(home)
        made = environments(world)
        assert made.is_as_sealed(OTTO, made.current().version)
        if found == before:
            do(made)
            assert _state(home) == after
        names = {p.name for p in world.installation.environments_dir.iterdir() if p.is_dir()}
        kept = {v.version for v in made.list(OTTO) if v.state in ("current", "kept") and v.made_at}
        assert kept <= names
        world.store.close()
        remove(home)
    assert before in seen


def _state(home: Path) -> tuple[tuple[str, str], ...]:
    world = opened(home)
    try:
        return tuple(
            (view.version, view.state) for view in environments(world).list(OTTO) if view.made_at is not None
        )
    except RppError as error:
        return (("", error.code),)
    finally:
        world.store.close()
