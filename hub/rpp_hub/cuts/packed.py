"""How are the rows of a table sorted and written where each fits into one number of 64 bits?

The code comes first, then the columns in their order, each in as few bits as its values need. Numbers sort many times
faster than rows, take eight bytes a row however many columns there are, and hold nothing but what was granted: so their
order cannot say anything else. What does not fit is left to DuckDB (`scramble`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from rpp_hub.warehouse.engine import first, one, quoted

_BITS = 64
# Eight bytes each: a gigabyte at most.
_MOST_ROWS = 125_000_000
_ROW_GROUP, _FETCHED = 122_880, 1_000_000
# A text of more different values is no category, and its values are not held in memory.
_MOST_WORDS, _PROBED = 4096, 200_000
_KINDS = {
    "BOOLEAN": pa.bool_(), "TINYINT": pa.int8(), "SMALLINT": pa.int16(), "INTEGER": pa.int32(), "BIGINT": pa.int64(),
    "UTINYINT": pa.uint8(), "USMALLINT": pa.uint16(), "UINTEGER": pa.uint32(), "DATE": pa.date32(),
}  # fmt: skip

_WORDS = pa.dictionary(pa.int32(), pa.string())

Numbers = npt.NDArray[np.uint64]
Places = npt.NDArray[np.signedinteger[Any]]
# FROM and WHERE of the granted rows, with these joins among them
Granted = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One column of the file in SQL. `codes` names the relation of codes that it is one of, `place` which of them, from 1."""

    name: str
    sql: str
    codes: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table's rows come from: all of its master m, and what is granted of it, `rows` in number."""

    master: str
    granted: Granted
    rows: int


@dataclass(frozen=True, slots=True)
class Part:
    """A column within a packed row, `value` its number in SQL: 1 for the least, NULL for nothing (never without `gaps`).

    In the row nothing is 0. `words` are what the numbers mean, where they are no numbers; `join` brings the places of words.
    """

    column: Wanted
    value: str
    least: int
    bits: int
    kind: pa.DataType
    words: pa.Array | None = field(default=None, repr=False)
    join: str = ""
    gaps: bool = True


@dataclass(frozen=True, slots=True)
class Packing:
    """The columns of a table in the order of their bits, the highest first."""

    parts: tuple[Part, ...]
    rows: int

    @property
    def shifts(self) -> tuple[int, ...]:
        """How far each column's bits stand from the right."""
        widths = [p.bits for p in self.parts]
        return tuple(sum(widths[i + 1 :]) for i in range(len(widths)))


def packing(con: duckdb.DuckDBPyConnection, columns: Sequence[Wanted], source: Source) -> Packing | None:
    """How rows are packed that are to be sorted by these columns; None if they do not fit."""
    if not columns or not 0 < source.rows <= _MOST_ROWS:
        return None
    plain = [c for c in columns if not c.codes]
    kinds = _kinds(con, plain, source)
    if any(kind != "VARCHAR" and kind not in _KINDS for kind in kinds.values()):
        return None
    bounds = _bounds(con, [c for c in plain if kinds[c.name] != "VARCHAR"], kinds, source)
    parts = []
    for number, column in enumerate(columns):
        part = bounds.get(column.name) or (
            _coded(con, column) if column.codes else _category(con, number, column, source)
        )
        if part is None:
            return None
        parts.append(part)
    return Packing(tuple(parts), source.rows) if sum(p.bits for p in parts) <= _BITS else None


def write_packed(
    con: duckdb.DuckDBPyConnection, packed: Packing, names: Sequence[str], source: Source, target: Path
) -> int:
    """Fetch, sort and write the columns `names`; how many rows there were."""
    numbers = _fetch(con, packed, source)
    numbers.sort()
    schema = pa.schema([(name, p.kind) for name in names for p in packed.parts if p.column.name == name])
    options = {"compression": "zstd", "write_statistics": False, "store_schema": False}
    with ThreadPoolExecutor(1) as ahead, pq.ParquetWriter(target, schema, **options) as writer:
        following = ahead.submit(_decoded, packed, numbers[:_ROW_GROUP], names)
        for start in range(
            0, len(numbers), _ROW_GROUP
        ):  # the next group is decoded while this one is written
            batch = following.result()
            rest = numbers[start + _ROW_GROUP : start + 2 * _ROW_GROUP]
            if len(rest):
                following = ahead.submit(_decoded, packed, rest, names)
            writer.write_batch(batch, row_group_size=_ROW_GROUP)
    return len(numbers)


def _coded(con: duckdb.DuckDBPyConnection, column: Wanted) -> Part | None:
    """Codes are enumerations, and their numbers lie beside them."""
    codes = con.sql(f"SELECT code::VARCHAR FROM {column.codes} ORDER BY code").to_arrow_table().column(0)
    if not len(codes):
        return None
    return Part(column, column.place, 0, _width(len(codes)), _WORDS, codes.combine_chunks())


def _kinds(con: duckdb.DuckDBPyConnection, columns: Sequence[Wanted], source: Source) -> dict[str, str]:
    if not columns:
        return {}
    listed = ", ".join(f"{c.sql} AS {quoted(c.name)}" for c in columns)
    return {
        str(row[0]): str(row[1])
        for row in con.execute(f"DESCRIBE SELECT {listed} {source.master}").fetchall()
    }


