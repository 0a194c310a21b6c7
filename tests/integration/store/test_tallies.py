"""An installation of before learns what its rounds' findings add up to."""

from __future__ import annotations

import json
from pathlib import Path

from alembic import command
from alembic.config import Config
from rpp_hub.store.database import MIGRATIONS, migrate, sqlite_url
from sqlalchemy import create_engine, text

_NOW = "2026-01-02 00:00:00.000000"


def test_rounds_of_before_are_counted(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "old.sqlite")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, "4b114057357f")
    engine = create_engine(url)
    with engine.begin() as connection:
        for number in (1, 2):
            connection.execute(
                text(
                    "INSERT INTO rounds (request_id, number, file_name, snapshot, outputs, context, controls, cut, submitted_at) "
                    f"VALUES (7, {number}, 'a.ipynb', '', '[]', '', '', '', '{_NOW}')"
                )
            )
        for number, identity, outcomes in (
            (1, "a:0", ["fail", "pass"]),
            (1, "b:0", ["review", "review"]),
            (2, "a:0", []),
        ):
            findings = json.dumps([{"outcome": outcome} for outcome in outcomes])
            connection.execute(
                text(
                    "INSERT INTO request_items (request_id, round, identity, position, kind, media_type, title, cell, sha256, "
                    "findings) VALUES (7, :round, :identity, 0, 'table', '', '', '', '', :findings)"
                ),
                {"round": number, "identity": identity, "findings": findings},
            )
    migrate(url)
    with engine.connect() as connection:
        query = text("SELECT number, tally_items, tally_fails, tally_looks FROM rounds ORDER BY number")
        found = [tuple(row) for row in connection.execute(query)]
    engine.dispose()
    assert found == [(1, 2, 1, 2), (2, 1, 0, 0)]
