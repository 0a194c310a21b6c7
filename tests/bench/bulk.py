"""How rows get into a database by the hundred thousand: SQLite's own executemany, PostgreSQL's COPY, and no guard in the way.

Values are texts and numbers as the database keeps them, so that neither an object nor a type stands between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import chain, islice
from typing import Any, Protocol

import psycopg
from rpp_hub.store.guards import SQLITE_TRIGGERS
from sqlalchemy import create_engine

Row = tuple[str | int | None, ...]
_TOGETHER = 20_000
_QUICK = ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-400000")


class Bulk(Protocol):
    """A database that takes rows as they come."""

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Add rows."""

    def run(self, statement: str) -> Any:
        """A statement; the first value of what it answers, if it answers."""


class _Sqlite:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        marks = ",".join("?" * len(columns))
        self._connection.executemany(f"INSERT INTO {table} ({_named(columns)}) VALUES ({marks})", rows)

    def run(self, statement: str) -> Any:
        row = self._connection.execute(statement).fetchone()
        return row[0] if row else None


class _Postgres:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        with self._connection.cursor().copy(f"COPY {table} ({_named(columns)}) FROM STDIN".encode()) as copy:
            for block in _blocks(rows):
                copy.write(block)

    def run(self, statement: str) -> Any:
        cursor = self._connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def _named(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _blocks(rows: Iterable[Row]) -> Iterator[str]:
    """As COPY reads them. What the bench writes holds no tab and no line break; a backslash is written twice."""
    waiting = iter(rows)
    while some := list(islice(waiting, _TOGETHER)):
        text = "\n".join(["\t".join(["\\N" if v is None else str(v) for v in row]) for row in some]) + "\n"
        yield text if "\\" not in text.replace("\\N", "") else _escaped(some)


def _escaped(rows: Iterable[Row]) -> str:
    values = (["\\N" if v is None else str(v).replace("\\", "\\\\") for v in row] for row in rows)
    return "".join(chain.from_iterable(("\t".join(row), "\n") for row in values))


@contextmanager
def bulk(url: str) -> Iterator[Bulk]:
    """A database of the bench's own, opened by whoever owns it; its guards stand again at the end, and it knows its rows."""
    engine = create_engine(url)
    raw = engine.raw_connection()
    driver = raw.driver_connection
    if engine.dialect.name == "sqlite":
        yield from _in_sqlite(driver)
    else:
        yield from _in_postgres(driver)
    raw.close()
    engine.dispose()


def _in_sqlite(connection: Any) -> Iterator[Bulk]:
    connection.isolation_level = None
    for pragma in _QUICK:
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("BEGIN")
    for name in SQLITE_TRIGGERS:
        connection.execute(f"DROP TRIGGER {name}")
    yield _Sqlite(connection)
    for statement in SQLITE_TRIGGERS.values():
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _in_postgres(connection: Any) -> Iterator[Bulk]:
    connection.execute("SET timezone = 'UTC'")
    connection.execute("SET session_replication_role = replica")  # no trigger, no foreign key
    connection.execute("SET maintenance_work_mem = '256MB'")
    yield _Postgres(connection)
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE)")
    connection.autocommit = False


def moment(at: datetime) -> str:
    """A moment in UTC as SQLite keeps it, and PostgreSQL reads it."""
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"


def day(on: date) -> str:
    """A day."""
    return on.isoformat()
