"""Axes of frames pass on where their rows come from when pandas takes, slices, renames or copies them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.core.frame import DataFrame
from pandas.core.generic import NDFrame
from pandas.core.indexes import base, category, datetimelike, extension, interval, multi
from pandas.core.indexes import range as ranges
from pandas.core.internals import managers
from pandas.core.series import Series

from rpp_kernel.evidence.origin import (
    LABEL,
    MARKS,
    ORIGIN,
    STRANGER,
    Mark,
    Marks,
    Origin,
    marks_of,
    origin_of,
    picked,
)
from rpp_kernel.evidence.patching import after, replace
from rpp_kernel.evidence.writes import WRITES

MARK = "_rpp_mark"
_CLASSES = (
    base.Index, ranges.RangeIndex, multi.MultiIndex, extension.ExtensionIndex, extension.NDArrayBackedExtensionIndex,
    datetimelike.DatetimeIndexOpsMixin, datetimelike.DatetimeTimedeltaMixin, category.CategoricalIndex, interval.IntervalIndex,
)  # fmt: skip
_SAME = (
    "_view", "view", "copy", "astype", "rename", "set_names", "_drop_level_numbers", "droplevel", "swaplevel",
    "reorder_levels", "set_levels", "set_codes", "remove_unused_levels", "to_flat_index", "map", "_transform_index",
    "to_timestamp", "to_period", "infer_objects", "remove_categories", "rename_categories", "sort_levels_monotonic",
    "_sort_levels_monotonic",
)  # fmt: skip


def install() -> None:
    """Wrap the methods of indexes, managers and frames that move rows or columns."""
    for owner in _CLASSES:
        for name in _SAME:
            if callable(owner.__dict__.get(name)):
                after(owner, name, _same)
        for name, note in (
            ("take", _take),
            ("__getitem__", _getitem),
            ("_getitem_slice", _getitem),
            ("delete", _delete),
            ("insert", _insert),
            ("repeat", _repeat),
            ("append", _append),
        ):
            if callable(owner.__dict__.get(name)):
                after(owner, name, note)
    _wrap_reindexer()
    _wrap_set_axis()
    after(DataFrame, "_box_col_values", _box)
    after(DataFrame, "reset_index", _reset)
    after(Series, "reset_index", _reset)
    _wrap_set_item()
    _wrap_insert()
    for name in ("setitem", "putmask", "set_inplace"):
        _note_write(name)
    if MARK not in Series._metadata:
        Series._metadata = [*Series._metadata, MARK]


def give(axis: Any, origin: Origin | None, marks: Marks | None = None) -> Any:
    """A view of an axis that carries these; the axis itself may belong to other frames, too."""
    seen = axis._view()
    _put(seen, origin, marks)
    return seen


def give_rows(frame: Any, origin: Origin | None) -> None:
    """Let the rows of a frame or series, itself, come from `origin`."""
    at = frame.ndim - 1
    frame._mgr.set_axis(at, give(frame._mgr.axes[at], origin, marks_of(frame._mgr.axes[at])))
    if frame.ndim == 2:
        frame._clear_item_cache()


def give_marks(frame: Any, marks: Marks | None) -> None:
    """Let the columns of a frame, itself, stand for `marks`."""
    frame._mgr.set_axis(0, give(frame._mgr.axes[0], origin_of(frame._mgr.axes[0]), marks))
    frame._clear_item_cache()


def give_mark(series: Any, mark: Mark | None) -> None:
    """Let the values of a series stand for `mark`."""
    object.__setattr__(series, MARK, mark)


def mark_of(series: Any) -> Mark | None:
    """What the values of a series stand for."""
    found = getattr(series, MARK, None)
    return found if isinstance(found, Mark) else None


def _put(axis: Any, origin: Origin | None, marks: Marks | None) -> None:
    axis.__dict__.pop(ORIGIN, None)
    axis.__dict__.pop(MARKS, None)
    if origin is not None:
        setattr(axis, ORIGIN, origin)
    if marks is not None:
        setattr(axis, MARKS, marks)


def _fresh(result: Any, source: Any) -> bool:
    return isinstance(result, pd.Index) and result is not source


def _same(result: Any, self: Any, *_: Any, **__: Any) -> None:
    if _fresh(result, self) and len(result) == len(self):
        if origin := origin_of(self):
            setattr(result, ORIGIN, origin)
        if marks := marks_of(self):
            setattr(result, MARKS, marks)


def _moved(result: Any, self: Any, indexer: Any) -> None:
    if not _fresh(result, self):
        return
    if origin := origin_of(self):
        setattr(result, ORIGIN, origin.take(indexer, len(result)))
    if (marks := marks_of(self)) is not None:
        setattr(result, MARKS, taken_marks(marks, indexer))


def taken_marks(marks: Marks, indexer: Any) -> Marks:
    """The marks at these positions; none where there was no column."""
    at = picked(None, indexer, len(marks))
    if at is None:
        return marks
    return tuple(marks[int(i)] if i >= 0 else None for i in at)


def _take(result: Any, self: Any, indices: Any, *args: Any, **kwargs: Any) -> None:
    if ORIGIN in self.__dict__ or MARKS in self.__dict__:
        at = np.asarray(indices)
        allows = kwargs.get("allow_fill", args[1] if len(args) > 1 else True)
        fill = kwargs.get("fill_value", args[2] if len(args) > 2 else None)
        if at.dtype != bool and not (allows and fill is not None) and (at < 0).any():
            at = np.where(at < 0, at + len(self), at)
        _moved(result, self, at)


def _getitem(result: Any, self: Any, key: Any, *_: Any) -> None:
    if (ORIGIN in self.__dict__ or MARKS in self.__dict__) and isinstance(result, pd.Index):
        if isinstance(key, slice):
            _moved(result, self, key)
            return
        at = np.asarray(key)
        if at.dtype != bool and at.ndim == 1 and (at < 0).any():
            at = np.where(at < 0, at + len(self), at)
        _moved(result, self, at)


def _delete(result: Any, self: Any, loc: Any) -> None:
    if ORIGIN in self.__dict__ or MARKS in self.__dict__:
        _moved(result, self, np.delete(np.arange(len(self)), loc))


def _insert(result: Any, self: Any, loc: int, *_: Any) -> None:
    if ORIGIN in self.__dict__ or MARKS in self.__dict__:
        at = loc if loc >= 0 else loc + len(self)
        _moved(result, self, np.insert(np.arange(len(self)), at, STRANGER))


def _repeat(result: Any, self: Any, repeats: Any, *_: Any) -> None:
    if ORIGIN in self.__dict__ or MARKS in self.__dict__:
        _moved(result, self, np.repeat(np.arange(len(self)), repeats))


def _append(result: Any, self: Any, other: Any) -> None:
    """Columns one after the other keep their marks; rows are looked after by concat itself."""
    parts = [self, *(other if isinstance(other, list | tuple) else [other])]
    if _fresh(result, self) and any(marks_of(part) is not None for part in parts):
        every: list[Mark | None] = []
        for part in parts:
            every.extend(marks_of(part) or (None,) * len(part))
        setattr(result, MARKS, tuple(every))


def _wrap_reindexer() -> None:
    original = managers.BaseBlockManager.__dict__["reindex_indexer"]

    def reindex_indexer(self: Any, new_axis: Any, indexer: Any, axis: int, *args: Any, **kwargs: Any) -> Any:
        try:
            old = self.axes[axis]
            if ORIGIN in old.__dict__ or MARKS in old.__dict__ or ORIGIN in new_axis.__dict__:
                new_axis = _reindexed(old, new_axis, indexer)
        except Exception:  # noqa: S110 - never worth an exception
            pass
        return original(self, new_axis, indexer, axis, *args, **kwargs)

    replace(managers.BaseBlockManager, "reindex_indexer", reindex_indexer)


def _reindexed(old: Any, new_axis: Any, indexer: Any) -> Any:
    """The new axis, coming from where the old one does: the values do, whatever labels they get."""
    origin, marks = origin_of(old), marks_of(old)
    there = getattr(new_axis, ORIGIN, None)
    if there is not None and origin is not None and there.parent is origin:
        return new_axis
    if indexer is None:
        if new_axis is old or len(new_axis) != len(old):
            return new_axis
        return give(new_axis, origin, marks)
    return give(
        new_axis,
        origin.take(indexer, len(new_axis)) if origin is not None else None,
        taken_marks(marks, indexer) if marks is not None else None,
    )


def _wrap_set_axis() -> None:
    original = NDFrame.__dict__["_set_axis"]

    def _set_axis(self: Any, axis: int, labels: Any) -> None:
        try:
            old = self._mgr.axes[axis]
            if (ORIGIN in old.__dict__ or MARKS in old.__dict__) and len(labels) == len(old):
                labels = base.ensure_index(labels)
                if labels is not old:
                    labels = give(labels, origin_of(old), marks_of(old))
        except Exception:  # noqa: S110 - never worth an exception
            pass
        original(self, axis, labels)

    replace(NDFrame, "_set_axis", _set_axis)


def _box(result: Any, self: Any, _values: Any, loc: int) -> None:
    marks = marks_of(self.columns)
    if marks is not None:
        give_mark(result, marks[loc])


def _reset(result: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    target = self if result is None else result
    origin = origin_of(self.index) if result is not None else None
    marks = marks_of(self.columns) if self.ndim == 2 else (mark_of(self),)
    if target.ndim == 2 and marks is not None and result is not None:
        fresh = len(target.columns) - len(marks)
        if fresh >= 0:
            give_marks(target, (LABEL,) * fresh + tuple(marks))
    if origin is not None and len(target) == origin.size:
        give_rows(target, origin)
    del args, kwargs


def _wrap_set_item() -> None:
    original = DataFrame.__dict__["_set_item"]

    def _set_item(self: Any, key: Any, value: Any) -> None:
        had = MARKS in self._mgr.axes[0].__dict__ or ORIGIN in self._mgr.axes[1].__dict__
        before = origin_of(self.index) if had else None
        original(self, key, value)
        if had or isinstance(value, Series):
            from rpp_kernel.evidence.patching import quietly

            quietly(_assigned, self, key, value, before)

    replace(DataFrame, "_set_item", _set_item)


def _assigned(frame: Any, key: Any, value: Any, before: Origin | None) -> None:
    """A column was set: it stands for what the series stood for, if that has rows of the same token."""
    at = frame.columns.get_loc(key)
    if not isinstance(at, int):
        give_marks(frame, None)
        return
    if before is None and isinstance(value, Series) and (own := origin_of(value.index)) is not None:
        if origin_of(frame.index) is None and len(frame) == own.size and frame.index.equals(value.index):
            give_rows(frame, own)
    marks = list(marks_of(frame.columns) or (None,) * len(frame.columns))
    marks[at] = assigned_mark(frame, value, before)
    give_marks(frame, tuple(marks))


def assigned_mark(frame: Any, value: Any, before: Origin | None) -> Mark | None:
    """What a column stands for that was set to `value`."""
    if not isinstance(value, Series):
        return None
    mark, theirs = mark_of(value), origin_of(value.index)
    if mark is None or mark.token is None or theirs is None:
        return mark if mark is not None and mark.fields else None
    if theirs.token is not mark.token or before is None or before.token.is_rows:
        return None
    ours, positions = before.positions(), theirs.positions()
    if before.token is mark.token and _equal(ours, positions) and value.index.equals(frame.index):
        return mark
    return _aligned(frame, value, mark, before, theirs)


def _equal(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or np.array_equal(one, other)


def _aligned(frame: Any, value: Any, mark: Mark, before: Origin, theirs: Origin) -> Mark | None:
    """A mark in the frame's own token for a column whose cells lie elsewhere; None where labels do not tell."""
    from rpp_kernel.evidence.cells import Elsewhere, GridTable

    if not value.index.is_unique or len(frame) > 1_000_000:
        return None
    at = value.index.get_indexer(frame.index)
    found = picked(theirs.positions(), at, theirs.token.size)
    rows = at if found is None else found
    ours = before.positions()
    token = np.where(rows < 0, -1, 0)
    if ours is not None:  # the frame's own rows, seen from its token
        if len(np.unique(ours)) != len(ours) or (ours < 0).any():
            return None
        spread = np.full((before.token.size, 1), -2, dtype=np.intp)
        spread_rows = np.zeros((before.token.size, 1), dtype=np.intp)
        spread[ours, 0], spread_rows[ours, 0] = token, rows
    else:
        spread, spread_rows = token[:, None], rows[:, None]
    grid = GridTable(
        (mark.token,), ((spread, np.full_like(spread, mark.column), np.maximum(spread_rows, 0)),)
    )
    return Mark(Elsewhere(before.token, grid), 0)


def _wrap_insert() -> None:
    original = DataFrame.__dict__["insert"]

    def insert(self: Any, loc: int, column: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        had = MARKS in self._mgr.axes[0].__dict__
        before = origin_of(self.index) if had else None
        original(self, loc, column, value, *args, **kwargs)
        if had and isinstance(value, Series):
            from rpp_kernel.evidence.patching import quietly

            quietly(_inserted, self, loc, value, before)

    replace(DataFrame, "insert", insert)


def _inserted(frame: Any, loc: int, value: Any, before: Origin | None) -> None:
    marks = list(marks_of(frame.columns) or (None,) * len(frame.columns))
    marks[loc] = assigned_mark(frame, value, before)
    give_marks(frame, tuple(marks))


def _note_write(name: str) -> None:
    from pandas.core.internals import blocks

    for owner in (blocks.Block, blocks.EABackedBlock):
        original = owner.__dict__.get(name)
        if original is None:
            continue

        def written(self: Any, *args: Any, _original: Any = original, **kwargs: Any) -> Any:
            WRITES.note(self.values)
            return _original(self, *args, **kwargs)

        replace(owner, name, written)
