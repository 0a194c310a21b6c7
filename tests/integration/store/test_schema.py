"""The schema: migrations reach it from every revision, models agree with it, and it guards the audit log."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from rpp_hub.domain.errors import Invalid, Unavailable
from rpp_hub.store.database import MIGRATIONS, Store, migrate, sqlite_url
from rpp_hub.store.metadata import METADATA
from rpp_hub.store.models import AuditRow, District
from rpp_hub.store.schema import newest_revision, prepare, revision_of
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from tests.conftest import DATABASES, Place
from tests.factories import NOW, SETUP, World
from tests.postgres import Cluster, Database

# what earlier versions made, with a row in each of the tables that every one of them had
OLD_ROWS = (
    "INSERT INTO people (name, display_name, institution, active, added_at) "
    "VALUES ('dora', 'Dora', '', true, '2026-01-01 00:00:00+00:00')",
    "INSERT INTO districts (name, title, added_at) VALUES ('bayview', 'Bayview', '2026-01-01 00:00:00+00:00')",
)


def scripts() -> tuple[Config, list[str]]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    return config, revisions[::-1]


REVISIONS = scripts()[1]


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A database without tables: its URL for the application and for its owner."""
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "rpp.sqlite")
        yield url, url
        return
    database: Database = request.getfixturevalue("postgres").empty_database()
    yield database.url, database.owner_url
    database.drop()


def to_revision(url: str, revision: str) -> None:
    config = scripts()[0]
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, revision)


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_a_database_of_every_earlier_version_comes_up_with_what_is_in_it(
    empty: tuple[str, str], revision: str, tmp_path: Path
) -> None:
    url, owner_url = empty
    to_revision(owner_url, revision)
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        has_institution = "institution" in {c["name"] for c in inspect(connection).get_columns("people")}
        for statement in OLD_ROWS:
            # A person's institution moved into a table of its own.
            old = (
                statement
                if has_institution
                else statement.replace("institution, ", "").replace("'Dora', '',", "'Dora',")
            )
            connection.execute(text(old))
    engine.dispose()
    prepare(url, owner_url)
    assert revision_of(url) == newest_revision() == REVISIONS[-1]
    world = World(tmp_path / "instance", url)
    assert world.people.get("dora").display_name == "Dora"
    world.people.add(SETUP, "rosa", "Rosa")
    assert world.store.verify_audit().ok
    assert world.store.unguarded() == ""
    world.store.close()