def _bounds(
    con: duckdb.DuckDBPyConnection, columns: Sequence[Wanted], kinds: Mapping[str, str], source: Source
) -> dict[str, Part]:
    """Numbers and dates by how far they reach in the whole master, which its file knows without being read."""
    if not columns:
        return {}
    number = {
        c.name: "({} - DATE '1970-01-01')" if kinds[c.name] == "DATE" else "{}::BIGINT" for c in columns
    }
    reach = ", ".join(number[c.name].format(f"{end}({c.sql})") for c in columns for end in ("min", "max"))
    gaps = ", ".join(f"EXISTS (SELECT 1 {source.master} WHERE {c.sql} IS NULL)" for c in columns)
    ends = first(con, f"SELECT {reach} {source.master}") or ()
    return {
        c.name: _bounded(
            c, number[c.name].format(c.sql), _KINDS[kinds[c.name]], (int(least or 0), int(most or 0)), missing
        )
        for c, least, most, missing in zip(
            columns, ends[::2], ends[1::2], first(con, f"SELECT {gaps}") or (), strict=True
        )
    }


def _bounded(column: Wanted, value: str, kind: pa.DataType, reach: tuple[int, int], gaps: bool) -> Part:
    least, most = reach
    return Part(
        column, f"({value} - ({least - 1}))::UBIGINT", least, _width(most - least + 1), kind, gaps=gaps
    )


def _category(con: duckdb.DuckDBPyConnection, number: int, column: Wanted, source: Source) -> Part | None:
    """A text of few different values: their places in the alphabet. The master is asked, which joins nothing."""
    different = f"SELECT DISTINCT v FROM (SELECT {column.sql} AS v {source.master}{{}}) WHERE v IS NOT NULL"
    if one(con, f"SELECT count(*) FROM ({different.format(f' LIMIT {_PROBED}')})") > _MOST_WORDS:
        return None
    words = con.sql(f"{different.format('')} ORDER BY v").to_arrow_table().column(0).combine_chunks()
    if len(words) > _MOST_WORDS:
        return None
    table = f"words_{number}"
    con.register(
        "words_in", pa.table({"word": words, "place": np.arange(1, len(words) + 1, dtype=np.uint64)})
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM words_in")
    con.unregister("words_in")
    join = f" LEFT JOIN {table} ON {table}.word = {column.sql}"
    return Part(column, f"{table}.place", 0, _width(len(words)), _WORDS, words.cast(pa.string()), join)


def _width(values: int) -> int:
    """The bits for that many different values, and for none."""
    return max(values, 1).bit_length()


def _fetch(con: duckdb.DuckDBPyConnection, packed: Packing, source: Source) -> Numbers:
    terms = [f"{_number(p)} << {shift}" for p, shift in zip(packed.parts, packed.shifts, strict=True)]
    rows = source.granted("".join(p.join for p in packed.parts))
    numbers: Numbers = np.empty(packed.rows, dtype=np.uint64)
    at = 0
    con.execute("SET preserve_insertion_order = false")
    for batch in con.sql(f"SELECT {' | '.join(f'({t})' for t in terms)} AS n {rows}").to_arrow_reader(
        _FETCHED
    ):
        found = batch.column(0).to_numpy()
        numbers[at : at + len(found)] = found
        at += len(found)
    con.execute("SET preserve_insertion_order = true")
    if at != packed.rows:
        raise ValueError(f"{at} rows were read where {packed.rows} had been counted")
    return numbers


def _decoded(packed: Packing, numbers: Numbers, names: Sequence[str]) -> pa.RecordBatch:
    places = {p.column.name: (p, shift) for p, shift in zip(packed.parts, packed.shifts, strict=True)}
    arrays = [_column(*places[name], numbers) for name in names]
    return pa.record_batch(arrays, names=list(names))


def _number(part: Part) -> str:
    return f"coalesce({part.value}, 0::UBIGINT)" if part.gaps else part.value


def _column(part: Part, shift: int, numbers: Numbers) -> pa.Array:
    short: type[np.signedinteger[Any]] = (
        np.int32 if part.bits < 32 and abs(part.least) < 1 << 30 else np.int64
    )
    values: Places = ((numbers >> np.uint64(shift)) & np.uint64((1 << part.bits) - 1)).astype(short)
    missing = values == 0 if part.gaps and values.min() == 0 else None
    if part.words is not None:
        return _words(values, part.words, missing)
    values += short(part.least - 1)
    return _numbers(values, part.kind, missing)


def _words(values: Places, words: pa.Array, missing: npt.NDArray[np.bool_] | None) -> pa.Array:
    """Only the words that rows have: what else the master or the crosswalk knows is nobody's business here."""
    used, indices = _used(values, len(words))
    if missing is not None:
        used, indices = used[1:], indices - np.int32(1)
    return pa.DictionaryArray.from_arrays(pa.array(indices, mask=missing), words.take(pa.array(used - 1)))


def _used(values: Places, most: int) -> tuple[Places, npt.NDArray[np.int32]]:
    """The different values and each one's place among them."""
    if most > _MOST_WORDS:
        used, places = _used_of_many(values)
        return used, places.astype(np.int32)
    there = np.zeros(most + 1, dtype=np.bool_)
    there[values] = True
    places = np.cumsum(there, dtype=np.int32) - np.int32(1)
    return np.flatnonzero(there), places[values]


def _used_of_many(values: Places) -> tuple[Places, Places]:
    steps = np.diff(values)
    if (steps >= 0).all():  # sorted by it
        places = np.concatenate([[0], np.cumsum(steps > 0)])
        return values[np.concatenate([[True], steps > 0])], places
    return np.unique(values, return_inverse=True)


def _numbers(values: Places, kind: pa.DataType, missing: npt.NDArray[np.bool_] | None) -> pa.Array:
    if pa.types.is_boolean(kind):
        return pa.array(values == 1, mask=missing)
    if pa.types.is_date32(kind):
        return pa.array(values.astype(np.int32, copy=False), mask=missing).view(kind)
    return pa.array(values.astype(kind.to_pandas_dtype(), copy=False), mask=missing)
