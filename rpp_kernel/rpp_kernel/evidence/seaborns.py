"""seaborn: what each mark of a chart stands for. The aggregates that it draws are made once more by pandas, which is watched."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from rpp_kernel.evidence.drawn import Drawing, Drawn, is_records, is_tracked, note
from rpp_kernel.evidence.figures import INSIDE
from rpp_kernel.evidence.patching import quietly, replace

MEANS = ("barplot", "pointplot", "lineplot", "countplot")
POINTS = ("scatterplot", "stripplot", "swarmplot", "regplot", "residplot", "rugplot")
BOXES = ("boxplot", "violinplot", "boxenplot")
CURVES = ("kdeplot", "ecdfplot")
GRIDS = {"catplot": "strip", "relplot": "scatter", "displot": "hist"}


def install(seaborn: Any) -> None:
    """Wrap its charts, once."""
    if hasattr(seaborn.barplot, "_rpp_watched"):
        return
    for name in (*MEANS, *POINTS, *BOXES, *CURVES, "histplot", "heatmap"):
        if hasattr(seaborn, name):
            watch(seaborn, name)
    for name in GRIDS:
        watch_grid(seaborn, name)


def watch_grid(module: Any, name: str) -> None:
    """catplot, relplot and displot: the chart of `kind` on each of several axes."""
    original = getattr(module, name)

    @functools.wraps(original)
    def chart(*args: Any, **kwargs: Any) -> Any:
        INSIDE.depth += 1
        try:
            grid = original(*args, **kwargs)
        finally:
            INSIDE.depth -= 1
        if not INSIDE.depth:
            quietly(_grid_drew, grid, GRIDS[name], args, kwargs)
        return grid

    replace(module, name, chart)


def _grid_drew(grid: Any, kind: str, args: Any, kwargs: Any) -> None:
    data = kwargs.get("data", args[0] if args else None)
    name = f"{kwargs.get('kind', kind)}plot"
    given = {key: value for key, value in kwargs.items() if key not in ("data", "row", "col", "kind")}
    facets = [kwargs[key] for key in ("row", "col") if kwargs.get(key) is not None]
    if not facets:
        _seaborn_drew(grid.ax, name, (), {**given, "data": data})
        return
    for labels, axes in grid.axes_dict.items():
        part = data
        for facet, label in zip(facets, labels if len(facets) > 1 else (labels,), strict=True):
            part = part[part[facet] == label]
        _seaborn_drew(axes, name, (), {**given, "data": part})


def watch(module: Any, name: str) -> None:
    original = getattr(module, name)

    @functools.wraps(original)
    def chart(*args: Any, **kwargs: Any) -> Any:
        INSIDE.depth += 1
        try:
            axes = original(*args, **kwargs)
        finally:
            INSIDE.depth -= 1
        if not INSIDE.depth:
            quietly(_seaborn_drew, axes, name, args, kwargs)
        return axes

    chart._rpp_watched = True  # type: ignore[attr-defined]
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
    for one, order in ((key, kwargs.get("order")), (hue, kwargs.get("hue_order"))):
        if one is not None and order is not None:
            data = data[data[one.name].isin(list(order))]
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
