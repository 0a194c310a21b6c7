"""Cells moved about: unstack, pivot, melt and the like are done a second time with each cell's number in its place."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from pandas.core.frame import DataFrame
from pandas.core.series import Series

from rpp_kernel.evidence.cells import GridTable, is_under
from rpp_kernel.evidence.origin import (
    LABEL,
    MARKS,
    NOBODY,
    ORIGIN,
    STRANGER,
    Ints,
    Mark,
    Origin,
    marks_of,
    origin_of,
    picked,
)
from rpp_kernel.evidence.patching import DEPTH, quietly, replace
from rpp_kernel.evidence.rows import Gather
from rpp_kernel.evidence.watch_axes import give_mark, give_marks, give_rows, mark_of

MOST_CELLS = 2_000_000
MOVES = ("unstack", "stack", "pivot", "melt", "transpose")


def install() -> None:
    """Wrap the methods that only move cells."""
    for name in MOVES:
        _replayed(DataFrame, name)
    _replayed(Series, "unstack")
    _property_t()


def _replayed(owner: Any, name: str) -> None:
    """A method that only moves cells is done a second time with each cell's number in its place."""
    original = owner.__dict__[name]

    @functools.wraps(original)
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        if not DEPTH.inside and ORIGIN in self.index.__dict__:
            quietly(_replay, result, self, original, name, args, kwargs)
        return result

    replace(owner, name, watched)


def _property_t() -> None:
    def get(self: Any) -> Any:
        return self.transpose()

    replace(DataFrame, "T", property(get, doc=DataFrame.transpose.__doc__))


def plain(axis: Any) -> Any:
    """An axis that remembers nothing."""
    seen = axis._view()
    seen.__dict__.pop(ORIGIN, None)
    seen.__dict__.pop(MARKS, None)
    return seen


def numbered(frame: Any) -> Any:
    """A frame or series of the same shape whose cells are numbered along the rows."""
    if frame.ndim == 1:
        return Series(np.arange(len(frame)), index=plain(frame.index), name=frame.name)
    n, m = frame.shape
    return DataFrame(np.arange(n * m).reshape(n, m), index=plain(frame.index), columns=plain(frame.columns))


def _replay(result: Any, self: Any, original: Any, name: str, args: Any, kwargs: Any) -> None:
    origin = origin_of(self.index)
    if origin is None or self.size > MOST_CELLS or result.size > MOST_CELLS:
        return
    DEPTH.inside += 1
    try:
        kwargs = {k: v for k, v in kwargs.items() if k != "fill_value"}
        shadow = original(_with_keys(numbered(self), self, name, kwargs), *args, **kwargs)
    finally:
        DEPTH.inside -= 1
    if shadow.shape != result.shape:
        return
    words = {"variable"} if name == "melt" else set()
    cells, is_cell = _numbers(shadow, words)
    if origin.token.is_rows:
        _gathered(result, origin, cells, is_cell, 1 if self.ndim == 1 else self.shape[1])
        return
    marks = (mark_of(self),) if self.ndim == 1 else (marks_of(self.columns) or (None,) * self.shape[1])
    give_grid(result, origin, marks, [cells], is_cell)


def _with_keys(shadow: Any, frame: Any, name: str, kwargs: Any) -> Any:
    """A pivot finds its rows and columns by values: those columns keep theirs."""
    if name != "pivot":
        return shadow
    for given in (kwargs.get("index"), kwargs.get("columns")):
        for key in given if isinstance(given, list) else [given]:
            if key is not None and isinstance(at := frame.columns.get_loc(key), int):
                shadow.isetitem(at, frame.iloc[:, at]._values)
    return shadow


def _numbers(shadow: Any, words: set[str]) -> tuple[Ints, list[bool]]:
    """The cell numbers (NOBODY where filled in), and which columns have such numbers at all."""
    columns = [shadow] if shadow.ndim == 1 else [shadow.iloc[:, j] for j in range(shadow.shape[1])]
    numbers, is_cell = [], []
    for column in columns:
        fits = column.dtype.kind in "iuf" and column.name not in words
        is_cell.append(fits)
        values = np.asarray(column, dtype=float) if fits else np.full(len(column), np.nan)
        numbers.append(np.where(np.isnan(values), NOBODY, values).astype(np.intp))
    n = len(shadow)
    return (np.stack(numbers, axis=1) if numbers else np.zeros((n, 0), dtype=np.intp)), is_cell


def _gathered(result: Any, origin: Origin, cells: Ints, is_cell: list[bool], width: int) -> None:
    """Records in a new shape: a row stands for the records that any of its cells came from."""
    rows, cols = np.nonzero(cells >= 0)
    pairs = np.unique(np.stack([rows, cells[rows, cols] // width], axis=1), axis=0)
    give_rows(result, Origin.of(Gather(len(result), origin, pairs[:, 0], pairs[:, 1])))
    if result.ndim == 2:
        give_marks(result, (None,) * result.shape[1])
    del is_cell


def give_grid(
    result: Any,
    origin: Origin,
    marks: Any,
    layers: list[Ints],
    is_cell: list[bool],
    *,
    is_union: bool = False,
) -> None:
    """`layers` number the cells (row * width + column) of a frame with this origin and these marks."""
    token = grid_of(origin, marks, layers, is_union=is_union)
    give_rows(result, Origin.of(token))
    made = tuple(Mark(token, j) if fits else LABEL for j, fits in enumerate(is_cell))
    if result.ndim == 2:
        flat = layers[0]
        give_marks(result, tuple(_label_or(m, flat[:, j], marks) for j, m in enumerate(made)))
    else:
        give_mark(result, made[0])


def _label_or(made: Mark, cells: Ints, marks: Any) -> Mark:
    """A column all of whose cells were labels is one itself."""
    if made.is_label or not len(marks):
        return LABEL if made.is_label else made
    there = cells[cells >= 0] % len(marks)
    return (
        LABEL
        if len(there) and all(marks[j] is not None and marks[j].is_label for j in np.unique(there))
        else made
    )


def grid_of(origin: Origin, marks: Any, layers: list[Ints], *, is_union: bool = False) -> GridTable:
    """A token whose cells are those numbered cells of one frame."""
    width = len(marks)
    tokens: list[Any] = []
    numbers = np.full(width, STRANGER, dtype=np.intp)
    columns = np.zeros(width, dtype=np.intp)
    for j, mark in enumerate(marks):
        if mark is None or mark.token is None or not is_under(mark.token, origin.token):
            continue
        if not any(mark.token is one for one in tokens):
            tokens.append(mark.token)
        numbers[j] = next(k for k, one in enumerate(tokens) if one is mark.token)
        columns[j] = mark.column
    made = []
    for cells in layers:
        blank = cells < 0
        rows, cols = np.divmod(np.maximum(cells, 0), max(width, 1))
        found = picked(origin.positions(), rows.ravel(), origin.token.size)
        at = rows if found is None else found.reshape(rows.shape)
        token = np.where(blank, cells, numbers[cols])
        token = np.where(~blank & (at == NOBODY), NOBODY, token)
        token = np.where(~blank & (at <= STRANGER), STRANGER, token)
        made.append((token, columns[cols], np.maximum(at, 0)))
    return GridTable(tuple(tokens), tuple(made), is_union=is_union)
