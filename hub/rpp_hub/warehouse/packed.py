"""How are the rows of a table sorted and written where each fits into one number of 64 bits?

The code comes first, then the columns in their order, each in as few bits as its values need. Numbers sort many times
faster than rows, take eight bytes a row however many columns there are, and hold nothing but what was granted: so their
order cannot say anything else. What does not fit is left to DuckDB (`cuts.scramble`). Masters, whose order is the one in which rows were sent, are packed in two
numbers (`warehouse.packed_masters`).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from rpp_hub.warehouse.engine import first, one, quoted
from rpp_hub.warehouse.row_groups import write_row_groups

_BITS = 64
# Eight bytes each: a gigabyte at most.
_MOST_ROWS = 125_000_000
_ROW_GROUP, FETCHED = 122_880, 1_000_000
_CORES = min(os.cpu_count() or 1, 8)
# A text of more different values is no category, and its values are not held in memory.
_MOST_WORDS, _PROBED = 4096, 200_000
_KINDS = {
    "BOOLEAN": pa.bool_(), "TINYINT": pa.int8(), "SMALLINT": pa.int16(), "INTEGER": pa.int32(), "BIGINT": pa.int64(),
    "UTINYINT": pa.uint8(), "USMALLINT": pa.uint16(), "UINTEGER": pa.uint32(), "DATE": pa.date32(),
}  # fmt: skip

WORDS = pa.dictionary(pa.int32(), pa.string())

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
    """Where a table's rows come from: all of its master m, and what is granted of it."""

    master: str
    granted: Granted


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
    """The columns of a table in the order of their bits, the highest first; and how many rows there may be."""

    parts: tuple[Part, ...]
    most: int

    @property
    def shifts(self) -> tuple[int, ...]:
        """How far each column's bits stand from the right."""
        widths = [p.bits for p in self.parts]
        return tuple(sum(widths[i + 1 :]) for i in range(len(widths)))


def packing(con: duckdb.DuckDBPyConnection, columns: Sequence[Wanted], source: Source) -> Packing | None:
    """How rows are packed that are to be sorted by these columns; None if they do not fit."""
    with in_any_order(con):
        return _packing(con, columns, source)


def _packing(con: duckdb.DuckDBPyConnection, columns: Sequence[Wanted], source: Source) -> Packing | None:
    most = _most_rows(con, source)
    if not columns or not 0 < most <= _MOST_ROWS:
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
    return Packing(tuple(parts), most) if sum(p.bits for p in parts) <= _BITS else None


def _most_rows(con: duckdb.DuckDBPyConnection, source: Source) -> int:
    """No more are granted than the master has, which its file knows. Only where that is too many they are counted."""
    all_of_them = one(con, f"SELECT count(*) {source.master}")
    if all_of_them <= _MOST_ROWS:
        return all_of_them
    return one(con, f"SELECT count(*) {source.granted('')}")


