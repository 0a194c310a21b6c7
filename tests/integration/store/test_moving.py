"""Moving to another database: everything, verified, in one step; the old one can be read and not written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rpp_hub.domain.actor import Via
from rpp_hub.domain.errors import ActionRefused, Invalid, NotPermitted, Unavailable
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.moving import move_database
from rpp_hub.store.database import migrate, sqlite_url
from rpp_hub.store.schema import newest_revision, revision_of

from tests.factories import SETUP, World, actor
from tests.integration.store.conftest import Looker, Mortal
from tests.postgres import Cluster, Database

OTTO = actor("otto", Via.CLI)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[World]:
    """An SQLite with a request that one of two reviewers has finished."""
    world = World(tmp_path / "instance").populate()
    world.finish("vera", world.examined())
    yield world
    world.store.close()


@pytest.fixture
def target(postgres: Cluster) -> Iterator[Database]:
    database = postgres.empty_database()
    yield database
    database.drop()


def rows(url: str) -> dict[str, list[str]]:
    """Everything but the event of the move itself and the mark it leaves."""
    looker = Looker(url)
    found = looker.everything()
    looker.close()
    del found["audit_head"]
    found["audit"] = [row for row in found["audit"] if "database:move" not in row]
    return found


def test_to_postgresql_and_back_nothing_is_lost_and_life_goes_on(
    old: World, target: Database, tmp_path: Path
) -> None:
    head = old.store.head()
    moved = move_database(old.store, OTTO, target.url, target.owner_url)
    assert moved.events == head.seq
    new = World(tmp_path / "instance", target.url)
    assert [e.act for e in new.auditing.events(SETUP, AuditFilter(limit=1))] == ["database:move"]
    assert new.store.verify_audit().ok
    assert new.submit().name == "r0002", "the numbers go on where they were"
    new.finish("viktor", new.requests.seen_by(SETUP, "r0001"))
    before = rows(target.url)

    back = sqlite_url(tmp_path / "back.sqlite")
    move_database(new.store, OTTO, back, "")
    last = World(tmp_path / "instance", back)
    after = rows(back)
    assert {name: len(found) for name, found in after.items()} == {n: len(f) for n, f in before.items()}
    assert last.store.verify_audit().ok
    assert last.requests.seen_by(SETUP, "r0001") == new.requests.seen_by(SETUP, "r0001")
    assert last.submit().name == "r0003"
    for world in (new, last):
        world.store.close()


def test_the_old_database_can_be_read_and_refuses_every_further_act(old: World, target: Database) -> None:
    head = old.store.head()
    move_database(old.store, OTTO, target.url, target.owner_url)
    assert old.requests.seen_by(SETUP, "r0001").name == "r0001"
    assert old.store.verify_audit().ok
    with pytest.raises(Unavailable, match="moved to postgresql") as refused:
        old.person("late")
    assert refused.value.code == "database-moved"
    assert old.store.head() == head
    with pytest.raises(Unavailable, match="moved"):
        move_database(old.store, OTTO, target.url, target.owner_url)


def test_a_target_that_holds_something_is_refused_and_the_source_stays_in_use(
    old: World, tmp_path: Path
) -> None:
    other = World(tmp_path / "other").populate()
    other.store.close()
    with pytest.raises(ActionRefused, match="something in the target"):
        move_database(old.store, OTTO, other.url, "")
    assert old.submit().name == "r0002"


def test_only_an_operator_moves_a_database(old: World, tmp_path: Path) -> None:
    for name in ("dora", "ada", "rosa"):
        with pytest.raises(NotPermitted):
            move_database(old.store, actor(name), sqlite_url(tmp_path / "x.sqlite"), "")
    assert not (tmp_path / "x.sqlite").exists()


def test_postgresql_needs_the_tables_owner(old: World, target: Database) -> None:
    with pytest.raises(Invalid, match="RPP_DATABASE_OWNER_URL"):
        move_database(old.store, OTTO, target.url, "")
    assert revision_of(target.url) == ""


def test_a_log_that_is_not_whole_is_not_moved(old: World, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(old.installation.database_path) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 3")
    connection.close()
    url = sqlite_url(tmp_path / "x.sqlite")
    with pytest.raises(Unavailable, match="Event 3 was altered"):
        move_database(old.store, OTTO, url, "")
    assert all(not found for name, found in rows(url).items() if name != "alembic_version")


def test_killed_at_any_moment_the_target_is_empty_or_whole(
    old: World, postgres: Cluster, mortal: Mortal, tmp_path: Path
) -> None:
    before = rows(old.url)

    def moved(moment: int | None) -> tuple[Database, list[str]]:
        database = postgres.database()
        home = tmp_path / f"m{moment}"
        (home / "hub").mkdir(parents=True)
        copy = home / "hub" / "rpp.sqlite"
        copy.write_bytes(old.installation.database_path.read_bytes())
        (end,) = mortal(
            home=str(home), url=sqlite_url(copy), act="", moment=moment, to=[database.url, database.owner_url]
        )
        assert end["killed"] == (moment is not None), end
        return database, end["did"]

    old.store.close()  # so that the file holds everything
    whole, moments = moved(None)
    whole.drop()
    last = max(i for i, what in enumerate(moments) if what.startswith("UPDATE audit_head"))
    commits = [i for i, what in enumerate(moments) if "commit" in what.lower()]
    chosen = {len(moments) // 3, len(moments) // 2, last, *commits[-5:], len(moments) - 1}
    outcomes = []
    for moment in sorted(chosen):
        database, _ = moved(moment)
        found = rows(database.url)
        source = World(tmp_path / f"m{moment}", sqlite_url(tmp_path / f"m{moment}" / "hub" / "rpp.sqlite"))
        if any(found[name] for name in found if name != "alembic_version"):
            assert {k: len(v) for k, v in found.items()} == {k: len(v) for k, v in before.items()}
            outcomes.append("whole")
        else:
            source.person("goeson")
            outcomes.append("empty")
        assert source.store.verify_audit().ok
        source.store.close()
        database.drop()
    assert set(outcomes) == {"whole", "empty"}
    assert outcomes == sorted(outcomes)


def test_migrations_bring_a_target_to_the_newest_schema(target: Database) -> None:
    assert revision_of(target.url) == ""
    migrate(target.owner_url)
    assert revision_of(target.owner_url) == newest_revision() != ""
    assert revision_of(target.url) == "", "the application's role has been granted nothing yet"
