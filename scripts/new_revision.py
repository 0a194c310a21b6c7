"""Write a new Alembic revision from the difference between the models and the newest schema."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from rpp_hub.store.database import migrate, sqlite_url

MIGRATIONS = Path(__file__).parent.parent / "hub" / "rpp_hub" / "store" / "migrations"


def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder) / "model.sqlite")
        if any((MIGRATIONS / "versions").glob("*.py")):
            migrate(url)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("sqlalchemy.url", url)
        command.revision(config, message=message, autogenerate=True)


if __name__ == "__main__":
    main(sys.argv[1])
