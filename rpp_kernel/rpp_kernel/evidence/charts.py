"""plotly and altair: what each mark of a chart stands for."""

from __future__ import annotations

import functools
import sys
import threading
from typing import Any

from rpp_kernel.evidence.drawn import Drawing, Drawn, is_records, is_tracked, mark_evidence
from rpp_kernel.evidence.figures import figure_evidence
from rpp_kernel.evidence.origin import marks_of
from rpp_kernel.evidence.patching import quietly, replace
from rpp_kernel.evidence.schema import Shown, unknown

PLOTLY = {
    "bar": Drawing.VALUES, "line": Drawing.VALUES, "area": Drawing.VALUES, "pie": Drawing.VALUES, "scatter": Drawing.VALUES,
    "imshow": Drawing.VALUES, "histogram": Drawing.BINS, "box": Drawing.BOXES, "violin": Drawing.BOXES, "strip": Drawing.POINTS,
}  # fmt: skip


def install() -> None:
    """Wrap those that are imported; each only once."""
    if "seaborn" in sys.modules:
        from rpp_kernel.evidence import seaborns

        seaborns.install(sys.modules["seaborn"])
    express = sys.modules.get("plotly.express")
    if express is not None and hasattr(express, "bar") and not hasattr(express.bar, "_rpp_watched"):
        for name, drawing in PLOTLY.items():
            if hasattr(express, name):
                _plotly(express, name, drawing)
        _plotly_shows(sys.modules["plotly.basedatatypes"].BaseFigure)


# --- plotly express -----------------------------------------------------------------------------------------------------


def _plotly(module: Any, name: str, drawing: Drawing) -> None:
    original = getattr(module, name)

    @functools.wraps(original)
    def chart(*args: Any, **kwargs: Any) -> Any:
        figure = original(*args, **kwargs)
        quietly(_plotly_drew, figure, drawing, args, kwargs)
        return figure

    chart._rpp_watched = True  # type: ignore[attr-defined]
    replace(module, name, chart)


_PLOTLY_DRAWN: dict[int, tuple[Any, Drawn]] = {}


def _plotly_drew(figure: Any, drawing: Drawing, args: Any, kwargs: Any) -> None:
    data = kwargs.get("data_frame", kwargs.get("img", args[0] if args else None))
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

        @functools.wraps(original)
        def show(self: Any, *args: Any, _original: Any = original, **kwargs: Any) -> Any:
            SHOWING.evidence = evidence_of_plotly(self)
            try:
                return _original(self, *args, **kwargs)
            finally:
                SHOWING.evidence = None

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
    title = getattr(chart, "title", None)
    texts = [title] if isinstance(title, str) else []
    seen: list[tuple[Any, tuple[str, ...]]] = []
    for layer in _layers(chart, None):
        if layer is None:
            return unknown(Shown.FIGURE, "what it was drawn from is not known")
        if not any(layer[0] is data and set(layer[1]) <= set(fields) for data, fields in seen):
            seen.append(layer)
    return figure_evidence([mark_evidence(_altair_drawn(data, fields)) for data, fields in seen], texts)


def _layers(chart: Any, outer: Any) -> list[tuple[Any, tuple[str, ...]] | None]:
    """(frame, fields that it shows) of a chart and of those that it is made of; None where one is not known."""
    data = getattr(chart, "data", None)
    data = data if is_tracked(data) else outer
    inner = [one for name in ("layer", "hconcat", "vconcat", "concat") for one in _parts(chart, name)]
    if inner:
        return [found for one in inner for found in _layers(one, data)]
    return [(data, _altair_fields(chart)) if data is not None else None]


def _parts(chart: Any, name: str) -> list[Any]:
    found = getattr(chart, name, None)
    return found if isinstance(found, list) else []


def _altair_drawn(data: Any, fields: tuple[str, ...]) -> Drawn:
    if is_records(data):
        return Drawn(Drawing.POINTS, data)  # the chart carries the records, whatever it makes of them
    marks = marks_of(data.columns) if data.ndim == 2 else None
    labels = (
        {c for c, m in zip(data.columns, marks, strict=True) if m is not None and m.is_label}
        if marks
        else set()
    )
    values = [field for field in fields if field in data.columns and field not in labels]
    return Drawn(Drawing.VALUES, data[values] if values else data)


def _altair_fields(chart: Any) -> tuple[str, ...]:
    encoding = getattr(chart, "encoding", None)
    channels = [getattr(encoding, name, None) for name in CHANNELS]
    every = [one for channel in channels for one in (channel if isinstance(channel, list) else [channel])]
    shorthands = [getattr(one, "shorthand", None) for one in every]
    return tuple(dict.fromkeys(str(one).split(":")[0] for one in shorthands if isinstance(one, str)))


CHANNELS = (
    "x",
    "y",
    "x2",
    "y2",
    "color",
    "size",
    "opacity",
    "theta",
    "text",
    "tooltip",
    "shape",
    "detail",
    "row",
    "column",
)


__all__ = ["evidence_of_altair", "evidence_of_plotly", "install"]
