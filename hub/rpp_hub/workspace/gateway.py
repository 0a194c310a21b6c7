"""The way out of a server sandbox: four calls of the hub and two doors of the portal, nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    StreamReader,
    UnixConnector,
    web,
)
from yarl import URL

from rpp_hub.workspace.bounded import CHUNK, BoundedBody
from rpp_hub.workspace.config import MEBIBYTE

HUB_BODY = MEBIBYTE
# A thousand characters, however they are written in JSON, and two names.
QUESTION_BODY = 16 << 10
CAPABILITY = "X-RPP-Workspace"
PORTAL_PATH = "/services/rpp/workspace/requests"
QUESTIONS_PATH = "/services/rpp/workspace/questions"
REQUEST_HEADERS = ("Content-Type", "Accept")
HUB_HEADERS = (*REQUEST_HEADERS, "Authorization", "X-JupyterHub-Version")
RESPONSE_HEADERS = ("Content-Type", "X-JupyterHub-Version", "Retry-After")


@dataclass(frozen=True, slots=True)
class Exit:
    """One call that leaves: exactly this method on exactly this path."""

    socket: Path
    headers: tuple[str, ...]
    body: int
    added: tuple[tuple[str, str], ...] = ()


def exits(
    hub: Path | None, portal: Path | None, hub_api: str, person: str, capability: str, submission: int
) -> Mapping[tuple[str, str], Exit]:
    """The whole list. A query never passes: none of these calls has one."""
    table: dict[tuple[str, str], Exit] = {}
    if hub is not None:
        out = Exit(hub, HUB_HEADERS, HUB_BODY)
        table |= {
            ("GET", hub_api): out,
            ("GET", f"{hub_api}/"): out,
            ("GET", f"{hub_api}/user"): out,
            ("POST", f"{hub_api}/oauth2/token"): out,
            ("POST", f"{hub_api}/users/{quote(person, safe='@~')}/activity"): out,
        }
    if portal is not None:
        submit = Exit(portal, REQUEST_HEADERS, submission, ((CAPABILITY, capability),))
        ask = Exit(portal, REQUEST_HEADERS, QUESTION_BODY, submit.added)
        table |= {
            ("GET", PORTAL_PATH): submit,
            ("POST", PORTAL_PATH): submit,
            ("POST", QUESTIONS_PATH): ask,
        }
    return table


class Gateway:
    """Serves `hub.sock`. It reads bytes alone, so a descriptor sent along is never received."""

    def __init__(self, table: Mapping[tuple[str, str], Exit]) -> None:
        self._table = table
        self._sessions: dict[Path, ClientSession] = {}

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.cleanup_ctx.append(self._clients)
        return app

    async def _clients(self, _: web.Application) -> AsyncIterator[None]:
        for socket in {way.socket for way in self._table.values()}:
            self._sessions[socket] = ClientSession(
                connector=UnixConnector(str(socket)),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=120, sock_connect=10),
                skip_auto_headers=("User-Agent",),
            )
        yield
        for session in self._sessions.values():
            await session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        way = self._table.get((request.method, request.raw_path))
        if way is None:
            return _refuse(403, "closed", "A workspace does not reach this address.")
        if (request.content_length or 0) > way.body:
            return _too_large()
        body = BoundedBody(request.content, way.body)
        try:
            return await self._pass(request, way, body)
        except (ClientError, ConnectionError, TimeoutError):
            if body.overfull:
                return _too_large()
            return _refuse(502, "unavailable", "The hub does not answer now; try again in a minute.")

    async def _pass(self, request: web.Request, way: Exit, body: BoundedBody) -> web.StreamResponse:
        headers = [(name, request.headers[name]) for name in way.headers if name in request.headers]
        async with self._sessions[way.socket].request(
            request.method,
            URL(f"http://hub{request.raw_path}", encoded=True),
            headers=[*headers, *way.added],
            data=body if request.body_exists else None,
            allow_redirects=False,
        ) as answer:
            answered = await _whole(answer.content)
            kept = {name: answer.headers[name] for name in RESPONSE_HEADERS if name in answer.headers}
            return web.Response(status=answer.status, body=answered, headers=kept)


async def _whole(content: StreamReader) -> bytes:
    body = bytearray()
    async for chunk in content.iter_chunked(CHUNK):
        body += chunk
        if len(body) > HUB_BODY:
            raise ConnectionAbortedError
    return bytes(body)


def _too_large() -> web.Response:
    return _refuse(413, "too-large", "This is too large to be sent; make the notebook's outputs smaller.")


def _refuse(status: int, code: str, message: str) -> web.Response:
    body = json.dumps({"error": {"code": code, "message": message, "refusals": []}})
    response = web.Response(status=status, text=body, content_type="application/json")
    if status == 413:
        response.force_close()
    return response
