"""A register of any size, written in bulk: projects, people, requests at every point of their life, and an unbroken log.

A hundred times as many of everything, but as many to a project: what one person sees does not grow with the partnership.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rpp_hub.domain.agreements import PARTIES, PaperKind
from rpp_hub.domain.application import parse_application
from rpp_hub.domain.lifecycle import Status
from rpp_hub.store.audit import COLUMNS, GENESIS, chain_hash

from tests.bench.bulk import Bulk, Row, bulk, day, moment
from tests.factories import APPLICATION, LAKESIDE, NOW

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
_NOW, _FAR, _SIGNED = moment(NOW), day(date(2030, 1, 1)), day(date(2026, 1, 1))
_NOTHING = "0" * 64
_ACTS = (
    "request:submit",
    "request:review",
    "release:download",
    "workspace:open",
    "workspace:close",
    "cut:build",
)
_FINDING = {
    "check": "small-cells", "outcome": "review", "summary": "Two cells are below ten.", "why": "They may be known.",
    "where": "row 3", "remedy": "Join them with others.", "identity": "a:0",
}  # fmt: skip
_EXAMINED = {
    "rerun": {"ok": True, "message": "", "environment": "env"}, "dropped": [], "general": [],
    "counts": {"items": 4, "reproduced": 3, "findings": 4}, "appetite": {"threshold": 10, "max_rows": 200},
}  # fmt: skip
STATUSES = (
    *[Status.RELEASED] * 60, *[Status.RETURNED] * 10, *[Status.WITHDRAWN] * 5, *[Status.REJECTED] * 5,
    *[Status.APPROVED] * 5, *[Status.SUBMITTED] * 15,
)  # fmt: skip
_OVER = frozenset({Status.RELEASED, Status.RETURNED, Status.REJECTED, Status.APPROVED})
_UNLINKED = 20


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    projects: int
    people: int
    requests: int
    events: int


LARGE = Size(10_000, 50_000, 100_000, 1_000_000)
SMALL = Size(100, 500, 1_000, 10_000)


def fill(url: str, size: Size, events: list[Row]) -> None:
    """Add a register of this size to a database that holds the factories' world; the log is written anew."""
    with bulk(url) as into:
        _people(into, size)
        _projects(into, size)
        _agreements(into, size)
        _offers(into, size)
        _requests(into, size, 1 + (into.run("SELECT max(id) FROM requests") or 0))
        into.run("DELETE FROM audit")  # the world's own few events: the chain is one
        into.put("audit", COLUMNS, events[: size.events])
        last = dict(zip(COLUMNS, events[size.events - 1], strict=True))
        into.run(f"UPDATE audit_head SET seq = {last['seq']}, hash = '{last['hash']}'")


def chain(number: int) -> list[Row]:
    """An unbroken log of so many events, each in the order of `COLUMNS`."""
    made: list[Row] = []
    prev, detail = GENESIS, '{"round":1,"sha256":"' + _NOTHING + '"}'
    for seq in range(1, number + 1):
        event: dict[str, Any] = {
            "seq": seq, "at": (BEGAN + timedelta(seconds=seq * 60)).isoformat(timespec="milliseconds"),
            "actor": f"person{seq % 50_000}", "via": "portal", "act": _ACTS[seq % len(_ACTS)],
            "subject": f"project:project{seq % 10_000}", "reason": "", "detail": detail, "prev": prev,
            "request_id": f"http-{seq:016x}",
        }  # fmt: skip
        event["hash"] = prev = chain_hash(event)
        made.append(tuple(event[name] for name in COLUMNS))
    return made


def hashed(row: tuple[Any, ...]) -> str:
    """What hashlib alone makes of a row: the least that verifying can cost."""
    return hashlib.sha256(json.dumps(row[:-1], separators=(",", ":")).encode()).hexdigest()


