"""The DuckDB that does the work: it spills into a private folder of ours, fetches no extension, shows no bar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from rpp_hub.warehouse.folders import disk_full_told_plainly, remove_folder


@contextmanager
def engine(spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to an empty database. `spill` holds true identifiers while it works and is removed afterwards."""
    con = duckdb.connect(
        config={
            "temp_directory": str(spill),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    try:
        with disk_full_told_plainly():
            con.execute("SET enable_progress_bar = false")
            yield con
    finally:
        con.close()
        remove_folder(spill)


def quoted(name: str) -> str:
    """A name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """A text as SQL takes it."""
    return "'" + text.replace("'", "''") + "'"


def first(con: duckdb.DuckDBPyConnection, query: str, parameters: object = None) -> tuple[Any, ...] | None:
    """The first row that a query answers. Read to its end: DuckDB 2 does nothing else while a result is unfinished."""
    rows = con.execute(query, parameters).fetchall()
    return rows[0] if rows else None


def one(con: duckdb.DuckDBPyConnection, query: str, parameters: object = None) -> int:
    """The one number that a query answers."""
    row = first(con, query, parameters)
    return int(row[0]) if row and row[0] is not None else 0
