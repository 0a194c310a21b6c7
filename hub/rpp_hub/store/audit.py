"""The audit log: what an event is, how it is chained, how the chain is verified.

Each row's hash covers its own fields and the hash of the row before (SHA-256 over canonical JSON), so that an altered,
removed or reordered row is found. A chain cannot notice the loss of its own tail: the head row and the anchors outside
of the database do that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import Unavailable
from rpp_hub.domain.tracing import request_id
from rpp_hub.store.models import AuditHead, AuditRow

GENESIS = "0" * 64
FIELDS = ("seq", "at", "actor", "via", "act", "subject", "reason", "detail", "prev")
COLUMNS = (*FIELDS, "hash", "request_id")
ANCHOR_EVERY = 50


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One row of the log, as read."""

    seq: int
    at: str
    actor: str
    via: str
    act: str
    subject: str
    reason: str
    detail: str
    prev: str
    hash: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The last event's number and hash."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class AuditVerification:
    """Whether the log is whole, and if not, what is wrong first."""

    ok: bool
    events: int
    head: str
    problem: str = ""


def canonical(value: Any) -> str:
    """JSON with one spelling: sorted keys, no spaces, everything ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def chain_hash(fields: Mapping[str, Any]) -> str:
    """SHA-256, hexadecimal, over the event's fields; events of before there were request ids have none to cover."""
    covered = {name: fields[name] for name in FIELDS}
    if fields["request_id"]:
        covered["request_id"] = fields["request_id"]
    return hashlib.sha256(canonical(covered).encode()).hexdigest()


def lock_head(session: Session) -> AuditHead:
    """Queue behind other writers: from here to the end of the transaction nobody else appends, or changes anything.

    Raises Unavailable in a database that was moved elsewhere.
    """
    head = session.scalars(select(AuditHead).where(AuditHead.id == 1).with_for_update()).one()
    if head.moved_to:
        raise Unavailable(
            f"Everything in this database was moved to {head.moved_to}. Set database_url in rpp.toml to it, and start again.",
            code="database-moved",
        )
    return head


def append_event(
    session: Session, actor: Actor, act: str, subject: str, reason: str, detail: Mapping[str, Any]
) -> Head:
    """Insert one event behind the head, in the caller's transaction."""
    head = lock_head(session)
    fields: dict[str, Any] = {
        "seq": head.seq + 1,
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "actor": actor.name,
        "via": str(actor.via),
        "act": act,
        "subject": subject,
        "reason": reason,
        "detail": canonical(dict(detail)),
        "prev": head.hash,
        "request_id": request_id(),
    }
    fields["hash"] = chain_hash(fields)
    session.add(AuditRow(**fields))
    head.seq, head.hash = fields["seq"], fields["hash"]
    session.flush()
    return Head(fields["seq"], fields["hash"])


def iterate_events(session: Session, batch: int = 2000) -> Iterator[AuditEvent]:
    """Every event in order, in constant memory."""
    columns = [getattr(AuditRow, name) for name in COLUMNS]
    rows = session.execute(select(*columns).order_by(AuditRow.seq).execution_options(yield_per=batch))
    for row in rows:
        yield AuditEvent(*row)


def verify_events(events: Iterable[AuditEvent], head: Head, anchors: Mapping[int, str]) -> AuditVerification:
    """Walk the chain and compare with the head row and the anchors kept outside."""
    seq, prev = 0, GENESIS
    for event in events:
        problem = _link_problem(event, seq, prev, anchors)
        if problem:
            return AuditVerification(False, seq, prev, problem)
        seq, prev = event.seq, event.hash
    if (seq, prev) != (head.seq, head.hash):
        return AuditVerification(
            False, seq, prev, f"The log ends at event {seq}, but its head says {head.seq}."
        )
    beyond = [n for n in anchors if n > seq]
    if beyond:
        return AuditVerification(
            False,
            seq,
            prev,
            f"The log ends at event {seq}, but event {max(beyond)} was anchored outside of the database.",
        )
    return AuditVerification(True, seq, prev)


def _link_problem(event: AuditEvent, seq: int, prev: str, anchors: Mapping[int, str]) -> str:
    if event.seq != seq + 1:
        return f"After event {seq} comes event {event.seq}: rows were removed or reordered."
    if event.prev != prev:
        return f"Event {event.seq} does not follow from the event before it."
    if chain_hash({name: getattr(event, name) for name in COLUMNS}) != event.hash:
        return f"Event {event.seq} was altered."
    if anchors.get(event.seq, event.hash) != event.hash:
        return f"Event {event.seq} differs from what was anchored outside of the database: the chain was rebuilt."
    return ""


def read_anchors(path: Path) -> dict[int, str]:
    """The anchors: number of an event → its hash. A torn last line (a crash) is skipped."""
    anchors: dict[int, str] = {}
    if not path.exists():
        return anchors
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
            anchors[int(entry["seq"])] = str(entry["hash"])
        except (ValueError, KeyError, TypeError):
            continue
    return anchors


def write_anchor(path: Path, head: Head) -> None:
    """Append the head to the anchors file."""
    line = canonical(
        {"seq": head.seq, "hash": head.hash, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    )
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
