"""PostgreSQL's own guard of the audit log: the role that serves people may add to it and may not change it.

Tables belong to an owner role that migrations alone use. The application's role gets what it needs of each table, and of
the audit log no UPDATE, no DELETE and no TRUNCATE; a trigger refuses them to the owner, too.
"""

from __future__ import annotations

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import make_url

from rpp_hub.store.models import AuditHead, AuditRow

_AUDIT, _HEAD, _VERSION = AuditRow.__tablename__, AuditHead.__tablename__, "alembic_version"
_MORE = {_AUDIT: "SELECT, INSERT", _HEAD: "SELECT, UPDATE", _VERSION: "SELECT"}
_CHANGES = ("UPDATE", "DELETE", "TRUNCATE")


def is_postgres(url: str) -> bool:
    """Whether this URL is one of PostgreSQL."""
    return make_url(url).get_backend_name() == "postgresql"


def role_of(url: str) -> str:
    """The role that a URL logs in as; empty when the URL leaves it to the environment."""
    return make_url(url).username or ""


def grant(owner_url: str, role: str) -> None:
    """Give the application's role what it needs of every table, no more of the audit log than to add to it."""
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        quoted = connection.dialect.identifier_preparer.quote_identifier(role)
        connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
        connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted}"))
        for table in inspect(connection).get_table_names():
            rights = _MORE.get(table, "SELECT, INSERT, UPDATE, DELETE")
            name = connection.dialect.identifier_preparer.quote_identifier(table)
            connection.execute(text(f"GRANT {rights} ON {name} TO {quoted}"))
        connection.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}"))
    engine.dispose()


def unguarded(connection: Connection) -> str:
    """Why the audit log could be changed through this very connection; empty when it cannot."""
    if not _has_guard(connection):
        return "The trigger that guards the audit log is missing or switched off."
    role = connection.execute(text("SELECT current_user")).scalar_one()
    if _owns(connection):
        return f"The database role {role} owns the audit log, so it could change it."
    may = [act for act in _CHANGES if _may(connection, act)]
    if may:
        return f"The database role {role} may {', '.join(may)} the audit log."
    return ""


def _may(connection: Connection, act: str) -> bool:
    asked = text("SELECT has_table_privilege(current_user, :table, :act)")
    return bool(connection.execute(asked, {"table": _AUDIT, "act": act}).scalar_one())


def _owns(connection: Connection) -> bool:
    asked = text(
        "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = CAST(:table AS regclass)"
    )
    return bool(connection.execute(asked, {"table": _AUDIT}).scalar_one())


def _has_guard(connection: Connection) -> bool:
    # tgtype: before (2), delete (8), update (16), truncate (32), and not for each row (1)
    asked = text(
        "SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
        "WHERE t.tgrelid = CAST(:table AS regclass) AND t.tgname = 'audit_guard' AND t.tgenabled IN ('O', 'A') "
        "AND t.tgtype & 59 = 58 AND p.proname = 'audit_refuse' AND p.prosrc LIKE '%RAISE EXCEPTION%'"
    )
    return bool(connection.execute(asked, {"table": _AUDIT}).scalar_one() == 1)