def _people(into: Bulk, size: Size) -> None:
    """Of every forty one's training is over, and another's ends within a month."""
    numbers = range(size.people)
    ends = {1: day(date(2026, 11, 1)), 2: day(date(2026, 12, 10))}
    into.put(
        "people",
        ("name", "display_name", "email", "active", "training_ends", "access_agreement_signed", "access_agreement_ends", "added_at"),
        ((f"person{n}", f"Person {n}", "", 1, ends.get(n % 40, _FAR), _SIGNED, None, _NOW) for n in numbers),
    )  # fmt: skip
    into.put(
        "affiliations",
        ("person", "institution", "since", "until"),
        ((f"person{n}", LAKESIDE, _SIGNED, None) for n in numbers),
    )
    into.put(
        "accounts",
        ("issuer", "subject", "email", "display_name", "first_seen", "person", "linked_by", "linked_at", "two_factors"),
        _accounts(size),
    )  # fmt: skip


def _accounts(size: Size) -> Iterator[Row]:
    for n in range(size.people):
        yield "https://idp.example", f"s{n}", "", f"Person {n}", _NOW, f"person{n}", "dora", _NOW, 1
    for n in range(_UNLINKED):
        yield "https://idp.example", f"new{n}", "", f"New {n}", _NOW, None, None, None, 0


def _application(n: int, plain: dict[str, Any]) -> str:
    return json.dumps({**plain, "project": f"project{n}"})


def _projects(into: Bulk, size: Size) -> None:
    """A fifth has applied; of the approved ones a third has no cut yet."""
    plain = parse_application(APPLICATION.format(name="alpha", lead="rosa")).model_dump(mode="json")
    into.put(
        "projects",
        ("name", "title", "district", "sponsor", "status", "application", "applied_by", "applied_at", "decided_by", "decided_at",
         "decision_reason", "irb_ends", "agreement_ends", "version"),
        (
            (
                f"project{n}", f"What helps in grade {n % 12}?", "bayview", "paula" if n < 20 else f"person{n % size.people}",
                "applied" if n % 5 == 0 else "approved", _application(n, plain), f"person{n % size.people}", _NOW,
                None if n % 5 == 0 else "dora", None if n % 5 == 0 else _NOW, "", "2030-06-30", "2030-12-31", 1,
            )
            for n in range(size.projects)
        ),
    )  # fmt: skip
    into.put(
        "memberships",
        ("project", "person", "role", "since"),
        (
            (f"project{n}", f"person{(n * 5 + k) % size.people}", "member" if k else "lead", _NOW)
            for n in range(size.projects)
            for k in range(5)
        ),
    )
    into.put(
        "cuts",
        ("project", "name", "sha256", "build_sha256", "summary", "built_by", "built_at"),
        (
            (f"project{n}", "c0001", _NOTHING, _NOTHING, "{}", "dora", _NOW)
            for n in range(size.projects)
            if n % 5 and n % 3
        ),
    )


def _agreements(into: Bulk, size: Size) -> None:
    """Each approved project's agreement, signed by both sides, but one of ten that waits for the district."""
    first = 1 + (into.run("SELECT max(id) FROM papers") or 0)
    plain = parse_application(APPLICATION.format(name="alpha", lead="rosa")).model_dump(mode="json")
    approved = [n for n in range(size.projects) if n % 5]
    into.put(
        "papers",
        ("id", "kind", "number", "district", "project", "person", "sponsor", "starts", "ends", "terms", "reason", "status",
         "document_sha256", "made_by", "made_at", "version"),
        (
            (
                first + n, str(PaperKind.PROJECT), 1, "bayview", f"project{n}", None, None, _SIGNED, "2030-12-31",
                _application(n, plain), "", "signed" if n % 10 != 9 else "proposed", _NOTHING, "dora", _NOW, 1,
            )
            for n in approved
        ),
    )  # fmt: skip
    into.put(
        "signatures",
        ("paper_id", "party", "signer", "person", "signed_on", "document_sha256", "file_sha256", "recorded_by", "recorded_at"),
        (
            (first + n, str(party), "Somebody", None, _SIGNED, _NOTHING, "", "dora", _NOW)
            for n in approved
            for party in PARTIES[PaperKind.PROJECT][: 1 if n % 10 == 9 else 2]
        ),
    )  # fmt: skip


