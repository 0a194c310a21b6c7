"""The way in: from the proxy's socket to the Jupyter Server's, past the route table, the policy and the meter."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from aiohttp import (
    ClientConnectionResetError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    DummyCookieJar,
    UnixConnector,
    WSMsgType,
    WSServerHandshakeError,
    web,
)
from yarl import URL

from rpp_hub.workspace.answers import told
from rpp_hub.workspace.bounded import CHUNK, BoundedBody, spill
from rpp_hub.workspace.config import Framing, Limits
from rpp_hub.workspace.framed import (
    LOGGED_OUT,
    framing_refusal,
    is_framed,
    leads_on,
    may_redirect,
    wrapper,
)
from rpp_hub.workspace.message_kind import kind_of_message
from rpp_hub.workspace.meter import Exhausted, Meter
from rpp_hub.workspace.meter import Kind as Counted
from rpp_hub.workspace.policy import (
    HOST,
    NOBODY,
    SAFE_METHODS,
    protection,
    request_headers,
    request_refusal,
    response_headers,
)
from rpp_hub.workspace.routes import PAUSED, Barred, Kind, Passed, decide

NO_SERVER = Barred(
    502, "starting", "The workspace's Jupyter Server does not answer yet; try again in a few seconds."
)
TOO_LARGE = Barred(
    413, "too-large", "This is larger than a workspace takes; make the notebook's outputs smaller."
)
REDIRECT = Barred(502, "redirect", "The workspace may not send a browser elsewhere.")
SAVED_ANSWER = 4096
SPENT = 4429  # a websocket's close code for the same; 4000 to 4999 are an application's own
COUNTED = {
    Kind.PAGE: Counted.PAGE,
    Kind.STATIC: Counted.STATIC,
    Kind.API: Counted.API,
    Kind.CONTENTS: Counted.CONTENTS,
}
# Node ends a body with an empty write. On a UNIX socket that was closed meanwhile it fails (EPIPE), and the proxy then
# answers 503 in place of the refusal that has already come.
AFTER_BODY = 0.02
WEBSOCKET_HEADERS = frozenset(
    "sec-websocket-key sec-websocket-version sec-websocket-extensions sec-websocket-protocol".split()
)


class Relay:
    """One workspace's way in."""

    def __init__(
        self,
        upstream: Path,
        base: str,
        limits: Limits,
        meter: Meter,
        touch: Callable[[], None] = lambda: None,
        framing: Framing | None = None,
    ) -> None:
        self.meter = meter
        self._touch, self._framing = touch, framing
        self._upstream, self._base, self._limits = upstream, base, limits
        self._session: ClientSession | None = None

    def application(self) -> web.Application:
        app = web.Application(client_max_size=self._limits.request_body)
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.cleanup_ctx.append(self._client)
        return app

    async def _client(self, _: web.Application) -> AsyncIterator[None]:
        # Without DummyCookieJar the session would keep one person's login and add it to everybody's requests.
        self._session = ClientSession(
            # A new connection a request costs nothing on a socket, and none is ever found closed when it is used again.
            connector=UnixConnector(str(self._upstream), limit=0, force_close=True),
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=None, sock_connect=10),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        )
        yield
        await self._session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        decision = decide(request.method, request.raw_path, self._base, websocket=websocket)
        if isinstance(decision, Barred):
            return await self._refuse(request, decision)
        refusal = self._refusal(request, decision)
        if refusal is not None:
            return await self._refuse(request, refusal)
        if (request.content_length or 0) > self._limits.request_body:
            return await self._refuse(request, TOO_LARGE)
        if self.meter.is_stopped and not _saves(request.method, decision):
            return await self._refuse(request, PAUSED)
        body = BoundedBody(request.content, self._limits.request_body)
        try:
            return await (
                self._pass_websocket(request, decision) if websocket else self._pass(request, decision, body)
            )
        except WSServerHandshakeError as error:
            return await self._refuse(request, _refused_websocket(error.status))
        except (ClientError, ConnectionError, TimeoutError):
            return await self._refuse(request, TOO_LARGE if body.overfull else NO_SERVER)
        except Exhausted:
            return await self._refuse(request, PAUSED)

    def _refusal(self, request: web.Request, passed: Passed) -> Barred | None:
        refusal = request_refusal(request.method, request.headers, passed.kind)
        if refusal is None and self._framing is not None:
            refusal = framing_refusal(self._framing, request.headers, passed, self._base)
        return refusal

    async def _refuse(self, request: web.Request, barred: Barred) -> web.Response:
        await _settle(request)
        headers = [
            *protection(_public_host(request), self._base, self._framed_by),
            ("Cache-Control", "no-store"),
        ]
        response = told(barred, as_page="text/html" in request.headers.get("Accept", ""))
        response.headers.extend(headers)
        if request.body_exists:
            response.force_close()  # the rest of a refused body is not read
        return response

    async def _pass(self, request: web.Request, passed: Passed, body: BoundedBody) -> web.StreamResponse:
        async with self._ready().request(
            request.method,
            self._address(passed),
            headers=[*request_headers(request.headers.items()), ("Host", request.host)],
            data=body if request.body_exists else None,
            allow_redirects=False,
        ) as answer:
            if request.method not in SAFE_METHODS and not passed.by_itself and answer.status < 400:
                self._touch()  # whoever did it is logged in, or the server had refused
            location = answer.headers.get("Location", "")
            framed = is_framed(request.headers)
            if location and not may_redirect(self._framing, location, framed=framed):
                return await self._refuse(request, LOGGED_OUT if self._framing and framed else REDIRECT)
            if (
                self._framing
                and passed.kind is Kind.PAGE
                and not framed
                and not leads_on(answer.status, location)
            ):
                return self._to_wrapper(request, self._framing)
            response = web.StreamResponse(status=answer.status, reason=answer.reason)
            response.headers.extend(
                response_headers(
                    answer.headers.items(), passed.kind, _public_host(request), self._base, self._framed_by
                )
            )
            if answer.content_length is not None:
                response.content_length = answer.content_length
            with contextlib.suppress(ClientConnectionResetError):  # the browser left
                # The first piece is counted before the head is sent: what is over the budget is still refused in words.
                first = await answer.content.readany()
                await self._let_pass(request.method, passed, len(first))
                await response.prepare(request)
                await response.write(first)
                async for chunk in answer.content.iter_chunked(CHUNK):
                    try:
                        await self._let_pass(request.method, passed, len(chunk))
                    except Exhausted:
                        raise ClientConnectionResetError("The day's budget is spent.") from None
                    await response.write(chunk)
                await response.write_eof()
                await _settle(request)
            return response

    @property
    def _framed_by(self) -> str:
        return NOBODY if self._framing is None else self._framing.portal

    def _to_wrapper(self, request: web.Request, framing: Framing) -> web.Response:
        response = web.Response(
            status=303, headers={"Location": wrapper(framing), "Cache-Control": "no-store"}
        )
        response.headers.extend(protection(_public_host(request), self._base, self._framed_by))
        return response

    async def _let_pass(self, method: str, passed: Passed, size: int) -> None:
        """In a paused workspace work is still saved: the short answer to it is counted and passes."""
        if self.meter.is_stopped and _saves(method, passed) and size <= SAVED_ANSWER:
            self.meter.note(COUNTED[passed.kind], size)
        else:
            await self.meter.let_pass(COUNTED[passed.kind], size)

    async def _pass_websocket(self, request: web.Request, passed: Passed) -> web.StreamResponse:
        offered = [
            p.strip() for p in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if p.strip()
        ]
        kept = [
            (n, v) for n, v in request_headers(request.headers.items()) if n.lower() not in WEBSOCKET_HEADERS
        ]
        # The Jupyter Server compares Origin with Host again.
        headers = [*kept, ("Host", request.host), ("Origin", request.headers.get("Origin", ""))]
        async with self._ready().ws_connect(
            self._address(passed),
            headers=headers,
            protocols=offered,
            max_msg_size=self._limits.websocket_message,
            autoclose=False,
        ) as inner:
            chosen = (inner.protocol,) if inner.protocol else ()
            outer = web.WebSocketResponse(
                protocols=chosen, max_msg_size=self._limits.websocket_message, compress=False, heartbeat=45
            )
            await outer.prepare(request)
            await self._both_ways(outer, inner)
        return outer

    async def _both_ways(self, outer: web.WebSocketResponse, inner: ClientWebSocketResponse) -> None:
        ways = {
            asyncio.create_task(self._inward(outer, inner)),
            asyncio.create_task(self._outward(outer, inner)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        code = SPENT if self.meter.is_stopped else outer.close_code or inner.close_code or 1001
        code = code if 1000 <= code < 5000 and code not in (1004, 1005, 1006, 1015) else 1001
        await outer.close(code=code)
        await inner.close()

    async def _inward(self, outer: web.WebSocketResponse, inner: ClientWebSocketResponse) -> None:
        with contextlib.suppress(ClientConnectionResetError, ConnectionError):
            async for message in outer:
                self._touch()
                if message.type is WSMsgType.TEXT:
                    await inner.send_str(message.data)
                elif message.type is WSMsgType.BINARY:
                    await inner.send_bytes(message.data)
                else:
                    return

    async def _outward(self, outer: web.WebSocketResponse, inner: ClientWebSocketResponse) -> None:
        with contextlib.suppress(ClientConnectionResetError, ConnectionError, Exhausted):
            async for message in inner:
                if message.type is WSMsgType.TEXT:
                    encoded = message.data.encode()
                    await self.meter.let_pass(kind_of_message(encoded), len(encoded))
                    await outer.send_str(message.data)
                elif message.type is WSMsgType.BINARY:
                    await self.meter.let_pass(kind_of_message(message.data), len(message.data))
                    await outer.send_bytes(message.data)
                else:
                    return

    def _address(self, passed: Passed) -> URL:
        return URL(f"http://workspace{passed.target}", encoded=True)

    def _ready(self) -> ClientSession:
        if self._session is None:
            raise RuntimeError("the relay has not been started")
        return self._session


async def _settle(request: web.Request) -> None:
    """Before the connection is closed: a proxy that still writes would take an answer for a broken line."""
    if request.body_exists:
        await spill(request.content)
        await asyncio.sleep(AFTER_BODY)


def _saves(method: str, passed: Passed) -> bool:
    return method == "PUT" and passed.kind is Kind.CONTENTS


def _refused_websocket(status: int) -> Barred:
    """The server is there and has said no: another answer than that of a server which is still starting."""
    return Barred(
        status if 400 <= status < 500 else 502,
        "connection-refused",
        "This connection was refused. You may have been logged out, or the kernel has gone; load the page again.",
    )


def _public_host(request: web.Request) -> str:
    return request.host if HOST.fullmatch(request.host) else "invalid"
