"""Two-way tables: a cell stands for the rows whose keys are its labels; a margin for all of its row or column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rpp_kernel.evidence.cells import Column, GroupTable
from rpp_kernel.evidence.counting import Stats
from rpp_kernel.evidence.origin import Fields, Ints, Origin

ALL = -3  # a margin


class CrossTable:
    """`row_keys` and `col_keys` are an index's positions for each row of the parent, made when first asked for."""

    is_rows = False

    def __init__(
        self,
        parent: Origin,
        row_codes: Any,
        col_codes: Any,
        rows: Ints,
        columns: Sequence[tuple[int, int]],
        shape: tuple[int, int],
        values: Sequence[Column],
        keys: Fields = (),
    ) -> None:
        self.parent, self._row_codes, self._col_codes = parent, row_codes, col_codes
        self.rows, self.columns, self.shape, self.values = rows, tuple(columns), shape, tuple(values)
        self.size = len(rows)
        self._tables: dict[tuple[bool, bool], GroupTable] = {}
        self._stamped = GroupTable(parent, np.zeros(0, dtype=np.intp), 1, self.values, keys)

    def kinds(self) -> tuple[str, ...]:
        return tuple(self.parent.token.kinds())

    def sources(self) -> dict[str, set[str]]:
        return self._stamped.sources()

    def filters(self) -> list[str]:
        return self.parent.filters()

    def edges(self, kind: str) -> tuple[Ints, Ints]:
        cells, units = self._table(True, False).edges(kind)
        place = np.full(self.shape[0], -1, dtype=np.intp)
        ours = np.flatnonzero(self.rows >= 0)
        place[self.rows[ours]] = ours
        there = place[cells] >= 0
        return place[cells][there], units[there]

    def stats(self, column: int, at: Ints, kind: str) -> Stats:
        value, col = self.columns[column]
        found = Stats.unknown(len(at))
        for is_margin in (False, True):
            cells = np.flatnonzero((self.rows[at] == ALL) == is_margin)
            if len(cells):
                table, where = self._where(self.rows[at[cells]], col, is_margin)
                found.put(cells, table.stats(value, where, kind))
        return found

    def unit_sets(self, column: int, at: Ints, kind: str) -> list[Ints]:
        value, col = self.columns[column]
        found: list[Ints] = [np.zeros(0, dtype=np.intp)] * len(at)
        for is_margin in (False, True):
            cells = np.flatnonzero((self.rows[at] == ALL) == is_margin)
            if len(cells):
                table, where = self._where(self.rows[at[cells]], col, is_margin)
                for cell, one in zip(cells, table.unit_sets(value, where, kind), strict=True):
                    found[cell] = one
        return found

    def _where(self, rows: Ints, col: int, is_margin: bool) -> tuple[GroupTable, Ints]:
        table = self._table(not is_margin, col != ALL)
        row = np.zeros(len(rows), dtype=np.intp) if is_margin else rows
        return table, row if col == ALL else row * self.shape[1] + col

    def _table(self, by_row: bool, by_column: bool) -> GroupTable:
        key = (by_row, by_column)
        if key not in self._tables:
            row, col = self._row_codes(), self._col_codes()
            valid = (row >= 0) & (col >= 0)
            code = (row if by_row else 0) * (self.shape[1] if by_column else 1) + (col if by_column else 0)
            size = (self.shape[0] if by_row else 1) * (self.shape[1] if by_column else 1)
            table = GroupTable(self.parent, np.where(valid, code, -1), max(size, 1), self.values)
            table._stamp = self._stamped._stamp
            self._tables[key] = table
        return self._tables[key]


def codes_of(keys: Sequence[Any], labels: Any) -> Any:
    """A function that gives each row's position among the labels, worked out once."""
    found: list[Ints] = []

    def codes() -> Ints:
        import pandas as pd

        if not found:
            arrays = [
                key._values if isinstance(key, pd.Series | pd.Index) else np.asarray(key) for key in keys
            ]
            if isinstance(labels, pd.MultiIndex):
                found.append(np.asarray(labels.get_indexer(pd.MultiIndex.from_arrays(arrays)), dtype=np.intp))
            else:
                found.append(np.asarray(labels.get_indexer(pd.Index(arrays[0])), dtype=np.intp))
        return found[0]

    return codes


def no_codes(size: int) -> Any:
    """All rows in one column."""
    return lambda: np.zeros(size, dtype=np.intp)