def _offers(into: Bulk, size: Size) -> None:
    """A file brought into each approved project; of the last twenty some wait for a word."""
    into.put(
        "ingress",
        ("project", "author", "file_name", "kind", "size", "sha256", "purpose", "findings", "status", "offered_at", "decided_by",
         "decided_at", "decision_reason", "version"),
        (
            (
                f"project{n}", f"person{n * 5 % size.people}", f"prices{n}.csv", "table", 12_000, _NOTHING, "Prices by year.", "[]",
                *(("offered", _NOW, None, None) if n >= size.projects - 20 else ("admitted", _NOW, "dora", _NOW)), "", 1,
            )
            for n in range(size.projects)
            if n % 5
        ),
    )  # fmt: skip


def _status(n: int) -> Status:
    return STATUSES[n * 37 % len(STATUSES)]


def _project(n: int, size: Size) -> str:
    """Every fiftieth of the first thousand is alpha's, at either size."""
    return "alpha" if n % 50 == 0 and n < 1000 else f"project{n % size.projects}"


def _requests(into: Bulk, size: Size, first: int) -> None:
    numbers = range(size.requests)
    into.put(
        "requests",
        ("id", "project", "author", "status", "round", "created_at", "version"),
        (
            (first + n, _project(n, size), f"person{n * 5 % size.people}", str(_status(n)), 1, _NOW, 1)
            for n in numbers
        ),
    )
    _rounds(into, size, first)
    finding = json.dumps([_FINDING])
    into.put(
        "request_items",
        ("request_id", "round", "identity", "position", "kind", "media_type", "title", "cell", "sha256", "reproduction", "findings"),
        (
            (first + n, 1, f"a:{k}", k, "table", "text/csv", f"Table {k}", "a", _NOTHING, "reproduced", finding)
            for n in numbers
            for k in range(4)
        ),
    )  # fmt: skip
    _reviews(into, size, first)
    into.put(
        "releases",
        ("request_id", "project", "bundle_sha256", "items", "released_at", "revoked_at"),
        (
            (first + n, _project(n, size), _NOTHING, 4, _NOW, None)
            for n in numbers
            if _status(n) is Status.RELEASED
        ),
    )


def _rounds(into: Bulk, size: Size, first: int) -> None:
    """Of those submitted a third waits to be examined."""
    examined = json.dumps(_EXAMINED)
    into.put(
        "rounds",
        ("request_id", "number", "file_name", "snapshot", "outputs", "context", "controls", "cut", "submitted_at", "examined_at",
         "examination", "tally_items", "tally_fails", "tally_looks"),
        (
            (
                first + n, 1, "analysis.ipynb", _NOTHING, '["a:0"]', "Counts by grade.", "None below ten.", "c0001", _NOW,
                *((None, None, 4, 0, 0) if _status(n) is Status.SUBMITTED and n % 3 == 0 else (_NOW, examined, 4, 0, 4)),
            )
            for n in range(size.requests)
        ),
    )  # fmt: skip


def _reviews(into: Bulk, size: Size, first: int) -> None:
    into.put(
        "reviews",
        ("request_id", "round", "reviewer", "verdicts", "comments", "comment", "decision", "decided_at"),
        (
            (first + n, 1, reviewer, '{"a:0": "approve"}', "{}", "", "release what I approved", _NOW)
            for n in range(size.requests)
            if _status(n) in _OVER
            for reviewer in (("vera", "viktor") if n % 100 == 0 else ("viktor", "zoe"))
        ),
    )
