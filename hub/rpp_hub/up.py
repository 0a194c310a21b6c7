"""Starts and watches what an installation consists of: proxy, hub, portal, worker.

Each is restarted when it ends by itself. When this process ends, so do they and the workspaces; when the hub alone
ends, workspaces go on.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

import aiohttp

from rpp_hub.bootstrap import Rpp, database_url, environments_of, open_installation
from rpp_hub.domain.actor import Via, system
from rpp_hub.domain.errors import Unavailable
from rpp_hub.installation import Installation, ensure_run_dir
from rpp_hub.resources import resource
from rpp_hub.settings import Settings
from rpp_hub.store.database import Store
from rpp_hub.whole import write_whole
from rpp_hub.workspace import accounts, client
from rpp_hub.workspace.allowances import limits_of
from rpp_hub.workspace.config import SupervisorConfig, making
from rpp_hub.workspace.doctor import probe
from rpp_hub.workspace.doctor_installation import PROXY, node
from rpp_hub.workspace.pool import Pool, waiting_config

_PATIENCE = 60.0
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_STEADY = 20.0  # seconds a process must live for its restarts to count from nothing again
_STOP_GRACE = 15.0
_LEAVING = 30.0
_STOPPED = "the installation was stopped"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Part:
    """One process of an installation."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def parts(installation: Installation, settings: Settings) -> tuple[Part, ...]:
    """The processes of an installation, in the order in which they start."""
    run_dir = ensure_run_dir(installation)
    host, _, port = settings.server.bind.rpartition(":")
    proxy = resource(PROXY)
    token = (installation.hub_dir / "proxy.token").read_text(encoding="ascii").strip()
    python = (sys.executable, "-I", "-m")
    return (
        Part(
            "proxy",
            (
                str(node()), str(proxy), "--ip", host, "--port", port, "--api-socket", str(run_dir / "proxy-api.sock"),
                "--error-target", f"http+unix://{quote(str(run_dir / 'hub.sock'), safe='')}/hub/error", "--log-level", "warn", "--no-x-forward",
                *(("--host-routing",) if settings.server.origins else ()),
            ),
            {"CONFIGPROXY_AUTH_TOKEN": token},
        ),
        Part("portal", (*python, "rpp_hub.web")),
        Part("hub", (*python, "jupyterhub", "-f", str(resource("jupyterhub_config.py")), "--log-level", "INFO")),
        Part("worker", (*python, "rpp_hub.worker")),
    )  # fmt: skip


def write_secrets(installation: Installation) -> None:
    """The tokens by which the parts know each other; made once."""
    for name, content in (
        ("proxy.token", secrets.token_hex(32)),
        ("portal-api.token", secrets.token_hex(32)),
        ("portal.key", secrets.token_hex(32)),
    ):
        if not (installation.hub_dir / name).exists():
            write_whole(installation.hub_dir / name, content.encode())


def run(
    installation: Installation, settings: Settings, say: Say, ready: Callable[[], None] = lambda: None
) -> None:
    """Run everything until SIGINT or SIGTERM. `ready` is called once people can log in."""
    problems = probe()
    if problems:
        raise Unavailable(" ".join(f"{p.sentence} {p.remedy}" for p in problems), code="not-ready")
    write_secrets(installation)
    with _alone(installation) as held:
        _check_address(installation, settings)
        asyncio.run(_run(installation, settings, say, ready, held))


def _check_address(installation: Installation, settings: Settings) -> None:
    """Say at once what the proxy would only say in its log."""
    host, _, port = settings.server.bind.rpartition(":")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host.strip("[]"), int(port)))
        except OSError as error:
            raise Unavailable(
                f"The address {settings.server.bind} cannot be used ({error.strerror}). Stop what uses it, or write another "
                f"into [server] bind in {installation.config_path}.",
                code="address-in-use",
            ) from None


@contextmanager
def _alone(installation: Installation) -> Iterator[int]:
    """Two locks: this process's own, and one that its parts inherit, so that their last one gives it back.

    When a process like this was killed, its parts are told so and leave; the next one waits for them.
    """
    run_dir = ensure_run_dir(installation)
    with (run_dir / "up.lock").open("w") as own, (run_dir / "parts.lock").open("w") as parts_lock:
        if not _locks(own, 0.0):
            raise Unavailable(
                f"This installation is running already ({installation.home}). Stop it there first, with Ctrl-C.",
                code="running",
            )
        if not _locks(parts_lock, _LEAVING):
            raise Unavailable(
                f"Parts of an earlier life of this installation are still ending ({installation.home}). "
                "Try again in a minute; if it stays, end them by hand: `ps` shows them with their parent 1.",
                code="leaving",
            )
        yield parts_lock.fileno()


def _locks(file: IO[str], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)
        else:
            return True


