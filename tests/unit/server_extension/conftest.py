"""Real Jupyter Servers for the tests: one locked down as in a workspace, one plain as the control."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

CHECKOUT = Path(__file__).parents[3]
WORKSPACE_PYTHON = CHECKOUT / ".workspace" / "bin" / "python"
TINY_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@dataclass(frozen=True, slots=True)
class Server:
    """A running Jupyter Server and the folder it serves."""

    root: Path
    home: Path
    url: str
    token: str

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"token {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)


@dataclass(slots=True)
class TinyPortal:
    """What stands behind the gateway: takes submissions, answers as it is told to."""

    socket: Path
    received: list[dict[str, Any]] = field(default_factory=list)
    status: int = 201
    answer: bytes = b'{"id": "r0001", "status": "submitted", "url": "/services/rpp/requests/r0001"}'

    async def handle(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"requests": [{"id": "r0001", "name": "analysis.ipynb"}]})
        self.received.append(await request.json())
        return web.Response(status=self.status, body=self.answer, content_type="application/json")


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyPortal]:
    portal = TinyPortal(tmp_path_factory.mktemp("p") / "hub.sock")
    with serving(portal):
        yield portal


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory, portal: TinyPortal) -> Iterator[Server]:
    with running(tmp_path_factory, "locked", portal.socket) as server:
        yield server


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory, "plain", Path("/nonexistent.sock")) as server:
        yield server


@contextmanager
def serving(portal: TinyPortal) -> Iterator[None]:
    """The portal on its own thread and event loop."""
    import asyncio

    loop = asyncio.new_event_loop()
    app = web.Application(client_max_size=100_000_000)
    app.router.add_route("*", "/services/rpp/workspace/requests", portal.handle)
    runner = web.AppRunner(app)
    loop.run_until_complete(runner.setup())
    loop.run_until_complete(web.UnixSite(runner, str(portal.socket)).start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def running(factory: pytest.TempPathFactory, mode: str, gateway: Path) -> Iterator[Server]:
    if not WORKSPACE_PYTHON.exists():
        pytest.skip("the workspace's environment is not there: make setup")
    root, home = factory.mktemp("root"), factory.mktemp("home")
    server = Server(root, home, f"http://127.0.0.1:{(port := free_port())}", secrets.token_hex(16))
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        # Where a person's folders come first, as they do for an environment that is not a virtual one.
        "JUPYTER_PREFER_ENV_PATH": "0",
        "PYTHONPATH": os.pathsep.join((str(CHECKOUT / "extensions"), str(CHECKOUT / "rpp_kernel"))),
        "RPP_GATEWAY": str(gateway),
        "SECRET_OF_THE_SERVER": "never in a browser",
    }
    command = [
        str(WORKSPACE_PYTHON),
        str(Path(__file__).with_name("serve.py")),
        str(root),
        str(port),
        server.token,
        mode,
    ]
    log = home / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=home, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until_up(server, process, log)
        yield server
    finally:
        process.kill()
        process.wait(20)


def wait_until_up(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    with server.client() as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get("/api/status").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text()[-3000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
