"""What waits warm for the next person: it is nobody's, has nothing, is given once, and keeps nothing of before."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import secrets
from pathlib import Path

import pytest
from rpp_hub.workspace import client
from rpp_hub.workspace.config import Secrets, SupervisorConfig, making
from rpp_hub.workspace.environment import version_of
from rpp_hub.workspace.leftovers import holder
from rpp_hub.workspace.pool import Pool, waiting, waiting_config

from tests.execute_request import execute_request
from tests.sandbox.browser import Browser
from tests.sandbox.conftest import BASE, Place, config_for, secrets_for
from tests.sandbox.small_hub import SERVER_TOKEN, SmallHub

pytestmark = pytest.mark.sandbox


async def warmed(place: Place, hub: SmallHub) -> Path:
    """A waiting one, made as `config_for` makes workspaces."""
    run_dir = place.root / "w" / secrets.token_hex(4)
    await client.start_supervisor(
        waiting_config(run_dir, place.environment, config_for(place, hub).limits), Secrets()
    )
    return run_dir


def below(pid: int) -> list[int]:
    """All its children and theirs, seen from the host."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *below(int(child))]
    return found


def shown_by(pid: int) -> dict[int, str]:
    """What each process of a supervisor shows of itself: environment, command line and mounts."""
    told = {}
    for process in (pid, *below(pid)):
        parts = []
        for name in ("environ", "cmdline", "mountinfo"):
            try:
                parts.append(Path(f"/proc/{process}/{name}").read_bytes().decode("utf-8", "replace"))
            except OSError:  # closed even to its own account
                continue
        told[process] = "\n".join(parts)
    return told


async def run_cell(run_dir: Path, code: str) -> str:
    """A person logs in, starts a kernel and runs a cell; what it printed."""
    async with Browser(run_dir / "in.sock", BASE) as browser:
        await browser.login()
        assert (await browser.get("lab")).status == 200
        kernel = (await (await browser.ask("POST", "api/kernels", json={"name": "rpp"})).json())["id"]
        socket = await browser.websocket(f"api/kernels/{kernel}/channels?session_id=s")
        await socket.send_json(execute_request("s", code))
        printed = ""
        async with asyncio.timeout(60):
            while not printed:
                message = json.loads((await socket.receive()).data)
                assert message["msg_type"] != "error", message["content"]
                if message["msg_type"] == "stream":
                    printed = message["content"]["text"]
        await socket.close()
        return printed


def test_what_waits_has_no_folder_no_data_no_name_and_no_token(place: Place, hub: SmallHub) -> None:
    async def test() -> None:
        run_dir = await warmed(place, hub)
        try:
            status = await client.status(run_dir)
            assert status is not None
            assert (status.state, status.person, status.project) == ("waiting", "", "")
            shown = shown_by(status.pid)
            assert len(shown) > 4  # both sandboxes are there
            for told in shown.values():
                for secret in (str(place.workspace), str(place.data), "alice", "/gaps", SERVER_TOKEN):
                    assert secret not in told
        finally:
            await client.stop(run_dir, "the test is over")

    asyncio.run(test())


def test_it_becomes_one_persons_workspace_and_nobody_elses_after(place: Place, hub: SmallHub) -> None:
    async def test() -> None:
        run_dir = await warmed(place, hub)
        config = dataclasses.replace(config_for(place, hub), run_dir=run_dir)
        try:
            assert await client.adopt(run_dir, config, secrets_for())
            assert not await client.adopt(run_dir, dataclasses.replace(config, person="bob"), secrets_for())
            status = await client.status(run_dir)
            assert status is not None
            assert (status.state, status.person) == ("running", "alice")
            told = await run_cell(run_dir, WHAT_A_KERNEL_SEES)
            assert json.loads(told) == [["enrollment.parquet"], "EROFS", "/workspace", True]
            assert (place.workspace / "made.txt").read_text() == "by a kernel"
        finally:
            await client.stop(run_dir, "the test is over")
        assert holder(run_dir) is None
        assert not run_dir.exists()

    asyncio.run(test())


WHAT_A_KERNEL_SEES = """
import errno, json, os
try:
    open('/data/made.txt', 'w')
except OSError as error:
    said = errno.errorcode[error.errno]
open('made.txt', 'w').write('by a kernel')
print(json.dumps([sorted(os.listdir('/data')), said, os.getcwd(), not os.path.exists('/data/../../etc/shadow')]))
"""


def test_the_next_one_knows_nothing_of_the_one_before(place: Place, hub: SmallHub) -> None:
    async def test() -> None:
        first, second = await warmed(place, hub), await warmed(place, hub)
        try:
            config = dataclasses.replace(config_for(place, hub), run_dir=first)
            assert await client.adopt(first, config, secrets_for())
            await run_cell(first, "open('/tmp/left', 'w').write('x'); print(1)")
            await client.stop(first, "closed")
            config = dataclasses.replace(config_for(place, hub), run_dir=second)
            assert await client.adopt(second, config, secrets_for())
            assert "[]" in await run_cell(
                second, "import glob, os; print(glob.glob('/tmp/left') + glob.glob('/dev/shm/*'))"
            )
        finally:
            for run_dir in (first, second):
                await client.stop(run_dir, "the test is over")

    asyncio.run(test())


def test_what_was_made_for_other_limits_or_folders_is_not_taken(place: Place, hub: SmallHub) -> None:
    async def test() -> None:
        run_dir = await warmed(place, hub)
        try:
            config = config_for(place, hub, run_dir=run_dir, loopback=True)
            assert not await client.adopt(run_dir, config, secrets_for())
            for _ in range(100):  # it ends, and nobody gets it
                if holder(run_dir) is None:
                    break
                await asyncio.sleep(0.1)
            assert holder(run_dir) is None
        finally:
            await client.stop(run_dir, "the test is over")

    asyncio.run(test())


def test_the_pool_keeps_one_waiting_and_renews_what_is_out_of_date(place: Place, hub: SmallHub) -> None:
    async def test() -> None:
        runs, keys = place.root / "pool", ["one"]
        limits = config_for(place, hub).limits

        def wanted(run_dir: Path) -> SupervisorConfig:
            return waiting_config(run_dir, place.environment, limits)

        true_key = making(wanted(runs), version_of(place.environment))
        keys[0] = true_key
        pool = Pool(runs, 1, wanted, lambda: keys[0])
        try:
            await pool.fill()
            await pool.fill()
            (found,) = await waiting(runs)
            keys[0] = "another"
            await pool.fill()
            assert found not in await waiting(runs)
        finally:
            for run_dir in runs.iterdir():
                await client.stop(run_dir, "the test is over")

    asyncio.run(test())
