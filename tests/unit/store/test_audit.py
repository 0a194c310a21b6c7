"""The audit log: no act without its event, and no event altered, removed or reordered unnoticed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rpp_hub.domain.actor import Actor, Via
from rpp_hub.domain.errors import Unavailable
from rpp_hub.store.audit import Head, write_anchor
from rpp_hub.store.database import Store, migrate, sqlite_url
from rpp_hub.store.guards import SQLITE_TRIGGERS
from rpp_hub.store.models import AuditRow, District
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

DORA = Actor("dora", Via.CLI)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    migrate(sqlite_url(tmp_path / "rpp.sqlite"))
    return tmp_path / "rpp.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store(sqlite_url(path), path.parent / "anchors.jsonl")
    yield store
    store.close()


def add(store: Store, name: str) -> None:
    with store.act(DORA, "district:add", f"district:{name}", "because") as act:
        act.session.add(District(name=name, title=name, added_at=datetime.now(UTC)))
        act.detail["length"] = len(name)


def names(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.scalars(select(District.name).order_by(District.name)))


def tamper(path: Path, *statements: str) -> None:
    """As somebody with the file in hand would: no guard of ours is on this connection."""
    with sqlite3.connect(path) as connection:
        for statement in (*(f"DROP TRIGGER {name}" for name in SQLITE_TRIGGERS), *statements):
            connection.execute(statement)
    connection.close()


def test_a_change_and_its_event_are_committed_together(store: Store) -> None:
    add(store, "bayview")
    with store.read() as session:
        row = session.scalars(select(AuditRow)).one()
    assert (row.actor, row.via, row.act, row.subject, row.reason) == (
        "dora", "cli", "district:add", "district:bayview", "because",
    )  # fmt: skip
    assert row.detail == '{"length":7}'
    assert store.verify_audit().ok


def test_a_change_that_fails_leaves_neither_change_nor_event(store: Store) -> None:
    with pytest.raises(RuntimeError), store.act(DORA, "district:add", "district:x") as act:
        act.session.add(District(name="x", title="x", added_at=datetime.now(UTC)))
        act.session.flush()
        raise RuntimeError
    assert names(store) == []
    assert store.verify_audit().events == 0


def test_a_reading_session_cannot_write(store: Store) -> None:
    with pytest.raises(DatabaseError, match="readonly"), store.read() as session:
        session.execute(text("INSERT INTO districts VALUES ('x', 'x', '2026-01-01')"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit",
        "INSERT INTO audit SELECT * FROM audit WHERE 1 ON CONFLICT(seq) DO UPDATE SET actor = 'nobody'",
        "DROP TRIGGER audit_no_update",
        "DROP TABLE audit",
        "ALTER TABLE audit RENAME TO old",
        "PRAGMA writable_schema = ON",
        "PRAGMA recursive_triggers = OFF",
        "ATTACH 'other.sqlite' AS other",
        "CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM audit; END",
        "CREATE TEMP TRIGGER t AFTER INSERT ON audit BEGIN UPDATE audit_head SET seq = 7; END",
        "DELETE FROM audit_head",
    ],
)
def test_our_own_connections_cannot_change_an_audit_row(store: Store, statement: str) -> None:
    add(store, "bayview")
    with pytest.raises(DatabaseError), Session(store._writer) as session:
        session.execute(text(statement))
        session.commit()
    assert store.verify_audit().ok


REPLACED = "INSERT OR REPLACE INTO audit SELECT seq, at, 'nobody', via, act, subject, reason, detail, prev, hash, '' FROM audit"


def test_the_schema_itself_refuses_to_replace_a_row_on_a_connection_without_our_guards(
    path: Path, store: Store
) -> None:
    add(store, "bayview")
    with sqlite3.connect(path) as connection:  # recursive_triggers is off here
        with pytest.raises(sqlite3.IntegrityError, match="only ever inserted"):
            connection.execute(REPLACED)
    connection.close()
    assert store.verify_audit().ok


def test_control_without_that_trigger_sqlite_lets_a_row_be_replaced_and_the_chain_tells(
    path: Path, store: Store
) -> None:
    add(store, "bayview")
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER audit_no_replace")
        connection.execute(REPLACED)
    connection.close()
    outcome = store.verify_audit()
    assert not outcome.ok
    assert "altered" in outcome.problem


TAMPERED = {
    "a dropped trigger": ("DROP TRIGGER audit_no_delete", "missing"),
    "a weakened trigger": (
        "DROP TRIGGER audit_no_update; CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit WHEN 0 BEGIN SELECT 1; END",
        "not one of ours",
    ),
    "a trigger of somebody's": (
        "CREATE TRIGGER quietly AFTER INSERT ON audit BEGIN UPDATE audit_head SET seq = seq; END",
        "not one of ours",
    ),
    "a view in the log's place": (
        "ALTER TABLE audit RENAME TO old; CREATE VIEW audit AS SELECT * FROM old",
        "missing",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_log_whose_chain_holds_but_whose_guards_are_gone_is_not_whole(
    path: Path, store: Store, what: str
) -> None:
    add(store, "bayview")
    assert store.verify_audit().ok
    statements, said = TAMPERED[what]
    with sqlite3.connect(path) as connection:
        connection.executescript(statements)
    connection.close()
    outcome = store.verify_audit()
    assert not outcome.ok
    assert said in outcome.problem
    assert outcome.events == 1


@pytest.mark.parametrize(
    "column", ["at", "actor", "via", "act", "subject", "reason", "detail", "prev", "hash"]
)
def test_an_altered_column_is_found(path: Path, store: Store, column: str) -> None:
    for name in ("aa", "bb", "cc"):
        add(store, name)
    tamper(path, f"UPDATE audit SET {column} = {column} || 'x' WHERE seq = 2")
    outcome = store.verify_audit()
    assert not outcome.ok
    assert outcome.problem.endswith(".")


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_a_removed_row_is_found(path: Path, store: Store, seq: int) -> None:
    for name in ("aa", "bb", "cc"):
        add(store, name)
    tamper(path, f"DELETE FROM audit WHERE seq = {seq}")
    assert not store.verify_audit().ok


def test_reordered_rows_are_found(path: Path, store: Store) -> None:
    for name in ("aa", "bb", "cc"):
        add(store, name)
    tamper(
        path,
        "UPDATE audit SET seq = 99 WHERE seq = 1",
        "UPDATE audit SET seq = 1 WHERE seq = 2",
        "UPDATE audit SET seq = 2 WHERE seq = 99",
    )
    assert not store.verify_audit().ok


def test_a_cut_off_tail_is_found_by_the_anchor_even_when_the_head_was_turned_back(
    path: Path, store: Store
) -> None:
    for name in ("aa", "bb", "cc"):
        add(store, name)
    store.anchor()
    tamper(
        path,
        "DELETE FROM audit WHERE seq = 3",
        "UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)",
    )
    outcome = store.verify_audit()
    assert not outcome.ok
    assert "anchored" in outcome.problem


def test_a_rebuilt_chain_is_found_by_the_anchor(store: Store) -> None:
    add(store, "aa")
    write_anchor(store.anchors, Head(1, "f" * 64))
    assert "rebuilt" in store.verify_audit().problem


def test_a_torn_last_line_of_the_anchors_does_no_harm(store: Store) -> None:
    add(store, "aa")
    store.anchor()
    with store.anchors.open("a") as file:
        file.write('{"seq": 7, "ha')
    assert store.verify_audit().ok


def test_a_full_disk_is_told_plainly_and_changes_nothing(path: Path, store: Store) -> None:
    add(store, "aa")
    with sqlite3.connect(path) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    with (
        pytest.raises(Unavailable, match="disk is full"),
        store.act(DORA, "district:add", "district:big") as act,
    ):
        act.session.connection().exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        act.session.add(District(name="big", title="x" * 200, added_at=datetime.now(UTC)))
        act.detail["filler"] = "x" * 1_000_000
    assert names(store) == ["aa"]
    assert store.verify_audit().ok
