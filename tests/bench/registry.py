"""A register of any size, written in bulk: projects, people, requests at every point of their life, and an unbroken log.

A hundred times as many of everything, but as many to a project: what one person sees does not grow with the partnership.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from rpp_hub.domain.application import parse_application
from rpp_hub.domain.lifecycle import Status
from rpp_hub.store.audit import GENESIS, chain_hash
from rpp_hub.store.metadata import METADATA
from rpp_hub.store.models import AuditHead
from sqlalchemy import Connection, create_engine, func, insert, select, text, update

from tests.factories import APPLICATION, NOW

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
_BATCH = 5000
_FINDING = {
    "check": "small-cells", "outcome": "review", "summary": "Two cells are below ten.", "why": "They may be known.",
    "where": "row 3", "remedy": "Join them with others.", "identity": "a:0",
}  # fmt: skip
STATUSES = (
    *[Status.RELEASED] * 60, *[Status.RETURNED] * 10, *[Status.WITHDRAWN] * 5, *[Status.REJECTED] * 5,
    *[Status.APPROVED] * 5, *[Status.SUBMITTED] * 15,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    projects: int
    people: int
    requests: int
    events: int


LARGE = Size(10_000, 50_000, 100_000, 1_000_000)
SMALL = Size(100, 500, 1_000, 10_000)


def fill(url: str, size: Size, events: list[dict[str, Any]]) -> None:
    """Add a register of this size to a database that holds the factories' world; the log is written anew."""
    engine = create_engine(url)
    with engine.begin() as connection:
        _put(connection, "people", _people(size))
        _put(connection, "projects", _projects(size))
        _put(connection, "memberships", _memberships(size))
        _put(connection, "cuts", _cuts(size))
        first = (connection.execute(select(func.max(METADATA.tables["requests"].c.id))).scalar() or 0) + 1
        _put(connection, "requests", _requests(size, first))
        _put(connection, "rounds", _rounds(size, first))
        _put(connection, "request_items", _items(size, first))
        _put(connection, "reviews", _reviews(size, first))
        _put(connection, "releases", _releases(size, first))
        _log(connection, events[: size.events])
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    engine.dispose()


def chain(number: int) -> list[dict[str, Any]]:
    """An unbroken log of so many events."""
    made, prev = [], GENESIS
    acts = (
        "request:submit",
        "request:review",
        "release:download",
        "workspace:open",
        "workspace:close",
        "cut:build",
    )
    for seq in range(1, number + 1):
        event: dict[str, Any] = {
            "seq": seq, "at": (BEGAN + timedelta(seconds=seq * 60)).isoformat(timespec="milliseconds"),
            "actor": f"person{seq % 50_000}", "via": "portal", "act": acts[seq % len(acts)],
            "subject": f"project:project{seq % 10_000}", "reason": "", "detail": '{"round":1,"sha256":"' + "0" * 64 + '"}',
            "prev": prev, "request_id": f"http-{seq:016x}",
        }  # fmt: skip
        event["hash"] = prev = chain_hash(event)
        made.append(event)
    return made


