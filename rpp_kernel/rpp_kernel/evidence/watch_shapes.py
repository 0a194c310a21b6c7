"""Counts of values, two-way tables, descriptions and new arrangements of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.core.frame import DataFrame
from pandas.core.generic import NDFrame
from pandas.core.series import Series

from rpp_kernel.evidence.cells import Column, GridTable, GroupTable, is_under
from rpp_kernel.evidence.cross import ALL, CrossTable, codes_of, no_codes
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
from rpp_kernel.evidence.patching import DEPTH, after, outermost, quietly, replace
from rpp_kernel.evidence.rows import Gather
from rpp_kernel.evidence.watch_axes import give_mark, give_marks, give_rows, mark_of
from rpp_kernel.evidence.watch_groups import column_for, give, name_of

MOST_CELLS = 2_000_000
ORDERED = (
    "cumsum",
    "cumprod",
    "cummax",
    "cummin",
    "shift",
    "diff",
    "pct_change",
    "rank",
    "ffill",
    "bfill",
    "interpolate",
)


def install() -> None:
    """Wrap the methods and functions; the two functions are replaced in pandas' own name space, too."""
    outermost(Series, "value_counts", _series_counts)
    outermost(DataFrame, "value_counts", _frame_counts)
    outermost(NDFrame, "describe", _described)
    outermost(pd, "crosstab", _crossed)
    outermost(pd, "pivot_table", lambda result, data, *a, **k: _pivoted(result, data, *a, **k))
    outermost(DataFrame, "pivot_table", lambda result, data, *a, **k: _pivoted(result, data, *a, **k))
    for name in ("unstack", "stack", "pivot", "melt", "transpose"):
        _replayed(DataFrame, name)
    _replayed(Series, "unstack")
    _property_t()
    after(Series, "to_frame", _framed)
    after(NDFrame, "squeeze", _squeezed)
    for owner in (DataFrame, Series, NDFrame):
        for name in ORDERED:
            if callable(owner.__dict__.get(name)):
                after(owner, name, _forgets)


def give_labelled(result: Any, parent: Origin, keys: list[Any]) -> None:
    """A series of counts whose index has the values of `keys`."""
    n = len(result)
    token = CrossTable(
        parent, codes_of(keys, result.index), no_codes(parent.size), np.arange(n), [(0, 0)], (max(n, 1), 1),
        [Column("size")],
    )  # fmt: skip
    give(result, token, None, [0])


def _series_counts(result: Any, self: Any, *_: Any, **__: Any) -> None:
    parent = origin_of(self.index)
    if parent is not None:
        mark = mark_of(self)
        n = len(result)
        column = Column("size", self.name, fields=mark.fields if mark else ())
        token = CrossTable(
            parent,
            codes_of([self], result.index),
            no_codes(parent.size),
            np.arange(n),
            [(0, 0)],
            (max(n, 1), 1),
            [column],
        )
        give(result, token, None, [0])


def _frame_counts(result: Any, self: Any, subset: Any = None, *_: Any, **__: Any) -> None:
    parent = origin_of(self.index)
    if parent is not None:
        names = (
            list(self.columns)
            if subset is None
            else [subset]
            if not isinstance(subset, list | tuple)
            else list(subset)
        )
        give_labelled(result, parent, [self[name] for name in names])


def _described(result: Any, self: Any, *_: Any, **__: Any) -> None:
    parent = origin_of(self.index)
    if parent is None:
        return
    if self.ndim == 1:
        columns: list[Column] = [column_for(self, "describe", self.name)]
        marks: list[int | None] = [0]
    else:
        columns = [column_for(self, "describe", label) for label in result.columns]
        marks = list(range(len(columns)))
    at = np.zeros(len(result), dtype=np.intp)
    at[[label in ("top", "freq") for label in result.index]] = STRANGER
    give(result, GroupTable(parent, None, 1, columns), at, marks)


def _crossed(
    result: Any, index: Any, columns: Any, values: Any = None, rownames: Any = None, colnames: Any = None,
    aggfunc: Any = None, margins: bool = False, margins_name: Any = "All", dropna: bool = True, normalize: Any = False,
) -> None:  # fmt: skip
    rows, cols = _listed(index), _listed(columns)
    every = [*rows, *cols, *([values] if values is not None else [])]
    series = [one for one in every if isinstance(one, Series)]
    parent = next((origin for one in series if (origin := origin_of(one.index)) is not None), None)
    if parent is None or any(len(one) != parent.size for one in every):
        return
    if any(one.index is not series[0].index and not one.index.equals(series[0].index) for one in series):
        return
    fields = tuple(f for one in series if (m := mark_of(one)) is not None for f in m.fields)
    function = "size" if values is None else name_of(aggfunc)
    column = Column("size", fields=fields) if values is None else column_for(values, function, values.name)
    name = margins_name if margins else None
    _give_cross(result, parent, rows, cols, [(label, 0) for label in result.columns], [column], name, 0)
    del rownames, colnames, dropna, normalize


