"""Single values taken out of an aggregate, texts written from it, and functions of somebody's own."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from pandas.core.frame import DataFrame
from pandas.core.generic import NDFrame
from pandas.core.series import Series

from rpp_kernel.evidence.cells import is_under
from rpp_kernel.evidence.origin import (
    ORIGIN,
    Mark,
    Origin,
    marks_of,
    origin_of,
    picked,
)
from rpp_kernel.evidence.patching import after, quietly, replace
from rpp_kernel.evidence.scalars import SCALARS
from rpp_kernel.evidence.watch_axes import give_mark, give_marks, mark_of
from rpp_kernel.evidence.watch_moves import give_grid

TEXTS = ("to_csv", "to_latex", "to_string", "to_markdown", "to_html")


def install() -> None:
    """Wrap access to single values, and what writes a table as a text."""
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

    @functools.wraps(original)
    def items(self: Any) -> Any:
        if ORIGIN not in self.index.__dict__ or mark_of(self) is None or len(self) > 1000:
            return original(self)
        return _remembered(self, original(self))

    replace(Series, "items", items)


def _remembered(series: Any, pairs: Any) -> Any:
    for row, (label, value) in enumerate(pairs):
        quietly(SCALARS.remember_label, label)
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
