"""Show me some records. A frame alone is displayed as a summary: what is on the screen has left the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rpp.folder import CutError

if TYPE_CHECKING:
    import pandas

MOST = 200


@dataclass(frozen=True, slots=True)
class Records:
    """Some rows of a frame, to look at."""

    frame: pandas.DataFrame | pandas.Series[Any]

    def _repr_html_(self) -> str:
        frame = self.frame.to_frame() if self.frame.ndim == 1 else self.frame
        return str(frame.to_html(max_rows=MOST))

    def __repr__(self) -> str:
        return str(self.frame.to_string(max_rows=MOST))


def show(frame: pandas.DataFrame | pandas.Series[Any], rows: int = 10) -> Records:
    """The first `rows` records of a frame, at most 200. They count towards what leaves the server today."""
    if not 1 <= rows <= MOST:
        raise CutError(f"rpp.show shows 1 to {MOST} records; {rows} were asked for. Aggregate to see more.")
    return Records(frame.head(rows))
