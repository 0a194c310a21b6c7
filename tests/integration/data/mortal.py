"""Forks processes that do one act and die at a chosen moment: `python mortal.py`, one JSON request a line.

A moment is an audit event of the interpreter (a file is opened, renamed, removed … inside the installation) or a report
of progress; of acts that are but words it is each statement and commit of the database, too. A request without a moment
lives to the end and answers all the moments there were.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3]))

from rpp_hub.bootstrap import Rpp, open_installation
from rpp_hub.domain.actor import Actor, Via
from rpp_hub.warehouse.codebook_edits import with_attributes
from rpp_hub.warehouse.identity_table import Verdict

from tests.integration.store.mortal import watch

DORA = Actor("dora", Via.CLI)
WATCHED = frozenset(
    {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.symlink", "sqlite3.connect"}
)


def _edit(rpp: Rpp, description: str, _told: object) -> object:
    books = rpp.warehousing.codebooks
    now = books.current(DORA, "bayview")
    said = with_attributes(
        now.codebook, "student_classifications", "grade_level", {"description": description}
    )
    return books.save(DORA, "bayview", now.number, said)


def _discard(rpp: Rpp, name: str, _told: object) -> object:
    receiving = rpp.warehousing.receiving
    receiving.discard(DORA, "bayview", name, receiving.waiting_drop(DORA, "bayview", name).version)
    return None


def _answer(rpp: Rpp, name: str, _told: object) -> object:
    return rpp.warehousing.questions.answer(DORA, name, "A thirteenth year.")


ACTS: dict[str, Callable[[Rpp, str, Callable[[str, int, int], None]], object]] = {
    "receive": lambda rpp, folder, told: rpp.warehousing.receive(
        DORA, Path(folder), "bayview", progress=told
    ),
    "build": lambda rpp, _, told: rpp.warehousing.build(DORA, "bayview", told),
    "decide": lambda rpp, name, _: rpp.identities.decide(DORA, "bayview", name, Verdict.KEEP, "Two people."),
    "cut": lambda rpp, project, told: rpp.cutting.build(DORA, project, told),
    "edit": _edit,
    "discard": _discard,
    "answer": _answer,
}
WORDS = {"edit", "discard", "answer"}


def act(home: str, name: str, subject: str, moment: int | None) -> list[str]:
    """Do it, unless the moment comes first."""
    rpp, moments = open_installation(Path(home)), []

    def lived(what: str) -> None:
        moments.append(what)
        if len(moments) - 1 == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in WATCHED and args and str(args[0]).startswith(home):
            lived(f"{event} {Path(str(args[0])).relative_to(home)}")

    sys.addaudithook(hook)
    if name in WORDS:
        watch(lived)
    ACTS[name](rpp, subject, lambda what, _done, _total: lived(what))
    return list(moments)


def fork(request: dict[str, Any]) -> dict[str, Any]:
    """One act in a child of its own."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        try:
            with os.fdopen(target, "w") as told:
                json.dump(act(**request), told)
        finally:
            os._exit(0)
    os.close(target)
    with os.fdopen(source) as told:
        said = told.read()
    _, status = os.waitpid(child, 0)
    return {"killed": os.WIFSIGNALED(status), "moments": json.loads(said) if said else []}


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(fork(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
