"""Parts of a running installation are killed while somebody works in it: does it come back, with everything that was saved?"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rpp_hub.installation import Installation
from rpp_hub.workspace import client

from tests.e2e.over_http import Visitor, Workspace, visiting
from tests.factories import cell, notebook, printed
from tests.harness import Running, running

PROJECT, PERSON = "attendance-gaps", "rosa"
# Relay, gateway and meter are the supervisor's. The hub is started again more slowly the sooner it ends, so it has fewer turns.
TARGETS = (
    "kernel",
    "supervisor",
    "server",
    "proxy",
    "kernel",
    "supervisor",
    "server",
    "kernel",
    "proxy",
    "hub",
)
NOTEBOOKS = 8
PATIENCE = 90.0


@dataclass
class Shelf:
    """What was saved, as far as the server has said so."""

    folder: Path
    saved: dict[str, str] = field(default_factory=dict)
    under_way: dict[str, str] = field(default_factory=dict)

    def lost(self) -> list[str]:
        """Notebooks that are neither what was saved last nor what was being saved when something died."""
        return [name for name in self.saved if not self._is_there(name)]

    def _is_there(self, name: str) -> bool:
        try:
            text = json.loads((self.folder / name).read_text())["cells"][0]["source"]
        except (OSError, ValueError, LookupError):
            return False
        return "".join(text) in (self.saved[name], self.under_way.get(name))


def kills(number: int) -> dict[str, object]:
    """So many kills, one after another."""
    chosen, began, lost = random.Random(20260301), time.monotonic(), list[str]()
    done: Counter[str] = Counter()
    slowest = 0.0
    with running("--students", "500", workspace="gate_interval = 2") as site, visiting(site, PERSON) as rosa:
        shelf = Shelf(site.home / "workspaces" / PROJECT / "members" / PERSON)
        for count in range(number):
            target = TARGETS[count % len(TARGETS)]
            workspace = _opened(rosa)
            _save(workspace, shelf, count)
            at_work = threading.Thread(target=_work, args=(workspace, shelf, count))
            at_work.start()
            time.sleep(chosen.random() * 0.4)
            killed = time.monotonic()
            os.kill(_pid(site, target), signal.SIGKILL)
            done[target] += 1
            at_work.join(PATIENCE)
            _comes_back(site, rosa)
            slowest = max(slowest, time.monotonic() - killed)
            lost += shelf.lost()
            if count % 10 == 9:
                print(f"{count + 1} kills, {len(lost)} lost", file=sys.stderr, flush=True)
    told = {"kills": dict(done), "lost": lost, "slowest_return_s": round(slowest, 1)}
    return {"good": not lost, "total": sum(done.values()), **told, "seconds": round(time.monotonic() - began)}


def _opened(rosa: Visitor) -> Workspace:
    """Asked for again and again, as by a person who looks at a page that does not come."""
    workspace, deadline = Workspace(rosa, PROJECT), time.monotonic() + PATIENCE
    while not workspace.answers():
        if time.monotonic() > deadline:
            raise AssertionError("the workspace did not open")
        with contextlib.suppress(Exception):
            rosa.portal("POST", f"projects/{PROJECT}/workspace")
        time.sleep(0.3)
    return workspace


def _save(workspace: Workspace, shelf: Shelf, count: int) -> None:
    name, text = f"n{count % NOTEBOOKS}.ipynb", f"print({count})"
    answer = workspace.save(name, _body(text, count))
    if answer.status != 200:
        raise AssertionError(f"{name} could not be saved before kill {count}: {answer.text[:300]}")
    shelf.saved[name] = text
    shelf.under_way.pop(name, None)


def _work(workspace: Workspace, shelf: Shelf, count: int) -> None:
    """A cell runs and notebooks are saved, until whatever was killed is missed."""
    with contextlib.suppress(Exception), workspace.kernel() as kernel:
        kernel.run(
            "import time\nfor n in range(10):\n    time.sleep(0.05)\n    print(n, flush=True)", patience=20
        )
        for step in range(3):
            name, text = f"n{(count + 1 + step) % NOTEBOOKS}.ipynb", f"print('during', {count}, {step})"
            shelf.under_way[name] = text
            if workspace.save(name, _body(text, count)).status == 200:
                shelf.saved[name] = text


def _body(text: str, count: int) -> dict[str, object]:
    content = json.loads(notebook(cell(text, [printed(f"{count}\n")])))
    return {"type": "notebook", "format": "json", "content": content}


def _comes_back(site: Running, rosa: Visitor) -> None:
    """By itself, but for a workspace that ended: that one is opened again, as its person would."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(Exception):
            with _opened(rosa).kernel() as kernel:
                if kernel.run("print(6 * 7)", patience=20) == "42":
                    return
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not come back\n{site.output()}")
        time.sleep(0.3)


def _pid(site: Running, target: str) -> int:
    if target in ("hub", "proxy"):
        return site.pid_of(target)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for supervisor in _supervisors(site):
            if target == "supervisor":
                return supervisor
            for child in _children(supervisor):
                if _is(child, target):
                    return child
        time.sleep(0.02)
    raise LookupError(target)


def _supervisors(site: Running) -> list[int]:
    """Of the workspace that is open; one that waits is nobody's."""
    runs = Installation(site.home).run_dir / "w"
    asked = [asyncio.run(client.status(run)) for run in runs.iterdir()] if runs.is_dir() else []
    return [status.pid for status in asked if status is not None and status.person == PERSON]


def _children(pid: int) -> list[int]:
    try:
        return [
            int(n) for n in (Path("/proc") / str(pid) / "task" / str(pid) / "children").read_text().split()
        ]
    except OSError:
        return []


def _is(pid: int, target: str) -> bool:
    """A sandbox's outer process: its command line ends with what runs inside."""
    try:
        words = (Path("/proc") / str(pid) / "cmdline").read_bytes()
    except OSError:
        return False
    is_server = b"rpp_review.launch" in words
    return b"bwrap" in words and (is_server if target == "server" else not is_server)
