"""Counts of values, two-way tables and descriptions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.core.frame import DataFrame
from pandas.core.generic import NDFrame
from pandas.core.series import Series

from rpp_kernel.evidence.cells import Column, GroupTable
from rpp_kernel.evidence.cross import ALL, CrossTable, codes_of, no_codes
from rpp_kernel.evidence.origin import (
    STRANGER,
    Origin,
    marks_of,
    origin_of,
)
from rpp_kernel.evidence.patching import after, outermost
from rpp_kernel.evidence.watch_axes import give_mark, give_marks, mark_of
from rpp_kernel.evidence.watch_groups import column_for, give, name_of

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
