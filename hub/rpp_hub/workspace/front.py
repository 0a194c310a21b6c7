"""What stands between the server sandbox and the rest: a browser and a hub, or a re-run's caller."""

from __future__ import annotations

from typing import Protocol

from rpp_hub.workspace.config import Secrets, SupervisorConfig
from rpp_hub.workspace.launcher import SandboxProcess


class Front(Protocol):
    """The part in which a workspace and a re-run differ."""

    def open(self) -> None:
        """Makes what must exist before the sandbox does."""

    def launch_server(self) -> SandboxProcess:
        """Starts the server sandbox."""

    async def serve(self) -> None:
        """Answers. The sandbox is starting meanwhile: its first questions wait in the sockets."""

    def notices(self) -> list[dict[str, str]]:
        """What a person in the workspace should know now."""

    async def adopt(self, config: SupervisorConfig, secrets: Secrets) -> None:
        """What waited belongs to somebody from now on."""

    async def close(self, server: SandboxProcess | None) -> None:
        """The sandboxes have ended: says so and closes."""
