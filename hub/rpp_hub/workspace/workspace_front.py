"""A workspace's four sockets: in from the browser, out to the hub, the operator's, and the Jupyter Server's own."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import socket
import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rpp_hub.workspace.client import Status
from rpp_hub.workspace.config import (
    Allowance,
    InvalidConfig,
    Purpose,
    Secrets,
    SupervisorConfig,
    from_document,
)
from rpp_hub.workspace.idle import Idle
from rpp_hub.workspace.launcher import SandboxProcess, launch
from rpp_hub.workspace.lines import listen, serve_lines
from rpp_hub.workspace.meter import Budget, Meter
from rpp_hub.workspace.routes import PAUSED
from rpp_hub.workspace.server_sandbox import server_sandbox
from rpp_hub.workspace.usage import processes_below

if TYPE_CHECKING:
    from rpp_hub.workspace.supervisor import Supervisor
    from rpp_hub.workspace.ways import Ways

SLOW = (
    "Much has gone to your browser today, so everything is slower now. Show less at a time: summaries instead of long tables, "
    "small figures instead of large ones. When the day's budget is spent, the workspace pauses until midnight UTC."
)
MODULE = "rpp_review.launch"


class WorkspaceFront:
    """Relay, gateway and administration of one workspace."""

    def __init__(self, supervisor: Supervisor, secrets: Secrets) -> None:
        self._supervisor, self._secrets = supervisor, secrets
        self._meter = _meter(supervisor.config.egress)
        self._listeners: dict[str, socket.socket] = {}
        self._ways: Ways | None = None
        self._admin: asyncio.Server | None = None
        self._asking = 0
        self._identity = -1
        self._idle = Idle(supervisor.config.limits.idle_seconds, self._kernel_pids, supervisor.stop)

    def open(self) -> None:
        for name in ("srv.sock", "hub.sock", "in.sock"):
            self._listeners[name] = listen(self._supervisor.config.run_dir / name)

    def launch_server(self) -> SandboxProcess:
        """Its identity comes by a pipe: at once, or when it is known whose it is."""
        config = self._supervisor.config
        reader, self._identity = os.pipe2(os.O_CLOEXEC)
        try:
            if config.purpose is not Purpose.WAITING:
                self._tell_identity(config, self._secrets)
            with self._listeners["srv.sock"] as listener:
                command = (MODULE, "--listen", str(listener.fileno()), "--secrets", str(reader))
                box = server_sandbox(config, command, workspace=True)
                return launch("server", box, self._supervisor.keeper, (listener.fileno(), reader))
        finally:
            os.close(reader)

    def _tell_identity(self, config: SupervisorConfig, secrets: Secrets) -> None:
        """Once: what is read from the pipe is gone, and its writing end is closed."""
        document = {"api_token": secrets.api_token, "environment": config.server_environment}
        writer, self._identity = self._identity, -1
        os.set_blocking(writer, False)
        try:
            encoded = json.dumps(document).encode()
            if os.write(writer, encoded) != len(encoded):
                raise OSError("The identity is too long for a pipe.")
        finally:
            os.close(writer)

    async def serve(self) -> None:
        # Imported now, while the Jupyter Server starts: a quarter of a second that nobody waits for.
        import rpp_hub.workspace.ways  # noqa: F401

        supervisor = self._supervisor
        if supervisor.config.purpose is not Purpose.WAITING:
            await self._open_ways(supervisor.config, self._secrets)
        self._admin = await serve_lines(supervisor.config.run_dir / "adm.sock", self._answer)
        supervisor.kernels.warm()  # on the second core, while the Jupyter Server starts on the first: a cell is soon run

    async def _open_ways(self, config: SupervisorConfig, secrets: Secrets) -> None:
        from rpp_hub.workspace.ways import Ways

        self._ways = Ways(config, secrets.capability, self._meter, self._idle.touch)
        self._idle.begin()
        await self._ways.open(inward=self._listeners["in.sock"], outward=self._listeners["hub.sock"])

    async def adopt(self, config: SupervisorConfig, secrets: Secrets) -> None:
        self._meter = _meter(config.egress)
        await self._open_ways(config, secrets)
        self._tell_identity(config, secrets)

    def notices(self) -> list[dict[str, str]]:
        """What the person should know now, by a name that stays the same as long as it holds."""
        told = [
            {"id": name, "level": "info", "text": text}
            for name, text in self._supervisor.config.notices.items()
        ]
        if idle := self._idle.notice():
            told.append({"id": "idle", "level": "warning", "text": idle})
        if self._meter.is_stopped:
            told.append({"id": "paused", "level": "error", "text": PAUSED.reason})
        elif self._meter.is_slow:
            told.append({"id": "slow", "level": "warning", "text": SLOW})
        return told

    def _kernel_pids(self) -> list[int]:
        return [pid for one in self._supervisor.kernels.working() for pid in processes_below(one.process.pid)]

    async def close(self, server: SandboxProcess | None) -> None:
        """Whoever asked for the stop gets an answer before the process ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                while self._asking:
                    await asyncio.sleep(0.01)
        if self._admin is not None:
            self._admin.close()
        self._idle.close()
        if self._ways is not None:
            await self._ways.close()
        self._meter.close()
        if self._identity >= 0:
            os.close(self._identity)

    async def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        match request.get("do"):
            case "status":
                return dataclasses.asdict(self._status())
            case "stop":
                self._supervisor.stop(str(request.get("reason", ""))[:1000])
                return await self._stopped()
            case "raise":
                return self._raise(request)
            case "adopt":
                return await self._adopted(request)
        return {"error": "status, adopt, raise and stop are all there is."}

    async def _adopted(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            config, secrets = from_document(request.get("config"), request.get("secrets"))
            await self._supervisor.adopt(config, secrets)
        except (InvalidConfig, OSError, subprocess.SubprocessError) as error:
            return {"error": str(error)}
        return {"ready": os.getpid()}

    def _raise(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        day, total = request.get("day"), request.get("total")
        if not isinstance(day, str) or not isinstance(total, int):
            return {"error": "A day and a number of bytes are wanted."}
        self._meter.raise_today(day, total)
        return {"total": self._meter.total}

    async def _stopped(self) -> Mapping[str, Any]:
        self._asking += 1
        try:
            await self._supervisor.stopped.wait()
        finally:
            asyncio.get_running_loop().call_later(0.05, self._answered)
        return {"stopped": True}

    def _answered(self) -> None:
        self._asking -= 1

    def _status(self) -> Status:
        supervisor, config = self._supervisor, self._supervisor.config
        return Status(
            state=supervisor.state,
            pid=os.getpid(),
            kernels=len(supervisor.kernels),
            reason=supervisor.reason,
            metered=self._meter.counted,
            budget=self._meter.total,
            paused=self._meter.is_stopped,
            key=supervisor.key,
            person=config.person,
            project=config.project,
        )


def _meter(allowance: Allowance | None) -> Meter:
    if allowance is None:
        return Meter()
    budget = Budget(allowance.total, allowance.slow_from, allowance.slow_rate)
    meter = Meter(allowance.folder, budget)
    meter.raise_today(allowance.raised_day, allowance.raised_total)
    return meter
