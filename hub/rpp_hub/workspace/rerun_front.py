"""A re-run's connections: a notebook in, a result out, and a caller whose end is the re-run's end."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

from rpp_hub.workspace.config import InvalidConfig, Secrets, SupervisorConfig
from rpp_hub.workspace.launcher import SandboxProcess, launch
from rpp_hub.workspace.server_sandbox import server_sandbox

if TYPE_CHECKING:
    from rpp_hub.workspace.supervisor import Supervisor

MODULE = "rpp_kernel.rerun"


class RerunFront:
    """No browser, no hub, no secret."""

    def __init__(self, supervisor: Supervisor) -> None:
        if supervisor.config.rerun is None:
            raise ValueError("a re-run without an order")
        self._supervisor = supervisor
        self._order = supervisor.config.rerun

    def open(self) -> None:
        """The kernel warms while papermill is imported; standard input ends when the caller does."""
        self._supervisor.config.workspace.mkdir(mode=0o700, exist_ok=True)
        self._supervisor.kernels.warm()
        loop = asyncio.get_running_loop()
        loop.add_reader(0, self._supervisor.stop, "Whoever asked for the re-run has gone.")
        loop.call_later(self._order.seconds, self._supervisor.stop, "The re-run took too long.")

    def launch_server(self) -> SandboxProcess:
        order = self._order
        command = (
            *(MODULE, "--notebook", str(order.notebook), "--result", str(order.result)),
            *("--cell-seconds", str(order.cell_seconds)),
        )
        box = server_sandbox(self._supervisor.config, command, workspace=False)
        try:
            return launch("papermill", box, self._supervisor.keeper, (order.notebook, order.result))
        finally:
            os.close(order.notebook)
            os.close(order.result)  # so that the caller sees the end when the sandbox ends

    async def serve(self) -> None:
        """Nobody asks anything of a re-run."""

    def notices(self) -> list[dict[str, str]]:
        return []

    async def adopt(self, config: SupervisorConfig, secrets: Secrets) -> None:
        raise InvalidConfig("A re-run waits for nobody.")

    async def close(self, server: SandboxProcess | None) -> None:
        """The last line says how it went, for a caller without a result."""
        ended = {
            "ended": self._supervisor.reason,
            "code": server.ended.result() if server is not None and server.ended.done() else None,
            "words": server.tail[-2000:] if server is not None else "",
        }
        os.write(1, json.dumps(ended).encode() + b"\n")
