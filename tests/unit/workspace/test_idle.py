"""When a workspace counts as left, and what is said before it closes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from rpp_hub.workspace.idle import Idle


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield process
    process.kill()
    process.wait()


def idle(limit: float | None, clock: Clock, ended: list[str], pids: tuple[int, ...] = ()) -> Idle:
    return Idle(limit, lambda: pids, ended.append, clock)


def test_it_is_said_before_and_done_after_the_limit() -> None:
    clock, ended = Clock(), list[str]()
    one = idle(3600, clock, ended)
    clock.now += 2900
    one.look()
    assert (one.notice(), ended) == ("", [])
    clock.now += 200
    one.look()
    assert "closes at" in one.notice()
    assert ended == []
    clock.now += 500
    one.look()
    assert ended == ["Nobody worked in it for 60 minutes."]


def test_a_persons_act_begins_the_count_anew() -> None:
    clock, ended = Clock(), list[str]()
    one = idle(3600, clock, ended)
    clock.now += 3500
    one.touch()
    clock.now += 3500
    one.look()
    assert ended == []


def test_a_kernel_that_computes_keeps_the_workspace_open_and_one_that_waits_does_not(
    busy: subprocess.Popen[bytes],
) -> None:
    clock, ended = Clock(), list[str]()
    working = idle(60, clock, ended, (busy.pid,))
    waiting = idle(60, clock, ended, (1,))
    for one in (working, waiting):
        one.look()
    deadline = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.3)"])
    deadline.wait()
    clock.now += 1
    for one in (working, waiting):
        one.look()
    clock.now += 59.5
    waiting.look()
    assert working.left is not None
    assert working.left > 0
    assert len(ended) == 1


def test_without_a_limit_it_never_ends() -> None:
    clock, ended = Clock(), list[str]()
    one = idle(None, clock, ended)
    clock.now += 10_000_000
    one.look()
    assert (ended, one.notice(), one.left) == ([], "", None)
