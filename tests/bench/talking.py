"""What the relay and its meter cost: a message there and back, and fifty megabytes of output."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import aiohttp
from rpp_hub.installation import Installation
from rpp_hub.workspace import client

from tests.bench.starts import Site, both, log_in, usable, xsrf
from tests.execute_request import execute_request
from tests.harness import Running

_MESSAGES, _OUTPUTS = 300, 6
_LARGE = "from IPython.display import display\nfor n in range(50):\n    display({'text/plain': str(n) * (1_000_000 // len(str(n)))}, raw=True)"
Pairs = dict[str, list[tuple[float, float]]]


class Talk:
    """A kernel of one site, over its web socket."""

    def __init__(self, site: Site, browser: aiohttp.ClientSession) -> None:
        self._site, self._browser = site, browser

    async def begin(self) -> None:
        token = {"Authorization": f"token {self._site.token}"}
        async with aiohttp.ClientSession(headers=token) as service:
            async with service.post(
                f"{self._site.url}/hub/api/users/{self._site.person}/servers/{self._site.server}"
            ) as answer:
                assert answer.status in (201, 202), await answer.text()
        await usable(self._browser, self._site)
        headers = {"X-XSRFToken": xsrf(self._browser, self._site.base), "Origin": self._site.url}
        async with self._browser.post(
            f"{self._site.base}api/kernels", json={"name": self._site.kernel}, headers=headers
        ) as answer:
            ident = (await answer.json())["id"]
        self._socket = await self._browser.ws_connect(
            f"{self._site.base}api/kernels/{ident}/channels?session_id=s",
            headers={"Origin": self._site.url},
            max_msg_size=0,
        )
        await self.run("1")

    async def run(self, code: str) -> float:
        """Seconds from the request until the kernel is idle again."""
        sent = execute_request("s", code)
        began = time.perf_counter()
        await self._socket.send_json(sent)
        async for message in self._socket:
            if len(message.data) > 100_000:
                continue  # an output: reading it would be the browser's time
            told = json.loads(message.data)
            if told["msg_type"] == "status" and told["content"]["execution_state"] == "idle":
                if told["parent_header"].get("msg_id") == sent["header"]["msg_id"]:
                    return time.perf_counter() - began
        raise RuntimeError(f"the kernel's web socket was closed ({self._socket.close_code})")


def measure() -> tuple[Pairs, int]:
    """Pairs of (ours, plain) in seconds, and the most memory that the supervisor has held."""
    with both() as (own, plain, site):
        site.rpp("workspace", "raise", own.server, own.person, "100000", "--reason", "bench", actor="dora")
        return asyncio.run(_measure(own, plain, site))


async def _measure(own: Site, plain: Site, site: Running) -> tuple[Pairs, int]:
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as one,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as other,
    ):
        await log_in(one, own)
        await log_in(other, plain)
        ours, theirs = Talk(own, one), Talk(plain, other)
        await ours.begin()
        await theirs.begin()
        await asyncio.sleep(8)  # until the next warm ones are made
        trips = [(await ours.run("1"), await theirs.run("1")) for _ in range(_MESSAGES)]
        outputs = [(await ours.run(_LARGE), await theirs.run(_LARGE)) for _ in range(_OUTPUTS)][1:]
        return {"message_round_trip": trips, "output_50mb": outputs}, await _most_memory(site)


async def _most_memory(site: Running) -> int:
    for run_dir in (Installation(site.home).run_dir / "w").iterdir():
        status = await client.status(run_dir)
        if status is not None and status.person:
            lines = Path(f"/proc/{status.pid}/status").read_text().splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    raise RuntimeError("the workspace is gone")
