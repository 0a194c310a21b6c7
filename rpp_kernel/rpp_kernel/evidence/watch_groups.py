"""Aggregates: what a group's row and a column's function stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.core.frame import DataFrame
from pandas.core.groupby.generic import DataFrameGroupBy, SeriesGroupBy
from pandas.core.groupby.groupby import GroupBy
from pandas.core.series import Series

from rpp_kernel.evidence.cells import Column, GroupTable
from rpp_kernel.evidence.origin import LABEL, Fields, Ints, Mark, Origin, marks_of, origin_of
from rpp_kernel.evidence.patching import outermost
from rpp_kernel.evidence.watch_axes import give_mark, give_marks, give_rows, mark_of

SIMPLE = (
    "mean", "sum", "min", "max", "median", "std", "var", "sem", "prod", "first", "last", "count", "size", "nunique",
    "quantile", "skew", "any", "all", "describe", "idxmin", "idxmax", "ohlc",
)  # fmt: skip
WITHOUT_VALUES = frozenset({"size", "len"})
# An aggregate by a name, or by a function that pandas takes for one; every other function may choose rows by itself.
NAMED = frozenset(SIMPLE)
FUNCTIONS = {
    len: "size", sum: "sum", min: "min", max: "max", np.mean: "mean", np.sum: "sum", np.median: "median", np.std: "std",
    np.var: "var", np.min: "min", np.max: "max", np.size: "size", np.prod: "prod", np.any: "any", np.all: "all",
    np.nanmean: "mean", np.nansum: "sum", np.nanmedian: "median",
    pd.Series.nunique: "nunique", pd.Series.mean: "mean", pd.Series.median: "median", pd.Series.sum: "sum",
    pd.Series.count: "count", pd.Series.std: "std", pd.Series.min: "min", pd.Series.max: "max",
}  # fmt: skip


def install() -> None:
    """Wrap what a researcher calls on a groupby (and, through it, a resample)."""
    for owner in (DataFrameGroupBy, SeriesGroupBy, GroupBy):
        for name in SIMPLE:
            if callable(owner.__dict__.get(name)):
                outermost(owner, name, _simple(name))
    for owner in (DataFrameGroupBy, SeriesGroupBy):
        for name in {"aggregate", "agg"}:
            outermost(owner, name, _aggregated)
    for owner in (DataFrameGroupBy, SeriesGroupBy):
        outermost(owner, "value_counts", _counted)
    outermost(DataFrameGroupBy, "corr", _correlated)


def _simple(name: str) -> Any:
    def note(result: Any, self: Any, *_: Any, **__: Any) -> None:
        attach(result, self, lambda label: (name, label))

    return note


def attach(result: Any, groupby: Any, function_of: Any) -> None:
    """Let a result's rows stand for groups; `function_of(label)` tells a column's (function, source column)."""
    obj = groupby._selected_obj if getattr(groupby, "axis", 0) == 0 else None
    parent = origin_of(groupby.obj.index) if obj is not None else None
    if parent is None or not isinstance(result, Series | DataFrame):
        return
    ids, _, n = groupby._grouper.group_info
    if len(ids) != parent.size:
        return
    at = _groups_of(result, groupby, n)
    if at is None:
        return
    keys = {name for name in groupby._grouper.names if name is not None}
    columns, marks = _columns(result, groupby.obj, function_of, keys if not groupby.as_index else set())
    token = GroupTable(parent, ids, n, columns, _group_keys(groupby))
    give(result, token, None if at is True else at, marks)


def _group_keys(groupby: Any) -> Fields:
    """Also of a single column's groups, whose keys lie in the frame that it was taken out of."""
    groupings = getattr(groupby._grouper, "groupings", ())
    frames = [getattr(one, "obj", None) for one in groupings]
    obj = next((one for one in frames if one is not None and one.ndim == 2), groupby.obj)
    return key_fields(obj, groupby._grouper.names)


def key_fields(obj: Any, names: Any) -> Fields:
    """The fields of the cut that these columns of a frame are made of."""
    marks = marks_of(obj.columns) if obj.ndim == 2 else None
    if marks is None:
        return ()
    known = dict(zip(obj.columns, marks, strict=True))
    return tuple(
        f for name in names if _is_key(name) and (mark := known.get(name)) is not None for f in mark.fields
    )


def _is_key(name: Any) -> bool:
    try:
        hash(name)
    except TypeError:
        return False
    return name is not None


def give(result: Any, token: Any, at: Ints | None, marks: list[int | None]) -> None:
    """Rows and columns of a result: `at` are its rows in the token, `marks` the token's columns (-1: a label)."""
    whole = Origin.of(token)
    give_rows(result, whole if at is None else whole.take(at, len(result)))
    made = tuple(None if j is None else LABEL if j < 0 else Mark(token, j) for j in marks)
    if result.ndim == 2:
        give_marks(result, made)
    else:
        give_mark(result, made[0])


