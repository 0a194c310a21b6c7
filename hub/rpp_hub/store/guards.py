"""Whether the database still guards its audit log: the triggers that refuse changes, and on PostgreSQL the grants.

A log whose chain holds may yet stand without its guards; `rpp audit verify` says so before somebody makes use of it.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from rpp_hub.store.postgres import unguarded as postgres_unguarded

SQLITE_TRIGGERS = {
    **{
        f"audit_no_{act.lower()}": f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit "
        f"BEGIN SELECT RAISE(ABORT, 'audit rows are only ever inserted'); END"
        for act in ("UPDATE", "DELETE")
    },
    # INSERT OR REPLACE removes the old row without asking the trigger above where recursive_triggers is off
    "audit_no_replace": "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
    "WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) "
    "BEGIN SELECT RAISE(ABORT, 'audit rows are only ever inserted'); END",
}


def unguarded(connection: Connection) -> str:
    """What is wrong with the guards, as a sentence; empty when they stand."""
    if connection.dialect.name == "sqlite":
        return _sqlite_unguarded(connection)
    return postgres_unguarded(connection)


def _sqlite_unguarded(connection: Connection) -> str:
    query = text(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit', 'audit_head')"
    )
    there = {row.name: row.sql for row in connection.execute(query)}
    missing = [name for name in SQLITE_TRIGGERS if name not in there]
    if missing:
        return f"The trigger {missing[0]} that guards the audit log is missing."
    altered = [name for name, sql in there.items() if SQLITE_TRIGGERS.get(name) != sql]
    if altered:
        return f"The trigger {altered[0]} on the audit log is not one of ours."
    kind = connection.execute(text("SELECT type FROM sqlite_master WHERE name = 'audit'")).scalar()
    key = [
        r.name for r in connection.execute(text("SELECT name FROM pragma_table_info('audit') WHERE pk > 0"))
    ]
    if kind != "table" or key != ["seq"]:
        return "The audit log's table is not the one that this version made."
    return ""
