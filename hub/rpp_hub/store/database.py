"""Transactions: reading sessions that cannot write, and acts that cannot commit without their audit event."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import Stale, Unavailable
from rpp_hub.store.audit import (
    ANCHOR_EVERY,
    AuditVerification,
    Head,
    append_event,
    iterate_events,
    read_anchors,
    verify_events,
    write_anchor,
)
from rpp_hub.store.models import AuditHead

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 30_000


@dataclass(slots=True)
class Act:
    """A change under way. What is put into `detail` goes into the event; never an identifier."""

    session: Session
    detail: dict[str, Any] = field(default_factory=dict)
    _more: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def also(self, act: str, subject: str, **detail: Any) -> None:
        """A further event of the same transaction, by the same actor."""
        self._more.append((act, subject, detail))


class Store:
    """The database of an installation."""

    def __init__(self, url: str, anchors: Path) -> None:
        self.url = url
        self.anchors = anchors
        self._writer = _engine(url, writes=True)
        self._reader = _engine(url, writes=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session whose connection refuses to write."""
        with _told_plainly(), Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def act(self, actor: Actor, act: str, subject: str, reason: str = "") -> Iterator[Act]:
        """A change and its audit event in one transaction: both or neither.

        Raises Stale when a row was changed by somebody else since it was read.
        """
        with _told_plainly(), Session(self._writer, expire_on_commit=False) as session:
            doing = Act(session)
            yield doing
            head = append_event(session, actor, act, subject, reason, doing.detail)
            for more_act, more_subject, detail in doing._more:
                head = append_event(session, actor, more_act, more_subject, reason, detail)
            session.commit()
        if head.seq % ANCHOR_EVERY == 0:
            write_anchor(self.anchors, head)

    def head(self) -> Head:
        """The end of the audit chain."""
        with self.read() as session:
            row = session.scalars(select(AuditHead)).one()
            return Head(row.seq, row.hash)

    def anchor(self) -> Head:
        """Write the present head to the anchors outside of the database."""
        head = self.head()
        write_anchor(self.anchors, head)
        return head

    def verify_audit(self) -> AuditVerification:
        """Walk the whole audit log."""
        with self.read() as session:
            row = session.scalars(select(AuditHead)).one()
            return verify_events(iterate_events(session), Head(row.seq, row.hash), read_anchors(self.anchors))

    def close(self) -> None:
        """Give the connections back."""
        self._writer.dispose()
        self._reader.dispose()


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn the database's own errors into ours."""
    try:
        yield
    except StaleDataError:
        raise Stale(
            "Somebody else changed this at the same time. Look at it again, then repeat what you did."
        ) from None
    except OperationalError as error:
        text = str(error.orig).lower()
        if "full" in text or "no space" in text:
            raise Unavailable(
                "The disk is full. Nothing was changed; make room and try again.", code="disk-full"
            ) from None
        if "locked" in text:
            raise Unavailable("The database is busy. Try again in a minute.", code="busy") from None
        raise


def migrate(url: str) -> None:
    """Bring the database to the newest schema; makes it when there is none."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")


def sqlite_url(path: Path) -> str:
    """The URL of an embedded database."""
    return f"sqlite:///{path}"


def _engine(url: str, *, writes: bool) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite_engine(url, writes=writes)
    engine = create_engine(url, pool_pre_ping=True)
    if not writes:
        engine = engine.execution_options(postgresql_readonly=True)
    return engine


def _sqlite_engine(url: str, *, writes: bool) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _BUSY_MS / 1000})

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        # without this, INSERT OR REPLACE goes past the triggers that guard the audit log
        connection.execute("PRAGMA recursive_triggers=ON")
        if writes:
            connection.set_authorizer(_guard)
        else:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


_DENIED = frozenset(
    {
        sqlite3.SQLITE_DROP_TRIGGER, sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_CREATE_TRIGGER, sqlite3.SQLITE_DROP_VIEW,
    }
)  # fmt: skip


def _guard(action: int, first: str | None, second: str | None, _db: str | None, _trigger: str | None) -> int:
    """SQLite asks this before it prepares a statement: schema changes are for migrations, audit rows are for ever."""
    if action in _DENIED:
        return sqlite3.SQLITE_DENY
    if action in (sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE) and first in ("audit", "sqlite_master"):
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and first in ("writable_schema", "recursive_triggers"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
