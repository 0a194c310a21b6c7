"""Reductions, arithmetic between aggregates, and single values taken out of them."""

from __future__ import annotations

from dataclasses import replace as replaced
from typing import Any

import numpy as np
from pandas.core.frame import DataFrame
from pandas.core.generic import NDFrame
from pandas.core.series import Series

from rpp_kernel.evidence.cells import Column, GridTable, GroupTable, is_under
from rpp_kernel.evidence.origin import (
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
from rpp_kernel.evidence.patching import after, outermost, quietly, replace
from rpp_kernel.evidence.scalars import SCALARS
from rpp_kernel.evidence.watch_axes import give_mark, give_marks, give_rows, mark_of
from rpp_kernel.evidence.watch_groups import column_for, give, name_of
from rpp_kernel.evidence.watch_shapes import MOST_CELLS, give_grid, grid_of

REDUCTIONS = (
    "sum", "mean", "median", "std", "var", "sem", "min", "max", "prod", "count", "nunique", "skew", "kurt", "quantile",
    "any", "all", "mode", "corr", "cov",
)  # fmt: skip
TEXTS = ("to_csv", "to_latex", "to_string", "to_markdown", "to_html")


def install() -> None:
    """Wrap reductions, operators and access to single values."""
    for owner in (DataFrame, Series):
        for name in REDUCTIONS:
            outermost(owner, name, _reduced(name))
        for name in ("agg", "aggregate"):
            outermost(owner, name, _aggregated)
    for name in ("_arith_method", "_cmp_method", "_logical_method"):
        _operator(Series, name)
    _operator(Series, "_flex_method")
    for name in ("_arith_method", "_cmp_method", "_flex_arith_method", "_flex_cmp_method"):
        _operator(DataFrame, name)
    after(Series, "_get_value", _series_value)
    after(Series, "_ixs", _series_place)
    after(DataFrame, "_get_value", _frame_value)
    after(DataFrame, "_ixs", _frame_row)
    after(NDFrame, "xs", _frame_label)
    for owner in (DataFrame, Series, NDFrame):
        for name in TEXTS:
            if callable(owner.__dict__.get(name)):
                after(owner, name, _written)
    _wrap_items()
    for owner in (DataFrame, Series):
        after(owner, "apply", _applied)
        after(owner, "map", _mapped)


# --- reductions ---------------------------------------------------------------------------------------------------------


def _reduced(name: str) -> Any:
    def note(result: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        origin = origin_of(self.index)
        if origin is None:
            return
        if self.ndim == 1:
            _series_reduced(result, self, name, origin, args)
        elif name in ("corr", "cov"):
            _correlated(result, self, name, origin)
        elif kwargs.get("axis", args[0] if args and name not in ("quantile",) else 0) in (1, "columns"):
            _across(result, self, origin)
        else:
            _frame_reduced(result, self, name, origin)

    return note


def _series_reduced(result: Any, self: Any, name: str, origin: Origin, args: Any) -> None:
    column = column_for(self, name, self.name)
    if name in ("corr", "cov") and args and isinstance(args[0], Series):
        other = args[0]
        if other.index is not self.index and not other.index.equals(self.index):
            return
        column = replaced(column, function=name, others=(other._values,))
    if name in ("skew", "kurt", "corr", "cov"):
        column = replaced(column, is_known=True)
    if name == "mode":
        return
    token = GroupTable(origin, None, 1, [column])
    if isinstance(result, Series):
        give(result, token, np.zeros(len(result), dtype=np.intp), [0])
    else:
        SCALARS.remember(result, ((Mark(token, 0), 0),))


def _frame_reduced(result: Any, self: Any, name: str, origin: Origin) -> None:
    if name == "mode":
        return
    if isinstance(result, DataFrame):  # several quantiles
        columns = [column_for(self, name, label) for label in result.columns]
        give(
            result,
            GroupTable(origin, None, 1, columns),
            np.zeros(len(result), dtype=np.intp),
            list(range(len(columns))),
        )
        return
    if isinstance(result, Series):
        columns = [_known(column_for(self, name, label)) for label in result.index]
        give_down(result, GroupTable(origin, None, 1, columns), np.arange(len(columns)))


def _known(column: Column) -> Column:
    return replaced(column, is_known=column.values is not None)


def give_down(result: Any, token: Any, columns: Ints) -> None:
    """A series each of whose values is another column of a token with one row."""
    n = len(columns)
    layer = (
        np.zeros((n, 1), dtype=np.intp),
        np.asarray(columns, dtype=np.intp)[:, None],
        np.zeros((n, 1), dtype=np.intp),
    )
    grid = GridTable((token,), (layer,))
    give_rows(result, Origin.of(grid))
    give_mark(result, Mark(grid, 0))


def _correlated(result: Any, self: Any, name: str, origin: Origin) -> None:
    labels = list(result.columns)
    columns = []
    for one in labels:
        for other in labels:
            first, second = self[one], self[other]
            columns.append(Column(name, one, first._values, (second._values,)))
    m = len(labels)
    token = GroupTable(origin, None, 1, columns)
    flat = np.arange(m * m, dtype=np.intp).reshape(m, m)
    none = np.zeros((m, m), dtype=np.intp)
    grid = GridTable((token,), ((none, flat, none),))
    give(result, grid, None, list(range(m)))


def _across(result: Any, self: Any, origin: Origin) -> None:
    """A row's total: of records it stays one; of an aggregate it stands for all cells of the row."""
    marks = marks_of(self.columns)
    if origin.token.is_rows or not isinstance(result, Series) or marks is None or self.size > MOST_CELLS:
        return
    kept = [j for j, mark in enumerate(marks) if not (mark is not None and mark.is_label)]
    n, m = self.shape
    layers = [np.arange(n)[:, None] * m + j for j in kept]
    give_grid(result, origin, marks, layers, [True], is_union=True)


def _aggregated(result: Any, self: Any, func: Any = None, axis: Any = 0, *_: Any, **kwargs: Any) -> None:
    origin = origin_of(self.index)
    if origin is None or axis not in (0, "index") or func is None:
        return
    if self.ndim == 1 and isinstance(func, list | tuple):
        columns = [column_for(self, name_of(f), self.name) for f in func]
        give_down(result, GroupTable(origin, None, 1, columns), np.arange(len(columns)))
    elif self.ndim == 1 and not isinstance(result, Series | DataFrame):
        SCALARS.remember(
            result, ((Mark(GroupTable(origin, None, 1, [column_for(self, name_of(func), self.name)]), 0), 0),)
        )
    elif (
        self.ndim == 2
        and isinstance(result, DataFrame)
        and isinstance(func, list | tuple)
        and len(result) == len(func)
    ):
        _grid_of_functions(result, self, origin, list(func))
    elif self.ndim == 2 and isinstance(result, Series):
        named = func if isinstance(func, dict) else dict.fromkeys(result.index, func)
        columns = [column_for(self, name_of(named.get(label)), label) for label in result.index]
        give_down(result, GroupTable(origin, None, 1, columns), np.arange(len(columns)))
    del kwargs


def _grid_of_functions(result: Any, self: Any, origin: Origin, functions: list[Any]) -> None:
    n, m = result.shape
    columns = [column_for(self, name_of(f), label) for f in functions for label in result.columns]
    flat = np.arange(n * m, dtype=np.intp).reshape(n, m)
    none = np.zeros((n, m), dtype=np.intp)
    give(
        result,
        GridTable((GroupTable(origin, None, 1, columns),), ((none, flat, none),)),
        None,
        list(range(m)),
    )


# --- operators ----------------------------------------------------------------------------------------------------------


def _operator(owner: Any, name: str) -> None:
    original = owner.__dict__[name]

    def operate(self: Any, other: Any, op: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, other, op, *args, **kwargs)
        if (ORIGIN in self.index.__dict__ or _has(other)) and isinstance(result, Series | DataFrame):
            quietly(_operated, result, self, other, op, kwargs.get("axis"))
        return result

    operate.__name__, operate.__doc__ = original.__name__, original.__doc__
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
        from rpp_kernel.evidence.scalars import SCALARS as known

        if known.find(other) is None:
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


# --- single values ------------------------------------------------------------------------------------------------------


def _remember_cell(value: Any, origin: Origin | None, mark: Mark | None, row: int) -> None:
    if origin is None or mark is None or mark.token is None or not is_under(mark.token, origin.token):
        return
    at = picked(origin.positions(), np.array([row]), origin.token.size)
    place = row if at is None else int(at[0])
    if place >= 0:
        SCALARS.remember(value, ((mark, place),))


def _is_value(value: Any) -> bool:
    return np.ndim(value) == 0 and not isinstance(value, str)


def _series_value(result: Any, self: Any, label: Any, takeable: bool = False) -> None:
    if ORIGIN in self.index.__dict__ and mark_of(self) is not None and _is_value(result):
        row = label if takeable else self.index.get_loc(label)
        if isinstance(row, int | np.integer):
            _remember_cell(result, origin_of(self.index), mark_of(self), int(row))


def _series_place(result: Any, self: Any, i: int, *_: Any, **__: Any) -> None:
    if ORIGIN in self.index.__dict__ and mark_of(self) is not None and _is_value(result):
        _remember_cell(result, origin_of(self.index), mark_of(self), i if i >= 0 else i + len(self))


def _frame_value(result: Any, self: Any, index: Any, col: Any, takeable: bool = False) -> None:
    if ORIGIN in self.index.__dict__ and _is_value(result):
        row = index if takeable else self.index.get_loc(index)
        at = col if takeable else self.columns.get_loc(col)
        marks = marks_of(self.columns)
        if marks is not None and isinstance(row, int | np.integer) and isinstance(at, int | np.integer):
            _remember_cell(result, origin_of(self.index), marks[int(at)], int(row))


def _frame_row(result: Any, self: Any, i: Any, axis: int = 0) -> None:
    """A row taken out as a series: its values are the row's cells."""
    if axis != 0 or not isinstance(i, int | np.integer) or not isinstance(result, Series):
        return
    origin, marks = origin_of(self.index), marks_of(self.columns)
    if origin is None or origin.token.is_rows or marks is None or len(result) != len(marks):
        return
    row = int(i) if i >= 0 else int(i) + len(self)
    cells = row * len(marks) + np.arange(len(marks))
    give_grid(result, origin, marks, [cells[:, None]], [True])


def _frame_label(result: Any, self: Any, key: Any, *args: Any, **kwargs: Any) -> None:
    is_row = not args and kwargs.get("axis", 0) in (0, "index") and kwargs.get("level") is None
    if is_row and self.ndim == 2 and isinstance(result, Series) and ORIGIN in self.index.__dict__:
        _frame_row(result, self, self.index.get_loc(key))


def _wrap_items() -> None:
    original = Series.__dict__["items"]

    def items(self: Any) -> Any:
        if ORIGIN not in self.index.__dict__ or mark_of(self) is None or len(self) > 1000:
            return original(self)
        return _remembered(self, original(self))

    items.__doc__ = original.__doc__
    replace(Series, "items", items)


def _remembered(series: Any, pairs: Any) -> Any:
    for row, (label, value) in enumerate(pairs):
        quietly(_remember_cell, value, origin_of(series.index), mark_of(series), row)
        yield label, value


def _written(result: Any, self: Any, *_: Any, **__: Any) -> None:
    if isinstance(result, str) and ORIGIN in self.index.__dict__:
        SCALARS.remember_text(result, self)


def _applied(result: Any, self: Any, *_: Any, **__: Any) -> None:
    """A function of somebody's own may do anything with an aggregate; of records, the rows are the rows still."""
    origin = origin_of(self.index)
    if origin is None or not isinstance(result, Series | DataFrame):
        return
    if result.ndim == 1 and not origin.token.is_rows:
        give_mark(result, None)
    elif result.ndim == 2 and not origin.token.is_rows:
        give_marks(result, None)


def _mapped(result: Any, self: Any, *_: Any, **__: Any) -> None:
    if isinstance(result, Series) and (origin := origin_of(self.index)) is not None and origin.token.is_rows:
        give_mark(result, None)
