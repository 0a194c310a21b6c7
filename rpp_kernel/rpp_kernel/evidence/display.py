"""What is shown in an output, with its evidence; and records are shown as a summary, since what is seen has left."""

from __future__ import annotations

import html
import os
import sys
from typing import Any

import numpy as np

from rpp_kernel.evidence.describe import describe, value
from rpp_kernel.evidence.origin import Ints
from rpp_kernel.evidence.scalars import SCALARS
from rpp_kernel.evidence.schema import VERSION, Shown, Status, unknown

RECORDS_SHOWN = "RPP_RECORDS_SHOWN"
DEFAULT_RECORDS = 10


def is_frame(shown: Any) -> bool:
    """Whether it is a frame or series of pandas, if that was imported at all."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(shown, pandas.DataFrame | pandas.Series)


def evidence_of_shown(shown: Any, *, whole: bool = False) -> tuple[dict[str, Any], Ints | None]:
    """Evidence of a frame as it is displayed: of the rows (and columns) that are not left out."""
    rows = None if whole else rows_shown(len(shown))
    if shown.ndim == 2 and not whole:
        columns = columns_shown(shown.shape[1])
        if columns is not None:
            shown = shown.iloc[:, columns]
    return describe(shown, rows=rows), rows


def rows_shown(n: int) -> Ints | None:
    """The rows that pandas displays of n; None for all."""
    import pandas as pd

    most, few = pd.get_option("display.max_rows"), pd.get_option("display.min_rows")
    if not most or n <= most:
        return None
    half = (min(few, most) if few else most) // 2
    return np.concatenate([np.arange(half), np.arange(n - half, n)])


def columns_shown(n: int) -> Ints | None:
    """The same for columns."""
    import pandas as pd

    most = pd.get_option("display.max_columns")
    if not most or n <= most:
        return None
    half = most // 2
    return np.concatenate([np.arange(half), np.arange(n - half, n)])


def evidence_for(shown: Any) -> dict[str, Any] | None:
    """Evidence of whatever a cell displays; None where it shows no value of data at all."""
    if is_frame(shown):
        return evidence_of_shown(shown)[0]
    for module, name, of in _SPECIAL:
        found = sys.modules.get(module)
        kind = getattr(found, name, None) if found is not None else None
        if kind is not None and isinstance(shown, kind):
            return of(shown)  # type: ignore[no-any-return]
    if isinstance(shown, tuple | list | dict):
        return _several(list(shown.values()) if isinstance(shown, dict) else list(shown))
    if isinstance(shown, str):
        known = SCALARS.find(shown)
        return value(known) if known else None
    if isinstance(shown, int | float | np.number) and not isinstance(shown, bool):
        return describe(shown)
    from rpp_kernel.evidence.models import evidence_of_model

    return evidence_of_model(shown)


def _several(parts: list[Any]) -> dict[str, Any] | None:
    if not parts or len(parts) > 200:
        return unknown(Shown.VALUE, "it is a collection") if parts else None
    numbers = [one for one in parts if isinstance(one, int | float | np.number) and not isinstance(one, bool)]
    frames = [one for one in parts if is_frame(one)]
    if not numbers and not frames:
        return None
    every = [describe(one) for one in (*numbers, *frames)]
    known = sum(one["status"] == str(Status.EXACT) for one in every)
    status = Status.EXACT if known == len(every) else Status.PARTIAL if known else Status.UNKNOWN
    return {"version": VERSION, "shown": str(Shown.VALUE), "status": str(status), "values": every}


def _styled(shown: Any) -> dict[str, Any]:
    return describe(shown.data)


def _shown(shown: Any) -> dict[str, Any]:
    return describe(shown.frame)


def _figure(shown: Any) -> dict[str, Any]:
    from rpp_kernel.evidence.figures import evidence_of_figure

    return evidence_of_figure(shown)


def _plotly(shown: Any) -> dict[str, Any]:
    from rpp_kernel.evidence.charts import evidence_of_plotly

    return evidence_of_plotly(shown)


def _altair(shown: Any) -> dict[str, Any]:
    from rpp_kernel.evidence.charts import evidence_of_altair

    return evidence_of_altair(shown)


_SPECIAL: tuple[tuple[str, str, Any], ...] = (
    ("pandas.io.formats.style", "Styler", _styled),
    ("matplotlib.figure", "Figure", _figure),
    ("plotly.graph_objects", "Figure", _plotly),
    ("altair", "TopLevelMixin", _altair),
    ("rpp.showing", "Records", _shown),
)


def records_allowed() -> int:
    """How many records a display may show without being asked."""
    try:
        return int(os.environ.get(RECORDS_SHOWN, DEFAULT_RECORDS))
    except ValueError:
        return DEFAULT_RECORDS


def summary(frame: Any, evidence: dict[str, Any]) -> dict[str, str]:
    """In the place of many records: what there is, and how to see some."""
    import pandas as pd

    frame = frame.to_frame() if frame.ndim == 1 else frame
    units = ", ".join(
        f"{n:,} {kind}{'' if n == 1 or kind == 'staff' else 's'}" for kind, n in evidence["units"].items()
    )
    head = f"{len(frame):,} records{f' ({units})' if units else ''}, {frame.shape[1]} columns."
    hint = "Records are not shown by themselves: rpp.show(frame, rows=10) shows some."
    rows = [
        (str(name), str(frame.dtypes.iloc[j]), int(frame.iloc[:, j].isna().sum()))
        for j, name in enumerate(frame.columns)
    ]
    text = pd.DataFrame(rows, columns=["column", "type", "missing"]).to_string(index=False)
    cells = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(kind)}</td><td>{missing:,}</td></tr>"
        for name, kind, missing in rows
    )
    table = f"<table><thead><tr><th>column</th><th>type</th><th>missing</th></tr></thead><tbody>{cells}</tbody></table>"
    return {
        "text/plain": f"{head}\n{text}\n{hint}",
        "text/html": f"<div><p>{html.escape(head)}</p>{table}<p>{html.escape(hint)}</p></div>",
    }
