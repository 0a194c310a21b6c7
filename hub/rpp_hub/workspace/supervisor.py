"""The process outside of every sandbox that a workspace lives and dies with.

Started as `python -I -m rpp_hub.workspace.supervisor`, with its configuration on standard input. It answers one line on
standard output: `{"ready": PID}`, or `{"error": "a sentence"}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import dataclasses
import json
import logging
import logging.handlers
import os
import signal
import sys
from pathlib import Path

from rpp_hub.workspace.config import InvalidConfig, Purpose, Secrets, SupervisorConfig, from_json, making
from rpp_hub.workspace.confinement import Allowance, confinement
from rpp_hub.workspace.control import Control
from rpp_hub.workspace.doctor import probe
from rpp_hub.workspace.environment import hold, version_of
from rpp_hub.workspace.folders import give, server_folders
from rpp_hub.workspace.front import Front
from rpp_hub.workspace.kernels import Kernels
from rpp_hub.workspace.launcher import Keeper, SandboxProcess
from rpp_hub.workspace.leftovers import LOCK, FolderInUse, claim, remove
from rpp_hub.workspace.lines import serve_lines
from rpp_hub.workspace.run_record import RunRecord, place_of
from rpp_hub.workspace.watch import Watch

CONFIG_LIMIT = 1024 * 1024
LOG_SIZE = 1024 * 1024
PR_SET_DUMPABLE = 4
LOOK_AGAIN = 5.0
LONGEST_WAIT = 3600.0  # what waits is renewed, so that nothing in it grows old

log = logging.getLogger("rpp.workspace")


class Supervisor:
    """One server sandbox, its kernels, and what connects them; ends when any of it says so."""

    def __init__(self, config: SupervisorConfig, secrets: Secrets) -> None:
        limits = config.limits
        allowed = Allowance(limits.memory, limits.processes, limits.cpus)
        self.confinement = confinement(config.run_dir.name, allowed)
        self.key = self.making(config)
        self.config = config = _held(config, together=self.confinement.is_shared)
        self.state = "starting"
        self.reason = ""
        self.keeper = Keeper(self.confinement)
        self.watch = Watch(config, self.confinement, lambda: self.kernels.working(), lambda: self._server)
        self.kernels = Kernels(config, self.keeper, self.watch.note)
        self.runs = _runs(config)
        self.stopped = asyncio.Event()
        self._stop = asyncio.Event()
        self._front = _front(self, secrets)
        self._server: SandboxProcess | None = None
        self._control: asyncio.Server | None = None

    async def run(self) -> int:
        """Until told to stop or until the server sandbox has ended. The return value is the exit code."""
        self._environment = hold(self.config.environment)  # nobody retires it while it is used
        try:
            self.confinement.open()
            control = Control(self.kernels, self._usage, lambda: self.runs)
            self._control = await serve_lines(self.config.run_dir / "ctl.sock", control)
            self._front.open()
            self._server = self._front.launch_server()
            self._server.ended.add_done_callback(self._server_ended)
            await self._front.serve()
            self._look_at_folder()
            if self.config.purpose is Purpose.WAITING:
                self.state = "waiting"
                asyncio.get_running_loop().call_later(LONGEST_WAIT, self._stop_waiting)
            else:
                self._begin()
            say({"ready": os.getpid()})
            await self._stop.wait()
        finally:
            await self._end()
        return 0

    def making(self, config: SupervisorConfig) -> str:
        """How its sandboxes are made; only what is made alike can be taken for it."""
        return making(config, version_of(config.environment))

    def _begin(self) -> None:
        self.state = "running"
        self.watch.begin()

    def _stop_waiting(self) -> None:
        if self.state == "waiting":
            self.stop("Nobody came; another one waits.")

    async def adopt(self, config: SupervisorConfig, secrets: Secrets) -> None:
        """Gives what waits to a person: once, and where it fails it is never tried again."""
        if self.state != "waiting":
            raise InvalidConfig("This workspace is somebody's already.")
        self.state = "starting"
        try:
            if (
                self._server is None
                or config.run_dir != self.config.run_dir
                or self.making(config) != self.key
            ):
                raise InvalidConfig("What waits here was made in another way than this workspace needs.")
            os.utime(config.run_dir)  # for the pool: somebody opens a workspace now
            _log_to(config.log)
            self.config = config = _held(config, together=self.confinement.is_shared)
            self.watch.adopt(config)
            self.runs = _runs(config)
            await asyncio.gather(give(self._server.inner, server_folders(config)), self.kernels.adopt(config))
            await self._front.adopt(config, secrets)
        except BaseException as error:
            self.stop(f"It could not be given to anybody: {error}")
            raise
        self._begin()

    def _usage(self) -> dict[str, object]:
        return {**self.watch.usage(), "notices": self._front.notices()}

    def stop(self, reason: str) -> None:
        """Begins the end; the first reason stands."""
        if not self._stop.is_set():
            self.reason = reason
            log.info("stopping: %s", reason)
            self._stop.set()

    def _server_ended(self, ended: asyncio.Future[int]) -> None:
        self.stop(f"The server sandbox ended with code {ended.result()}.")

    def _look_at_folder(self) -> None:
        """Without its folder nobody can reach this process any more, to stop it or otherwise."""
        if not (self.config.run_dir / LOCK).exists():
            self.stop("The run folder has been taken away.")
            return
        asyncio.get_running_loop().call_later(LOOK_AGAIN, self._look_at_folder)

    async def _end(self) -> None:
        self.state = "stopping"
        grace = self.config.limits.stop_grace
        server = () if self._server is None else (self._server.stop(grace),)
        await asyncio.gather(*server, self.kernels.close(grace / 4))
        await self.watch.close()
        self.keeper.close()
        self.confinement.close()
        if self._control is not None:
            self._control.close()
        with contextlib.suppress(OSError):
            remove(self.config.run_dir)
        self.stopped.set()
        await self._front.close(self._server)


def _held(config: SupervisorConfig, *, together: bool) -> SupervisorConfig:
    """Where memory cannot be held for all together, each process is held by its address space."""
    limits = config.limits
    if together or limits.address_space is not None or limits.memory is None:
        return config
    return dataclasses.replace(config, limits=dataclasses.replace(limits, address_space=limits.memory))


def _runs(config: SupervisorConfig) -> RunRecord:
    """Of a person's workspace; a re-run has none, and what waits has none yet."""
    is_somebodys = config.purpose is Purpose.WORKSPACE
    return RunRecord(place_of(config.log, config.person, config.project) if is_somebodys else None)


