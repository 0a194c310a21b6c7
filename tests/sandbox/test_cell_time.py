"""A cell ends when it has run as long as one may; a person reads why, and loses no more than must be."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from rpp_hub.workspace import client
from rpp_hub.workspace.config import MEBIBYTE, Limits

from tests.execute_request import execute_request
from tests.sandbox.browser import Browser
from tests.sandbox.conftest import BASE, Place, config_for, secrets_for
from tests.sandbox.small_hub import SmallHub

pytestmark = pytest.mark.sandbox

SECONDS = 2.0


@pytest.fixture(scope="module")
def hurried(hub: SmallHub) -> Iterator[Place]:
    place = Place(hub.folder / os.urandom(2).hex())
    place.root.mkdir()
    place.fill()
    limits = Limits(cell_seconds=SECONDS, memory=2048 * MEBIBYTE, disk=100 * MEBIBYTE, stop_grace=2.0)
    asyncio.run(client.start_supervisor(config_for(place, hub, limits=limits), secrets_for()))
    yield place
    asyncio.run(client.stop(place.run_dir, "the test is over"))


class Cells:
    """A notebook's kernel, spoken to as a browser does."""

    def __init__(self, browser: Any, kernel: str, channels: Any) -> None:
        self.browser, self.kernel, self.channels = browser, kernel, channels

    async def run(self, code: str, patience: float = 30.0) -> str:
        """What a cell printed or raised; 'ended' when its kernel was."""
        await self.channels.send_json(execute_request("s", code))
        said = ""
        async with asyncio.timeout(patience):
            while True:
                message = json.loads((await self.channels.receive()).data)
                content = message["content"]
                if message["msg_type"] == "stream":
                    said += content["text"]
                if message["msg_type"] == "error":
                    said += content["ename"]
                if message["msg_type"] == "status" and content["execution_state"] in ("restarting", "dead"):
                    return "ended"
                if message["msg_type"] == "execute_reply":
                    return said.strip()

    async def reached(self) -> list[str]:
        answer = await (await self.browser.get("rpp/usage")).json()
        return [one["limit"] for one in answer["reached"] if one["kernel"] == self.kernel]


async def cells(browser: Any) -> Cells:
    await browser.login()
    made = await browser.ask("POST", "api/kernels", json={"name": "rpp"})
    kernel = (await made.json())["id"]
    return Cells(browser, kernel, await browser.websocket(f"api/kernels/{kernel}/channels?session_id=s"))


def browser_of(place: Place) -> Browser:
    return Browser(place.run_dir / "in.sock", BASE)


def test_a_long_cell_is_interrupted_and_what_it_had_computed_stays(hurried: Place) -> None:
    async def go() -> None:
        async with browser_of(hurried) as browser:
            notebook = await cells(browser)
            assert await notebook.run("import time; x = 5; time.sleep(60)") == "KeyboardInterrupt"
            for _ in range(20):  # right after an error ipykernel drops what is asked, unanswered
                if (said := await notebook.run("print(x)")) != "":
                    break
                await asyncio.sleep(0.1)
            assert said == "5"
            assert await notebook.reached() == ["time-interrupted"]

    asyncio.run(go())


def test_a_cell_that_does_not_let_itself_be_interrupted_ends_with_its_kernel(hurried: Place) -> None:
    stubborn = """
import time
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass
"""

    async def go() -> None:
        async with browser_of(hurried) as browser:
            notebook = await cells(browser)
            assert await notebook.run(stubborn) == "ended"
            assert await notebook.reached() == ["time-interrupted", "time"]

    asyncio.run(go())


def test_control_short_cells_go_on_for_longer_than_one_may(hurried: Place) -> None:
    async def go() -> None:
        async with browser_of(hurried) as browser:
            notebook = await cells(browser)
            for _ in range(5):
                assert await notebook.run("import time; time.sleep(0.7); print('done')") == "done"
            assert await notebook.reached() == []

    asyncio.run(go())


def test_what_a_workspace_uses_is_told_to_its_own_person_alone(hurried: Place) -> None:
    async def go() -> None:
        async with browser_of(hurried) as browser, browser_of(hurried) as nobody:
            await browser.login()
            told = await (await browser.get("rpp/usage")).json()
            assert told["memory"]["limit"] == 2048 * MEBIBYTE
            assert 0 < told["memory"]["used"] < 2048 * MEBIBYTE
            assert told["disk"]["limit"] == 100 * MEBIBYTE
            assert told["cell_seconds"] == SECONDS
            assert told["environment"] == ""  # nobody said which, here
            assert (await nobody.get("rpp/usage")).status == 403

    asyncio.run(go())