def _groups_of(result: Any, groupby: Any, n: int) -> Any:
    """Which group is each row of a result: True for all in order, positions, or None where it cannot be said."""
    index = groupby._grouper.result_index
    if len(result) == n and (not groupby.as_index or result.index is index or result.index.equals(index)):
        return True
    if not groupby.as_index or not index.is_unique:
        return None
    seen = result.index
    if seen.nlevels > index.nlevels:
        seen = seen.droplevel(list(range(index.nlevels, seen.nlevels)))
    if seen.nlevels != index.nlevels:
        return None
    return index.get_indexer(seen)


def _columns(
    result: Any, obj: Any, function_of: Any, keys: set[Any]
) -> tuple[list[Column], list[int | None]]:
    if result.ndim == 1:
        return [column_for(obj, *function_of(result.name))], [0]
    columns: list[Column] = []
    marks: list[int | None] = []
    for label in result.columns:
        if label in keys:
            marks.append(-1)
            continue
        marks.append(len(columns))
        columns.append(column_for(obj, *function_of(label)))
    return columns, marks


def column_for(obj: Any, function: str, label: Any) -> Column:
    """A column of an aggregate of a frame or series."""
    known = function in NAMED or function in WITHOUT_VALUES
    if function in WITHOUT_VALUES:
        return Column("size", label)
    if obj.ndim == 1:
        mark = mark_of(obj)
        return Column(function, label, obj._values, (), known, mark.fields if mark else (), source_of(mark))
    at = _place(obj, label)
    if at is None:
        return Column(function, label, is_known=False)
    marks = marks_of(obj.columns)
    mark = marks[at] if marks else None
    fields = mark.fields if mark else ()
    return Column(function, label, obj.iloc[:, at]._values, (), known, fields, source_of(mark))


def source_of(mark: Mark | None) -> Mark | None:
    """The cells of an aggregate that a column stands for, if it does."""
    return mark if mark is not None and mark.token is not None else None


def _place(obj: Any, label: Any) -> int | None:
    """The position of a source column; a label of several levels may have the function's name as its last."""
    for one in (
        label,
        label[:-1] if isinstance(label, tuple) and len(label) > 2 else None,
        label[0] if isinstance(label, tuple) else None,
    ):
        try:
            at = obj.columns.get_loc(one) if one is not None else None
        except (KeyError, TypeError):
            continue
        if isinstance(at, int):
            return at
    return None


def name_of(function: Any) -> str:
    """A function's name if pandas knows it by one, else one that says that nothing is known."""
    if isinstance(function, str):
        return function
    try:
        known = FUNCTIONS.get(function)
    except TypeError:
        known = None
    return known or "a function of its own"


def _aggregated(result: Any, self: Any, func: Any = None, *args: Any, **kwargs: Any) -> None:
    named = {k: v for k, v in kwargs.items() if isinstance(v, tuple | pd.NamedAgg)} if func is None else {}
    single = self._selected_obj.ndim == 1

    def function_of(label: Any) -> tuple[str, Any]:
        if func is None and single:
            return name_of(kwargs.get(label)), self._selected_obj.name
        if named:
            column, function = named.get(label, (None, "?"))[:2]
            return name_of(function), column
        if isinstance(func, dict):
            column = label[0] if isinstance(label, tuple) and label not in func else label
            given = func.get(column)
            if isinstance(given, list | tuple):
                return _listed(given, label), column
            return name_of(given), column
        if isinstance(func, list | tuple):
            return _listed(func, label), label[:-1] if isinstance(label, tuple) and not single else label
        return name_of(func), label

    attach(result, self, function_of)
    del args


def _listed(functions: Any, label: Any) -> str:
    last = label[-1] if isinstance(label, tuple) else label
    for one in functions:
        one = one[1] if isinstance(one, tuple) else one
        name = name_of(one)
        if name == last or getattr(one, "__name__", None) == last:
            return name
    return "a function of its own"


def _counted(result: Any, self: Any, *_: Any, **__: Any) -> None:
    """value_counts of groups: rows are group and value."""
    from rpp_kernel.evidence.watch_shapes import give_labelled

    obj = self._selected_obj
    parent = origin_of(self.obj.index)
    if parent is None or obj.ndim != 1 or not isinstance(result, Series):
        return
    keys = [pd.Series(self._grouper.result_index.take(np.maximum(self._grouper.group_info[0], 0)))]
    if self._grouper.nkeys != 1 or len(keys[0]) != len(obj):
        return
    give_labelled(result, parent, [keys[0], obj.reset_index(drop=True)])


def _correlated(result: Any, self: Any, *_: Any, **__: Any) -> None:
    attach(result, self, lambda label: ("a correlation", label))