def _pivoted(
    result: Any, data: Any, values: Any = None, index: Any = None, columns: Any = None, aggfunc: Any = "mean",
    fill_value: Any = None, margins: bool = False, dropna: bool = True, margins_name: Any = "All", *_: Any, **__: Any,
) -> None:  # fmt: skip
    parent = origin_of(data.index)
    rows, cols = _keys(data, index), _keys(data, columns)
    if parent is None or not rows or cols is None or not isinstance(result, DataFrame):
        return
    lead = result.columns.nlevels - len(cols)
    functions = list(aggfunc) if isinstance(aggfunc, list | tuple) else [aggfunc]
    specs: dict[tuple[str, Any], int] = {}
    labelled: list[tuple[Any, int]] = []
    made: list[Column] = []
    for label in result.columns:
        whole = label if isinstance(label, tuple) else (label,)
        function, value = _spec(whole[:lead], functions, aggfunc, values, data)
        if (function, value) not in specs:
            specs[(function, value)] = len(made)
            made.append(column_for(data, function, value))
        rest = whole[lead:]
        labelled.append((rest[0] if len(rest) == 1 else rest, specs[(function, value)]))
    _give_cross(result, parent, rows, cols, labelled, made, margins_name if margins else None, lead)
    del fill_value, dropna


def _spec(
    lead: tuple[Any, ...], functions: list[Any], aggfunc: Any, values: Any, data: Any
) -> tuple[str, Any]:
    function = None if isinstance(aggfunc, list | tuple | dict) else aggfunc
    value = values if not isinstance(values, list | tuple) and values is not None else None
    for entry in lead:
        matching = [
            f for f in functions if f == entry or name_of(f) == entry or getattr(f, "__name__", None) == entry
        ]
        if isinstance(aggfunc, list | tuple) and matching and function is None:
            function = matching[0]
        elif entry in data.columns:
            value = entry
    if isinstance(values, list | tuple) and len(values) == 1 and value is None:
        value = values[0]
    if isinstance(aggfunc, dict):
        function = aggfunc.get(value)
        value = value if value is not None else next(iter(aggfunc), None)
        function = function if function is not None else aggfunc.get(value)
    return name_of(function), value


def _give_cross(
    result: Any, parent: Origin, rows: list[Any], cols: list[Any], labelled: list[tuple[Any, int]], made: list[Column],
    margin: Any, lead: int,
) -> None:  # fmt: skip
    is_row_margin = np.array(
        [margin is not None and _is_margin(label, margin) for label in result.index], dtype=bool
    )
    row_labels = result.index[~is_row_margin]
    if not row_labels.is_unique or row_labels.nlevels != len(rows):
        return
    places = np.full(len(result), ALL, dtype=np.intp)
    places[~is_row_margin] = np.arange(len(row_labels))
    if not cols:
        marks = [(spec, 0) for _, spec in labelled]
        token = CrossTable(
            parent,
            codes_of(rows, row_labels),
            no_codes(parent.size),
            places,
            marks,
            (max(len(row_labels), 1), 1),
            made,
        )
        give(result, token, None, list(range(len(marks))))
        return
    keys = [label for label, _ in labelled]
    unique = list(dict.fromkeys(label for label in keys if margin is None or not _is_margin(label, margin)))
    level = result.columns if lead == 0 else None
    if level is not None and margin is None:
        col_labels = level
    elif len(cols) > 1:
        col_labels = pd.MultiIndex.from_tuples(unique)
    else:
        col_labels = pd.Index(unique)
    where = {label: i for i, label in enumerate(unique)}
    marks = [(spec, where.get(label, ALL)) for label, spec in labelled]
    token = CrossTable(
        parent, codes_of(rows, row_labels), codes_of(cols, col_labels), places, marks,
        (max(len(row_labels), 1), max(len(unique), 1)), made,
    )  # fmt: skip
    give(result, token, None, list(range(len(marks))))


def _is_margin(label: Any, name: Any) -> bool:
    if isinstance(label, tuple):
        return label[0] == name and all(part == "" for part in label[1:])
    return bool(label == name)


def _listed(keys: Any) -> list[Any]:
    if isinstance(keys, list | tuple) and keys and isinstance(keys[0], Series | np.ndarray | list | pd.Index):
        return list(keys)
    return [keys]


def _keys(data: Any, given: Any) -> list[Any] | None:
    """The key columns of a pivot table; None for a kind of key that we do not follow."""
    if given is None:
        return []
    found = []
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, pd.Grouper) or callable(one):
            return None
        if isinstance(one, Series | np.ndarray | pd.Index):
            found.append(one)
        else:
            found.append(data[one])
    return found


def _replayed(owner: Any, name: str) -> None:
    """A method that only moves cells is done a second time with each cell's number in its place."""
    original = owner.__dict__[name]

    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        if not DEPTH.inside and ORIGIN in self.index.__dict__:
            quietly(_replay, result, self, original, name, args, kwargs)
        return result

    watched.__name__, watched.__doc__, watched.__qualname__ = (
        original.__name__,
        original.__doc__,
        original.__qualname__,
    )
    watched.__wrapped__ = original  # type: ignore[attr-defined]
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
        shadow = original(numbered(self), *args, **kwargs)
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


def _framed(result: Any, self: Any, *_: Any, **__: Any) -> None:
    mark = mark_of(self)
    if mark is not None:
        give_marks(result, (mark,))


def _squeezed(result: Any, self: Any, *_: Any, **__: Any) -> None:
    marks = marks_of(self.columns) if self.ndim == 2 else None
    if marks is not None and len(marks) == 1 and isinstance(result, Series):
        give_mark(result, marks[0])


def _forgets(result: Any, self: Any, *_: Any, **__: Any) -> None:
    """Each value now depends on its neighbours too; of an aggregate nothing is known any more."""
    origin = origin_of(self.index)
    if origin is None or origin.token.is_rows or result is None:
        return
    if result.ndim == 2:
        give_marks(result, None)
    else:
        give_mark(result, None)
