"""What ran in a workspace is told by its server: a kernel can neither write it nor change it. And how a question gets out."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pyarrow
import pyarrow.parquet
import pytest
from aiohttp import ClientWebSocketResponse
from rpp_hub.workspace import client
from rpp_review.provenance import Word, cells_of, holds, read_record, source_hash, words

from tests.execute_request import execute_request
from tests.factories import cell, notebook, printed
from tests.sandbox.browser import Browser
from tests.sandbox.conftest import Place, Workspace, config_for, secrets_for
from tests.sandbox.small_hub import SmallHub

pytestmark = pytest.mark.sandbox

ASKED = {
    "outputs": ["one:0"],
    "context": "All students of one grade.",
    "controls": "A count of more than ten.",
}
FORGE = """
import os
from pathlib import Path
shell = get_ipython()
kernel = shell.kernel
kernel.session.send(kernel.iopub_socket, "execute_input", {"code": "FORGED", "execution_count": 1}, parent=kernel.get_parent())
for name in (".rpp-runs.json", "provenance.json", ".rpp/runs"):
    path = Path("/workspace", name)
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"version": 1, "runs": []}')
print(os.path.exists("/run/rpp/hub.sock"), os.path.exists("/run/rpp/ctl.sock"))
"""


class Notebook:
    """A notebook that is open in a browser."""

    def __init__(self, browser: Browser, socket: ClientWebSocketResponse, path: str, kernel: str) -> None:
        self.browser, self._socket, self.path, self.kernel = browser, socket, path, kernel
        self.heard: list[dict[str, Any]] = []

    async def send(self, identity: str, code: str) -> dict[str, Any]:
        request = execute_request("s", code)
        request["metadata"] = {"cellId": identity}
        await self._socket.send_str(json.dumps(request))
        return request

    async def run(self, identity: str, code: str) -> str:
        request = await self.send(identity, code)
        printed = ""
        while True:
            message = json.loads((await self._socket.receive(timeout=60)).data)
            self.heard.append(message)
            if message["msg_type"] == "stream":
                printed += message["content"]["text"]
            ours = message["parent_header"].get("msg_id") == request["header"]["msg_id"]
            if ours and message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return printed

    async def submitted(self, workspace: Workspace, *cells: tuple[str, str]) -> tuple[Any, bytes]:
        """Saves these cells, submits the first one's output, and gives back the record that came with it."""
        content = notebook(*(cell(code, [printed("1\n")], ident) for ident, code in cells))
        (workspace.place.workspace / self.path).write_bytes(content)
        body = {**ASKED, "path": self.path, "sha256": hashlib.sha256(content).hexdigest()}
        body["outputs"] = [f"{cells[0][0]}:0"]
        answer = await self.browser.ask("POST", "rpp/requests", json=body)
        assert answer.status == 200, await answer.text()
        (*_, (path, sent)) = workspace.hub.sent
        assert path == "/services/rpp/workspace/requests"
        return read_record(sent["provenance"]), content


@asynccontextmanager
async def opened(workspace: Workspace, path: str) -> AsyncIterator[Notebook]:
    (workspace.place.workspace / path).write_bytes(notebook(cell("1")))
    async with workspace.browser() as browser:
        await browser.login()
        body = {"name": path, "path": path, "type": "notebook", "kernel": {"name": "rpp"}}
        made = await browser.ask("POST", "api/sessions", json=body)
        assert made.status == 201, await made.text()
        kernel = (await made.json())["kernel"]["id"]
        socket = await browser.websocket(f"api/kernels/{kernel}/channels?session_id=s")
        yield Notebook(browser, socket, path, kernel)
        await socket.close()
        with contextlib.suppress(aiohttp.ClientError):  # killed by a test
            await browser.ask("DELETE", f"api/kernels/{kernel}")


def test_a_submission_carries_what_the_server_saw_run(workspace: Workspace) -> None:
    async def go() -> None:
        async with opened(workspace, "order.ipynb") as book:
            await book.run("one", "x = 1")
            await book.run("two", "x += 1")
            record, content = await book.submitted(workspace, ("one", "x = 1"), ("two", "x += 1"))
            assert holds(record)
            assert [(run.cell, run.source) for run in record.runs] == [
                ("one", source_hash("x = 1")),
                ("two", source_hash("x += 1")),
            ]
            assert set(words(record, cells_of(content), record.cut).values()) == {Word.IN_ORDER}
            await book.run("one", "x = 1")
            record, content = await book.submitted(workspace, ("one", "x = 2"), ("two", "x += 1"))
            assert words(record, cells_of(content), record.cut) == {"one": Word.CHANGED, "two": Word.DISORDER}

    asyncio.run(go())


def test_a_restart_begins_anew(workspace: Workspace) -> None:
    async def go() -> None:
        async with opened(workspace, "restart.ipynb") as book:
            await book.run("one", "x = 1")
            assert (await book.browser.ask("POST", f"api/kernels/{book.kernel}/restart")).status == 200
            socket = await book.browser.websocket(f"api/kernels/{book.kernel}/channels?session_id=t")
            again = Notebook(book.browser, socket, book.path, book.kernel)
            await again.run("two", "print(2)")
            record, content = await again.submitted(workspace, ("one", "x = 1"), ("two", "print(2)"))
            await socket.close()
            assert words(record, cells_of(content), record.cut)["two"] is Word.DISORDER

    asyncio.run(go())


