"""matplotlib: what each mark of a figure stands for, and the text on it."""

from __future__ import annotations

import functools
import threading
from typing import Any

import numpy as np

from rpp_kernel.evidence.drawn import DRAWN, Drawing, Drawn, is_records, is_tracked, mark_evidence, note
from rpp_kernel.evidence.patching import quietly, replace
from rpp_kernel.evidence.schema import VERSION, Shown, Status

# Method, and the place and name of the argument that holds the values.
METHODS: tuple[tuple[str, int, str, Drawing], ...] = (
    ("bar", 1, "height", Drawing.VALUES), ("barh", 1, "width", Drawing.VALUES), ("plot", -1, "", Drawing.VALUES),
    ("step", 1, "y", Drawing.VALUES), ("errorbar", 1, "y", Drawing.VALUES), ("fill_between", 1, "y1", Drawing.VALUES),
    ("scatter", 1, "y", Drawing.VALUES), ("hist", 0, "x", Drawing.BINS), ("boxplot", 0, "x", Drawing.BOXES),
    ("violinplot", 0, "dataset", Drawing.BOXES), ("pie", 0, "x", Drawing.VALUES), ("imshow", 0, "X", Drawing.VALUES),
    ("pcolormesh", -1, "", Drawing.VALUES), ("stackplot", 1, "", Drawing.VALUES), ("hexbin", 0, "x", Drawing.POINTS),
    ("stem", -1, "", Drawing.VALUES), ("hist2d", 0, "x", Drawing.POINTS),
)  # fmt: skip
MOST_TEXTS = 200


class _Inside(threading.local):
    depth = 0


INSIDE = _Inside()


def install() -> None:
    """Wrap the methods of axes that draw data, and pandas' own plotting on top of them."""
    from matplotlib.axes import Axes

    for name, place, keyword, drawing in METHODS:
        if name in Axes.__dict__:
            _watch(Axes, name, place, keyword, drawing)
    _watch_pandas()


def _watch(owner: Any, name: str, place: int, keyword: str, drawing: Drawing) -> None:
    original = owner.__dict__[name]

    @functools.wraps(original)
    def draw(self: Any, *args: Any, **kwargs: Any) -> Any:
        INSIDE.depth += 1
        try:
            result = original(self, *args, **kwargs)
        finally:
            INSIDE.depth -= 1
        if not INSIDE.depth:
            quietly(_drew, self, args, kwargs, place, keyword, drawing, result)
        return result

    replace(owner, name, draw)


def _drew(axes: Any, args: Any, kwargs: Any, place: int, keyword: str, drawing: Drawing, result: Any) -> None:
    data = kwargs.get("data")
    values = (
        [one for one in args if not isinstance(one, str)]
        if place < 0
        else [kwargs.get(keyword, args[place] if len(args) > place else None)]
    )
    if place < 0 and len(values) > 1:
        values = values[1::2]  # x, y, x, y …
    if keyword == "" and place == 1:
        values = list(args[1:])
    for one in values:
        found = data[one] if isinstance(one, str) and data is not None else behind(one)
        if drawing is Drawing.BINS:
            _histogram(axes, found, result)
        elif isinstance(found, list | tuple) and any(is_tracked(part) for part in found):
            for part in found:
                note(axes, Drawn(drawing, part))
        else:
            note(
                axes,
                Drawn(Drawing.POINTS if drawing is Drawing.VALUES and is_records(found) else drawing, found),
            )


def _histogram(axes: Any, found: Any, result: Any) -> None:
    edges = result[1]
    parts = found if isinstance(found, list | tuple) else [found]
    for part in parts:
        note(axes, Drawn(Drawing.BINS, part, edges))


def behind(values: Any) -> Any:
    """The series that an array was taken out of (`.values`, `.to_numpy()`), else the thing itself."""
    if is_tracked(values):
        return values
    found = _ARRAYS.get(id(values))
    return found[1] if found is not None and found[0] is values else values


_ARRAYS: dict[int, tuple[Any, Any]] = {}


def _remember_array(array: Any, series: Any) -> None:
    if isinstance(array, np.ndarray) and is_tracked(series):
        if len(_ARRAYS) > 500:
            _ARRAYS.clear()
        _ARRAYS[id(array)] = (array, series)


