"""How long the portal's pages take as the register grows a hundredfold, and how long verifying its log takes."""

from __future__ import annotations

import asyncio
import json
import secrets
import statistics
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
_TURNS = 9
_BARE = Template(
    "<!doctype html><title>Requests</title><table>{% for r in rows %}<tr><td><a href='/r{{ r.id }}'>r{{ r.id }}</a></td>"
    "<td>{{ r.project }}</td><td>{{ r.author }}</td><td>{{ r.status }}</td><td>{{ r.created_at }}</td></tr>{% endfor %}</table>",
    autoescape=True,
)


@dataclass(frozen=True, slots=True)
class PageTime:
    """One page of one person: the medians at both sizes, and of the bare page, in seconds."""

    database: str
    person: str
    path: str
    small: float
    large: float
    bare: float


@dataclass(frozen=True, slots=True)
class Site:
    """A portal over a register of one size, with somebody of every role logged in."""

    url: str
    app: FastAPI
    cookies: dict[str, dict[str, str]]
    paths: dict[str, tuple[str, ...]]


def measure(folder: Path) -> Iterator[tuple[str, list[PageTime], tuple[float, float, int]]]:
    """For each database: its pages, and verifying the log against reading and hashing alone, with its peak of memory."""
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
            yield name, list(_pages(name, small, large)), _audit(large.url, folder)


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
    for person in PEOPLE:
        for path in small.paths[person]:
            times = asyncio.run(_timed(path, person, small, large, bare))
            yield PageTime(database, person, path.removeprefix(BASE) or "/", *times)


async def _timed(
    path: str, person: str, small: Site, large: Site, bare: FastAPI
) -> tuple[float, float, float]:
    """Medians of interleaved turns, each after one that warms up."""
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
    for turn in range(_TURNS + 1):
        for number, (client, where) in enumerate(clients):
            began = time.perf_counter()
            answer = await client.get(where)
            if answer.status_code != 200:
                raise RuntimeError(f"{where} for {person}: {answer.status_code}")
            if turn:
                spent[number].append(time.perf_counter() - began)
    for client, _ in clients:
        await client.aclose()
    first, second, third = (statistics.median(times) for times in spent)
    return first, second, third


def _audit(url: str, folder: Path) -> tuple[float, float, int]:
    """Ours and the bare one, and the most memory that verifying added, each in a process of its own, in turns."""
    ours, bare, peak = [], [], 0
    for _ in range(2):
        said = _run(url, folder, "verify")
        ours.append(said["seconds"])
        peak = max(peak, said["grown"])
        bare.append(_run(url, folder, "hash")["seconds"])
    return statistics.median(ours), statistics.median(bare), peak


def _run(url: str, folder: Path, what: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.audit_walk", what, url, str(folder / secrets.token_hex(4))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