def _front(supervisor: Supervisor, secrets: Secrets) -> Front:
    """Imported late: a re-run needs no HTTP, and its start is part of what a researcher waits for."""
    if supervisor.config.purpose is Purpose.RERUN:
        from rpp_hub.workspace.rerun_front import RerunFront

        return RerunFront(supervisor)
    from rpp_hub.workspace.workspace_front import WorkspaceFront

    return WorkspaceFront(supervisor, secrets)


async def supervise(config: SupervisorConfig, secrets: Secrets) -> int:
    """Builds the supervisor inside the running loop and lets signals stop it."""
    supervisor = Supervisor(config, secrets)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(
            number, supervisor.stop, f"The supervisor was told so by signal {int(number)}."
        )
    return await supervisor.run()


def main() -> int:
    """Fails closed: without a working sandbox nothing is started."""
    harden()
    try:
        config, secrets = from_json(sys.stdin.buffer.readline(CONFIG_LIMIT).decode())
        _log_to(config.log)
        problems = probe()
        if problems:
            return _fail(" ".join(f"{problem.sentence} {problem.remedy}" for problem in problems))
        lock = claim(config.run_dir)
    except (InvalidConfig, FolderInUse, OSError, UnicodeDecodeError) as error:
        return _fail(str(error))
    try:
        return asyncio.run(supervise(config, secrets))
    except Exception as error:
        log.exception("the supervisor failed")
        return _fail(f"The workspace could not be started: {error}")
    finally:
        os.close(lock)


def harden() -> None:
    """Nobody of the same account reads this process's memory, and it leaves no core."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    os.umask(0o077)


def say(answer: dict[str, object]) -> None:
    """One line for whoever started us, who may be gone."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(answer).encode() + b"\n")


def _fail(message: str) -> int:
    log.error("%s", message)
    say({"error": message})
    return 1


def _log_to(path: Path | None) -> None:
    if path is None:
        log.addHandler(logging.NullHandler())
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_SIZE, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


if __name__ == "__main__":
    raise SystemExit(main())