async def _run(
    installation: Installation, settings: Settings, say: Say, ready: Callable[[], None], held: int
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    _sweep_sockets(installation)
    keepers = [
        asyncio.create_task(_keep(part, installation, stopping, say, held), name=part.name)
        for part in parts(installation, settings)
    ]
    keepers.append(asyncio.create_task(_pool(installation, settings).keep(stopping), name="pool"))
    try:
        await _until_ready(settings, stopping)
        if not stopping.is_set():
            ready()
        await stopping.wait()
    finally:
        stopping.set()
        say("Stopping: workspaces are being saved and closed.")
        await asyncio.gather(*keepers)
        await _stop_workspaces(installation)


def _pool(installation: Installation, settings: Settings) -> Pool:
    """What waits for the next person to open a workspace."""
    runs, limits, told = installation.run_dir / "w", limits_of(settings.workspace), settings.appetite.told()
    store = Store(database_url(installation, settings), installation.anchors_path)
    environments = environments_of(installation, settings, store)

    def wanted(run_dir: Path) -> SupervisorConfig:
        return waiting_config(run_dir, environments.current().path, limits, told)

    def key() -> str:
        current = environments.current()
        return making(waiting_config(runs, current.path, limits, told), current.version)

    # What waits has no person yet, and so no account of its own: where there are accounts, nothing waits.
    size = settings.workspace.warm if accounts.broker() is None else 0
    return Pool(runs, size, wanted, key)


def _sweep_sockets(installation: Installation) -> None:
    """Sockets of a life before this one; a listener that finds its file there would refuse to start."""
    for name in ("proxy-api.sock", "hub.sock", "portal.sock"):
        (installation.run_dir / name).unlink(missing_ok=True)


async def _keep(part: Part, installation: Installation, stopping: asyncio.Event, say: Say, held: int) -> None:
    """Start a part, and start it again when it ends, more and more slowly."""
    wait = _FIRST_WAIT
    while not stopping.is_set():
        began = time.monotonic()
        process = await _start(part, installation, held)
        ended = asyncio.create_task(process.wait())
        told = asyncio.create_task(stopping.wait())
        await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if stopping.is_set():
            await _stop(process, ended)
            return
        wait = _FIRST_WAIT if time.monotonic() - began > _STEADY else min(wait * 2, _LONGEST_WAIT)
        say(
            f"The {part.name} ended ({process.returncode}) and is started again; see {_log_path(installation, part)}."
        )
        _remove_socket(part, installation)
        await _first({asyncio.create_task(stopping.wait())}, wait)


async def _first(tasks: set[asyncio.Task[bool]], patience: float) -> None:
    await asyncio.wait(tasks, timeout=patience)
    for task in tasks:
        task.cancel()


def _remove_socket(part: Part, installation: Installation) -> None:
    name = {"proxy": "proxy-api.sock", "hub": "hub.sock", "portal": "portal.sock"}.get(part.name)
    if name is not None:
        (installation.run_dir / name).unlink(missing_ok=True)


async def _start(part: Part, installation: Installation, held: int) -> asyncio.subprocess.Process:
    with _log(installation, part) as log:
        # pdeathsig: nothing of ours outlives this process, however it ends
        return await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "TERM", *part.command,
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, cwd=installation.home,
            env={**_base_environment(installation), **part.environment}, start_new_session=True,
            pass_fds=(held,),
        )  # fmt: skip


def _base_environment(installation: Installation) -> dict[str, str]:
    kept = (
        "PATH", "HOME", "LANG", "RPP_ENVIRONMENT", "RPP_RUN_DIR", "RPP_ACCOUNTS", "RPP_MASTER_KEY", "RPP_MASTER_KEY_FILE",
        "CREDENTIALS_DIRECTORY", "SSL_CERT_FILE",
    )  # fmt: skip
    own = {name: os.environ[name] for name in kept if name in os.environ}
    return {"LANG": "C.UTF-8", **own, "RPP_HOME": str(installation.home), "PYTHONUNBUFFERED": "1"}


def _log_path(installation: Installation, part: Part) -> Path:
    return installation.logs_dir / f"{part.name}.log"


def _log(installation: Installation, part: Part) -> IO[bytes]:
    installation.logs_dir.mkdir(mode=0o700, exist_ok=True)
    path = _log_path(installation, part)
    if path.exists() and path.stat().st_size > 10_000_000:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


async def _stop(process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
    try:
        process.terminate()
        await asyncio.wait_for(asyncio.shield(ended), _STOP_GRACE)
    except ProcessLookupError:
        return
    except TimeoutError:
        process.kill()
        await ended


async def _until_ready(settings: Settings, stopping: asyncio.Event) -> None:
    """Wait until the hub and the portal answer through the proxy."""
    deadline = time.monotonic() + _PATIENCE
    urls = [f"http://{settings.server.bind}{path}" for path in ("/hub/api", "/services/rpp/health")]
    origins = settings.server.origins
    host = {} if origins is None else {"Host": origins.portal_host}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5), headers=host) as session:
        while not stopping.is_set():
            if all([await _answers(session, url) for url in urls]):
                return
            if time.monotonic() > deadline:
                raise Unavailable(
                    "The hub did not answer within a minute. Look into the logs folder.", code="no-answer"
                )
            await asyncio.sleep(0.1)


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, allow_redirects=False) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _stop_workspaces(installation: Installation) -> None:
    runs = installation.run_dir / "w"
    if not runs.is_dir():
        return
    rpp = open_installation(installation.home)
    await asyncio.gather(*(_stop_workspace(rpp, run) for run in runs.iterdir()))
    rpp.store.close()


async def _stop_workspace(rpp: Rpp, run: Path) -> None:
    status = await client.status(run)
    await client.stop(run, _STOPPED)
    if status is not None and status.person:
        rpp.workspaces.closed(system(Via.CLI), status.person, status.project, _STOPPED)
