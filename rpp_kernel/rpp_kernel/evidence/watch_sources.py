"""Where records enter: the tables of the cut, read by `rpp.load` or by pandas itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rpp_kernel.evidence.origin import Ints, Mark, Origin
from rpp_kernel.evidence.patching import outermost, quietly
from rpp_kernel.evidence.rows import Source
from rpp_kernel.evidence.watch_axes import give_marks, give_rows


def install() -> None:
    """Wrap pandas' reader; rpp.load says itself what it read."""
    outermost(pd, "read_parquet", _read)


def give_source(frame: Any, table: str, size: int, kept: Ints | None = None) -> None:
    """A frame holds rows of a table of the cut: all `size` in order, or those at `kept`."""
    quietly(_give, frame, table, size, kept)


def _give(frame: Any, table: str, size: int, kept: Ints | None) -> None:
    if len(frame) != (size if kept is None else len(kept)):
        return
    whole = Origin.of(Source(table, size))
    give_rows(frame, whole if kept is None else whole.take(kept, len(frame)))
    give_marks(frame, tuple(Mark(fields=((table, str(name)),)) for name in frame.columns))


def _read(result: Any, path: Any, *args: Any, **kwargs: Any) -> None:
    import pyarrow.parquet
    from rpp.folder import data_folder

    file = Path(str(path))
    if file.suffix != ".parquet" or not file.exists() or file.resolve().parent != data_folder().resolve():
        return
    size = pyarrow.parquet.read_metadata(file).num_rows
    filters = kwargs.get("filters")
    kept = None if filters is None else _kept(file, filters, size)
    _give(result, file.stem, size, kept)
    del args


def _kept(file: Path, filters: Any, size: int) -> Ints:
    """The positions of the rows that pass pyarrow's filters."""
    import pyarrow
    import pyarrow.parquet

    expression = pyarrow.parquet.filters_to_expression(filters) if isinstance(filters, list) else filters
    names = [name for name in pyarrow.parquet.read_schema(file).names if name in str(expression)]
    table = pyarrow.parquet.read_table(file, columns=names)
    table = table.append_column("_rpp_row", pyarrow.array(np.arange(size)))
    return np.asarray(table.filter(expression).column("_rpp_row"), dtype=np.intp)
