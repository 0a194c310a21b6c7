"""A whole workspace: what a browser gets of it, and what its kernels do when they are told to."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.workspace import client
from rpp_hub.workspace.config import Limits
from rpp_review.languages import offered

from tests.execute_request import reply_to
from tests.sandbox.conftest import Place, Workspace, config_for, secrets_for
from tests.sandbox.kernel import running_kernel, until
from tests.sandbox.small_hub import SERVER_TOKEN, SmallHub

pytestmark = pytest.mark.sandbox


def _execute(code: str) -> str:
    header = {
        "msg_id": "m1",
        "msg_type": "execute_request",
        "session": "s",
        "username": "",
        "version": "5.3",
        "date": "",
    }
    content = {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
    }
    message = {
        "channel": "shell",
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "buffers": [],
    }
    return json.dumps(message)


async def _run(browser: Any, code: str) -> str:
    made = await browser.ask("POST", "api/kernels", json={"name": "rpp"})
    assert made.status == 201, await made.text()
    kernel = (await made.json())["id"]
    socket_ = await browser.websocket(f"api/kernels/{kernel}/channels?session_id=s")
    await socket_.send_str(_execute(code))
    printed = ""
    while True:
        message = json.loads((await socket_.receive(timeout=30)).data)
        if message["msg_type"] == "stream":
            printed += message["content"]["text"]
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle" and printed:
            break
    await socket_.close()
    assert (await browser.ask("DELETE", f"api/kernels/{kernel}")).status == 204
    return printed


def test_a_person_logs_in_opens_lab_and_runs_a_cell_on_the_cut(workspace: Workspace) -> None:
    async def go() -> None:
        async with workspace.browser() as browser:
            await browser.login()
            page = await browser.get("lab")
            assert page.status == 200
            assert "JupyterLab" in await page.text()
            assert await _run(browser, "import os; print(os.listdir('/data'))") == "['enrollment.parquet']\n"

    asyncio.run(go())


def test_without_a_login_nothing_is_told_even_after_somebody_has_logged_in(workspace: Workspace) -> None:
    async def go() -> None:
        async with workspace.browser() as alice, workspace.browser() as nobody:
            await alice.login()
            assert (await alice.get("api/kernels")).status == 200
            assert (await nobody.get("api/kernels")).status == 403
            assert (await nobody.get("lab")).status == 302

    asyncio.run(go())


@pytest.mark.parametrize(
    "path",
    [
        "files/x.ipynb",
        "nbconvert/html/x.ipynb",
        "api/nbconvert",
        "terminals/1",
        "api/terminals",
        "view/x",
        "lab/api/build",
    ],
)
def test_a_logged_in_person_still_does_not_get(workspace: Workspace, path: str) -> None:
    async def go() -> None:
        (workspace.place.workspace / "x.ipynb").write_text("{}")
        async with workspace.browser() as browser:
            await browser.login()
            assert (await browser.get(path)).status in (403, 404)

    asyncio.run(go())


def test_only_our_kernel_is_offered_whatever_lies_in_the_workspace(workspace: Workspace) -> None:
    planted = workspace.place.workspace / ".local/share/jupyter/kernels/evil"
    planted.mkdir(parents=True, exist_ok=True)
    (planted / "kernel.json").write_text('{"argv": ["true"], "display_name": "evil", "language": "python"}')

    async def go() -> None:
        async with workspace.browser() as browser:
            await browser.login()
            specs = await (await browser.get("api/kernelspecs")).json()
            assert set(specs["kernelspecs"]) == offered()
            for name in ("python3", "evil", "../../evil"):
                answer = await browser.ask("POST", "api/kernels", json={"name": name})
                assert answer.status in (400, 404, 500), await answer.text()
            assert await (await browser.get("api/kernels")).json() == []

    asyncio.run(go())


def test_labs_page_holds_no_token(workspace: Workspace) -> None:
    async def go() -> None:
        async with workspace.browser() as browser:
            await browser.login()
            page = await (await browser.get("lab")).text()
            assert "user-token-of-alice" not in page
            assert SERVER_TOKEN not in page

    asyncio.run(go())


def test_a_kernel_is_interrupted_restarted_and_its_death_noticed(workspace: Workspace) -> None:
    place = workspace.place
    with running_kernel(place.root / "specs", place.run_dir) as kernel:
        kernel.run("x = 5")
        asked = kernel.client.execute("import time; time.sleep(60)")
        until(lambda: False, 0.5)
        kernel.manager.interrupt_kernel()
        assert reply_to(kernel.client, asked)["ename"] == "KeyboardInterrupt"
        assert until(lambda: kernel.run("print(x)") == "5")
        kernel.manager.restart_kernel()
        kernel.client.wait_for_ready(timeout=30)
        assert kernel.run("print('x' in globals())") == "False"
        kernel.client.execute("import os; os.kill(os.getpid(), 9)")
        assert until(lambda: not kernel.manager.is_alive())


def test_there_are_no_more_kernels_than_the_limit(tmp_path: Path, hub: SmallHub, second: Place) -> None:
    place = second
    limits = Limits(kernels=1, stop_grace=2.0)
    asyncio.run(client.start_supervisor(config_for(place, hub, limits=limits), secrets_for()))
    try:
        with (
            running_kernel(tmp_path, place.run_dir),
            pytest.raises(RuntimeError, match="runs 1 kernels already"),
            running_kernel(tmp_path, place.run_dir),
        ):
            pass
    finally:
        asyncio.run(client.stop(place.run_dir, "over"))
