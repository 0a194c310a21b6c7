"""Moving everything from one database to another: whole, compared row by row and verified, or not at all.

The source is locked while it is copied, so that nothing is added meanwhile. The target is written in one transaction:
killed before its end, it is empty. When all of it is there and agrees, it is committed, and then the source is marked:
it can be read and refuses every further act.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, create_engine, func, insert, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Unavailable
from rpp_hub.domain.refusal import Refusal
from rpp_hub.store.audit import Head, append_event, iterate_events, lock_head, verify_events
from rpp_hub.store.database import Store
from rpp_hub.store.metadata import METADATA
from rpp_hub.store.models import AuditHead

_BATCH = 2000
_HEAD = AuditHead.__tablename__


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: rows by table, and the head of the chain that came with them."""

    to: str
    tables: Mapping[str, int]
    events: int


@dataclass(frozen=True, slots=True)
class _Sum:
    """How many rows a table has, and a sum over their hashes that does not depend on their order."""

    rows: int = 0
    hashes: int = 0

    def plus(self, row: Mapping[str, Any]) -> _Sum:
        digest = hashlib.sha256(repr(sorted(row.items())).encode()).digest()
        return _Sum(self.rows + 1, (self.hashes + int.from_bytes(digest)) % 2**256)


def shown(url: str) -> str:
    """A database's address without its password."""
    return make_url(url).render_as_string(hide_password=True)


def move(store: Store, actor: Actor, to: str, told: Callable[[str, int], None]) -> Moved:
    """Copy everything to the database at `to`, which has the newest schema and nothing in it; then mark the source.

    Raises ActionRefused when there is something in the target, Unavailable when what came out differs from what went in.
    """
    target = create_engine(to)
    try:
        with store.writing() as source:
            lock_head(source)
            with target.begin() as connection:
                _check_empty(connection)
                sums = _copy_all(source, connection, told)
                _check_same(connection, sums)
                events = _verified(connection)
                _say_so(connection, actor, to, events)
            source.execute(update(AuditHead).values(moved_to=shown(to)))
            source.commit()
    finally:
        target.dispose()
    return Moved(shown(to), {name: found.rows for name, found in sums.items()}, events)


def _tables(connection: Connection) -> list[Table]:
    unknown = set(inspect(connection).get_table_names()) - set(METADATA.tables) - {"alembic_version"}
    if unknown:
        raise ActionRefused(
            (
                Refusal(
                    "target-not-empty",
                    f"The target has tables that are not ours: {', '.join(sorted(unknown))}.",
                ),
            )
        )
    return METADATA.sorted_tables


def _check_empty(connection: Connection) -> None:
    for table in _tables(connection):
        rows = connection.execute(select(func.count()).select_from(table)).scalar_one()
        if rows > (1 if table.name == _HEAD else 0):
            raise ActionRefused(
                (
                    Refusal(
                        "target-not-empty",
                        f"There is something in the target already ({table.name}). Give an empty database.",
                    ),
                )
            )


def _copy_all(source: Session, target: Connection, told: Callable[[str, int], None]) -> dict[str, _Sum]:
    sums: dict[str, _Sum] = {}
    for table in _tables(target):
        if table.name == _HEAD:
            head = source.scalars(select(AuditHead)).one()
            target.execute(update(AuditHead).values(seq=head.seq, hash=head.hash))
            continue
        found = _Sum()
        for batch in _batches(source.connection(), table):
            target.execute(insert(table), batch)
            for row in batch:
                found = found.plus(row)
        sums[table.name] = found
        told(table.name, found.rows)
        _go_on_counting(target, table)
    return sums


def _batches(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    rows = connection.execute(select(table), execution_options={"yield_per": _BATCH}).mappings()
    for part in rows.partitions():
        yield [dict(row) for row in part]


def _go_on_counting(target: Connection, table: Table) -> None:
    """PostgreSQL's sequences begin after what was copied."""
    key = table.autoincrement_column
    if target.dialect.name != "postgresql" or key is None:
        return
    sequence = target.execute(
        text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": key.name}
    ).scalar()
    highest = target.execute(select(func.max(key))).scalar()
    if sequence and highest:
        target.execute(text("SELECT setval(CAST(:s AS regclass), :n)"), {"s": sequence, "n": highest})


def _check_same(target: Connection, sums: Mapping[str, _Sum]) -> None:
    for table in _tables(target):
        if table.name == _HEAD:
            continue
        found = _Sum()
        for batch in _batches(target, table):
            for row in batch:
                found = found.plus(row)
        if found != sums[table.name]:
            raise Unavailable(
                f"What was copied of {table.name} differs from what is in the source. Nothing was moved; tell the developers.",
                code="move-differs",
            )


def _verified(target: Connection) -> int:
    with Session(target) as session:
        head = session.scalars(select(AuditHead)).one()
        outcome = verify_events(iterate_events(session), Head(head.seq, head.hash), {})
    if not outcome.ok:
        raise Unavailable(
            f"The audit log is not whole, so nothing was moved. {outcome.problem}", code="log-broken"
        )
    return outcome.events


def _say_so(target: Connection, actor: Actor, to: str, events: int) -> None:
    with Session(target) as session:
        append_event(session, actor, "database:move", "installation", "", {"to": shown(to), "events": events})
