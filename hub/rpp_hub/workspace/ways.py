"""The two ways through a workspace's wall, served: in through the relay, out through the gateway."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from aiohttp import web

from rpp_hub.workspace.config import SupervisorConfig
from rpp_hub.workspace.gateway import Gateway, exits
from rpp_hub.workspace.meter import Meter
from rpp_hub.workspace.relay import Relay


class Ways:
    """Owns the HTTP servers of one workspace."""

    def __init__(
        self, config: SupervisorConfig, capability: str, meter: Meter, touch: Callable[[], None]
    ) -> None:
        table = exits(
            config.hub_socket,
            config.portal_socket,
            config.hub_api_path,
            config.person,
            capability,
            config.limits.submission_body,
        )
        self._gateway = Gateway(table)
        self._relay = Relay(
            config.run_dir / "srv.sock", config.base_url, config.limits, meter, touch, config.framing
        )
        self._runners: list[web.AppRunner] = []

    async def open(self, inward: socket.socket, outward: socket.socket) -> None:
        """Takes the listening sockets over."""
        await self._serve(outward, self._gateway.application())
        await self._serve(inward, self._relay.application())

    async def close(self) -> None:
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))

    async def _serve(self, listener: socket.socket, application: web.Application) -> None:
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5, auto_decompress=False)
        await runner.setup()
        self._runners.append(runner)
        await web.SockSite(runner, listener).start()
