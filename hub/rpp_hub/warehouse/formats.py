"""How is a file of Excel, Stata, SPSS, SAS or Parquet read? As one table whose values become text.

The libraries are imported when they are needed: each takes a while, and most drops are CSV.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
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

_CONTAINER = bytes.fromhex("D0CF11E0A1B11AE1")


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
    import pyreadstat

    frame = pd.read_stata(path, convert_categoricals=False)
    # pandas reads quickly but takes .a to .z for the same nothing; which of them it was only a second look tells
    gaps = [c for c in frame.columns if frame[c].dtype.kind == "f" and frame[c].isna().any()]
    if not gaps:
        return _arrow(frame)
    told, meta = pyreadstat.read_dta(path, usecols=gaps, user_missing=True)
    return _arrow(_with_kinds_of_nothing(frame, told, meta.missing_user_values))


def _spss(path: Path) -> pa.Table:
    import pyreadstat

    return _arrow(pyreadstat.read_sav(path, apply_value_formats=False, user_missing=True)[0])


def _sas(path: Path) -> pa.Table:
    import pyreadstat

    frame, meta = pyreadstat.read_sas7bdat(path, user_missing=True)
    return _arrow(_with_kinds_of_nothing(frame, frame, meta.missing_user_values))


def _with_kinds_of_nothing(frame: Any, told: Any, kinds: Mapping[str, Sequence[Any]]) -> Any:
    """The frame with `.a` where a column of numbers says the letter a: for a person to say what it stands for."""
    marked = {
        c: [f".{v.lower()}" if isinstance(v, str) else cell_text(_number(v)) for v in told[c]]
        for c, letters in kinds.items()
        if letters
    }
    return frame.assign(**marked) if marked else frame


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def declared_missing(path: Path) -> Mapping[str, tuple[str, ...]]:
    """The codes that an SPSS file itself says stand for nothing, column by column."""
    if path.suffix.lower() not in (".sav", ".zsav"):
        return {}
    import pyreadstat

    _, meta = pyreadstat.read_sav(path, metadataonly=True, user_missing=True)
    if not meta.missing_ranges:
        return {}
    frame, _ = pyreadstat.read_sav(path, usecols=list(meta.missing_ranges), user_missing=True)
    return {
        name: tuple(t for v in frame[name].dropna().unique() if _in_ranges(v, ranges) and (t := cell_text(v)))
        for name, ranges in meta.missing_ranges.items()
    }


def _in_ranges(value: Any, ranges: Sequence[Any]) -> bool:
    return any(
        r["lo"] <= value <= r["hi"] if not isinstance(value, str) else value in (r["lo"], r["hi"])
        for r in ranges
        if isinstance(r["lo"], str) == isinstance(value, str)
    )


def _sas_transport(path: Path) -> pa.Table:
    import pyreadstat

    return _arrow(pyreadstat.read_xport(path)[0])


def _arrow(frame: Any) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


def _excel(path: Path) -> pa.Table:
    from python_calamine import CalamineWorkbook, PasswordError

    check_workbook(path)
    _refuse_locked(path)
    try:
        book = CalamineWorkbook.from_path(path)
    except PasswordError:
        raise _locked(path) from None
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


def _refuse_locked(path: Path) -> None:
    """A workbook with a password is no zip file but a container of the old kind, with this stream in it."""
    content = path.read_bytes() if not zipfile.is_zipfile(path) else b""
    if content.startswith(_CONTAINER) and "EncryptedPackage".encode("utf-16-le") in content:
        raise _locked(path)


def _locked(path: Path) -> Invalid:
    return Invalid(
        f"{printable(path.name)} is locked with a password. Open it in Excel, take the password out, and receive it again.",
        code="locked-workbook",
    )


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
