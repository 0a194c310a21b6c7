"""Writes SAS files: with ReadStat, which pyreadstat holds whole and which can write them, too, though pyreadstat does not offer it."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyreadstat import _readstat_writer

_STRING, _DOUBLE = 0, 5
_Taker = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
Column = Sequence[str | float | None]


def write_sas7bdat(
    path: Path, columns: Mapping[str, Column], formats: Mapping[str, str] | None = None
) -> None:
    """A SAS data set of texts and numbers. `formats`: what SAS shows a column's numbers as, DATE for days since 1960."""
    library = _library()
    with path.open("wb") as file:
        taker = _Taker(lambda data, size, _: file.write(ctypes.string_at(data, size)))
        writer = ctypes.c_void_p(library.readstat_writer_init())
        library.readstat_set_data_writer(writer, taker)
        variables = [_variable(library, writer, name, values) for name, values in columns.items()]
        for variable, name in zip(variables, columns, strict=True):
            if formats and name in formats:
                library.readstat_variable_set_format(variable, formats[name].encode())
        rows = list(zip(*columns.values(), strict=True))
        _done(library.readstat_begin_writing_sas7bdat(writer, None, ctypes.c_long(len(rows))))
        for row in rows:
            _done(library.readstat_begin_row(writer))
            for variable, value in zip(variables, row, strict=True):
                _done(_insert(library, writer, variable, value))
            _done(library.readstat_end_row(writer))
        _done(library.readstat_end_writing(writer))
        library.readstat_writer_free(writer)


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(_readstat_writer.__file__)
    library.readstat_writer_init.restype = ctypes.c_void_p
    library.readstat_add_variable.restype = ctypes.c_void_p
    return library


def _variable(library: ctypes.CDLL, writer: ctypes.c_void_p, name: str, values: Column) -> ctypes.c_void_p:
    texts = [v.encode() for v in values if isinstance(v, str)]
    is_text = len(texts) == sum(v is not None for v in values)
    kind, width = (_STRING, max(map(len, texts), default=1)) if is_text else (_DOUBLE, 8)
    return ctypes.c_void_p(library.readstat_add_variable(writer, name.encode(), kind, ctypes.c_size_t(width)))


def _insert(
    library: ctypes.CDLL, writer: ctypes.c_void_p, variable: ctypes.c_void_p, value: str | float | None
) -> int:
    if value is None:
        return int(library.readstat_insert_missing_value(writer, variable))
    if isinstance(value, str):
        return int(library.readstat_insert_string_value(writer, variable, value.encode()))
    return int(library.readstat_insert_double_value(writer, variable, ctypes.c_double(value)))


def _done(error: int) -> None:
    if error:
        raise ValueError(f"ReadStat says {error}")
