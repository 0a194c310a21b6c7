"""Connections that write and connections that cannot, for SQLite and for PostgreSQL."""

from __future__ import annotations

import sqlite3
from time import monotonic
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError

_BUSY_MS = 30_000
# pages that are read at the same time, each with a connection; more are made while threads of other doors read as well
READERS = 16
_MORE = 48
# a connection that lay unused for so long is asked whether it still stands, before anybody relies on it
_IDLE_SECONDS = 2.0
# what a lock may be waited for, and how long a forgotten transaction may hold one
_POSTGRES = f"-c lock_timeout={_BUSY_MS} -c idle_in_transaction_session_timeout=600000 -c timezone=UTC"


def engine_for(url: str, *, writes: bool) -> Engine:
    """An engine; without `writes` the database itself refuses every change."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite_engine(url, writes=writes)
    engine = create_engine(
        url,
        pool_size=4 if writes else READERS,
        max_overflow=_MORE,
        pool_use_lifo=True,  # few connections in steady use: each keeps the plans that it has made
        connect_args={"options": _POSTGRES, "connect_timeout": 10},
        # readers see one moment of the database, as SQLite's do; writers queue at the audit log's head
        isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
    )
    _ask_the_idle(engine)
    return engine if writes else engine.execution_options(postgresql_readonly=True)


def _ask_the_idle(engine: Engine) -> None:
    """Asking on every checkout is a round trip for each page; a connection in steady use needs none."""

    @event.listens_for(engine, "checkin")
    def _note(_connection: object, record: Any) -> None:
        record.info["used"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: Any, _proxy: object) -> None:
        if monotonic() - record.info.get("used", monotonic()) < _IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError("the connection was lost") from error  # the pool makes another


def _sqlite_engine(url: str, *, writes: bool) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": _BUSY_MS / 1000},
        pool_size=4 if writes else READERS,
        max_overflow=_MORE,
    )

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
        sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_CREATE_TRIGGER, sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_DROP_TEMP_TRIGGER, sqlite3.SQLITE_DROP_VIEW, sqlite3.SQLITE_CREATE_TEMP_VIEW,
        sqlite3.SQLITE_CREATE_TEMP_TABLE, sqlite3.SQLITE_DROP_INDEX,
    }
)  # fmt: skip


def _guard(action: int, first: str | None, second: str | None, _db: str | None, _trigger: str | None) -> int:
    """SQLite asks this before it prepares a statement: schema changes are for migrations, audit rows are for ever."""
    if action in _DENIED:
        return sqlite3.SQLITE_DENY
    if action in (sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE) and first in ("audit", "sqlite_master"):
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_DELETE and first == "audit_head":
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and first in ("writable_schema", "recursive_triggers"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
