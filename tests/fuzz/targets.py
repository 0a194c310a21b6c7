"""What is fed with bytes nobody expected: each target is real code with the property that must hold, whatever comes.

A target takes bytes and raises AssertionError when a property is broken; any other exception is a crash.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from aiohttp import web
from rpp_hub.workspace.capability import InvalidCapability, verify
from rpp_hub.workspace.config import InvalidConfig, Limits, SupervisorConfig, from_json
from rpp_hub.workspace.control import Control
from rpp_hub.workspace.gateway import Gateway, exits
from rpp_hub.workspace.kernels import KERNEL_ID, KEY, KernelOrder, KernelRefused, Kernels
from rpp_hub.workspace.launcher import Keeper, printable
from rpp_hub.workspace.lines import LINE, answer_line
from rpp_hub.workspace.message_kind import kind_of_message
from rpp_hub.workspace.meter import Meter
from rpp_hub.workspace.policy import (
    HOST,
    content_security_policy,
    request_headers,
    request_refusal,
    response_headers,
)
from rpp_hub.workspace.relay import Relay
from rpp_hub.workspace.routes import Kind, Passed, decide
from rpp_hub.workspace.run_record import RunRecord

Target = Callable[[bytes], None]
BASE = "/user/alice/gaps/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "x")
CLOSED = re.compile(
    r"(files|nbconvert|terminals|view|metrics|lsp|api/(terminals|nbconvert|shutdown|spec\.yaml)|lab/api/(build|extensions|listings|news))(/|$)"
)
NEVER_INWARD = {"authorization", "range", "expect", "accept-encoding", "connection", "x-rpp-workspace"}
SECRET = b"a secret of the installation that is long"


def route_table(data: bytes) -> None:
    """Whatever passes is one plain path inside of the workspace, and not one that is closed."""
    method, text = (
        METHODS[data[0] % len(METHODS)] if data else "GET",
        data[1:].decode("utf-8", "surrogateescape"),
    )
    for target in (text, BASE + text):
        for websocket in (False, True):
            passed = decide(method, target, BASE, websocket=websocket)
            if isinstance(passed, Passed):
                check_passed(method, passed, websocket)


def check_passed(method: str, passed: Passed, websocket: bool) -> None:
    path, _, query = passed.target.partition("?")
    assert passed.target.isascii()
    assert passed.target.isprintable()
    assert path.startswith(BASE)
    parts = [unquote(part) for part in path.split("/")[1:]]
    assert not any(part in (".", "..") or set(part) & set("/\\\0") for part in parts)
    assert "" not in parts[:-1]
    assert CLOSED.match(unquote(path.removeprefix(BASE))) is None
    assert "token" not in {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    assert decide(method, passed.target, BASE, websocket=websocket) == passed


def header_rules(data: bytes) -> None:
    """No header of a browser or of a server undoes ours."""
    lines = [line.partition(b":") for line in data.split(b"\n")]
    headers = [(n.decode("latin-1").strip(), v.decode("latin-1").strip()) for n, _, v in lines if n.strip()]
    inward = {name.lower() for name, _ in request_headers(headers)}
    assert not inward & NEVER_INWARD
    assert not any(name.startswith("x-rpp-") for name in inward)
    for kind in (Kind.PAGE, Kind.STATIC):
        outward = response_headers(headers, kind, "host", BASE)
        policies = [value for name, value in outward if name.lower() == "content-security-policy"]
        assert policies == [content_security_policy("host", BASE)]
        named = [name.lower() for name, _ in outward]
        assert named.count("cache-control") == 1
        assert not {"content-disposition", "access-control-allow-origin", "service-worker-allowed"} & set(
            named
        )
    table = dict(headers)
    refusal = request_refusal("POST", table, Kind.API)
    if refusal is None:
        assert HOST.fullmatch(table["Host"])
        assert "Authorization" not in table


def configuration(data: bytes) -> None:
    """A configuration is understood whole, or refused in words."""
    with contextlib.suppress(InvalidConfig, RecursionError):
        config, _ = from_json(data.decode("utf-8", "replace"))
        assert isinstance(config, SupervisorConfig)


def kernel_order(data: bytes) -> None:
    """Of a kernel's order nothing reaches a path, a command or an environment that is not of the known form."""
    try:
        told = json.loads(data)
        order = KernelOrder.parse(told if isinstance(told, dict) else {})
    except (ValueError, RecursionError, KernelRefused):
        return
    assert KERNEL_ID.fullmatch(order.kernel)
    assert KEY.fullmatch(order.key)
    assert order.directory == "/workspace" or order.directory.startswith("/workspace/")
    assert ".." not in Path(order.directory).parts
    assert order.document().count(b"\n") == 1


