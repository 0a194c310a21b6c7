"""Merges and concatenations: rows that come from several frames."""

from __future__ import annotations

from typing import Any

from pandas.core.reshape import concat as concatenation
from pandas.core.reshape import merge as merging

from rpp_kernel.evidence.cells import StackTable, WrapTable, is_under
from rpp_kernel.evidence.origin import LABEL, Mark, Origin, marks_of, origin_of
from rpp_kernel.evidence.patching import after
from rpp_kernel.evidence.rows import Join, Stack
from rpp_kernel.evidence.watch_axes import give_marks, give_rows, mark_of


def install() -> None:
    """Wrap pandas' one place for each."""
    after(merging._MergeOperation, "_reindex_and_concat", _merged)
    after(concatenation._Concatenator, "get_result", _concatenated)


def _merged(
    result: Any, self: Any, _join_index: Any, left_at: Any, right_at: Any, *_: Any, **__: Any
) -> None:
    sides = ((origin_of(self.left.index), left_at), (origin_of(self.right.index), right_at))
    known = [(origin, at) for origin, at in sides if origin is not None]
    marks = list(marks_of(self.left.columns) or (None,) * len(self.left.columns))
    other = list(marks_of(self.right.columns) or (None,) * len(self.right.columns))
    if not known or len(marks) + len(other) != len(result.columns):
        give_rows(result, None)
        return
    if any(origin.token.is_rows for origin, _ in known):
        give_rows(result, Origin.of(Join(len(result), known)))
        give_marks(
            result, tuple(m if m is not None and (m.fields or m.is_label) else None for m in marks + other)
        )
        return
    picked = [
        None if origin is None else origin if at is None else origin.take(at, len(result))
        for origin, at in sides
    ]
    parts = [(picked[0], m) for m in marks] + [(picked[1], m) for m in other]
    give_wrapped(result, parts, [one for one in picked if one is not None])


def give_wrapped(result: Any, parts: list[tuple[Origin | None, Mark | None]], rows: list[Origin]) -> None:
    """Columns of several aggregates, side by side in a new token."""
    columns = [
        (origin, mark) if origin is not None and mark is not None and mark.token is not None else None
        for origin, mark in parts
    ]
    token = WrapTable(len(result), columns, rows)
    give_rows(result, Origin.of(token))
    labels = [mark for _, mark in parts]
    give_marks(
        result,
        tuple(
            LABEL
            if mark is not None and mark.is_label
            else Mark(token, j)
            if columns[j] is not None
            else None
            for j, mark in enumerate(labels)
        ),
    )


def _concatenated(result: Any, self: Any) -> None:
    objects = list(self.objs)
    origins = [origin_of(one.index) for one in objects]
    if not any(origins):
        return
    is_beside = result.ndim == 2 and (self.bm_axis != 0) == bool(self._is_series)
    if is_beside:
        beside(result, objects, origins)
    else:
        _below(result, objects, origins)


def _marks(one: Any) -> list[Mark | None]:
    return [mark_of(one)] if one.ndim == 1 else list(marks_of(one.columns) or (None,) * len(one.columns))


def beside(result: Any, objects: list[Any], origins: list[Origin | None]) -> None:
    """Columns of several frames and series, side by side."""
    marks = [mark for one in objects for mark in _marks(one)]
    if len(marks) != len(result.columns):
        return
    aligned = [_aligned(result, one, origin) for one, origin in zip(objects, origins, strict=True)]
    known = [origin for origin in aligned if origin is not None]
    if any(origin.token.is_rows for origin in known):
        if origin_of(result.index) is None:
            give_rows(result, Origin.of(Join(len(result), [(origin, None) for origin in known])))
        give_marks(result, tuple(m if m is not None and (m.fields or m.is_label) else None for m in marks))
        return
    first = known[0] if known else None
    if first is not None and all(one is not None and _alike(one, first) for one in aligned):
        give_rows(result, first)
        give_marks(
            result,
            tuple(m if m is None or m.is_label or is_under(m.token, first.token) else None for m in marks),
        )
        return
    parts = [(origin, mark) for one, origin in zip(objects, aligned, strict=True) for mark in _marks(one)]
    give_wrapped(result, parts, known)


def _alike(one: Origin, other: Origin) -> bool:
    if one is other:
        return True
    if one.token is not other.token or one.size != other.size:
        return False
    mine, theirs = one.positions(), other.positions()
    return mine is theirs or (mine is not None and theirs is not None and bool((mine == theirs).all()))


def _aligned(result: Any, one: Any, origin: Origin | None) -> Origin | None:
    if origin is None:
        return None
    if result.index is one.index or (len(result) == len(one) and result.index.equals(one.index)):
        return origin
    if not one.index.is_unique:
        return None
    return origin.take(one.index.get_indexer(result.index), len(result))


def _below(result: Any, objects: list[Any], origins: list[Origin | None]) -> None:
    sizes = [len(one) for one in objects]
    if sum(sizes) != len(result):
        return
    if all(origin is None or origin.token.is_rows for origin in origins):
        if all(origin is not None for origin in origins):
            give_rows(result, Origin.of(Stack(origins, sizes)))
            if result.ndim == 2:
                give_marks(result, _common(result, objects))
        return
    columns = [_column_marks(one, result) for one in objects]
    width = 1 if result.ndim == 1 else len(result.columns)
    by_column = [[part[j] for part in columns] for j in range(width)]
    token = StackTable(list(zip(origins, sizes, strict=True)), by_column)
    give_rows(result, Origin.of(token))
    marks = tuple(
        LABEL if all(m is not None and m.is_label for m in every) else Mark(token, j) if any(every) else None
        for j, every in enumerate(by_column)
    )
    if result.ndim == 2:
        give_marks(result, marks)
    else:
        from rpp_kernel.evidence.watch_axes import give_mark

        give_mark(result, marks[0])


def _column_marks(one: Any, result: Any) -> list[Mark | None]:
    if result.ndim == 1:
        return _marks(one)
    there = dict(zip(list(one.columns) if one.ndim == 2 else [one.name], _marks(one), strict=True))
    return [there.get(label) for label in result.columns]


def _common(result: Any, objects: list[Any]) -> tuple[Mark | None, ...]:
    known: dict[Any, Mark | None] = {}
    for one in objects:
        for label, mark in zip(one.columns, _marks(one), strict=True):
            known.setdefault(label, mark)
    return tuple(known.get(label) for label in result.columns)
