"""An installation of before keeps where its people worked and when its projects ended."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from rpp_hub.store import database
from rpp_hub.store.database import migrate, sqlite_url
from sqlalchemy import create_engine, text


def test_free_text_becomes_institutions_and_closed_projects_have_an_end(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "old.sqlite")
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, "39eb7ee7a4ff")
    now = datetime(2026, 1, 2, tzinfo=UTC).isoformat()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO districts VALUES ('bayview', 'Bayview Unified', '{now}')"))
        for name, place in (
            ("rosa", "Lakeside University"),
            ("remy", "Lakeside University"),
            ("paula", "Bayview Unified"),
            ("nina", ""),
            ("odd", "§ 9!"),
        ):
            connection.execute(
                text(
                    "INSERT INTO people (name, display_name, institution, active, added_at) "
                    f"VALUES ('{name}', '{name}', '{place}', 1, '{now}')"
                )
            )
        connection.execute(
            text(
                "INSERT INTO projects (name, title, district, sponsor, status, application, applied_by, applied_at, "
                f"decision_reason, version) VALUES ('alpha', 'A', 'bayview', 'paula', 'closed', '{{}}', 'rosa', '{now}', '', 1)"
            )
        )
        columns = "seq, at, actor, via, act, subject, reason, detail, prev, hash"
        connection.execute(
            text(
                f"INSERT INTO audit ({columns}) VALUES "
                "(1, '2026-03-04T05:06:07+00:00', 'dora', 'cli', 'project:close', 'project:alpha', '', '{}', '', '')"
            )
        )
    migrate(url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT person, institution FROM affiliations ORDER BY person"))
        works = {person: institution for person, institution in found}
        kinds = {name: kind for name, kind in connection.execute(text("SELECT name, kind FROM institutions"))}
        ended = connection.execute(text("SELECT project, ended_on FROM endings")).all()
    engine.dispose()
    assert works == {
        "rosa": "lakeside_university", "remy": "lakeside_university", "paula": "bayview", "odd": "place_9",
    }  # fmt: skip
    assert kinds == {"bayview": "district", "lakeside_university": "university", "place_9": "university"}
    assert [tuple(row) for row in ended] == [("alpha", "2026-03-04")]
