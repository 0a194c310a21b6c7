"""The five calls a workspace makes of the hub and the portal, answered over UNIX sockets, and everything else recorded."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

USER_TOKEN = "user-token-of-alice"
SERVER_TOKEN = "server-token-never-in-a-kernel"
ACCESS = "access:servers!server=alice/gaps"


@dataclass
class SmallHub:
    """Runs in a thread of its own until `close`."""

    folder: Path
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    sent: list[tuple[str, Any]] = field(default_factory=list)  # what was posted to the portal

    def __post_init__(self) -> None:
        self.hub_socket = self.folder / "hub.sock"
        self.portal_socket = self.folder / "portal.sock"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._runners = [
            asyncio.run_coroutine_threadsafe(self._serve(path), self._loop).result(10)
            for path in (self.hub_socket, self.portal_socket)
        ]

    def close(self) -> None:
        for runner in self._runners:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, path: Path) -> web.AppRunner:
        app = web.Application(client_max_size=100 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.UnixSite(runner, str(path)).start()
        return runner

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.seen.append((request.method, request.path, dict(request.headers)))
        if request.method == "POST" and request.content_type == "application/json":
            with contextlib.suppress(ValueError):
                self.sent.append((request.path, json.loads(body)))
        answer, status = self._body(request)
        return web.json_response(answer, status=status, headers={"X-JupyterHub-Version": "6.1.1"})

    def _body(self, request: web.Request) -> tuple[Any, int]:
        match request.path:
            case "/hub/api" | "/hub/api/":
                return {"version": "6.1.1"}, 200
            case "/hub/api/oauth2/token":
                return {"access_token": USER_TOKEN, "token_type": "Bearer"}, 200
            case "/hub/api/user":
                known = request.headers.get("Authorization", "").split()[-1:] == [USER_TOKEN]
                model = {
                    "kind": "user",
                    "name": "alice",
                    "groups": [],
                    "scopes": [ACCESS],
                    "session_id": "s1",
                }
                return (model, 200) if known else ({"message": "no"}, 403)
            case "/services/rpp/workspace/requests":
                return {"requests": [], "capability": request.headers.get("X-RPP-Workspace", "")}, 200
            case "/services/rpp/workspace/questions":
                return {"id": "q0001", "status": "waiting"}, 201
        return {}, 200
