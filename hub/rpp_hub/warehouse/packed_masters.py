"""How is a master written whose people have many rows each: by person, and by the order in which rows were sent?

Whose a row is and when it was sent are one number, what it says is another: only the first are sorted, and the others are
fetched by them, row group by row group, on every core. What does not fit is left to DuckDB (`build`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from rpp_hub.warehouse.engine import one, quoted
from rpp_hub.warehouse.packed import (
    FETCHED,
    Numbers,
    Packing,
    Part,
    Source,
    Wanted,
    column_of,
    decoded,
    encoded,
    in_any_order,
    moved,
    packed_joins,
    packed_sql,
    packing,
    sort_numbers,
    words_part,
    write_groups,
)

_SENT = 32  # bits for when a row was sent; whose it is stands above
# Two numbers a row, eight bytes each: a gigabyte at most.
_MOST_ROWS = 62_000_000


@dataclass(frozen=True, slots=True)
class Unsorted:
    """A table in SQL: its columns as they are to be written, whose its rows are, and what says when each was sent."""

    con: duckdb.DuckDBPyConnection
    sql: str
    columns: Sequence[str]
    key: str
    seq: str


def write_packed_master(table: Unsorted, target: Path) -> int:
    """Write it sorted; how many rows there were. Nothing is written if it does not fit, or has no rows."""
    con = table.con
    last = one(con, f"SELECT max({table.seq}) FROM {table.sql}")
    if last >= _MOST_ROWS:
        return 0
    source = Source(f"FROM {table.sql} m", lambda joins: f"FROM {table.sql} m{joins}")
    rest = [Wanted(name, f"m.{quoted(name)}") for name in table.columns if name != table.key]
    packed = packing(con, rest, source)
    if packed is None:
        return 0
    person = _persons(table)
    places, said = _fetch(table, packed, person, last)
    sort_numbers(places)
    return write_groups(places, lambda group: _encoded(table, packed, person, group, said), target)


def _persons(table: Unsorted) -> Part:
    """The column of whom the rows are about, by their places in the order of their identifiers."""
    key = quoted(table.key)
    table.con.execute(
        f"CREATE OR REPLACE TEMP TABLE persons AS SELECT {key} AS id, row_number() OVER (ORDER BY {key})::UBIGINT AS place "
        f"FROM (SELECT DISTINCT {key} FROM {table.sql} WHERE {key} IS NOT NULL)"
    )
    words = table.con.sql("SELECT id FROM persons ORDER BY place").to_arrow_table().column(0)
    join = f" LEFT JOIN persons ON persons.id = m.{key}"
    return words_part(Wanted(table.key, f"m.{key}"), "persons.place", words.combine_chunks(), join)


def _fetch(table: Unsorted, packed: Packing, person: Part, last: int) -> tuple[Numbers, Numbers]:
    """(whose and when, of every row; what it says, at the place of when it was sent)."""
    rows = one(table.con, f"SELECT count(*) FROM {table.sql}")
    places: Numbers = np.empty(rows, dtype=np.uint64)
    said: Numbers = np.empty(last + 1, dtype=np.uint64)
    whose = f"coalesce({person.value}, {_nobody(person)}::UBIGINT)"
    query = (
        f"SELECT {moved(whose, _SENT)} | m.{table.seq}::UBIGINT AS place, {packed_sql(packed)} AS n "
        f"FROM {table.sql} m{person.join}{packed_joins(packed)}"
    )
    at = 0
    with in_any_order(table.con):
        for batch in table.con.sql(query).to_arrow_reader(FETCHED):
            found = batch.column(0).to_numpy()
            places[at : at + len(found)] = found
            said[_when(found)] = batch.column(1).to_numpy()
            at += len(found)
    if at != rows:
        raise ValueError(f"{at} rows were read where {rows} had been counted")
    return places, said


def _encoded(table: Unsorted, packed: Packing, person: Part, places: Numbers, said: Numbers) -> memoryview:
    others = [name for name in table.columns if name != table.key]
    batch = decoded(packed, said[_when(places)], others)
    whose = places >> np.uint64(_SENT)
    whose[whose == _nobody(person)] = 0
    columns = dict(zip(others, batch.columns, strict=True)) | {table.key: column_of(person, 0, whose)}
    return encoded(
        pa.record_batch([columns[name] for name in table.columns], names=list(table.columns)), statistics=True
    )


def _nobody(person: Part) -> int:
    """The place of rows without an identifier: behind everybody's."""
    return len(person.words) + 1 if person.words is not None else 0


def _when(places: Numbers) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return (places & np.uint64((1 << _SENT) - 1)).astype(np.intp)
