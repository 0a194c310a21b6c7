"""What is behind something that is shown? From a frame, a series or a number to its evidence as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rpp_kernel.evidence import exact
from rpp_kernel.evidence.cells import is_under
from rpp_kernel.evidence.counting import Stats
from rpp_kernel.evidence.origin import (
    STRANGER,
    Ints,
    Mark,
    Origin,
    Unknown,
    marks_of,
    merged_sources,
    origin_of,
    picked,
)
from rpp_kernel.evidence.scalars import SCALARS, Known
from rpp_kernel.evidence.schema import VERSION, Shown, Status, unknown
from rpp_kernel.evidence.units import PEOPLE

MOST_CELLS = 20_000
COUNTS = frozenset({"size", "count", "nunique"})


def describe(shown: Any, *, rows: Ints | None = None) -> dict[str, Any]:
    """Evidence of a frame, series or number, or that there is none. `rows`: those that are displayed."""
    import pandas as pd

    if isinstance(shown, pd.DataFrame):
        return _frame(shown, rows)
    if isinstance(shown, pd.Series):
        return _frame(_as_frame(shown), rows)
    known = SCALARS.find(shown)
    if known is not None:
        return value(known)
    return unknown(Shown.VALUE, "where it comes from is not known")


def value(known: Known) -> dict[str, Any]:
    """Evidence of one number (or of a text that was written from a frame)."""
    if known.cells and known.cells[0][1] == -1:
        return describe(known.cells[0][0])
    marks = tuple(mark for mark, _ in known.cells)
    kinds = _kinds([mark.token for mark in marks])
    cells: dict[str, Any] = {}
    for kind in kinds:
        units = [_one(mark, row, kind) for mark, row in known.cells]
        cells[kind] = [[_least([stats.units[0] for stats in units])]]
    first = _one(known.cells[0][0], known.cells[0][1], kinds[0]) if kinds else Stats.unknown(1)
    evidence = _written(
        Shown.VALUE, [m.token for m in marks], kinds, cells,
        {"rows": [[_number(first.rows[0])]], "top1": [[_share(first.top1[0])]], "top2": [[_share(first.top2[0])]]},
        functions=[function_of(marks[0])], labels=[[False]],
    )  # fmt: skip
    if exact.is_wanted() and kinds:
        exact.write(
            evidence,
            exact.encoded(kinds[0], _value_sets(known, kinds[0])),
            {(0, 0): [(m.token, m.column, row) for m, row in known.cells]},
        )
    return evidence


def _value_sets(known: Known, kind: str) -> dict[tuple[int, int], Ints]:
    """Whom the cells that a value was computed from stand for: (0, i) for the i-th of them."""
    found: dict[tuple[int, int], Ints] = {}
    for i, (mark, row) in enumerate(known.cells):
        try:
            found[(0, i)] = mark.token.unit_sets(mark.column, np.array([row], dtype=np.intp), kind)[0]
        except Unknown:
            return {}
    return found


def _one(mark: Mark, row: int, kind: str) -> Stats:
    try:
        return mark.token.stats(mark.column, np.array([row], dtype=np.intp), kind)  # type: ignore[no-any-return]
    except Unknown:
        return Stats.unknown(1)


def _least(units: Sequence[Any]) -> int | None:
    return None if any(u < 0 for u in units) else int(min(units))


def _as_frame(series: Any) -> Any:
    from rpp_kernel.evidence.patching import DEPTH

    DEPTH.inside += 1
    try:
        return series.to_frame(name=series.name if series.name is not None else 0)
    finally:
        DEPTH.inside -= 1


def _frame(frame: Any, rows: Ints | None) -> dict[str, Any]:
    origin = origin_of(frame.index)
    if origin is None:
        return unknown(Shown.TABLE, "where its rows come from is not known")
    if origin.token.is_rows:
        return records(origin, frame, rows)
    marks = marks_of(frame.columns) or (None,) * frame.shape[1]
    shown = np.arange(len(frame), dtype=np.intp) if rows is None else rows
    if len(shown) * max(len(marks), 1) > MOST_CELLS:
        return unknown(Shown.TABLE, f"it has more than {MOST_CELLS} cells")
    found = picked(origin.positions(), shown, origin.token.size)
    at = shown if found is None else found
    return _cells(origin, marks, at)


def _cells(origin: Origin, marks: Sequence[Mark | None], at: Ints) -> dict[str, Any]:
    kinds = _kinds([origin.token])
    cells: dict[str, list[list[int | None]]] = {kind: [[] for _ in at] for kind in kinds}
    more: dict[str, list[list[Any]]] = {name: [[] for _ in at] for name in ("rows", "top1", "top2")}
    labels = [mark is not None and mark.is_label for mark in marks]
    why: list[str] = []
    for mark in marks:
        is_known = mark is not None and mark.token is not None and is_under(mark.token, origin.token)
        for k, kind in enumerate(kinds):
            stats = Stats.unknown(len(at))
            if is_known and mark is not None:
                try:
                    stats = mark.token.stats(mark.column, at, kind)
                except Unknown as error:
                    why.append(str(error))
            for i, units in enumerate(stats.units):
                cells[kind][i].append(_number(units))
                if k == 0:
                    more["rows"][i].append(_number(stats.rows[i]))
                    more["top1"][i].append(_share(stats.top1[i]))
                    more["top2"][i].append(_share(stats.top2[i]))
    evidence = _written(
        Shown.TABLE,
        [origin.token],
        kinds,
        cells,
        more,
        [function_of(mark) for mark in marks],
        [labels] * len(at),
        origin,
    )
    if why:
        evidence["why"] = "; ".join(dict.fromkeys(why))
    if exact.is_wanted() and kinds:
        from rpp_kernel.evidence.witness import places

        exact.write(
            evidence, exact.encoded(kinds[0], _sets(marks, origin, at, kinds[0])), places(marks, origin, at)
        )
    return evidence


def _written(
    shown: Shown, tokens: Sequence[Any], kinds: Sequence[str], cells: dict[str, Any], more: dict[str, Any],
    functions: list[str], labels: list[list[bool]], origin: Origin | None = None,
) -> dict[str, Any]:  # fmt: skip
    unit = kinds[0] if kinds else ""
    known = [
        number is not None
        for row, is_label in zip(cells.get(unit, []), labels, strict=True)
        for number, label in zip(row, is_label, strict=True)
        if not label
    ]
    status = Status.UNKNOWN if not known or not any(known) else Status.EXACT if all(known) else Status.PARTIAL
    if not kinds:
        return unknown(shown, "the tables behind it are about no unit that the codebook names")
    filters = origin.filters() if origin else [w for t in tokens for w in getattr(t, "filters", list)()]
    sources = merged_sources([token.sources() for token in tokens])
    return {
        "version": VERSION, "shown": str(shown), "status": str(status), "unit": unit,
        "tables": {table: sorted(columns) for table, columns in sorted(sources.items())},
        "filters": list(dict.fromkeys(filters)), "functions": functions, "label_columns": labels[0] if labels else [],
        "units": cells, **more,
    }  # fmt: skip


def records(origin: Origin, frame: Any, rows: Ints | None) -> dict[str, Any]:
    """Evidence of a display of records: how many, and of how many people."""
    from rpp_kernel.evidence.origin import edges_of, explicit

    shown = len(frame) if rows is None else len(rows)
    units: dict[str, int] = {}
    seen = origin if rows is None else origin.take(rows, len(rows))
    for kind in _kinds([origin.token]):
        try:
            _, numbers = explicit(*edges_of(seen, kind))
            units[kind] = len(np.unique(numbers))
        except Unknown:
            continue
    sources = {table: sorted(columns) for table, columns in sorted(origin.token.sources().items())}
    for mark in marks_of(frame.columns) or ():
        for table, name in mark.fields if mark is not None else ():
            if table in sources:
                sources[table] = sorted({*sources[table], name})
    return {
        "version": VERSION, "shown": str(Shown.RECORDS), "status": str(Status.EXACT if units else Status.UNKNOWN),
        "unit": next(iter(units), ""), "tables": sources, "filters": origin.filters(), "records": shown, "units": units,
    }  # fmt: skip


def _sets(marks: Sequence[Mark | None], origin: Origin, at: Ints, kind: str) -> dict[tuple[int, int], Ints]:
    """For each cell with known people behind it, exactly which."""
    found: dict[tuple[int, int], Ints] = {}
    for j, mark in enumerate(marks):
        if mark is None or mark.is_label or not is_under(mark.token, origin.token):
            continue
        try:
            for i, units in enumerate(mark.token.unit_sets(mark.column, at, kind)):
                if at[i] > STRANGER:
                    found[(i, j)] = units
        except Unknown:
            continue
    return found


def function_of(mark: Mark | None) -> str:
    """What a column's values are, in a word: mean, size, …; nothing where it was computed from several."""
    if mark is None or mark.is_label:
        return ""
    token, column = mark.token, mark.column
    for _ in range(20):
        inner = getattr(token, "grid", token)
        if hasattr(inner, "values") and hasattr(inner, "shape"):
            return str(inner.values[inner.columns[column][0]].function)
        if hasattr(inner, "codes") or hasattr(inner, "_codes"):
            return str(inner.columns[column].function)
        if hasattr(inner, "layers"):
            tokens, columns, _ = inner.layers[0]
            places = np.flatnonzero(tokens[:, column] >= 0)
            if len(inner.layers) > 1 or not len(places):
                return ""
            token, column = inner.tokens[tokens[places[0], column]], int(columns[places[0], column])
            continue
        if hasattr(inner, "row"):
            part = inner.parts[column]
            if part is None:
                return ""
            token, column = part[1].token, part[1].column
            continue
        return ""
    return ""


def _kinds(tokens: Sequence[Any]) -> list[str]:
    """The kinds of unit behind tokens, people first."""
    every = list(dict.fromkeys(kind for token in tokens for kind in token.kinds()))
    return [k for k in PEOPLE if k in every] + [k for k in every if k not in PEOPLE]


def _number(found: Any) -> int | None:
    return None if found < 0 else int(found)


def _share(found: Any) -> float | None:
    return None if np.isnan(found) else round(float(found), 4)