def test_an_event_from_before_there_were_request_ids_still_verifies(
    empty: tuple[str, str], tmp_path: Path
) -> None:
    url, owner_url = empty
    to_revision(owner_url, REVISIONS[0])
    row = {
        "seq": 1, "at": "2026-01-01T00:00:00.000+00:00", "actor": "dora", "via": "cli", "act": "person:add",
        "subject": "person:x", "reason": "", "detail": "{}", "prev": "0" * 64,
        # as version 0.1 computed it
        "hash": "",
    }  # fmt: skip
    covered = {k: v for k, v in row.items() if k != "hash"}
    row["hash"] = hashlib.sha256(
        json.dumps(covered, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        names = ", ".join(row)
        connection.execute(
            text(f"INSERT INTO audit ({names}) VALUES ({', '.join(f':{name}' for name in row)})"), row
        )
        connection.execute(text("UPDATE audit_head SET seq = 1, hash = :hash"), {"hash": row["hash"]})
    engine.dispose()
    prepare(url, owner_url)
    store = Store(url, tmp_path / "anchors.jsonl")
    outcome = store.verify_audit()
    assert (outcome.ok, outcome.events) == (True, 1), outcome.problem
    store.close()


def test_models_and_migrations_agree(place: Place) -> None:
    engine = create_engine(place.owner_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_there_is_one_line_of_revisions() -> None:
    config, revisions = scripts()
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
    assert len(revisions) == len(set(revisions))


CHANGES = (
    "UPDATE audit SET actor = 'nobody'",
    "DELETE FROM audit",
    "TRUNCATE audit",
    "INSERT INTO audit SELECT * FROM audit ON CONFLICT (seq) DO UPDATE SET actor = 'nobody'",
    "DROP TRIGGER audit_guard ON audit",
    "ALTER TABLE audit DISABLE TRIGGER ALL",
    "DROP TABLE audit",
    "DELETE FROM audit_head",
    "CREATE TABLE mine (x int)",
    "SET session_replication_role = replica",
)


@pytest.mark.parametrize("statement", CHANGES)
def test_the_applications_role_on_postgresql_cannot_change_the_log(
    postgres: Cluster, tmp_path: Path, statement: str
) -> None:
    database = postgres.database()
    store = Store(database.url, tmp_path / "anchors.jsonl")
    _event(store)
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        Session(store._writer) as session,
    ):
        session.execute(text(statement))
        session.commit()
    assert store.verify_audit().ok
    store.close()
    database.drop()


def test_control_the_tables_owner_could_were_it_not_for_the_trigger(
    postgres: Cluster, tmp_path: Path
) -> None:
    database = postgres.database()
    store = Store(database.url, tmp_path / "anchors.jsonl")
    _event(store)
    owner = create_engine(database.owner_url)
    for statement in CHANGES[:3]:
        with pytest.raises(Exception, match="only ever inserted"), owner.begin() as connection:
            connection.execute(text(statement))
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_guard"))
    assert "switched off" in store.verify_audit().problem
    with owner.begin() as connection:
        connection.execute(text(CHANGES[0]))
        connection.execute(text("ALTER TABLE audit ENABLE TRIGGER audit_guard"))
    assert "altered" in store.verify_audit().problem
    owner.dispose()
    store.close()
    database.drop()


def test_a_role_that_may_change_the_log_is_refused_before_anything_starts(postgres: Cluster) -> None:
    database = postgres.database()
    prepare(database.url)  # control: with the grants as they should be
    database.run("GRANT UPDATE ON audit TO rpp")
    with pytest.raises(Unavailable, match="may UPDATE the audit log") as refused:
        prepare(database.url)
    assert refused.value.code == "audit-unguarded"
    prepare(database.url, database.owner_url)  # the owner's start takes it away again
    with pytest.raises(Unavailable, match="owns the audit log"):
        prepare(database.owner_url, database.owner_url)
    database.drop()


def test_without_the_owner_an_old_schema_is_refused(postgres: Cluster) -> None:
    database = postgres.empty_database()
    with pytest.raises(Unavailable, match="RPP_DATABASE_OWNER_URL") as refused:
        prepare(database.url)
    assert refused.value.code == "schema-not-current"
    database.drop()


def test_a_database_that_is_not_there_is_told_plainly(postgres: Cluster, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        prepare(postgres.url("nowhere", "rpp"))
    store = Store(postgres.url("nowhere", "rpp"), tmp_path / "anchors.jsonl")
    with pytest.raises(Unavailable, match="cannot be reached"):
        store.head()
    store.close()


def test_what_postgresql_cannot_keep_is_invalid(postgres: Cluster, tmp_path: Path) -> None:
    database = postgres.database()
    store = Store(database.url, tmp_path / "anchors.jsonl")
    for title in ("a\x00b", "x" * 300):
        with pytest.raises(Invalid) as refused, store.act(SETUP, "district:add", "district:x") as act:
            act.session.add(District(name="x", title=title, added_at=NOW))
        assert refused.value.code == "bad-value"
    assert store.head().seq == 0
    store.close()
    database.drop()


def test_a_migration_killed_half_way_leaves_the_old_schema(tmp_path: Path) -> None:
    """SQLite's driver would begin no transaction before a change of the schema."""
    url = sqlite_url(tmp_path / "rpp.sqlite")
    to_revision(url, REVISIONS[0])
    script = (
        "import os, signal, sys\nfrom sqlalchemy import Engine, event\nfrom rpp_hub.store.database import migrate\n"
        "seen = []\n"
        "@event.listens_for(Engine, 'before_cursor_execute')\n"
        "def _s(_c, _u, statement, *_):\n"
        "    seen.append(statement)\n"
        "    if sum('CREATE' in s or 'ALTER' in s for s in seen) > 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "migrate(sys.argv[1])\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, url], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        at = context.get_current_revision()
        tables = connection.dialect.get_table_names(connection)
    engine.dispose()
    assert at in REVISIONS[:-1]
    assert "linkages" not in tables or at != REVISIONS[0]
    migrate(url)
    assert revision_of(url) == newest_revision()


def _event(store: Store) -> None:
    with store.act(SETUP, "district:add", "district:x") as act:
        act.session.add(District(name="x", title="x", added_at=NOW))
    with store.read() as session:
        assert session.get(AuditRow, 1) is not None