@contextmanager
def in_any_order(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows come in whichever order is fastest: they are sorted afterwards, or are values of which each counts once."""
    con.execute("SET preserve_insertion_order = false")
    try:
        yield
    finally:
        con.execute("SET preserve_insertion_order = true")


def write_packed(
    con: duckdb.DuckDBPyConnection, packed: Packing, names: Sequence[str], source: Source, target: Path
) -> int:
    """Fetch, sort and write the columns `names`; how many rows there were. Nothing is written if there were none."""
    with in_any_order(con):
        numbers = _fetch(con, packed, source)
    if not len(numbers):
        return 0
    sort_numbers(numbers)
    return write_groups(numbers, lambda group: encoded(decoded(packed, group, names)), target)


def write_groups(numbers: Numbers, encode: Callable[[Numbers], memoryview], target: Path) -> int:
    """One file of row groups, each encoded from as many numbers on one core; how many rows there are."""
    groups = [numbers[at : at + _ROW_GROUP] for at in range(0, len(numbers), _ROW_GROUP)]
    with ThreadPoolExecutor(_CORES) as pool:
        return write_row_groups(_ahead(pool, encode, groups), target)


def sort_numbers(numbers: Numbers) -> None:
    """In its place, each core a share of it."""
    ends = [len(numbers) * share // _CORES for share in range(1, _CORES)]
    if ends:
        numbers.partition(ends)
    with ThreadPoolExecutor(_CORES) as pool:
        list(pool.map(np.ndarray.sort, np.split(numbers, ends)))


def _ahead(
    pool: ThreadPoolExecutor, encode: Callable[[Numbers], memoryview], groups: Iterable[Numbers]
) -> Iterator[memoryview]:
    """Each group encoded, in their order; a few ahead of the one that is written, so that memory holds no more."""
    waiting: deque[Future[memoryview]] = deque()
    for group in groups:
        waiting.append(pool.submit(encode, group))
        if len(waiting) > 2 * _CORES:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def encoded(batch: pa.RecordBatch, *, statistics: bool = False) -> memoryview:
    """One row group as a Parquet file. Narrow numbers go as they are: zstd finds what repeats as well as a dictionary."""
    listed = [f.name for f in batch.schema if pa.types.is_dictionary(f.type) or f.type.bit_width == _BITS]
    # pages as large as their bytes allow: of 20,000 rows each, a row group takes a fifth longer
    pages = {"max_rows_per_page": _ROW_GROUP}
    options = {"compression": "zstd", "write_statistics": statistics, "store_schema": False, **pages}
    out = pa.BufferOutputStream()
    with pq.ParquetWriter(out, batch.schema, use_dictionary=listed, **options) as writer:
        writer.write_batch(batch, row_group_size=_ROW_GROUP)
    return memoryview(out.getvalue())


def _coded(con: duckdb.DuckDBPyConnection, column: Wanted) -> Part | None:
    """Codes are enumerations, and their numbers lie beside them."""
    codes = con.sql(f"SELECT code::VARCHAR FROM {column.codes} ORDER BY code").to_arrow_table().column(0)
    if not len(codes):
        return None
    return words_part(column, column.place, codes.combine_chunks())


def words_part(column: Wanted, place: str, words: pa.Array, join: str = "") -> Part:
    """A column of texts, by their places among these words."""
    return Part(column, place, 0, max(len(words), 1).bit_length(), WORDS, words, join)


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
    return words_part(column, f"{table}.place", words.cast(pa.string()), join)


def _width(values: int) -> int:
    """The bits for that many different values, and for none."""
    return max(values, 1).bit_length()


def packed_sql(packed: Packing) -> str:
    """A row's number in SQL."""
    terms = [moved(_number(p), shift) for p, shift in zip(packed.parts, packed.shifts, strict=True)]
    return " | ".join(terms) or "0::UBIGINT"


def moved(number: str, bits: int) -> str:
    """A number moved to the left. DuckDB multiplies many numbers at once, and shifts them one by one."""
    return f"({number} * {1 << bits}::UBIGINT)" if bits else f"({number})"


def packed_joins(packed: Packing) -> str:
    """The joins that a row's number needs."""
    return "".join(p.join for p in packed.parts)


def _fetch(con: duckdb.DuckDBPyConnection, packed: Packing, source: Source) -> Numbers:
    query = f"SELECT {packed_sql(packed)} AS n {source.granted(packed_joins(packed))}"
    numbers: Numbers = np.empty(
        packed.most, dtype=np.uint64
    )  # pages that nothing is written to take no memory
    at = 0
    for batch in con.sql(query).to_arrow_reader(FETCHED):
        found = batch.column(0).to_numpy()
        if at + len(found) > packed.most:
            raise ValueError(f"more than {packed.most} rows were read, which is all that there can be")
        numbers[at : at + len(found)] = found
        at += len(found)
    return numbers[:at]


def decoded(packed: Packing, numbers: Numbers, names: Sequence[str]) -> pa.RecordBatch:
    """The columns `names` of packed rows."""
    places = {p.column.name: (p, shift) for p, shift in zip(packed.parts, packed.shifts, strict=True)}
    arrays = [column_of(*places[name], numbers) for name in names]
    return pa.record_batch(arrays, names=list(names))


def _number(part: Part) -> str:
    return f"coalesce({part.value}, 0::UBIGINT)" if part.gaps else part.value


def column_of(part: Part, shift: int, numbers: Numbers) -> pa.Array:
    """One column of packed rows, whose bits stand so far from the right."""
    values = _unpacked(part, shift, numbers)
    missing = values == 0 if part.gaps and values.min() == 0 else None
    if part.words is not None:
        return _words(values, part.words, missing)
    values += values.dtype.type(part.least - 1)
    return _numbers(values, part.kind, missing)


def _unpacked(part: Part, shift: int, numbers: Numbers) -> Places:
    """A column's numbers: of 32 bits where they and all that they are moved to fit, which is half the work."""
    mask = (1 << part.bits) - 1
    if part.bits < 31 and abs(part.least) < 1 << 30:
        narrow = (numbers >> np.uint64(shift)).astype(np.uint32)
        narrow &= np.uint32(mask)
        return narrow.view(np.int32)
    return ((numbers >> np.uint64(shift)) & np.uint64(mask)).astype(np.int64)


def _words(values: Places, words: pa.Array, missing: npt.NDArray[np.bool_] | None) -> pa.Array:
    """Only the words that rows have: what else the master or the crosswalk knows is nobody's business here."""
    used, indices = _used(values, len(words))
    if missing is not None:
        used, indices = used[1:], indices - np.int32(1)
    return pa.DictionaryArray.from_arrays(pa.array(indices, mask=missing), words.take(pa.array(used - 1)))


def _used(values: Places, most: int) -> tuple[Places, npt.NDArray[np.int32]]:
    """The different values and each one's place among them."""
    if (values[1:] >= values[:-1]).all():
        return _used_of_sorted(values)
    if most > _MOST_WORDS:
        used, places = np.unique(values, return_inverse=True)
        return used, places.astype(np.int32)
    there = np.zeros(most + 1, dtype=np.bool_)
    there[values] = True
    used = np.flatnonzero(there)
    if len(used) == used[-1] - used[0] + 1:  # none left out between the first and the last
        return used, values - np.int32(used[0])
    return used, (np.cumsum(there, dtype=np.int32) - np.int32(1)).take(values)


def _used_of_sorted(values: Places) -> tuple[Places, npt.NDArray[np.int32]]:
    starts = np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1])
    long = np.diff(starts, append=len(values))
    return values[starts], np.repeat(np.arange(len(starts), dtype=np.int32), long)


def _numbers(values: Places, kind: pa.DataType, missing: npt.NDArray[np.bool_] | None) -> pa.Array:
    if pa.types.is_boolean(kind):
        return pa.array(values == 1, mask=missing)
    if pa.types.is_date32(kind):
        return pa.array(values.astype(np.int32, copy=False), mask=missing).view(kind)
    return pa.array(values.astype(kind.to_pandas_dtype(), copy=False), mask=missing)
