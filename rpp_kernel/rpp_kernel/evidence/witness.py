"""Which records of the cut is each shown cell made of? Written in the hub's own re-run alone, so that it can count again.

The trusted side takes these records from the cut by itself, counts and computes anew, and compares that with what is
shown and what is said; nothing here has to be believed. What cannot be put into these words has no witness.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from rpp_kernel.evidence.cells import (
    Column,
    Elsewhere,
    GridTable,
    GroupTable,
    StackTable,
    WrapTable,
    is_under,
)
from rpp_kernel.evidence.cross import CrossTable
from rpp_kernel.evidence.origin import NOBODY, Ints, Mark, Origin, picked
from rpp_kernel.evidence.rows import Gather, Join, Source, Stack

MOST_ROWS = 3_000_000
MOST_CELLS = 2_000
EVERY = -3  # all groups of one side: a margin
Place = tuple[Any, int, int]  # a cell: token, column, row


class Inexpressible(Exception):
    """These records, or this value, cannot be said in a witness's words."""


class _Writer:
    """Leaves and measures, each written once however many cells are made of them."""

    def __init__(self) -> None:
        self.leaves: list[dict[str, Any]] = []
        self.measures: list[dict[str, Any]] = []
        self._leaf_of: dict[int, int] = {}  # -1: has no words
        self._measure_of: dict[tuple[int, int], int] = {}
        self._rows: list[tuple[Any, dict[str, Ints | None]]] = []  # kept: an identity is of a living object

    def cell(self, place: Place) -> list[list[int]]:
        """The groups that a cell was computed from: [leaf, row group, column group, measure]."""
        return [self._group(token, column, row) for token, column, row in _groups(place)]

    def _group(self, token: Any, column: int, row: int) -> list[int]:
        if isinstance(token, CrossTable):
            value, across = token.columns[column]
            return [self._leaf(token), int(token.rows[row]), across, self._measure(token, value)]
        return [self._leaf(token), row, EVERY, self._measure(token, column)]

    def _leaf(self, token: Any) -> int:
        if id(token) not in self._leaf_of:
            self._leaf_of[id(token)] = -1
            tables = records_of(token.parent)
            leaf: dict[str, Any] = {
                "tables": {t: None if at is None else packed(at) for t, at in tables.items()}
            }
            leaf["size"] = token.parent.size
            if isinstance(token, CrossTable):
                leaf["codes"], leaf["across"] = packed(token._row_codes()), packed(token._col_codes())
            else:
                leaf["codes"] = packed(token.codes)
            self._leaf_of[id(token)] = len(self.leaves)
            self.leaves.append(leaf)
            self._rows.append((token, tables))
        if self._leaf_of[id(token)] < 0:
            raise Inexpressible
        return self._leaf_of[id(token)]

    def _measure(self, token: Any, column: int) -> int:
        key = (id(token), column)
        if key not in self._measure_of:
            spec = (token.values if isinstance(token, CrossTable) else token.columns)[column]
            self._measure_of[key] = -1
            self.measures.append(self._told(spec, self._rows[self._leaf_of[id(token)]][1]))
            self._measure_of[key] = len(self.measures) - 1
        if self._measure_of[key] < 0:
            raise Inexpressible
        return self._measure_of[key]

    def _told(self, spec: Column, tables: dict[str, Ints | None]) -> dict[str, Any]:
        if not spec.is_known or spec.source is not None or spec.others:
            raise Inexpressible
        if spec.values is None:
            if spec.function != "size":  # a model, a score
                raise Inexpressible
            return {"function": spec.function}
        fields = [list(one) for one in spec.fields if one[0] in tables]
        if len(fields) == 1 and _is_raw(spec.values, *spec.fields[0], tables[spec.fields[0][0]]):
            return {"function": spec.function, "field": fields[0]}
        values = np.asarray(spec.values, dtype=np.float64)
        return {"function": spec.function, "fields": fields, "values": packed(values)}


def witness(cells: dict[tuple[int, int], Sequence[Place]]) -> dict[str, Any] | None:
    """For each cell the groups of records it is made of; cells that cannot be said are left out."""
    if not cells or len(cells) > MOST_CELLS:
        return None
    writer, told = _Writer(), {}
    for (row, column), places in cells.items():
        try:
            told[f"{row},{column}"] = [group for place in places for group in writer.cell(place)]
        except (Inexpressible, TypeError, ValueError):
            continue
    return {"leaves": writer.leaves, "measures": writer.measures, "cells": told} if told else None