def capabilities(data: bytes) -> None:
    """Nothing is a capability that was not made here."""
    try:
        verify(SECRET, data.decode("utf-8", "replace"))
    except InvalidCapability:
        return
    raise AssertionError("a capability was taken that nobody had made")


def message_kinds(data: bytes) -> None:
    kind_of_message(data)
    line = printable(data.decode("utf-8", "replace"))
    assert line.isprintable()
    assert len(line) <= 2000


class ControlSocket:
    """The supervisor's answers to lines, of a workspace that has room for no kernel."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._folder = Path(tempfile.mkdtemp(prefix="rpp-fuzz-"))
        environment = self._folder / "environment"
        (environment / "bin").mkdir(parents=True)
        (environment / "bin" / "python").symlink_to("/usr/bin/true")
        config = SupervisorConfig(
            run_dir=self._folder, environment=environment, workspace=self._folder, limits=Limits(kernels=0)
        )
        self._keeper = Keeper()
        self._control = Control(
            Kernels(config, self._keeper), lambda: {"memory": {}}, lambda: RunRecord(None)
        )

    def __call__(self, data: bytes) -> None:
        answer = self._loop.run_until_complete(self._answer(data))
        assert isinstance(answer, dict)
        json.dumps(answer)
        assert "started" not in answer

    def close(self) -> None:
        self._keeper.close()
        shutil.rmtree(self._folder)

    async def _answer(self, data: bytes) -> object:
        reader = asyncio.StreamReader(limit=LINE)
        reader.feed_data(data)
        reader.feed_eof()
        return await answer_line(reader, self._control)


class Ways:
    """A real relay and a real gateway, with somebody behind each who remembers what reached them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._folder = Path(tempfile.mkdtemp(prefix="rpp-fuzz-"))
        self._runners: list[web.AppRunner] = []
        self.inward: list[tuple[str, str, dict[str, str]]] = []
        self.outward: list[tuple[str, str, dict[str, str]]] = []
        self._table = exits(self._path("hub"), self._path("portal"), "/hub/api", "alice", "cap", 10_000)
        loop.run_until_complete(self._open())

    def relay(self, data: bytes) -> None:
        """Raw bytes where a browser's request is expected."""
        self.inward.clear()
        self._loop.run_until_complete(self._say("in", data))
        for method, target, headers in self.inward:
            passed = decide(method, target, BASE, websocket=headers.get("Upgrade", "").lower() == "websocket")
            assert isinstance(passed, Passed)
            assert passed.target == target
            assert not {name.lower() for name in headers} & {"authorization", "range", "x-rpp-workspace"}

    def gateway(self, data: bytes) -> None:
        """Raw bytes where a call of the server sandbox is expected."""
        self.outward.clear()
        self._loop.run_until_complete(self._say("out", data))
        for method, target, headers in self.outward:
            assert (method, target) in self._table
            assert headers.get("X-RPP-Workspace", "cap") == "cap"
            assert "Cookie" not in headers

    def close(self) -> None:
        for runner in self._runners:
            self._loop.run_until_complete(runner.cleanup())
        shutil.rmtree(self._folder)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.sock"

    async def _open(self) -> None:
        relay = Relay(self._path("srv"), BASE, Limits(request_body=100_000), Meter())
        await self._serve(relay.application(), "in")
        await self._serve(Gateway(self._table).application(), "out")
        for name, kept in (("srv", self.inward), ("hub", self.outward), ("portal", self.outward)):
            await self._serve(_remembering(kept), name)

    async def _serve(self, app: web.Application, name: str) -> None:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._runners.append(runner)
        await web.UnixSite(runner, str(self._path(name))).start()

    async def _say(self, name: str, data: bytes) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._path(name)))
        with contextlib.suppress(ConnectionError, TimeoutError):
            writer.write(data)
            writer.write_eof()
            async with asyncio.timeout(2.5):
                await reader.read(1_000_000)
        await _closed(writer)
        await self._still_answers(name)

    async def _still_answers(self, name: str) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._path(name)))
        writer.write(b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(100), 10)
        await _closed(writer)
        assert answer.startswith(b"HTTP/1.1 40"), answer


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def _remembering(kept: list[tuple[str, str, dict[str, str]]]) -> web.Application:
    async def remember(request: web.Request) -> web.Response:
        kept.append((request.method, request.raw_path, dict(request.headers)))
        return web.Response(text="{}")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", remember)
    return app


