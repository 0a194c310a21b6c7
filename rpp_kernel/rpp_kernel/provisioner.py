"""How a Jupyter Server gets a kernel it may not start itself: it asks the supervisor, over a socket.

Standard library and jupyter_client only: this runs in the server sandbox, in papermill's, and in tests on the host.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Unicode, default

PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
LINE_LIMIT = 1024 * 1024


class SupervisorRefused(RuntimeError):
    """The supervisor said no, or nothing; the message is its sentence."""


class SandboxProvisioner(KernelProvisionerBase):
    """A kernel in a sandbox of its own. Command and environment are the supervisor's, whatever the kernelspec says."""

    control_socket = Unicode(config=True, help="The supervisor's control socket.")
    kernel_sockets = Unicode(config=True, help="The folder in which each kernel's sockets appear.")

    _launched = False

    @default("control_socket")
    def _default_control_socket(self) -> str:
        return os.environ.get("RPP_CONTROL_SOCKET", "/run/rpp/ctl.sock")

    @default("kernel_sockets")
    def _default_kernel_sockets(self) -> str:
        return os.environ.get("RPP_KERNEL_SOCKETS", "/run/rpp/ipc")

    @property
    def has_process(self) -> bool:
        return self._launched

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """The endpoint is the kernel's id, so a restarted kernel is found where it was."""
        manager: Any = self.parent
        manager.transport = "ipc"
        manager.ip = f"{self.kernel_sockets}/{self.kernel_id}/k"
        for number, port in enumerate(PORTS, start=1):
            setattr(manager, port, number)
        return await super().pre_launch(cmd=["rpp-kernel"], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        manager: Any = self.parent
        environment = kwargs.get("env") or {}
        await self._ask(
            "start",
            key=manager.session.key.decode(),
            cwd=str(kwargs.get("cwd") or ""),
            session=str(environment.get("JPY_SESSION_NAME", "")),
            language=str(self.kernel_spec.language),
        )
        self._launched = True
        self.connection_info = manager.get_connection_info()
        return self.connection_info

    async def poll(self) -> int | None:
        if not self._launched:
            return 0
        try:
            code: int | None = (await self._ask("poll"))["code"]
        except SupervisorRefused:
            return 1
        return code

    async def wait(self) -> int | None:
        if not self._launched:
            return 0
        try:
            code: int = (await self._ask("wait"))["code"]
        except SupervisorRefused:
            return 1
        return code

    async def send_signal(self, signum: int) -> None:
        if signum == 0:
            return
        if signum == signal.SIGKILL:
            await self.kill()
        else:
            await self._ask("signal", signal=int(signum))

    async def kill(self, restart: bool = False) -> None:
        await self._quietly("kill")

    async def terminate(self, restart: bool = False) -> None:
        await self._quietly("signal", signal=int(signal.SIGTERM))

    async def cleanup(self, restart: bool = False) -> None:
        """A restart goes on with the same provisioner: jupyter_client asserts that it still has a process."""
        if not restart:
            await self._quietly("kill")
            self._launched = False

    def resolve_path(self, path: str) -> str | None:
        """Paths of a kernel sandbox mean nothing outside of it."""
        return None

    async def _quietly(self, verb: str, **details: Any) -> None:
        """What has ended cannot be ended: no error."""
        try:
            await self._ask(verb, **details)
        except SupervisorRefused as refused:
            self.log.debug("kernel %s: %s", self.kernel_id, refused)

    async def _ask(self, verb: str, **details: Any) -> dict[str, Any]:
        request = {"do": verb, "kernel": self.kernel_id, **details}
        try:
            reader, writer = await asyncio.open_unix_connection(self.control_socket, limit=LINE_LIMIT)
            try:
                writer.write(json.dumps(request).encode() + b"\n")
                await writer.drain()
                line = await reader.readline()
            finally:
                writer.close()
            answer: dict[str, Any] = json.loads(line)
        except (OSError, ValueError) as error:
            raise SupervisorRefused(f"The workspace's supervisor does not answer: {error}") from None
        if "error" in answer:
            raise SupervisorRefused(answer["error"])
        return answer
