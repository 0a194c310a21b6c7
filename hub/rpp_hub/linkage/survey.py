"""What is in a survey file? All of it as text, with each record's number, and a draft of what its columns are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.names import printable
from rpp_hub.warehouse.codebook import Table
from rpp_hub.warehouse.draft import draft_table
from rpp_hub.warehouse.engine import one, quoted
from rpp_hub.warehouse.read import DATA_SUFFIXES, load, look_into, table_name

TEXT = "survey_text"


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey, loaded into a connection as the table `survey_text` with `_row`."""

    drafted: Table
    rows: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file."""
        return tuple(f.name for f in self.drafted.fields)


def read_survey(con: duckdb.DuckDBPyConnection, path: Path, name: str | None = None) -> Survey:
    """Load the file and draft its codebook. Raises Invalid in the words of the warehouse's reader."""
    if path.suffix.lower() not in DATA_SUFFIXES:
        raise Invalid(
            f"{printable(path.name)} is of no kind that can be linked; send one of {', '.join(sorted(DATA_SUFFIXES))}.",
            code="unknown-file-kind",
        )
    table = check_table_name(name) if name else table_name(path)
    found = look_into(path)
    rows = load(con, path, found, TEXT)
    if not rows:
        raise Invalid(
            f"{printable(path.name)} has a header and no rows. Is it the right file?", code="no-rows"
        )
    return Survey(draft_table(con, TEXT, table, found.columns), rows)


def check_table_name(name: str) -> str:
    """The name itself, or Invalid."""
    if table_name(Path(f"{name}.csv")) != name:
        raise Invalid(
            f"{printable(name)!r} cannot be a table's name: use small letters, digits and underscores, beginning with a letter.",
            code="bad-table-name",
        )
    return name


def filled(con: duckdb.DuckDBPyConnection, column: str) -> int:
    """How many rows have something in this column."""
    return one(con, f"SELECT count(*) FROM {TEXT} WHERE trim({quoted(column)}) <> ''")
