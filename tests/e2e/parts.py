"""The parts of a running installation: which there are, ended the hard way, and whether they are back."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rpp_hub.installation import Installation

from tests.harness import Running


def run_dir(own: Running) -> Path:
    return Installation(own.home).run_dir


def supervisors(own: Running) -> dict[Path, int]:
    """Run folder and pid of each supervisor that answers, but for those that wait for nobody in particular."""
    folder = run_dir(own) / "w"
    asked = {run: status(run) for run in folder.iterdir()} if folder.is_dir() else {}
    return {run: int(told["pid"]) for run, told in asked.items() if told and told["state"] != "waiting"}


def status(run: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(str(run / "adm.sock"))
        line.sendall(b'{"do": "status"}\n')
        return dict(json.loads(line.makefile().readline()))
    return None


def parts_of(own: Running) -> list[int]:
    assert own.process is not None
    return [own.process.pid, *(own.pid_of(part) for part in ("proxy", "hub", "portal", "worker"))]


def kill(own: Running, part: str) -> int:
    pid = own.pid_of(part)
    os.kill(pid, signal.SIGKILL)
    return pid


def back(own: Running, part: str, old: int) -> None:
    """Until a new process of the part runs and people can log in."""

    def is_new() -> bool:
        with contextlib.suppress(LookupError):
            return own.pid_of(part) != old and own.answers()
        return False

    eventually(is_new, 45.0)


def below(pid: int) -> list[int]:
    """Every process that this one started, and theirs."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        next_ones = children.get(waiting.pop(), [])
        found += next_ones
        waiting += next_ones
    return found


def alive(pids: list[int]) -> list[int]:
    living = []
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                living.append(pid)
    return living


def until(condition: Callable[[], bool], patience: float) -> bool:
    """Whether it happens in time."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def eventually(condition: Callable[[], bool], patience: float = 30.0) -> None:
    assert until(condition, patience), "it did not happen in time"


def start_worker(own: Running) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-m", "rpp_hub.worker"],
        env=own.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def run_worker_until(own: Running, done: Callable[[], bool]) -> None:
    worker = start_worker(own)
    try:
        eventually(done, 60.0)
    finally:
        worker.terminate()
        assert worker.wait(5) in (0, -signal.SIGTERM)  # the latter while it still imports


def _none_alive(pids: list[int]) -> bool:
    return not alive(pids)


def kill_worker_at_random(own: Running, done: Callable[[], bool], longest: float, kills: int) -> int:
    """Kills a worker again and again; then one may finish. Each time nothing of it is left running."""
    seed = random.randrange(1 << 30)
    moments = random.Random(seed)
    for _ in range(kills):
        worker = start_worker(own)
        time.sleep(moments.uniform(0.3, longest))
        inside = below(worker.pid)
        worker.kill()
        worker.wait()
        assert until(partial(_none_alive, inside), 1.0), f"seed {seed}: {alive(inside)}"
        if done():
            break
    run_worker_until(own, done)
    return seed


def listening() -> list[tuple[int, str]]:
    """Port and inode of each TCP socket of this account that listens."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError):
            rows = [line.split() for line in Path(table).read_text().splitlines()[1:]]
            found += [
                (int(r[1].rpartition(":")[2], 16), r[9])
                for r in rows
                if r[3] == "0A" and int(r[7]) == os.getuid()
            ]
    return found


def socket_owners() -> dict[str, int]:
    """The process that holds each socket, by inode."""
    owners = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                for descriptor in (entry / "fd").iterdir():
                    with contextlib.suppress(OSError):
                        target = os.readlink(descriptor)
                        if target.startswith("socket:["):
                            owners[target[8:-1]] = int(entry.name)
    return owners
