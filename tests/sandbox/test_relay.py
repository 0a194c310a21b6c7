"""The way in, against servers that answer as badly as they can."""

from __future__ import annotations

import asyncio
import resource
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, UnixConnector, WSMsgType, web
from multidict import CIMultiDict
from rpp_hub.workspace.config import MEBIBYTE, Framing, Limits
from rpp_hub.workspace.meter import Budget, Meter, today
from rpp_hub.workspace.relay import Relay

from tests.sandbox.browser import Browser
from tests.sandbox.conftest import BASE

CHANNELS = "api/kernels/0a1b2c3d-0000-4000-8000-0123456789ab/channels"
LIMITS = Limits(request_body=100_000)
Test = Callable[[Browser, Relay], Awaitable[None]]


async def _answer(request: web.Request) -> web.StreamResponse:
    path = request.path.removeprefix(BASE)
    if path.endswith("channels"):
        socket = web.WebSocketResponse(max_msg_size=0, protocols=("v1.kernel.websocket.jupyter.org",))
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_bytes(bytes(int(message.data)))
        return socket
    if path == "api/kernels":
        return web.json_response({"cookie": request.headers.get("Cookie", "")})
    if path == "api/me":
        return web.json_response(dict(request.headers))
    if path == "api/contents/x.py":
        return web.json_response({"size": len(await request.read())})
    if path == "lab/log-in":
        place = "http://rpp.localhost:8000/hub/api/oauth2/authorize?client_id=x"
        return web.Response(status=302, headers={"Location": place})
    if path == "api/status":
        tossed = [("Set-Cookie", "own=1; Path=/"), ("Set-Cookie", "other=1; Path=/; domain=rpp.localhost")]
        return web.Response(headers=CIMultiDict(tossed))
    response = web.Response(text="<p>page</p>", content_type="text/html")
    response.headers["Content-Disposition"] = "attachment; filename=data.csv"
    response.headers["Content-Security-Policy"] = "default-src *"
    response.set_cookie("login", "alice")
    if path == "logout":
        response = web.Response(status=302, headers={"Location": "https://evil.example/"})
    return response


@asynccontextmanager
async def _relayed(budget: Budget | None, framing: Framing | None) -> AsyncIterator[tuple[Browser, Relay]]:
    with tempfile.TemporaryDirectory(prefix=f"rpp-{secrets.token_hex(2)}") as name:
        folder = Path(name)
        inner = web.Application(client_max_size=MEBIBYTE)
        inner.router.add_route("*", "/{path:.*}", _answer)
        relay = Relay(folder / "srv.sock", BASE, LIMITS, Meter(None, budget), framing=framing)
        runners = []
        for app, socket in ((inner, "srv.sock"), (relay.application(), "in.sock")):
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.UnixSite(runner, str(folder / socket)).start()
            runners.append(runner)
        try:
            async with Browser(folder / "in.sock", BASE) as browser:
                yield browser, relay
        finally:
            for runner in reversed(runners):
                await runner.cleanup()


def relayed(test: Test, budget: Budget | None = None, framing: Framing | None = None) -> None:
    async def run() -> None:
        async with _relayed(budget, framing) as (browser, relay):
            await test(browser, relay)

    asyncio.run(run())


def test_one_persons_cookie_is_never_added_to_anothers_request() -> None:
    async def test(alice: Browser, _: Relay) -> None:
        await alice.get("lab")
        assert "login=alice" in (await (await alice.get("api/kernels")).json())["cookie"]
        async with Browser(alice.socket, BASE) as nobody:
            assert (await (await nobody.get("api/kernels")).json())["cookie"] == ""

    relayed(test)


def test_control_an_ordinary_session_in_the_relays_place_would_add_it() -> None:
    async def test(alice: Browser, _: Relay) -> None:
        connector = UnixConnector(str(alice.socket.with_name("srv.sock")))
        async with ClientSession(connector=connector, cookie_jar=CookieJar(unsafe=True)) as shared:
            for path in ("lab", "api/kernels"):
                async with shared.get(f"http://127.0.0.1:8000{BASE}{path}") as answer:
                    body = await answer.text()
        assert "login=alice" in body

    relayed(test)


def test_a_page_arrives_with_our_policy_and_not_as_a_download() -> None:
    async def test(browser: Browser, _: Relay) -> None:
        page = await browser.get("lab")
        assert page.status == 200
        assert "Content-Disposition" not in page.headers
        assert page.headers.getall("Content-Security-Policy")[0].startswith("default-src 'none'")
        assert len(page.headers.getall("Content-Security-Policy")) == 1
        assert page.headers["Cache-Control"] == "no-store"

    relayed(test)


def test_a_server_cannot_send_the_browser_elsewhere() -> None:
    async def test(browser: Browser, _: Relay) -> None:
        answer = await browser.get("logout")
        assert answer.status == 502
        assert "Location" not in answer.headers

    relayed(test)


@pytest.mark.parametrize("name", ["X-RPP-Workspace", "Range", "Accept-Encoding"])
def test_the_server_does_not_see(name: str) -> None:
    async def test(browser: Browser, _: Relay) -> None:
        seen = await (await browser.get("api/me", **{name: "bytes=0-1"})).json()
        assert name.lower() not in {header.lower() for header in seen}

    relayed(test)