def _put(connection: Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    while batch := list(islice(rows, _BATCH)):
        connection.execute(insert(METADATA.tables[table]), batch)


def _log(connection: Connection, events: list[dict[str, Any]]) -> None:
    """In place of the world's own few events, so that the chain is one."""
    connection.execute(text("DELETE FROM audit"))
    table = METADATA.tables["audit"]
    for start in range(0, len(events), _BATCH):
        connection.execute(insert(table), events[start : start + _BATCH])
    connection.execute(update(AuditHead).values(seq=events[-1]["seq"], hash=events[-1]["hash"]))


def _people(size: Size) -> Iterator[dict[str, Any]]:
    for n in range(size.people):
        yield {
            "name": f"person{n}", "display_name": f"Person {n}", "institution": "University", "password_hash": None,
            "active": True, "training_ends": date(2030, 1, 1), "access_agreement_signed": date(2026, 1, 1), "added_at": NOW,
        }  # fmt: skip


def _projects(size: Size) -> Iterator[dict[str, Any]]:
    application = parse_application(APPLICATION.format(name="alpha", lead="rosa")).model_dump(mode="json")
    for n in range(size.projects):
        applied = n % 5 == 0
        yield {
            "name": f"project{n}", "title": f"What helps in grade {n % 12}?", "district": "bayview",
            "sponsor": "paula" if n < 20 else f"person{n % size.people}", "status": "applied" if applied else "approved",
            "application": {**application, "project": f"project{n}"}, "applied_by": f"person{n % size.people}", "applied_at": NOW,
            "decided_by": None if applied else "dora", "decided_at": None if applied else NOW, "decision_reason": "",
            "irb_ends": date(2030, 6, 30), "agreement_ends": date(2030, 12, 31), "version": 1,
        }  # fmt: skip


def _memberships(size: Size) -> Iterator[dict[str, Any]]:
    for n in range(size.projects):
        for k in range(5):
            role = "lead" if k == 0 else "member"
            yield {
                "project": f"project{n}",
                "person": f"person{(n * 5 + k) % size.people}",
                "role": role,
                "since": NOW,
            }


def _cuts(size: Size) -> Iterator[dict[str, Any]]:
    for n in range(size.projects):
        if n % 5 and n % 3:
            yield {
                "project": f"project{n}", "name": "c0001", "sha256": "0" * 64, "build_sha256": "0" * 64,
                "summary": {}, "built_by": "dora", "built_at": NOW,
            }  # fmt: skip


def _status(n: int) -> Status:
    return STATUSES[n * 37 % len(STATUSES)]


def _project(n: int, size: Size) -> str:
    """Every fiftieth of the first thousand is alpha's, at either size."""
    return "alpha" if n % 50 == 0 and n < 1000 else f"project{n % size.projects}"


def _requests(size: Size, first: int) -> Iterator[dict[str, Any]]:
    for n in range(size.requests):
        yield {
            "id": first + n, "project": _project(n, size), "author": f"person{n * 5 % size.people}",
            "status": str(_status(n)), "round": 1, "created_at": NOW, "version": 1,
        }  # fmt: skip


def _rounds(size: Size, first: int) -> Iterator[dict[str, Any]]:
    summary = {"rerun": {"ok": True, "message": "", "environment": "env"}, "dropped": [], "general": [],
               "counts": {"items": 4, "reproduced": 3, "findings": 4}, "appetite": {"threshold": 10, "max_rows": 200}}  # fmt: skip
    for n in range(size.requests):
        waits = _status(n) is Status.SUBMITTED and n % 3 == 0
        yield {
            "request_id": first + n, "number": 1, "file_name": "analysis.ipynb", "snapshot": "0" * 64, "outputs": ["a:0"],
            "context": "Counts by grade.", "controls": "None below ten.", "cut": "c0001", "submitted_at": NOW,
            "examined_at": None if waits else NOW, "examination": None if waits else summary,
        }  # fmt: skip


def _items(size: Size, first: int) -> Iterator[dict[str, Any]]:
    for n in range(size.requests):
        for k in range(4):
            yield {
                "request_id": first + n, "round": 1, "identity": f"a:{k}", "position": k, "kind": "table",
                "media_type": "text/csv", "title": f"Table {k}", "cell": "a", "sha256": "0" * 64,
                "reproduction": "reproduced", "findings": [_FINDING],
            }  # fmt: skip


def _reviews(size: Size, first: int) -> Iterator[dict[str, Any]]:
    over = {Status.RELEASED, Status.RETURNED, Status.REJECTED, Status.APPROVED}
    for n in range(size.requests):
        if _status(n) in over:
            for reviewer in ("vera", "viktor") if n % 100 == 0 else ("viktor", "zoe"):
                yield {
                    "request_id": first + n, "round": 1, "reviewer": reviewer, "verdicts": {"a:0": "approve"},
                    "comments": {}, "comment": "", "decision": "release what I approved", "decided_at": NOW,
                }  # fmt: skip


def _releases(size: Size, first: int) -> Iterator[dict[str, Any]]:
    for n in range(size.requests):
        if _status(n) is Status.RELEASED:
            yield {
                "request_id": first + n, "project": _project(n, size), "bundle_sha256": "0" * 64, "items": 4,
                "released_at": NOW, "revoked_at": None,
            }  # fmt: skip


def hashed(row: tuple[Any, ...]) -> str:
    """What hashlib alone makes of a row: the least that verifying can cost."""
    return hashlib.sha256(json.dumps(row[:-1], separators=(",", ":")).encode()).hexdigest()
