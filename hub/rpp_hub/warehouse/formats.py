"""How is a file of Excel, Stata, SPSS, SAS or Parquet read? As one table whose values become text.

The libraries are imported when they are needed: each takes a while, and most drops are CSV.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.names import printable
from rpp_hub.warehouse.unpack import check_workbook


def read_binary(path: Path) -> pa.Table:
    """The whole table as text. Raises Invalid if it cannot be read."""
    kind, read = FORMATS[path.suffix.lower()]
    try:
        table = read(path)
        return pa.table([_text(c) for c in table.columns], names=table.column_names)
    except Invalid:
        raise
    except Exception:  # these parsers fail in many ways on foreign bytes, and their messages may quote them
        raise Invalid(
            f"{printable(path.name)} cannot be read as {kind}. Export it again, or send CSV UTF-8.",
            code="unreadable-table",
        ) from None


def _parquet(path: Path) -> pa.Table:
    return pq.ParquetFile(path).read()


def _stata(path: Path) -> pa.Table:
    import pandas as pd

    return _arrow(pd.read_stata(path, convert_categoricals=False))


def _spss(path: Path) -> pa.Table:
    import pyreadstat

    return _arrow(pyreadstat.read_sav(path, apply_value_formats=False)[0])


def _sas(path: Path) -> pa.Table:
    import pyreadstat

    return _arrow(pyreadstat.read_sas7bdat(path)[0])


def _sas_transport(path: Path) -> pa.Table:
    import pyreadstat

    return _arrow(pyreadstat.read_xport(path)[0])


def _arrow(frame: Any) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


def _excel(path: Path) -> pa.Table:
    from python_calamine import CalamineWorkbook

    check_workbook(path)
    book = CalamineWorkbook.from_path(path)
    sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    filled = {
        name: rows for name, rows in sheets.items() if any(c not in ("", None) for row in rows for c in row)
    }
    if len(filled) != 1:
        raise Invalid(
            f"{printable(path.name)}: {len(filled)} sheets hold something, and one table is expected. "
            "Save each table as a file of its own.",
            code="several-sheets",
        )
    header, *rows = next(iter(filled.values()))
    columns = zip(*rows, strict=True) if rows else [() for _ in header]
    arrays = [pa.array([cell_text(v) for v in column], pa.string()) for column in columns]
    # pa.table of a mapping would lose a header that stands twice; the reader says so by name
    return pa.Table.from_arrays(arrays, names=[str(h) for h in header])


def cell_text(value: object) -> str | None:
    """A cell as a CSV file would have it: whole numbers without a point, dates as dates."""
    match value:
        case None | "":
            return None
        case bool():
            return "1" if value else "0"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time(0):
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value.total_seconds())
        case _:
            return str(value)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_floating(column.type):
        whole = pc.all(pc.equal(pc.trunc(column), column)).as_py()
        if whole in (True, None):
            column = column.cast(pa.int64())
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.date32())
    return column.cast(pa.string())


_EXCEL = ("Excel", _excel)
FORMATS: Mapping[str, tuple[str, Callable[[Path], pa.Table]]] = MappingProxyType(
    {
        ".parquet": ("Parquet", _parquet),
        ".dta": ("Stata", _stata),
        ".sav": ("SPSS", _spss),
        ".zsav": ("SPSS", _spss),
        ".sas7bdat": ("SAS", _sas),
        ".xpt": ("SAS transport", _sas_transport),
        ".xlsx": _EXCEL,
        ".xls": _EXCEL,
        ".xlsb": _EXCEL,
        ".ods": ("a spreadsheet", _excel),
    }
)
