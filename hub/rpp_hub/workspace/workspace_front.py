"""A workspace's four sockets: in from the browser, out to the hub, the operator's, and the Jupyter Server's own."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from rpp_hub.workspace.client import Status
from rpp_hub.workspace.config import Secrets
from rpp_hub.workspace.gateway import Gateway, exits
from rpp_hub.workspace.launcher import SandboxProcess, launch, one_time_pipe
from rpp_hub.workspace.lines import listen, serve_lines
from rpp_hub.workspace.relay import Relay
from rpp_hub.workspace.server_sandbox import server_sandbox

if TYPE_CHECKING:
    from rpp_hub.workspace.supervisor import Supervisor

MODULE = "rpp_review.launch"


class WorkspaceFront:
    """Relay, gateway and administration of one workspace."""

    def __init__(self, supervisor: Supervisor, secrets: Secrets) -> None:
        self._supervisor, self._secrets = supervisor, secrets
        config = supervisor.config
        self._relay = Relay(
            config.run_dir / "srv.sock", config.base_url, config.limits, supervisor.kernels.warm
        )
        self._runners: list[web.AppRunner] = []
        self._admin: asyncio.Server | None = None
        self._asking = 0

    async def open(self) -> None:
        config = self._supervisor.config
        self._listener = listen(config.run_dir / "srv.sock")
        table = exits(
            config.hub_socket,
            config.portal_socket,
            config.hub_api_path,
            config.person,
            self._secrets.capability,
            config.limits.submission_body,
        )
        await self._serve("hub.sock", Gateway(table).application())
        await self._serve("in.sock", self._relay.application())
        self._admin = await serve_lines(config.run_dir / "adm.sock", self._answer)

    def launch_server(self) -> SandboxProcess:
        document = json.dumps({"api_token": self._secrets.api_token}).encode()
        with self._listener as listener, one_time_pipe(document) as secrets:
            command = (MODULE, "--listen", str(listener.fileno()), "--secrets", str(secrets))
            box = server_sandbox(self._supervisor.config, command, workspace=True)
            return launch("server", box, (listener.fileno(), secrets))

    async def close(self, server: SandboxProcess | None) -> None:
        """Whoever asked for the stop gets an answer before the process ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                while self._asking:
                    await asyncio.sleep(0.01)
        if self._admin is not None:
            self._admin.close()
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))

    async def _serve(self, name: str, application: web.Application) -> None:
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5, auto_decompress=False)
        await runner.setup()
        self._runners.append(runner)
        await web.SockSite(runner, listen(self._supervisor.config.run_dir / name)).start()

    async def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        match request.get("do"):
            case "status":
                return dataclasses.asdict(self._status())
            case "stop":
                self._supervisor.stop(str(request.get("reason", ""))[:1000])
                return await self._stopped()
        return {"error": "status and stop are all there is."}

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
        supervisor = self._supervisor
        counted = dict(self._relay.meter.counted)
        return Status(supervisor.state, os.getpid(), len(supervisor.kernels), supervisor.reason, counted)
