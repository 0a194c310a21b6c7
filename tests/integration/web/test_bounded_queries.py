"""Each list and home page asks the database a bounded number of questions, the same for a small partnership and a larger one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from rpp_hub.web import BASE
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.bench.pages import PEOPLE, Site, site_of
from tests.bench.registry import Size, chain
from tests.integration.web.browser import HOST

FEW, MORE = Size(40, 200, 400, 100), Size(120, 600, 1200, 300)
# Of each page the most of any of its readers: who they are is one question, the rest is what the page shows.
MOST = {
    "": 8, "due": 6, "review": 4, "projects": 3, "agreements": 3, "requests": 2, "releases": 2, "data": 3, "people": 4,
    "workspaces": 1, "ingress": 3, "egress": 1, "accounts": 3, "audit": 2, "environment": 5,
}  # fmt: skip


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement of any connection, without those that only begin a transaction or set it up."""
    said: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def asked(site: Site, person: str) -> dict[str, int]:
    """How many questions each of a person's pages asks."""
    found: dict[str, int] = {}
    transport = httpx.ASGITransport(app=site.app)
    async with httpx.AsyncClient(transport=transport, base_url=HOST, cookies=site.cookies[person]) as client:
        for path in site.paths[person]:
            with counted() as said:
                answer = await client.get(path if path != BASE else f"{BASE}/")
            assert answer.status_code == 200
            found[path] = len(said)
    return found


def test_no_page_asks_more_when_there_is_more(tmp_path: Path) -> None:
    events = chain(MORE.events)
    few = site_of(tmp_path / "few", FEW, events, None)
    more = site_of(tmp_path / "more", MORE, events, None)
    for person in PEOPLE:
        small, large = asyncio.run(asked(few, person)), asyncio.run(asked(more, person))
        assert small == large, person
        over = {path: n for path, n in large.items() if n > MOST[path.removeprefix(BASE).strip("/")]}
        assert not over, person
