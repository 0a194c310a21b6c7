"""Arithmetic and comparisons between aggregates: a result stands for the fewest of what it was computed from."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from pandas.core.frame import DataFrame
from pandas.core.series import Series

from rpp_kernel.evidence.cells import GridTable
from rpp_kernel.evidence.origin import (
    NOBODY,
    ORIGIN,
    STRANGER,
    Ints,
    Mark,
    Origin,
    marks_of,
    origin_of,
)
from rpp_kernel.evidence.patching import quietly, replace
from rpp_kernel.evidence.scalars import SCALARS
from rpp_kernel.evidence.watch_axes import give_mark, give_marks, give_rows, mark_of
from rpp_kernel.evidence.watch_moves import MOST_CELLS, grid_of


def install() -> None:
    """Wrap pandas' operators."""
    for name in ("_arith_method", "_cmp_method", "_logical_method"):
        _operator(Series, name)
    _operator(Series, "_flex_method")
    for name in ("_arith_method", "_cmp_method", "_flex_arith_method", "_flex_cmp_method"):
        _operator(DataFrame, name)


def _operator(owner: Any, name: str) -> None:
    original = owner.__dict__[name]

    @functools.wraps(original)
    def operate(self: Any, other: Any, op: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, other, op, *args, **kwargs)
        if (ORIGIN in self.index.__dict__ or _has(other)) and isinstance(result, Series | DataFrame):
            quietly(_operated, result, self, other, op, kwargs.get("axis"))
        return result

    replace(owner, name, operate)


def _has(other: Any) -> bool:
    return isinstance(other, Series | DataFrame) and ORIGIN in other.index.__dict__


def _operated(result: Any, self: Any, other: Any, op: Any, axis: Any) -> None:
    say_words(result, self, other, op)
    mine = origin_of(self.index)
    if (mine is not None and mine.token.is_rows) or (_has(other) and _origin(other).token.is_rows):
        if result.ndim == 1:
            every = (mark_of(one) for one in (self, other) if isinstance(one, Series))
            give_mark(
                result, Mark(fields=tuple(dict.fromkeys(f for m in every if m is not None for f in m.fields)))
            )
        return
    operands = [one for one in (self, other) if isinstance(one, Series | DataFrame)]
    if len(operands) == 1 and np.ndim(other) == 0:
        if SCALARS.find(other) is None:
            return  # labels and marks stay as they are: the same cells, in another unit
    if result.size > MOST_CELLS or (np.ndim(other) > 0 and not isinstance(other, Series | DataFrame)):
        _lose(result)
        return
    layers, tokens = [], []
    for one in operands:
        if origin_of(one.index) is None:
            _lose(result)
            return
        cells = _cells_for(result, one, axis)
        if cells is None:
            _lose(result)
            return
        marks = (mark_of(one),) if one.ndim == 1 else marks_of(one.columns) or (None,) * one.shape[1]
        grid = grid_of(_origin(one), marks, [cells])
        layers.append(grid.layers[0])
        tokens.append(grid.tokens)
    if np.ndim(other) == 0 and not isinstance(other, Series | DataFrame):
        known_value = SCALARS.find(other)
        for mark, row in known_value.cells if known_value else ():
            shape = layers[0][0].shape
            layers.append((np.zeros(shape, dtype=np.intp), np.full(shape, mark.column), np.full(shape, row)))
            tokens.append((mark.token,))
    _give_layers(result, tokens, layers)


def _give_layers(result: Any, tokens: list[tuple[Any, ...]], layers: list[Any]) -> None:
    flat: list[Any] = []
    made = []
    for own, (token, column, row) in zip(tokens, layers, strict=True):
        places = []
        for one in own:
            at = next((k for k, seen in enumerate(flat) if seen is one), None)
            if at is None:
                at = len(flat)
                flat.append(one)
            places.append(at)
        look = np.array([*places, STRANGER, NOBODY], dtype=np.intp)  # -2 and -1 count from the end
        made.append((look[token], column, row))
    grid = GridTable(tuple(flat), tuple(made))
    give_rows(result, Origin.of(grid))
    if result.ndim == 1:
        give_mark(result, Mark(grid, 0))
    else:
        give_marks(result, tuple(Mark(grid, j) for j in range(result.shape[1])))


def _origin(one: Any) -> Origin:
    found = origin_of(one.index)
    if found is None:
        raise ValueError("an operand without an origin")
    return found


def _cells_for(result: Any, one: Any, axis: Any) -> Ints | None:
    """For each cell of a result, the number of the operand's cell that it was computed from."""
    n, m = (len(result), 1) if result.ndim == 1 else result.shape
    if one.ndim == 1 and result.ndim == 2 and axis not in (0, "index"):
        at = _labels(one.index, result.columns)
        return None if at is None else np.broadcast_to(at[None, :], (n, m)).copy()
    rows = _labels(one.index, result.index)
    if rows is None:
        return None
    if one.ndim == 1:
        return np.broadcast_to(rows[:, None], (n, m)).copy()
    cols = _labels(one.columns, result.columns)
    if cols is None:
        return None
    cells = rows[:, None] * one.shape[1] + cols[None, :]
    return np.where((rows[:, None] < 0) | (cols[None, :] < 0), NOBODY, cells)


def _labels(ours: Any, theirs: Any) -> Ints | None:
    if ours is theirs or (len(ours) == len(theirs) and ours.equals(theirs)):
        return np.arange(len(ours))
    if not ours.is_unique or ours.nlevels != theirs.nlevels:
        return None
    return np.asarray(ours.get_indexer(theirs), dtype=np.intp)


def _lose(result: Any) -> None:
    if result.ndim == 1:
        give_mark(result, None)
    else:
        give_marks(result, None)


def say_words(result: Any, self: Any, other: Any, op: Any) -> None:
    """A mask remembers in words what it asks for."""
    from rpp_kernel.evidence.watch_filters import say

    say(result, self, other, op)
