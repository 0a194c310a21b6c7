"""Reductions: a frame or series to one number, or to one for each column."""

from __future__ import annotations

from dataclasses import replace as replaced
from typing import Any

import numpy as np
from pandas.core.frame import DataFrame
from pandas.core.series import Series

from rpp_kernel.evidence.cells import Column, GridTable, GroupTable
from rpp_kernel.evidence.origin import (
    Ints,
    Mark,
    Origin,
    marks_of,
    origin_of,
)
from rpp_kernel.evidence.patching import outermost
from rpp_kernel.evidence.scalars import SCALARS
from rpp_kernel.evidence.watch_axes import give_mark, give_rows
from rpp_kernel.evidence.watch_groups import column_for, give, name_of
from rpp_kernel.evidence.watch_moves import MOST_CELLS, give_grid

REDUCTIONS = (
    "sum", "mean", "median", "std", "var", "sem", "min", "max", "prod", "count", "nunique", "skew", "kurt", "quantile",
    "any", "all", "mode", "corr", "cov",
)  # fmt: skip


def install() -> None:
    """Wrap reductions and what applies several."""
    for owner in (DataFrame, Series):
        for name in REDUCTIONS:
            outermost(owner, name, _reduced(name))
        for name in ("agg", "aggregate"):
            outermost(owner, name, _aggregated)


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
