"""The audit log: what an event is, how it is chained, how the chain is verified.

Each row's hash covers its own fields and the hash of the row before (SHA-256 over canonical JSON), so that an altered,
removed or reordered row is found. A chain cannot notice the loss of its own tail: the head row and the anchors outside
of the database do that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
COVERED = (*FIELDS, "request_id")
COLUMNS = (*FIELDS, "hash", "request_id")
_text = json.encoder.encode_basestring_ascii
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
    return _hash_of(*(fields[name] for name in COVERED))


def _hash_of(
    seq: int,
    at: str,
    actor: str,
    via: str,
    act: str,
    subject: str,
    reason: str,
    detail: str,
    prev: str,
    request_id: str,
) -> str:
    """Over the same text as `canonical` makes of the fields, put together by hand: a log has millions of them."""
    traced = f'"request_id":{_text(request_id)},' if request_id else ""
    said = (
        f'{{"act":{_text(act)},"actor":{_text(actor)},"at":{_text(at)},"detail":{_text(detail)},"prev":{_text(prev)},'
        f'"reason":{_text(reason)},{traced}"seq":{seq},"subject":{_text(subject)},"via":{_text(via)}}}'
    )
    return hashlib.sha256(said.encode("ascii")).hexdigest()


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


def iterate_events(session: Session, batch: int = 5000) -> Iterator[Sequence[Any]]:
    """Every event in order, as a row of `COLUMNS`, in constant memory."""
    columns = [getattr(AuditRow, name) for name in COLUMNS]
    rows = session.execute(select(*columns).order_by(AuditRow.seq).execution_options(yield_per=batch))
    for part in rows.partitions():
        yield from part


def verify_events(
    events: Iterable[Sequence[Any]], head: Head, anchors: Mapping[int, str]
) -> AuditVerification:
    """Walk the chain and compare with the head row and the anchors kept outside."""
    seq, prev = 0, GENESIS
    for number, at, actor, via, act, subject, reason, detail, before, digest, request in events:
        made = _hash_of(number, at, actor, via, act, subject, reason, detail, before, request)
        if number != seq + 1 or before != prev or made != digest or anchors.get(number, digest) != digest:
            problem = _link_problem(Link(number, before, digest, made), seq, prev)
            return AuditVerification(False, seq, prev, problem)
        seq, prev = number, digest
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


@dataclass(frozen=True, slots=True)
class Link:
    """What of an event ties it to its neighbours: as stored, and the hash as it should be."""

    seq: int
    prev: str
    hash: str
    made: str


def _link_problem(event: Link, seq: int, prev: str) -> str:
    if event.seq != seq + 1:
        return f"After event {seq} comes event {event.seq}: rows were removed or reordered."
    if event.prev != prev:
        return f"Event {event.seq} does not follow from the event before it."
    if event.made != event.hash:
        return f"Event {event.seq} was altered."
    return f"Event {event.seq} differs from what was anchored outside of the database: the chain was rebuilt."


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
