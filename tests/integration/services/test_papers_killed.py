"""Whoever is killed while a paper or letter is kept leaves at most bytes without a row, and a second try succeeds."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.domain.agreements import Party
from rpp_hub.domain.errors import ActionRefused
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.signing import SignedElsewhere
from rpp_hub.services.umbrellas import UmbrellaTerms
from rpp_hub.store.database import sqlite_url
from rpp_hub.store.model_agreements import Paper, Signature
from rpp_hub.store.model_projects import ProjectFile
from sqlalchemy import event, select

from tests import approving
from tests.approving import LETTER
from tests.factories import APPLICATION, NOW, SETUP, World, actor

GAMMA = APPLICATION.format(name="gamma", lead="rosa")
_WATCHED = frozenset({"open", "os.rename", "os.mkdir", "os.chmod"})


def opened(home: Path) -> World:
    """The installation in a folder, as a new process finds it."""
    return World(home, url=sqlite_url(home / "hub" / "rpp.sqlite"))


def lives(home: Path, act: Callable[[World], object], until: int | None) -> int:
    """Do the act in a child that dies at a moment (a statement, a commit, a file); the answer is how many there were."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(source)
            count = _counted(home, act, until)
            os.write(target, str(count).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(target)
    with os.fdopen(source) as said:
        answer = said.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) == (until is not None)
    return int(answer or 0)


def _counted(home: Path, act: Callable[[World], object], until: int | None) -> int:
    moments = 0

    def moment(*_what: Any) -> None:
        nonlocal moments
        if moments == until:
            os.kill(os.getpid(), signal.SIGKILL)
        moments += 1

    world = opened(home)
    event.listen(world.store._writer, "after_cursor_execute", moment)
    event.listen(world.store._writer, "commit", moment)
    papers = str(world.installation.agreements_dir)
    sys.addaudithook(
        lambda what, args: moment() if what in _WATCHED and args and str(args[0]).startswith(papers) else None
    )
    act(world)
    return moments


def apply(world: World) -> object:
    return world.projects.apply(actor("rosa"), GAMMA, LETTER)


def decide(world: World) -> object:
    return world.projects.decide(actor("paula"), "gamma", approve=True)


def propose(world: World) -> object:
    return world.umbrellas.propose(SETUP, "bayview", UmbrellaTerms(NOW.date(), reason="More."))


def record(world: World) -> object:
    return world.signing.record(
        SETUP, "a0004", SignedElsewhere(Party.DISTRICT, "Somebody", NOW.date(), b"a signed scan")
    )


def nothing(_world: World) -> None:
    """The world as it is."""


def applied(world: World) -> None:
    apply(world)
    approving.review(world, "gamma")


ACTS = {
    "apply": (nothing, apply),
    "decide": (applied, decide),
    "propose": (nothing, propose),
    "record": (propose, record),
}


def check_whole(world: World) -> None:
    """Every row's bytes are there, and the log is whole."""
    with world.store.read() as session:
        kept = {*session.scalars(select(Paper.document_sha256)), *session.scalars(select(ProjectFile.sha256))}
        kept |= set(session.scalars(select(Signature.file_sha256)))
    for sha256 in kept - {""}:
        world.papers.get(sha256)
    assert world.auditing.verify(SETUP).ok


@pytest.mark.parametrize("name", ACTS)
def test_an_act_that_keeps_a_file_is_whole_or_not_there_wherever_it_is_killed(
    name: str, tmp_path: Path
) -> None:
    before, act = ACTS[name]
    world = World(tmp_path / "instance").populate()
    before(world)
    events = world.store.head().seq
    world.store.close()
    count = lives(_copied(world.home, tmp_path / "whole"), act, None)
    assert count > 8
    for moment in sorted({*range(0, count, 4), *range(count - 4, count)}):
        home = _copied(world.home, tmp_path / f"m{moment}")
        lives(home, act, moment)
        found = opened(home)
        check_whole(found)
        if found.store.head().seq == events:
            act(found)
        else:  # only the answer was lost
            assert moment >= count - 2
            with pytest.raises(ActionRefused) if name != "propose" else _fine():
                act(found)
        check_whole(found)
        assert found.auditing.events(SETUP, AuditFilter(limit=1))
        found.store.close()
        shutil.rmtree(home)


class _fine:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_error: object) -> None:
        return None


def _copied(home: Path, target: Path) -> Path:
    shutil.copytree(home, target)
    return target
