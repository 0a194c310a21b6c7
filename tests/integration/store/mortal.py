"""Processes that act on a database and die at a chosen statement, or race one another: one JSON request a line.

Started once; each request is done by children forked from here, so that nothing is imported anew.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from rpp_hub.domain.actor import Via
from rpp_hub.domain.errors import ActionRefused
from rpp_hub.domain.lifecycle import Decision, Verdict
from rpp_hub.domain.permissions import Role
from rpp_hub.services.moving import move_database
from rpp_hub.store.models import District
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from tests.factories import SETUP, World, actor


def add_district(world: World) -> None:
    with world.store.act(SETUP, "district:add", "district:late", "because") as act:
        act.session.add(District(name="late", title="late", added_at=datetime.now(UTC)))


def decide(world: World) -> None:
    view = world.requests.seen_by(SETUP, "r0001")
    world.finish("viktor", view, Verdict.APPROVE, Decision.RELEASE_APPROVED)


ACTS: dict[str, Callable[[World], object]] = {
    "add a district": add_district,
    "add a person": lambda world: world.people.add(
        SETUP, "late", "Late", roles=[Role.AUDITOR, Role.DIRECTOR]
    ),
    "submit a request": lambda world: world.submit(),
    "finish the last review": decide,
    "take a member off": lambda world: world.projects.remove_member(actor("dora"), "alpha", "rosa"),
}


def watch(lived: Callable[[str], None]) -> None:
    """Tell each statement before it is sent, each commit before it and after it."""

    @event.listens_for(Engine, "before_cursor_execute")
    def _statement(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        lived(statement.partition("\n")[0][:60])

    committed = DefaultDialect.do_commit

    def commit(self: Any, connection: Any) -> None:
        lived("COMMIT")
        committed(self, connection)
        lived("committed")

    DefaultDialect.do_commit = commit  # type: ignore[method-assign]


def act(home: str, url: str, name: str, moment: int | None, to: list[str]) -> list[str]:
    world, moments = World(Path(home), url), []

    def lived(what: str) -> None:
        moments.append(what)
        if len(moments) - 1 == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    watch(lived)
    if to:
        target, owner = to
        move_database(world.store, actor("otto", Via.CLI), target, owner)
    else:
        ACTS[name](world)
    return list(moments)


def race(home: str, url: str, number: int) -> list[str]:
    """Five people of one's own, five requests, and one name that all want: what of it succeeded."""
    world, done = World(Path(home), url), []
    for turn in range(5):
        world.people.add(SETUP, f"w{number}x{turn}", "Somebody")
        done += [f"w{number}x{turn}", world.submit().name]
        try:
            world.people.add(SETUP, f"prize{turn}", "Wanted by all")
            done.append(f"prize{turn}")
        except ActionRefused:
            pass
    world.store.close()
    return done


def fork(do: Callable[[], list[str]]) -> tuple[int, int]:
    source, target = os.pipe()
    child = os.fork()
    if child:
        os.close(target)
        return child, source
    os.close(source)
    status = 1
    try:
        with os.fdopen(target, "w") as told:
            json.dump(do(), told)
        status = 0
    finally:
        os._exit(status)


def harvest(child: int, source: int) -> dict[str, Any]:
    with os.fdopen(source) as told:
        said = told.read()
    _, status = os.waitpid(child, 0)
    return {"killed": os.WIFSIGNALED(status), "status": status, "did": json.loads(said) if said else []}


def answer(asked: dict[str, Any]) -> list[dict[str, Any]]:
    home, url = asked["home"], asked["url"]
    if "writers" in asked:
        children = [fork(partial(race, home, url, n)) for n in range(asked["writers"])]
        return [harvest(*child) for child in children]
    return [harvest(*fork(lambda: act(home, url, asked["act"], asked["moment"], asked.get("to", []))))]


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
