"""How long the portal's pages take as the register grows a hundredfold, and how long verifying its log takes."""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Template
from rpp_hub.store.database import migrate, sqlite_url
from rpp_hub.store.engines import engine_for
from rpp_hub.store.models import Request
from rpp_hub.web import BASE
from rpp_hub.web.app import create_app
from rpp_hub.web.hub_client import HubClient
from rpp_hub.web.portal import places_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.bench.bulk import Row
from tests.bench.registry import LARGE, SMALL, Size, chain, fill
from tests.factories import NOW, World
from tests.integration.web.browser import HOST, Browser
from tests.integration.web.conftest import open_rpp
from tests.integration.web.stand_in_hub import PORTAL_TOKEN, StandInHub
from tests.postgres import Cluster, cannot, cluster

PEOPLE = ("rosa", "vera", "dora", "paula", "dirk", "otto", "ada")
_WARM_UP, _TURNS = 12, 25
_BARE = Template(
    "<!doctype html><title>Requests</title><table>{% for r in rows %}<tr><td><a href='/r{{ r.id }}'>r{{ r.id }}</a></td>"
    "<td>{{ r.project }}</td><td>{{ r.author }}</td><td>{{ r.status }}</td><td>{{ r.created_at }}</td></tr>{% endfor %}</table>",
    autoescape=True,
)


@dataclass(frozen=True, slots=True)
class PageTime:
    """One page of one person: what each turn took at both sizes and of the bare page, in seconds."""

    database: str
    person: str
    path: str
    small: tuple[float, ...]
    large: tuple[float, ...]
    bare: tuple[float, ...]

    @property
    def growth(self) -> list[tuple[float, float]]:
        """The large partnership's page beside the small one's, turn by turn."""
        return list(zip(self.large, self.small, strict=True))

    @property
    def beside_bare(self) -> list[tuple[float, float]]:
        """The large partnership's page beside the bare one, turn by turn."""
        return list(zip(self.large, self.bare, strict=True))


@dataclass(frozen=True, slots=True)
class Site:
    """A portal over a register of one size, with somebody of every role logged in."""

    url: str
    app: FastAPI
    cookies: dict[str, dict[str, str]]
    paths: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Audit:
    """Verifying the log beside reading and hashing it, in seconds, and the most bytes that verifying added."""

    pairs: list[tuple[float, float]]
    peak: int


def measure(folder: Path, *, audit: bool, page: bool) -> Iterator[tuple[str, list[PageTime], Audit | None]]:
    """For each database: its pages at both sizes, and verifying its log."""
    events = chain(LARGE.events)
    with ExitStack() as stack:
        databases = ["sqlite"]
        if reason := cannot():
            print(f"pages on postgresql: {reason}", file=sys.stderr)
        else:
            databases.append("postgresql")
        for name in databases:
            server = stack.enter_context(cluster("shared_buffers=256MB")) if name == "postgresql" else None
            small = site_of(folder / f"{name}-small", SMALL, events, server)
            large = site_of(folder / f"{name}-large", LARGE, events, server)
            times = list(_pages(name, small, large)) if page else []
            yield name, times, _audit(large.url, folder) if audit else None


def site_of(home: Path, size: Size, events: list[Row], server: Cluster | None) -> Site:
    home.mkdir(parents=True)
    if server is None:
        url = superuser = sqlite_url(home / "rpp.sqlite")
        migrate(url)
    else:
        database = server.database()
        url, superuser = database.url, server.url(database.name, "postgres")
    world = World(home, url).populate()
    fill(superuser, size, events)
    hub = StandInHub()
    rpp = open_rpp(world)
    app = create_app(rpp, HubClient(hub.client(), PORTAL_TOKEN), lambda: NOW)
    app.state.portal.known._seconds = 86_400.0  # the hub is a stand-in: asking it is not what is measured
    cookies, paths = {}, {}
    for person in PEOPLE:
        browser = Browser(app, hub, person)
        cookies[person] = dict(browser.cookies)
        viewer = type("Viewer", (), {"rights": rpp.people.rights(person)})()
        paths[person] = tuple(place.path for place in places_for(viewer, ""))
    return Site(url, app, cookies, paths)


def _bare(url: str) -> FastAPI:
    """The same framework, one indexed query, fifty rows in a table."""
    app, engine = FastAPI(), engine_for(url, writes=False)

    @app.get("/bare")
    def bare() -> HTMLResponse:
        with Session(engine) as session:
            rows = session.execute(
                select(Request.id, Request.project, Request.author, Request.status, Request.created_at)
                .order_by(Request.id.desc())
                .limit(50)
            ).all()
        return HTMLResponse(_BARE.render(rows=rows))

    return app


def _pages(database: str, small: Site, large: Site) -> Iterator[PageTime]:
    bare = _bare(large.url)
    gc.collect()
    gc.freeze()  # the log that was written lies in memory; no page's time is spent on looking through it
    for person in PEOPLE:
        for path in small.paths[person]:
            times = asyncio.run(_timed(path, person, small, large, bare))
            yield PageTime(database, person, path.removeprefix(BASE) or "/", *times)


async def _timed(path: str, person: str, small: Site, large: Site, bare: FastAPI) -> list[tuple[float, ...]]:
    """What interleaved turns took, after some that warm up: until a database has made its plans for good."""
    place = path if path != BASE else f"{BASE}/"
    doors = [
        (small.app, place, small.cookies[person]),
        (large.app, place, large.cookies[person]),
        (bare, "/bare", {}),
    ]
    clients = [
        (httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HOST, cookies=cookies), where)
        for app, where, cookies in doors
    ]
    spent: list[list[float]] = [[], [], []]
    for turn in range(_WARM_UP + _TURNS):
        for number, (client, where) in enumerate(clients):
            began = time.perf_counter()
            answer = await client.get(where)
            if answer.status_code != 200:
                raise RuntimeError(f"{where} for {person}: {answer.status_code}")
            if turn >= _WARM_UP:
                spent[number].append(time.perf_counter() - began)
    for client, _ in clients:
        await client.aclose()
    return [tuple(times) for times in spent]


def _audit(url: str, folder: Path) -> Audit:
    """Ours beside the bare one, each in a process of its own, in turns; the first pair warms up."""
    pairs, peak = [], 0
    for turn in range(4):
        ours, bare = _run(url, folder, "verify"), _run(url, folder, "hash")
        peak = max(peak, ours["grown"])
        if turn:
            pairs.append((ours["seconds"], bare["seconds"]))
    return Audit(pairs, peak)


def _run(url: str, folder: Path, what: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.audit_walk", what, url, str(folder / secrets.token_hex(4))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
