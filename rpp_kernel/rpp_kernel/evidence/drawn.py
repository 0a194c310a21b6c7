"""What was drawn on which axes: noted when it is drawn, looked at when the figure is shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from rpp_kernel.evidence.describe import describe
from rpp_kernel.evidence.origin import Origin, Unknown, edges_of, explicit, origin_of
from rpp_kernel.evidence.schema import Shown, Status, unknown
from rpp_kernel.evidence.units import PEOPLE

MOST_LABELS = 200


class Drawing(StrEnum):
    """What a mark is."""

    VALUES = "values"  # bars, lines, cells: each stands for a cell of a table
    POINTS = "points"  # each stands for a record
    BINS = "bins"  # each stands for the records in an interval
    BOXES = "boxes"  # quartiles of records, and single ones beyond the whiskers
    CURVE = "curve"  # a density or a fitted line: of all records together


@dataclass(frozen=True, slots=True)
class Drawn:
    """`data` is the frame or series that was drawn; `edges` the bins."""

    drawing: Drawing
    data: Any
    edges: Any = None


DRAWN: WeakKeyDictionary[Any, list[Drawn]] = WeakKeyDictionary()


def note(axes: Any, drawn: Drawn) -> None:
    """Something was drawn on axes (or, for a chart that has none, on the chart)."""
    DRAWN.setdefault(axes, []).append(drawn)


def is_tracked(data: Any) -> bool:
    """Whether we know where its rows come from."""
    index = getattr(data, "index", None)
    return index is not None and not callable(index) and origin_of(index) is not None


def is_records(data: Any) -> bool:
    """Whether its rows are records of the cut."""
    origin = origin_of(data.index) if is_tracked(data) else None
    return origin is not None and origin.token.is_rows


def mark_evidence(drawn: Drawn) -> dict[str, Any]:
    """Evidence of one thing that was drawn."""
    data = drawn.data
    if not is_tracked(data):
        return {**unknown(Shown.FIGURE, "what it was drawn from is not known"), "drawing": str(drawn.drawing)}
    if drawn.drawing is Drawing.BINS and is_records(data):
        return _bins(drawn)
    found = describe(data)
    if found["shown"] == str(Shown.TABLE):
        found["table"] = _table(data)
    return {**found, "drawing": str(drawn.drawing)}


def _table(data: Any) -> dict[str, Any]:
    frame = data.to_frame(name=str(data.name)) if data.ndim == 1 else data
    if frame.size > MOST_LABELS:
        return {"index": [], "columns": [str(c) for c in frame.columns], "values": []}
    values = [[_plain(v) for v in row] for row in frame.itertuples(index=False, name=None)]
    return {
        "index": [str(i) for i in frame.index],
        "columns": [str(c) for c in frame.columns],
        "values": values,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(value)
    return str(value)


def _bins(drawn: Drawn) -> dict[str, Any]:
    values = np.asarray(drawn.data, dtype=float)
    edges = np.asarray(drawn.edges, dtype=float)
    origin = origin_of(drawn.data.index)
    if origin is None:
        return unknown(Shown.FIGURE, "what it was drawn from is not known")
    place = np.searchsorted(edges, values, side="right") - 1
    place[values == edges[-1]] = len(edges) - 2
    place[(values < edges[0]) | (values > edges[-1]) | np.isnan(values)] = -1
    return binned(origin, place, edges, drawn)


def binned(origin: Origin, place: Any, edges: Any, drawn: Drawn) -> dict[str, Any]:
    """Units and records in each bin."""
    from rpp_kernel.evidence.counting import count

    kinds = [k for k in PEOPLE if k in origin.token.kinds()] or list(origin.token.kinds())[:1]
    n = len(edges) - 1
    try:
        found = {
            kind: count(place[(pair := explicit(*edges_of(origin, kind)))[0]], pair[1], n) for kind in kinds
        }
    except Unknown as error:
        return unknown(Shown.FIGURE, str(error))
    if not found:
        return unknown(Shown.FIGURE, "the tables behind it are about no unit that the codebook names")
    base = describe(drawn.data)
    return {
        **{key: base.get(key) for key in ("version", "unit", "tables", "filters")},
        "shown": str(Shown.TABLE), "status": str(Status.EXACT), "drawing": str(drawn.drawing),
        "edges": [float(edge) for edge in edges], "functions": ["size"], "label_columns": [False],
        "units": {kind: [[int(u)] for u in stats.units] for kind, stats in found.items()},
        "rows": [[int(r)] for r in next(iter(found.values())).rows],
    }  # fmt: skip