def test_a_notebook_that_did_not_run_here_was_not_seen(workspace: Workspace) -> None:
    async def go() -> None:
        async with opened(workspace, "unseen.ipynb") as book:
            record, content = await book.submitted(workspace, ("one", "x = 1"))
            assert words(record, cells_of(content), record.cut) == {"one": Word.UNSEEN}

    asyncio.run(go())


def test_what_a_workspace_saw_before_it_was_killed_in_the_middle_of_a_run_is_still_seen(
    hub: SmallHub,
) -> None:
    """Also of the cell that ran when it was killed: that its code was sent, and that it did not finish is for the re-run to find."""
    place = Place(hub.folder / os.urandom(2).hex())
    place.root.mkdir()
    place.fill()

    async def began() -> bytes:
        async with opened(Workspace(place, hub, pid), "killed.ipynb") as book:
            await book.run("one", "x = 1")
            record, content = await book.submitted(Workspace(place, hub, pid), ("one", "x = 1"))
            assert words(record, cells_of(content), record.cut) == {"one": Word.IN_ORDER}
            await book.run("two", "y = 2")
            await book.send("three", "import time; time.sleep(60)")
            os.kill(pid, signal.SIGKILL)
            (kept,) = (place.root / "log").glob("*.runs")
            with kept.open("ab") as file:
                file.write(b'{"kernel": "half a li')
            return content

    async def again(before: bytes) -> None:
        path = place.workspace / "killed.ipynb"
        assert path.read_bytes() == before
        async with opened(Workspace(place, hub, pid), "other.ipynb") as book:
            book.path = "killed.ipynb"
            cells: tuple[tuple[str, str], ...] = (("one", "x = 1"), ("two", "y = 2"))
            record, content = await book.submitted(Workspace(place, hub, pid), *cells)
            assert holds(record)
            seen = [run.cell for run in record.runs]
            assert seen in (["one", "two"], ["one", "two", "three"])
            cells = (*cells, *([("three", "import time; time.sleep(60)")] if "three" in seen else []))
            record, content = await book.submitted(Workspace(place, hub, pid), *cells)
            assert set(words(record, cells_of(content), record.cut).values()) == {Word.IN_ORDER}

    pid = asyncio.run(client.start_supervisor(config_for(place, hub), secrets_for()))
    try:
        content = asyncio.run(began())
        pid = asyncio.run(client.start_supervisor(config_for(place, hub), secrets_for()))
        asyncio.run(again(content))
    finally:
        asyncio.run(client.stop(place.run_dir, "the test is over"))


def test_a_kernel_that_forges_what_ran_changes_nothing(workspace: Workspace) -> None:
    """The control: whoever listened to the kernel would have believed it."""

    async def go() -> None:
        async with opened(workspace, "forged.ipynb") as book:
            assert await book.run("one", FORGE) == "False False\n"
            told = [m["content"]["code"] for m in book.heard if m["msg_type"] == "execute_input"]
            assert "FORGED" in told, "the attack itself did not work"
            record, content = await book.submitted(workspace, ("one", "FORGED"))
            assert [run.source for run in record.runs] == [source_hash(FORGE)]
            assert words(record, cells_of(content), record.cut) == {"one": Word.CHANGED}

    asyncio.run(go())


def test_a_question_from_a_notebook_reaches_the_portal_once(workspace: Workspace) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"grade": [1, 2]}), workspace.place.data / "enrollment.parquet")
    code = 'import rpp\nrpp.note("grade", "Is 0 kindergarten?")'

    async def go() -> None:
        async with opened(workspace, "asks.ipynb") as book:
            await book.run("one", code)
            await book.run("one", code)
            shown = [m["content"]["data"] for m in book.heard if m["msg_type"] == "display_data"]
            assert len(shown) == 2, book.heard
            assert shown[0]["text/plain"] == "To the data manager, about enrollment.grade: Is 0 kindergarten?"
            question = shown[1]["application/vnd.rpp.question.v1+json"]
            for _ in range(100):
                answer = await book.browser.ask("POST", "rpp/lines", json={"evidence": [question]})
                (line,) = (await answer.json())["lines"]
                if line["tone"] == "sent":
                    break
                await asyncio.sleep(0.05)
            assert line["text"] == "Your question about enrollment.grade waits for the data manager as q0001."
            # a notebook that is only opened asks nothing: the same output under another name is unknown here
            unknown = await book.browser.ask(
                "POST", "rpp/lines", json={"evidence": [{**question, "id": "0" * 32}]}
            )
            assert (await unknown.json())["lines"] == [None]

    asyncio.run(go())
    asked = [body for path, body in workspace.hub.sent if path.endswith("/questions")]
    assert asked == [{"table": "enrollment", "field": "grade", "question": "Is 0 kindergarten?"}]
    last = [headers for _, path, headers in workspace.hub.seen if path.endswith("/questions")][-1]
    assert last["X-RPP-Workspace"]
