"""How the spawner and the worker start a supervisor, ask it how it is and stop it. Standard library only."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpp_hub.domain.errors import Unavailable
from rpp_hub.workspace.config import Secrets, SupervisorConfig, to_json
from rpp_hub.workspace.leftovers import holder

COMMAND = (sys.executable, "-I", "-m", "rpp_hub.workspace.supervisor")
HOST_VARIABLES = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"}
LINE_LIMIT = 1024 * 1024


class SupervisorFailed(Unavailable):
    """The supervisor would not start; the message is the sentence it gave."""

    code = "workspace-failed"


@dataclass(frozen=True, slots=True)
class Status:
    """What a running supervisor says of itself."""

    state: str  # starting | running | stopping
    pid: int
    kernels: int
    reason: str
    metered: dict[str, int]  # bytes that went to the browser today, by kind
    budget: int | None = None  # how many may
    paused: bool = False  # the budget is spent
    key: str = ""  # how its sandboxes are made
    person: str = ""
    project: str = ""


async def start_supervisor(config: SupervisorConfig, secrets: Secrets, patience: float = 20.0) -> int:
    """Returns the supervisor's pid once its sockets listen. It is nobody's child and lives on when the caller ends."""
    return await asyncio.to_thread(_start, config, secrets, patience)


async def adopt(run_dir: Path, config: SupervisorConfig, secrets: Secrets, patience: float = 20.0) -> bool:
    """Give what waits there to a person. False where it could not be: it then ends, and nobody gets it."""
    document = json.loads(to_json(config, secrets))
    answer = await _ask(run_dir, {"do": "adopt", **document}, patience)
    return answer is not None and "ready" in answer


async def status(run_dir: Path, patience: float = 5.0) -> Status | None:
    """None means that no supervisor answers there: the workspace is stopped, unless `holder` knows one that is stuck."""
    answer = await _ask(run_dir, {"do": "status"}, patience)
    return None if answer is None else Status(**answer)


async def raise_today(run_dir: Path, day: str, total: int) -> None:
    """Let a running workspace send so many bytes on this day; a stopped one is told when it starts."""
    await _ask(run_dir, {"do": "raise", "day": day, "total": total}, 5.0)


async def raise_running(runs: Path, project: str, person: str, day: str, total: int) -> None:
    """The same for whichever of the running workspaces it is."""
    for run_dir in runs.iterdir() if runs.is_dir() else ():
        found = await status(run_dir, 1.0)
        if found is not None and (found.project, found.person) == (project, person):
            await raise_today(run_dir, day, total)


async def stop(run_dir: Path, reason: str, patience: float = 30.0) -> None:
    """Returns when every process of the workspace has ended. Stopping what is stopped is no error.

    A supervisor that does not do so in time, or does not answer at all, is killed, and its sandboxes die with it.
    """
    if await _ask(run_dir, {"do": "stop", "reason": reason}, patience) is None:
        pid = holder(run_dir)
        if pid is not None:
            _kill(pid)


def _start(config: SupervisorConfig, secrets: Secrets, patience: float) -> int:
    from rpp_hub.workspace import accounts

    answers, answers_end = os.pipe2(os.O_CLOEXEC)
    try:
        try:
            if (broker := accounts.broker()) is not None:
                accounts.start(broker, config, secrets, answers_end)
            else:
                _start_as_ourselves(config, secrets, answers_end, patience)
        finally:
            os.close(answers_end)
        return _ready_pid(answers, patience)
    except (subprocess.SubprocessError, OSError) as error:
        raise SupervisorFailed(f"The workspace's supervisor could not be started: {error}") from None
    finally:
        os.close(answers)


def _start_as_ourselves(
    config: SupervisorConfig, secrets: Secrets, answers_end: int, patience: float
) -> None:
    # setsid forks: the supervisor leaves the caller's session and its children.
    subprocess.run(
        ("setsid", "--fork", *COMMAND),
        input=to_json(config, secrets).encode(),
        stdout=answers_end,
        stderr=subprocess.DEVNULL,
        env=HOST_VARIABLES,
        cwd="/",
        check=True,
        timeout=patience,
    )


def _ready_pid(answers: int, patience: float) -> int:
    if not select.select((answers,), (), (), patience)[0]:
        raise SupervisorFailed(f"The workspace's supervisor did not answer within {patience:.0f} seconds.")
    try:
        answer: dict[str, Any] = json.loads(os.read(answers, LINE_LIMIT))
    except ValueError:
        raise SupervisorFailed("The workspace's supervisor ended before it was ready; see its log.") from None
    if "error" in answer:
        raise SupervisorFailed(str(answer["error"]))
    return int(answer["ready"])


async def _ask(run_dir: Path, request: dict[str, object], patience: float) -> dict[str, Any] | None:
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_unix_connection(str(run_dir / "adm.sock"), limit=LINE_LIMIT)
            try:
                writer.write(json.dumps(request).encode() + b"\n")
                await writer.drain()
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
    return json.loads(line) if line.endswith(b"\n") else None


def _kill(pid: int) -> None:
    from rpp_hub.workspace import accounts

    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError:  # it runs under an account of its own
        if (broker := accounts.broker()) is not None:
            accounts.end(broker, pid)