def _watch_pandas() -> None:
    from pandas import DataFrame, Series
    from pandas.core.base import IndexOpsMixin
    from pandas.plotting._core import PlotAccessor

    _plotting(
        PlotAccessor,
        "__call__",
        lambda self, args, kwargs: (self._parent, kwargs.get("kind", args[0] if args else "line"), kwargs),
    )
    for owner in (DataFrame, Series):
        _plotting(owner, "hist", lambda self, args, kwargs: (self, "hist", kwargs))
    _plotting(
        DataFrame,
        "boxplot",
        lambda self, args, kwargs: (
            self,
            "box",
            {**kwargs, "column": kwargs.get("column", args[0] if args else None)},
        ),
    )
    values, to_numpy = Series.__dict__["values"], IndexOpsMixin.__dict__["to_numpy"]

    def get(self: Any) -> Any:
        found = values.fget(self)
        quietly(_remember_array, found, self)
        return found

    @functools.wraps(to_numpy)
    def numpy(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = to_numpy(self, *args, **kwargs)
        quietly(_remember_array, found, self)
        return found

    replace(Series, "values", property(get, doc=values.__doc__))
    replace(IndexOpsMixin, "to_numpy", numpy)


def _plotting(owner: Any, name: str, read: Any) -> None:
    original = owner.__dict__.get(name)
    if original is None:
        original = getattr(owner, name)

    @functools.wraps(original)
    def plot(self: Any, *args: Any, **kwargs: Any) -> Any:
        INSIDE.depth += 1
        try:
            result = original(self, *args, **kwargs)
        finally:
            INSIDE.depth -= 1
        if not INSIDE.depth:
            quietly(_plotted, result, *read(self, args, kwargs))
        return result

    replace(owner, name, plot)


def _plotted(result: Any, data: Any, kind: str, kwargs: dict[str, Any]) -> None:
    axes = list(np.ravel(np.asarray(result, dtype=object)))
    first = axes[0]
    columns = [data] if data.ndim == 1 else _columns(data, kind, kwargs)
    for number, column in enumerate(columns):
        at = axes[number] if len(axes) == len(columns) else first
        if kind == "hist":
            edges = _edges(at)
            note(at, Drawn(Drawing.BINS, column, edges))
        elif kind in ("box", "boxplot"):
            note(at, Drawn(Drawing.BOXES, column))
        elif kind in ("kde", "density"):
            note(at, Drawn(Drawing.CURVE, column))
        else:
            note(at, Drawn(Drawing.POINTS if is_records(column) else Drawing.VALUES, column))


def _columns(data: Any, kind: str, kwargs: dict[str, Any]) -> list[Any]:
    wanted = kwargs.get("y", kwargs.get("column"))
    if kind == "scatter":
        return [data[kwargs["y"]]]
    if wanted is None:
        drawn = data.drop(columns=[kwargs["x"]]) if kwargs.get("x") is not None else data
        drawn = drawn.select_dtypes("number")
        return [drawn[name] for name in drawn.columns] if kind == "hist" else [drawn]
    return [data[name] for name in (wanted if isinstance(wanted, list) else [wanted])]


def _edges(axes: Any) -> Any:
    bars = [patch for patch in axes.patches if hasattr(patch, "get_width")]
    lefts = sorted({bar.get_x() for bar in bars})
    return np.array([*lefts, max(bar.get_x() + bar.get_width() for bar in bars)])


def evidence_of_figure(figure: Any) -> dict[str, Any]:
    """Evidence of all that was drawn on a figure; marks that nobody noted are unknown."""
    marks = []
    for number, axes in enumerate(figure.axes):
        drawn = DRAWN.get(axes, [])
        if getattr(axes, "_colorbar", None) is not None:
            continue  # a key to the colours of other axes
        found = [{**mark_evidence(one), "axes": number} for one in drawn]
        if not drawn and (axes.lines or axes.patches or axes.collections or axes.images):
            found = [{**mark_evidence(Drawn(Drawing.VALUES, None)), "axes": number}]
        marks.extend(found)
    return figure_evidence(marks, [text for text in _texts(figure)][:MOST_TEXTS])


def figure_evidence(marks: list[dict[str, Any]], texts: list[str]) -> dict[str, Any]:
    """Several marks as one piece of evidence."""
    statuses = {one["status"] for one in marks}
    if not marks:
        status = Status.NONE
    elif statuses == {str(Status.EXACT)}:
        status = Status.EXACT
    else:
        status = Status.PARTIAL if str(Status.EXACT) in statuses else Status.UNKNOWN
    return {
        "version": VERSION,
        "shown": str(Shown.FIGURE),
        "status": str(status),
        "marks": marks,
        "text": texts,
    }


def _texts(figure: Any) -> list[str]:
    from matplotlib.text import Text

    return list(dict.fromkeys(t.get_text() for t in figure.findobj(Text) if t.get_text().strip()))