def test_a_token_is_refused_with_a_sentence() -> None:
    async def test(browser: Browser, _: Relay) -> None:
        answer = await browser.get("api/me", Authorization="token abc")
        assert answer.status == 403
        assert (await answer.json())["error"]["code"] == "token"
        assert (await browser.get("api/me?token=abc")).status == 400

    relayed(test)


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so(declared: bool) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield bytes(10_000)

    async def test(browser: Browser, _: Relay) -> None:
        answer = await browser.ask("PUT", "api/contents/x.py", data=bytes(500_000) if declared else stream())
        assert answer.status == 413
        small = await browser.ask("PUT", "api/contents/x.py", data=bytes(50_000))
        assert (await small.json())["size"] == 50_000

    relayed(test)


def test_the_meter_counts_every_byte_to_the_browser_by_kind() -> None:
    async def test(browser: Browser, relay: Relay) -> None:
        page = await browser.get("lab")
        assert relay.meter.counted["page"] == len(await page.read())
        socket = await browser.websocket(CHANNELS)
        await socket.send_str("3000000")
        assert len((await socket.receive(timeout=20)).data) == 3_000_000
        assert relay.meter.counted["kernel"] == 3_000_000
        assert relay.meter.spent == sum(relay.meter.counted.values())
        await socket.close()

    relayed(test)


def test_what_is_over_the_days_budget_is_not_sent_and_the_workspace_is_paused_in_words() -> None:
    async def test(browser: Browser, relay: Relay) -> None:
        socket = await browser.websocket(CHANNELS)
        await socket.send_str("900000")
        assert len((await socket.receive(timeout=20)).data) == 900_000
        await socket.send_str("200000")
        message = await socket.receive(timeout=20)
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
        assert socket.close_code == 4429
        assert relay.meter.spent == 900_000
        refused = await browser.get("api/contents/x.py", Accept="application/json")
        assert (refused.status, (await refused.json())["error"]["code"]) == (429, "paused")
        page = await browser.get("lab", Accept="text/html")
        assert "This workspace is paused" in await page.text()
        saved = await browser.ask("PUT", "api/contents/x.py", data=b"work")
        assert (await saved.json())["size"] == 4
        relay.meter.raise_today(today(), 2_000_000)
        assert (await browser.get("api/contents/x.py")).status == 200

    relayed(test, Budget(1_000_000, 1_000_000, 1_000_000))


def test_control_without_a_budget_the_same_bytes_pass() -> None:
    async def test(browser: Browser, relay: Relay) -> None:
        socket = await browser.websocket(CHANNELS)
        for _ in range(3):
            await socket.send_str("900000")
            assert len((await socket.receive(timeout=20)).data) == 900_000
        await socket.close()

    relayed(test)


def test_from_its_share_of_the_budget_on_everything_is_slowed_down() -> None:
    async def test(browser: Browser, relay: Relay) -> None:
        assert not relay.meter.is_slow
        await (await browser.get("lab")).read()
        assert relay.meter.is_slow
        socket = await browser.websocket(CHANNELS)
        await socket.send_str("100000")
        with pytest.raises(TimeoutError):  # a hundred seconds' worth
            await socket.receive(timeout=0.3)
        await socket.close()

    relayed(test, Budget(1_000_000, 5, 1000))


def test_a_message_over_the_cap_closes_the_websocket_and_not_the_relays_memory() -> None:
    async def test(browser: Browser, _: Relay) -> None:
        socket = await browser.websocket("api/kernels/0a1b2c3d-0000-4000-8000-0123456789ab/channels")
        await socket.send_str(str(17 * MEBIBYTE))
        message = await socket.receive(timeout=20)
        assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
        assert socket.close_code == 1009
        again = await browser.websocket("api/kernels/0a1b2c3d-0000-4000-8000-0123456789ab/channels")
        await again.send_str("5")
        assert (await again.receive(timeout=20)).data == bytes(5)
        await again.close()
        await socket.close()

    relayed(test)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1024 * 1024


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_websocket_from_elsewhere_is_refused(headers: dict[str, str]) -> None:
    async def test(browser: Browser, _: Relay) -> None:
        answer = await browser.get(
            "api/kernels/0a1b2c3d-0000-4000-8000-0123456789ab/channels",
            **{"Upgrade": "websocket", "Connection": "Upgrade", **headers},
        )
        assert answer.status == 403

    relayed(test)


def test_without_a_server_the_answer_says_what_to_do() -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory(prefix="rpp-") as name:
            relay = Relay(Path(name, "srv.sock"), BASE, LIMITS, Meter())
            runner = web.AppRunner(relay.application(), access_log=None)
            await runner.setup()
            await web.UnixSite(runner, f"{name}/in.sock").start()
            async with Browser(Path(name, "in.sock"), BASE) as browser:
                answer = await browser.get("api")
                assert answer.status == 502
                assert "try again" in (await answer.json())["message"]
            await runner.cleanup()

    asyncio.run(run())
