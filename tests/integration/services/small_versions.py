"""An installation whose workspaces' environment holds a package or two, so that a version of it is made in a second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rpp_hub.services.environments import Environments, NewVersion, Origin
from rpp_hub.store.database import migrate, sqlite_url
from rpp_hub.workspace import sandbox
from rpp_hub.workspace.locks import Pinned, write_lock
from rpp_hub.workspace.one_shot import run_once
from rpp_hub.workspace.sandbox import MEBIBYTE, Ceilings, Sandbox, environment_binds
from rpp_hub.workspace.versions import Versions

from tests.factories import NOW, World, actor
from tests.wheels import wheel

OTTO = actor("otto")
WHY = "The project on terms needs it."


def imports(environment: Path, added: Sequence[str]) -> str:
    """A small trial: what is new can be imported in a sandbox."""
    code = f"import {', '.join(name.replace('-', '_') for name in added) or 'sys'}"
    tried = run_once(
        Sandbox(
            command=(sandbox.PYTHON, "-I", "-c", code),
            binds=environment_binds(environment),
            ceilings=Ceilings(256, 64 * MEBIBYTE, 64),
        ),
        60,
    )
    return tried.words if tried.code else ""


def environments(world: World) -> Environments:
    home = world.installation.home
    return Environments(
        world.store, Versions(world.installation.environments_dir), home / "base", imports, lambda: NOW
    )


def allowed(*pins: Pinned) -> str:
    return write_lock(pins)


def quiet(_what: str) -> None:
    return None


def opened(home: Path) -> World:
    return World(home, url=sqlite_url(home / "hub" / "rpp.sqlite"))


def with_one_version(home: Path, wheels: Path) -> None:
    """A new installation in which one version was made of one package."""
    (home / "hub").mkdir(parents=True)
    migrate(sqlite_url(home / "hub" / "rpp.sqlite"))
    world = opened(home).populate()
    first = NewVersion(WHY, allowed(wheel(wheels, "first", "1.0", "x = 1\n")), wheels, Origin.NOTHING)
    environments(world).make(OTTO, first, quiet)
    world.store.close()
