"""Who is a row of a cut's table about? Read from the unit columns that the codebook names, and only when asked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rpp_kernel.evidence.origin import Ints, Unknown

if TYPE_CHECKING:
    import pandas

PEOPLE = ("student", "staff")
MANY_WORDS = 2_000_000


class Registry:
    """Numbers for the units of a session: the same student has the same number in every table."""

    def __init__(self) -> None:
        self._numbers: dict[str, pandas.Index] = {}
        self._columns: dict[tuple[str, str], Ints] = {}

    def units(self, table: str, column: str, kind: str) -> Ints:
        """A number for each row of the table's file; -1 where there is no unit."""
        key = (table, column)
        if key not in self._columns:
            self._columns[key] = self._read(table, column, kind)
        return self._columns[key]

    def codes(self, kind: str, numbers: Ints) -> list[str]:
        """The codes behind numbers."""
        return [str(code) for code in self._numbers[kind][numbers]]

    def ranks(self, kind: str) -> Ints:
        """The place of each number's code among those that were seen, in alphabetical order."""
        order = np.argsort(np.asarray(self._numbers[kind], dtype=object).astype(str), kind="stable")
        found = np.empty(len(order), dtype=np.intp)
        found[order] = np.arange(len(order))
        return found

    def count(self, kind: str) -> int:
        """How many different units of a kind were seen."""
        return len(self._numbers.get(kind, ()))

    def _read(self, table: str, column: str, kind: str) -> Ints:
        import pandas
        import pyarrow.parquet
        from rpp.folder import table_path

        try:
            read = pyarrow.parquet.read_table(table_path(table), columns=[column], read_dictionary=[column])
        except (OSError, ValueError) as error:
            raise Unknown(f"The unit column of table {table} cannot be read.") from error
        column_read = read.column(0)
        if sum(len(chunk.dictionary) for chunk in column_read.chunks) > MANY_WORDS:
            column_read = column_read.unify_dictionaries()
        known = self._numbers.get(kind, pandas.Index([], dtype=object))
        numbered = np.empty(read.num_rows, dtype=np.int32)
        at, last, numbers = 0, None, np.zeros(0, dtype=np.int32)
        for chunk in column_read.chunks:
            if last is None or not last.equals(chunk.dictionary):
                words = pandas.Index(chunk.dictionary.to_pylist(), dtype=object)
                fresh = words[known.get_indexer(words) < 0]
                known = known.append(fresh) if len(fresh) else known
                numbers = np.append(known.get_indexer(words), -1).astype(np.int32)
                last = chunk.dictionary
            local = chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            numbered[at : at + len(local)] = numbers[local]
            at += len(local)
        self._numbers[kind] = known
        return numbered


REGISTRY = Registry()


def ranks(kind: str) -> Ints:
    """For each number of a kind, its place among all the cut's codes of that kind in alphabetical order."""
    from rpp.folder import tables

    for table in tables():
        column = unit_columns(table).get(kind)
        if column is not None:
            REGISTRY.units(table, column, kind)
    return REGISTRY.ranks(kind)


@cache
def unit_columns(table: str) -> dict[str, str]:
    """The kinds of unit of a table, each with its column, as the cut's codebook says."""
    from rpp.meanings import resources_by_name

    fields = resources_by_name().get(table, {}).get("schema", {}).get("fields", [])
    found: dict[str, str] = {}
    for field in fields:
        kind = _unit_of(field)
        if kind:
            found.setdefault(kind, field["name"])
    return found


def _unit_of(field: dict[str, Any]) -> str:
    ours = field.get("rpp")
    return str(ours.get("unit") or "") if isinstance(ours, dict) else ""


def forget() -> None:
    """Another cut is mounted (tests)."""
    global REGISTRY
    REGISTRY = Registry()
    unit_columns.cache_clear()