def places(marks: Sequence[Mark | None], origin: Origin, at: Ints) -> dict[tuple[int, int], list[Place]]:
    """The cells of a frame whose marks are known."""
    return {
        (i, j): [(mark.token, mark.column, int(row))]
        for j, mark in enumerate(marks)
        if mark is not None and not mark.is_label and is_under(mark.token, origin.token)
        for i, row in enumerate(at)
        if row >= 0
    }


def _groups(place: Place) -> list[Place]:
    """From a cell that was moved about to the groups of records below it."""
    token, column, row = place
    if isinstance(token, Elsewhere):
        return _groups((token.grid, column, row))
    if isinstance(token, GroupTable | CrossTable):
        return [place]
    if isinstance(token, GridTable) and not token.is_union:
        found: list[Place] = []
        for tokens, columns, rows in token.layers:
            if tokens[row, column] < 0:
                raise Inexpressible
            found += _groups(
                (token.tokens[tokens[row, column]], int(columns[row, column]), int(rows[row, column]))
            )
        return found
    if isinstance(token, WrapTable) and (part := token.parts[column]) is not None:
        return _groups((part[1].token, part[1].column, _position(part[0], row)))
    if isinstance(token, StackTable):
        k = int(np.searchsorted(token.starts, row, side="right")) - 1
        origin, mark = token.parts[k][0], token.columns[column][k]
        if origin is not None and mark is not None:
            return _groups((mark.token, mark.column, _position(origin, row - int(token.starts[k]))))
    raise Inexpressible


def _position(origin: Origin, row: int) -> int:
    at = origin.positions()
    found = row if at is None else int(at[row])
    if found < 0:
        raise Inexpressible
    return found


def records_of(origin: Origin) -> dict[str, Ints | None]:
    """For each row, its record in each table of the cut (-1: none there; None: all of them in order)."""
    if origin.size > MOST_ROWS:
        raise Inexpressible
    at, token = origin.positions(), origin.token
    if at is not None and (at < NOBODY).any():
        raise Inexpressible
    return {table: picked(base, at, token.size) for table, base in _records(token).items()}


def _records(token: Any) -> dict[str, Ints | None]:
    if isinstance(token, Source):
        return {token.table: None}
    if isinstance(token, Join):
        return _of_join(token)
    if isinstance(token, Stack):
        return _of_stack(token)
    if isinstance(token, Gather) and np.array_equal(token.rows, np.arange(token.size)):
        return records_of(token.parent.take(token.picks, len(token.picks)))
    raise Inexpressible


def _of_join(token: Join) -> dict[str, Ints | None]:
    found: dict[str, Ints | None] = {}
    for side in token.sides:
        for table, at in records_of(side).items():
            if table in found and not _alike(found[table], at):
                raise Inexpressible
            found[table] = at
    return found


def _of_stack(token: Stack) -> dict[str, Ints | None]:
    parts = []
    for part, size in zip(token.parts, token.sizes, strict=True):
        if part is None or not part.token.is_rows:
            raise Inexpressible
        parts.append({t: np.arange(size) if at is None else at for t, at in records_of(part).items()})
    if len({tuple(sorted(part)) for part in parts}) != 1:
        raise Inexpressible
    return {table: np.concatenate([part[table] for part in parts]) for table in parts[0]}


def _alike(one: Ints | None, other: Ints | None) -> bool:
    return one is other if one is None or other is None else np.array_equal(one, other)


def _is_raw(values: Any, table: str, name: str, at: Ints | None) -> bool:
    """Whether these are the field's own values, as they lie in the cut."""
    import pandas as pd
    import pyarrow.parquet
    from rpp.folder import table_path

    try:
        whole = pyarrow.parquet.read_table(table_path(table), columns=[name]).column(0).to_pandas()
    except (OSError, ValueError, KeyError):
        return False
    theirs = whole if at is None else whole.reindex(at)
    ours, theirs = pd.Series(values).reset_index(drop=True), theirs.reset_index(drop=True)
    if len(ours) != len(theirs) or not (ours.isna() == theirs.isna()).all():
        return False
    there = ours.notna()
    return bool((np.asarray(ours[there]) == np.asarray(theirs[there])).all())


def packed(array: Ints) -> str:
    """Whole numbers in four bytes each, others in eight; compressed, ready for JSON."""
    kind = "<f8" if array.dtype.kind == "f" else "<i4"
    return base64.b64encode(zlib.compress(np.ascontiguousarray(array, dtype=kind).tobytes(), 6)).decode()
