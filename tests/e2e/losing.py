"""How each condition of the gate is lost in a running installation, and had again: one row for each rule of the table."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.harness import Running

PROJECT, OTHER, PERSON = "attendance-gaps", "course-pathways", "rosa"
Do = Callable[[Running], None]


@dataclass(frozen=True, slots=True)
class Loss:
    """One condition of `rpp_hub.domain.gate.GATE`, the code of its refusal, and what takes and gives it."""

    rule: str
    code: str
    lose: Do
    restore: Do


def _day(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def _sql(*statements: str) -> Do:
    """What no act does: the calendar, mostly. `:past` was yesterday, `:far` is in two years."""

    def run(own: Running) -> None:
        path = own.home / "hub" / "rpp.sqlite"
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as database, database:
            for statement in statements:
                database.execute(statement, {"past": _day(-1), "far": _day(700)})

    return run


def _rpp(*arguments: str) -> Do:

    def run(own: Running) -> None:
        own.rpp(*arguments, actor="dora")

    return run


LOSSES: tuple[Loss, ...] = (
    Loss("account", "person-inactive", _rpp("person", "close", PERSON), _rpp("person", "open", PERSON)),
    Loss(
        "membership", "not-member",
        _rpp("project", "remove-member", PROJECT, PERSON),
        # back as the lead that they were
        _sql(f"INSERT INTO memberships (project, person, role, since) VALUES ('{PROJECT}', '{PERSON}', 'lead', '2026-01-01 00:00:00')"),
    ),
    Loss(
        "approval", "project-closed",
        _rpp("project", "close", PROJECT, "--yes"),
        _sql(f"UPDATE projects SET status = 'approved' WHERE name = '{PROJECT}'", f"DELETE FROM endings WHERE project = '{PROJECT}'"),
    ),
    Loss(
        "irb", "irb-ended",
        _sql(f"UPDATE projects SET irb_ends = :past WHERE name = '{PROJECT}'"),
        _sql(f"UPDATE projects SET irb_ends = :far WHERE name = '{PROJECT}'"),
    ),
    Loss(
        "agreement", "agreement-ended",
        _sql(f"UPDATE projects SET agreement_ends = :past WHERE name = '{PROJECT}'"),
        _sql(f"UPDATE projects SET agreement_ends = :far WHERE name = '{PROJECT}'"),
    ),
    Loss(
        "umbrella", "umbrella-ended",
        _sql("UPDATE papers SET ends = :past WHERE kind = 'umbrella'"),
        _sql("UPDATE papers SET ends = :far WHERE kind = 'umbrella'"),
    ),
    Loss(
        "training", "training-ended",
        _rpp("person", "certify", PERSON, "--training-ends", _day(-1)),
        _rpp("person", "certify", PERSON, "--training-ends", _day(700)),
    ),
    Loss(
        "access-agreement", "access-agreement-ended",
        _sql(f"UPDATE people SET access_agreement_ends = :past WHERE name = '{PERSON}'"),
        _sql(f"UPDATE people SET access_agreement_ends = NULL WHERE name = '{PERSON}'"),
    ),
    Loss(
        "institution", "institution-missing",
        _sql(f"DELETE FROM affiliations WHERE person = '{PERSON}'"),
        _sql(f"INSERT INTO affiliations (person, institution, since) VALUES ('{PERSON}', 'lakeside', '2026-01-01')"),
    ),
    Loss(
        "third-party", "third-party-missing",
        _rpp("person", "affiliate", PERSON, "lakeside", "--until", _day(-1)),
        _rpp("person", "affiliate", PERSON, "lakeside"),
    ),
    Loss(
        "cut", "no-cut",
        _sql(f"UPDATE cuts SET project = '{OTHER}', name = 'c9999' WHERE project = '{PROJECT}'"),
        _sql(f"UPDATE cuts SET project = '{PROJECT}', name = 'c0001' WHERE name = 'c9999'"),
    ),
)  # fmt: skip
