"""Bringing a database to this version's schema, with the guards of its audit log in place, or saying why that cannot be."""

from __future__ import annotations

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError, ProgrammingError

from rpp_hub.domain.errors import Unavailable
from rpp_hub.store.database import MIGRATIONS, migrate
from rpp_hub.store.guards import unguarded
from rpp_hub.store.postgres import grant, is_postgres, role_of

OWNER_VARIABLE = "RPP_DATABASE_OWNER_URL"


def newest_revision() -> str:
    """The revision that this version's models agree with."""
    return _scripts().get_current_head() or ""


def is_known(revision: str) -> bool:
    """Whether this version has, or once had, such a schema."""
    return any(script.revision == revision for script in _scripts().walk_revisions())


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def revision_of(url: str) -> str:
    """The revision a database is at; empty for one without tables. Raises Unavailable where it cannot be reached."""
    engine = create_engine(url, connect_args={"connect_timeout": 10} if is_postgres(url) else {})
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() or ""
    except OperationalError:
        raise Unavailable(
            "The database cannot be reached. Is it running, and is its address in rpp.toml right?",
            code="database-away",
        ) from None
    except ProgrammingError:
        return ""  # tables of an owner who has granted nothing yet
    finally:
        engine.dispose()


def prepare(url: str, owner_url: str = "") -> None:
    """Migrate, and on PostgreSQL grant the application's role what it needs; then check that the log is guarded.

    PostgreSQL's tables belong to a role that serves nobody: without its URL a database that is up to date is used as it
    is, and any other is refused.
    """
    if not is_postgres(url):
        migrate(url)
        return
    if owner_url and role_of(owner_url) != role_of(url):
        migrate(owner_url)
        grant(owner_url, role_of(url))
    elif not owner_url and revision_of(url) != newest_revision():
        raise Unavailable(
            f"The database's schema is not the one of this version. Set {OWNER_VARIABLE} to the URL of the tables' owner "
            "for one start, so that it is brought up to date.",
            code="schema-not-current",
        )
    _check_guarded(url)


def _check_guarded(url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        problem = unguarded(connection)
    engine.dispose()
    if problem:
        raise Unavailable(
            f"{problem} Give the tables to a role of their own, and set {OWNER_VARIABLE} to it for one start.",
            code="audit-unguarded",
        )
