"""What many workspaces at once take, what an idle one holds, and how fast a kernel in its sandbox reads a cut.

Beside each, in the same run: a plain JupyterHub with its local-process spawner, and a plain ipykernel.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import numpy
import pyarrow
import pyarrow.parquet
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from rpp_hub.bootstrap import open_installation
from rpp_hub.domain.actor import Actor, Via, system
from rpp_hub.workspace import client
from rpp_hub.workspace.config import MEBIBYTE, Limits
from rpp_hub.workspace.usage import processes_below, resident

from tests.bench import starts
from tests.bench.starts import Site
from tests.harness import CHECKOUT, Running
from tests.sandbox.conftest import Place, config_for, secrets_for
from tests.sandbox.kernel import Kernel, running_kernel
from tests.sandbox.small_hub import SmallHub

TWENTY = 20
MANY_PAIRS = 2
IDLE_PAIRS = 2
SETTLED = 66.0  # a kernel that waits beside one at work leaves after a minute
READ_PAIRS = 9
PATIENCE = 600.0
ROWS = 8_000_000  # times sixteen numbers of eight bytes: one gigabyte
COLUMNS = 16
USED = "import pandas, pyarrow.parquet"
READ = """
import time, pyarrow.parquet
began = time.perf_counter()
table = pyarrow.parquet.read_table({path!r})
answer = [time.perf_counter() - began, table.nbytes]
del table
"""


def measure_many() -> list[tuple[float, float]]:
    """Seconds from twenty requests at the same moment until the last of them is usable."""
    names = [f"bench{number:02}" for number in range(TWENTY)]
    with starts.both() as (rosa, plain, ours):
        passwords = _twenty_members(ours, names)
        own = [replace(rosa, person=name, password=passwords[name]) for name in names]
        others = [replace(plain, person=name) for name in names]
        return asyncio.run(_pairs_of_many(own, others))


async def _pairs_of_many(own: Sequence[Site], others: Sequence[Site]) -> list[tuple[float, float]]:
    return [(await _all_at_once(own), await _all_at_once(others)) for _ in range(MANY_PAIRS)]


async def _all_at_once(sites: Sequence[Site]) -> float:
    """Logging in is not part of it: its cost is meant to be high."""
    browsers = [aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) for _ in sites]
    try:
        for browser, site in zip(browsers, sites, strict=True):
            await starts.log_in(browser, site)
        began = time.perf_counter()
        await asyncio.gather(*map(starts.open_one, browsers, sites))
        took = time.perf_counter() - began
        await asyncio.gather(*map(starts.close_one, sites))
    finally:
        for browser in browsers:
            await browser.close()
    return took


def _twenty_members(ours: Running, names: Sequence[str]) -> dict[str, str]:
    rpp, setup, today = open_installation(ours.home), system(Via.CLI), datetime.now(UTC).date()
    passwords = {name: secrets.token_urlsafe(12) for name in names}
    where = rpp.people.get("rosa").institutions
    for name, password in passwords.items():
        rpp.people.add(setup, name, name, institutions=[one.institution for one in where], password=password)
        rpp.people.certify(setup, name, training_ends=today + timedelta(days=700), access_signed=today)
        rpp.projects.add_member(Actor("dora", Via.CLI), starts.PROJECT, name)
    rpp.store.close()
    return passwords


def measure_idle_memory() -> list[tuple[float, float]]:
    """Bytes that an open workspace with one notebook holds as its own, when nothing has happened for a while."""
    with starts.both() as (rosa, plain, ours):
        pairs = [(asyncio.run(_idle(rosa, ours)), asyncio.run(_idle(plain, None))) for _ in range(IDLE_PAIRS)]
    return [(float(one), float(other)) for one, other in pairs]


async def _idle(site: Site, ours: Running | None) -> int:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        await starts.log_in(browser, site)
        await starts.open_one(browser, site)
        await starts.first_cell(browser, site, f"{USED}\n6 * 7")
        await asyncio.sleep(SETTLED)
        held = sum(resident(processes_below(pid)) for pid in await _roots(site, ours))
        await starts.close_one(site)
    return held


async def _roots(site: Site, ours: Running | None) -> list[int]:
    """The supervisor of the person's workspace, or the plain hub's single-user server."""
    if ours is None:
        return [pid for pid in processes_below(os.getpid()) if b"jupyterhub.singleuser" in _line(pid)]
    runs = open_installation(ours.home).installation.run_dir / "w"
    told = [await client.status(run) for run in runs.iterdir()]
    return [status.pid for status in told if status is not None and status.person == site.person]


def _line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def measure_reading() -> list[tuple[float, float]]:
    """Seconds to read one gigabyte of Parquet from the page cache into Arrow, as each kernel itself measures it."""
    with tempfile.TemporaryDirectory(prefix="rpp-bench-", dir="/tmp") as name, ExitStack() as stack:
        folder = Path(name)
        data = folder / "data"
        data.mkdir()
        _write_gigabyte(data / "table.parquet")
        ours = stack.enter_context(_sandboxed(folder, data))
        plain = stack.enter_context(_plain_kernel(folder))
        ours.patience = plain.patience = PATIENCE
        pairs = []
        for number in range(READ_PAIRS + 1):
            one, size = ours.ask(READ.format(path="/data/table.parquet"))
            other, _ = plain.ask(READ.format(path=str(data / "table.parquet")))
            assert size >= 1_000_000_000
            if number > 0:  # the first pair fills the page cache
                pairs.append((one, other))
        return pairs


def _write_gigabyte(path: Path) -> None:
    chance = numpy.random.default_rng(20261124)
    with pyarrow.parquet.ParquetWriter(
        path, pyarrow.schema([(f"c{n}", pyarrow.int64()) for n in range(COLUMNS)]), compression="zstd"
    ) as writer:
        for _ in range(16):
            columns = {f"c{n}": chance.integers(0, 10_000, ROWS // 16) for n in range(COLUMNS)}
            writer.write_table(pyarrow.table(columns))


@contextmanager
def _sandboxed(folder: Path, data: Path) -> Iterator[Kernel]:
    place, hub = Place(folder), SmallHub(folder)
    place.workspace.mkdir(parents=True)
    limits = Limits(memory=8192 * MEBIBYTE, disk=1024 * MEBIBYTE)
    config = config_for(place, hub, data=data, warm_kernel=False, limits=limits)
    asyncio.run(client.start_supervisor(config, secrets_for()))
    try:
        with running_kernel(folder / "specs", config.run_dir) as kernel:
            yield kernel
    finally:
        asyncio.run(client.stop(config.run_dir, "measured"))
        hub.close()


@contextmanager
def _plain_kernel(folder: Path) -> Iterator[Kernel]:
    python = str(CHECKOUT / ".workspace" / "bin" / "python")
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = folder / "plain" / "plain"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "plain", "language": "python"})
    )
    specs = KernelSpecManager(kernel_dirs=[str(spec.parent)], ensure_native_kernel=False)
    manager = KernelManager(kernel_name="plain", kernel_spec_manager=specs)
    manager.start_kernel(cwd=str(folder), env={**os.environ, "HOME": str(folder)})
    client_ = manager.blocking_client()
    client_.start_channels()
    try:
        client_.wait_for_ready(timeout=60)
        yield Kernel(manager, client_)
    finally:
        client_.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
