"""seaborn, plotly express and altair: what each mark of a chart stands for."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np

from rpp_kernel.evidence.drawn import DRAWN, Drawing, Drawn, is_records, is_tracked, mark_evidence, note
from rpp_kernel.evidence.figures import INSIDE, figure_evidence
from rpp_kernel.evidence.patching import quietly, replace
from rpp_kernel.evidence.schema import Shown, unknown

MEANS = ("barplot", "pointplot", "lineplot", "countplot")
POINTS = ("scatterplot", "stripplot", "swarmplot", "regplot", "residplot", "rugplot")
BOXES = ("boxplot", "violinplot", "boxenplot")
CURVES = ("kdeplot", "ecdfplot")
PLOTLY = {
    "bar": Drawing.VALUES, "line": Drawing.VALUES, "area": Drawing.VALUES, "pie": Drawing.VALUES, "scatter": Drawing.VALUES,
    "imshow": Drawing.VALUES, "histogram": Drawing.BINS, "box": Drawing.BOXES, "violin": Drawing.BOXES, "strip": Drawing.POINTS,
}  # fmt: skip


def install() -> None:
    """Wrap those that are imported; each only once."""
    if "seaborn" in sys.modules and not hasattr(sys.modules["seaborn"].barplot, "_rpp_watched"):
        seaborn = sys.modules["seaborn"]
        for name in (*MEANS, *POINTS, *BOXES, *CURVES, "histplot", "heatmap"):
            if hasattr(seaborn, name):
                _seaborn(seaborn, name)
    express = sys.modules.get("plotly.express")
    if express is not None and hasattr(express, "bar") and not hasattr(express.bar, "_rpp_watched"):
        for name, drawing in PLOTLY.items():
            if hasattr(express, name):
                _plotly(express, name, drawing)
        _plotly_shows(sys.modules["plotly.basedatatypes"].BaseFigure)


# --- seaborn ------------------------------------------------------------------------------------------------------------


def _seaborn(module: Any, name: str) -> None:
    original = getattr(module, name)

    def chart(*args: Any, **kwargs: Any) -> Any:
        INSIDE.depth += 1
        try:
            axes = original(*args, **kwargs)
        finally:
            INSIDE.depth -= 1
        if not INSIDE.depth:
            quietly(_seaborn_drew, axes, name, args, kwargs)
        return axes

    chart.__name__, chart.__doc__ = name, original.__doc__
    chart._rpp_watched = True  # type: ignore[attr-defined]
    chart.__wrapped__ = original  # type: ignore[attr-defined]
    replace(module, name, chart)


def _seaborn_drew(axes: Any, name: str, args: Any, kwargs: Any) -> None:
    data = kwargs.get("data", args[0] if args else None)
    if data is not None and getattr(data, "ndim", 0) == 1 and not {"x", "y"} & kwargs.keys():
        data, kwargs = None, {**kwargs, "x": data}
    x, y, hue = (_column(data, kwargs.get(key)) for key in ("x", "y", "hue"))
    if name == "heatmap" or (x is None and y is None):
        note(axes, Drawn(_kind(name, data), data))
    elif not is_tracked(data) and not any(is_tracked(one) for one in (x, y)):
        note(axes, Drawn(Drawing.VALUES, None))
    elif not is_records(data if is_tracked(data) else x if is_tracked(x) else y):
        value = y if y is not None and y.dtype.kind in "iufb" else x
        note(axes, Drawn(Drawing.VALUES, value))
    elif name in MEANS:
        note(axes, Drawn(Drawing.VALUES, _grouped(data, name, x, y, hue, kwargs)))
    elif name == "histplot":
        _histogram(axes, x if x is not None else y, hue)
    elif name in BOXES:
        note(axes, Drawn(Drawing.BOXES, _grouped(data, name, x, y, hue, kwargs)))
    else:
        note(axes, Drawn(Drawing.POINTS if name in POINTS else Drawing.CURVE, y if y is not None else x))


def _kind(name: str, data: Any) -> Drawing:
    if name == "heatmap" or not is_records(data):
        return Drawing.VALUES
    return Drawing.BOXES if name in BOXES else Drawing.BINS if name == "histplot" else Drawing.POINTS


def _column(data: Any, given: Any) -> Any:
    if isinstance(given, str):
        return data[given] if data is not None and given in data else None
    return given


def _grouped(data: Any, name: str, x: Any, y: Any, hue: Any, kwargs: Any) -> Any:
    """The aggregate that such a chart draws, made once more by pandas, which is watched."""
    values = y if name != "countplot" else None
    key = x
    if values is not None and key is not None and values.dtype.kind not in "iufb" and key.dtype.kind in "iuf":
        values, key = key, values  # drawn sideways
    if key is None:
        key = y if name == "countplot" else None
    if kwargs.get("estimator", "mean") not in ("mean", "median", "sum", np.mean, np.median, np.sum):
        return None
    keys = [one for one in (key, hue) if one is not None]
    keys = [
        one
        for n, one in enumerate(keys)
        if not any(one is other or one.name == other.name for other in keys[:n])
    ]
    if not keys:
        return values.to_frame().agg(["mean"]) if values is not None else None
    names = [one.name for one in keys]
    grouped = data.groupby(names, observed=True)
    return grouped.size() if values is None else grouped[values.name].mean()


def _histogram(axes: Any, values: Any, hue: Any) -> None:
    bars = [patch for patch in axes.patches if hasattr(patch, "get_width") and patch.get_width() > 0]
    if not bars or values is None:
        note(axes, Drawn(Drawing.CURVE, values))
        return
    lefts = sorted({round(bar.get_x(), 12) for bar in bars})
    edges = np.array([*lefts, max(bar.get_x() + bar.get_width() for bar in bars)])
    if hue is None:
        note(axes, Drawn(Drawing.BINS, values, edges))
        return
    for level in hue.dropna().unique():
        note(axes, Drawn(Drawing.BINS, values[hue == level], edges))


# --- plotly express -----------------------------------------------------------------------------------------------------


def _plotly(module: Any, name: str, drawing: Drawing) -> None:
    original = getattr(module, name)

    def chart(*args: Any, **kwargs: Any) -> Any:
        figure = original(*args, **kwargs)
        quietly(_plotly_drew, figure, drawing, args, kwargs)
        return figure

    chart.__name__, chart.__doc__ = name, original.__doc__
    chart._rpp_watched = True  # type: ignore[attr-defined]
    chart.__wrapped__ = original  # type: ignore[attr-defined]
    replace(module, name, chart)


_PLOTLY_DRAWN: dict[int, tuple[Any, Drawn]] = {}


def _plotly_drew(figure: Any, drawing: Drawing, args: Any, kwargs: Any) -> None:
    data = kwargs.get("data_frame", args[0] if args else None)
    value = kwargs.get("y", kwargs.get("values"))
    if (
        data is not None
        and is_tracked(data)
        and not is_records(data)
        and data.ndim == 2
        and isinstance(value, str | list)
    ):
        data = data[value]
    elif is_records(data) and drawing is Drawing.VALUES:
        drawing = Drawing.POINTS
    elif is_records(data) and drawing is Drawing.BINS:
        drawing = Drawing.POINTS  # the browser makes the bins: the records themselves are in the chart
    if len(_PLOTLY_DRAWN) > 100:
        _PLOTLY_DRAWN.clear()
    _PLOTLY_DRAWN[id(figure)] = (figure, Drawn(drawing, data))


class _Showing(threading.local):
    evidence: dict[str, Any] | None = None


SHOWING = _Showing()  # plotly publishes its outputs by itself; the publisher adds this


def _plotly_shows(owner: Any) -> None:
    for name in ("_ipython_display_", "show"):
        original = owner.__dict__[name]

        def show(self: Any, *args: Any, _original: Any = original, **kwargs: Any) -> Any:
            SHOWING.evidence = evidence_of_plotly(self)
            try:
                return _original(self, *args, **kwargs)
            finally:
                SHOWING.evidence = None

        show.__name__, show.__doc__ = name, original.__doc__
        replace(owner, name, show)


def evidence_of_plotly(figure: Any) -> dict[str, Any]:
    """Evidence of a figure made by plotly express."""
    found = _PLOTLY_DRAWN.get(id(figure))
    if found is None or found[0] is not figure:
        return unknown(Shown.FIGURE, "what it was drawn from is not known")
    title = figure.layout.title.text
    return figure_evidence([mark_evidence(found[1])], [title] if title else [])


# --- altair -------------------------------------------------------------------------------------------------------------


def evidence_of_altair(chart: Any) -> dict[str, Any]:
    """Evidence of a chart over a frame: of its table where it is an aggregate, of its records otherwise."""
    data = getattr(chart, "data", None)
    if data is None or not is_tracked(data):
        return unknown(Shown.FIGURE, "what it was drawn from is not known")
    title = getattr(chart, "title", None)
    texts = [title] if isinstance(title, str) else []
    value = _altair_value(chart)
    if not is_records(data):
        drawn = Drawn(Drawing.VALUES, data[[value]] if value in getattr(data, "columns", ()) else data)
    else:
        drawn = Drawn(Drawing.POINTS, data)  # the chart carries the records, whatever it makes of them
    return figure_evidence([mark_evidence(drawn)], texts)


def _altair_value(chart: Any) -> Any:
    encoding = getattr(chart, "encoding", None)
    shorthand = getattr(getattr(encoding, "y", None), "shorthand", None)
    return str(shorthand).split(":")[0] if isinstance(shorthand, str) else None


__all__ = ["DRAWN", "evidence_of_altair", "evidence_of_plotly", "install"]