@contextmanager
def targets() -> Iterator[dict[str, Target]]:
    """Every target by its name, with what they need already running."""
    loop = asyncio.new_event_loop()
    with ExitStack() as stack:
        stack.callback(loop.close)
        ways, control = Ways(loop), ControlSocket(loop)
        stack.callback(ways.close)
        stack.callback(control.close)
        yield {
            "routes": route_table,
            "headers": header_rules,
            "configuration": configuration,
            "order": kernel_order,
            "capability": capabilities,
            "messages": message_kinds,
            "control": control,
            "relay": ways.relay,
            "gateway": ways.gateway,
        }


SEEDS: dict[str, tuple[bytes, ...]] = {
    "routes": (b"\0api/contents/a.ipynb?content=1", b"\0lab/tree/x", b"\0static/a.js", b"\0api/kernels/0a1b2c3d-0000-4000-8000-0123456789ab/channels?session_id=s"),
    "headers": (b"Host: h\nOrigin: http://h\nSec-Fetch-Site: same-origin\nCookie: a=b", b"Connection: x-y, close\nX-Y: 1\nContent-Security-Policy: default-src *"),
    "configuration": (b'{"config": {"run_dir": "/r", "environment": "/e", "workspace": "/w", "limits": {"kernels": 1}}, "secrets": {"api_token": "", "capability": ""}}',),
    "order": (b'{"kernel": "0a1b2c3d-0000-4000-8000-0123456789ab", "key": "k", "cwd": "/workspace/a", "session": "s"}',),
    "capability": (b"v1.YWxpY2UKZ2Fwcwo5OTk5OTk5OTk5." + b"0" * 64,),
    "messages": (b'{"header": {"msg_type": "stream"}}', b"\2\0\0\0\0\0\0\0" + b"\x18\0\0\0\0\0\0\0" + b"\x20\0\0\0\0\0\0\0" + b'shell{"msg_type":"error"}'),
    "control": (b'{"do": "poll", "kernel": "0a1b2c3d-0000-4000-8000-0123456789ab"}\n', b'{"do": "signal", "kernel": "0a1b2c3d-0000-4000-8000-0123456789ab", "signal": 2}\n', b'{"do": "usage"}\n', b'{"do": "overdue", "kernel": "0a1b2c3d-0000-4000-8000-0123456789ab", "end": true}\n'),
    "relay": (b"GET /user/alice/gaps/api/kernels HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\n\r\n", b"POST /user/alice/gaps/api/contents HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"GET /user/alice/gaps/api/kernels/0a1b2c3d-0000-4000-8000-0123456789ab/channels HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"),
    "gateway": (b"GET /hub/api/user HTTP/1.1\r\nHost: h\r\nAuthorization: token t\r\n\r\n", b"POST /services/rpp/workspace/requests HTTP/1.1\r\nHost: h\r\nX-RPP-Workspace: forged\r\nContent-Length: 2\r\n\r\n{}"),
}  # fmt: skip
