"""Give me these columns and years of a table: reads no byte of the others."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rpp.folder import CutError, absent, table_path

if TYPE_CHECKING:
    import pandas
    import pyarrow

YEAR_COLUMNS = ("school_year", "year")


def columns(table: str) -> list[str]:
    """The names of a table's columns."""
    return list(_schema(table).names)


def load(
    table: str, columns: Iterable[str] | None = None, years: int | str | Iterable[int | str] | None = None
) -> pandas.DataFrame:
    """A pandas frame of `table`: all of it, or only these columns and these school years.

    Text and dates stay in Arrow's memory (`string[pyarrow]` and `date32[pyarrow]`); numbers are numpy's, as statsmodels
    and scikit-learn want them. Rows are in the order of the table.
    """
    found = read(table, columns, years)
    frame: pandas.DataFrame = found.table.to_pandas(types_mapper=_type)
    _tell(frame, table, found.size, found.kept)
    return frame


@dataclass(frozen=True, slots=True)
class Read:
    """Of a table of `size` rows, those that were asked for; `kept` are their positions, None for all."""

    table: pyarrow.Table
    size: int
    kept: pyarrow.Array | None


def read(
    table: str, columns: Iterable[str] | None = None, years: int | str | Iterable[int | str] | None = None
) -> Read:
    """The same as Arrow has it."""
    import pyarrow.parquet

    schema = _schema(table)
    wanted = None if columns is None else _known_columns(table, columns, schema.names)
    kept = None if years is None else _rows_of(table, schema, years)
    whole = pyarrow.parquet.read_table(table_path(table), columns=wanted)
    return Read(whole if kept is None else whole.take(kept), whole.num_rows, kept)


def _type(kind: pyarrow.DataType) -> Any:
    import pandas
    import pyarrow

    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
        return pandas.StringDtype("pyarrow")
    if pyarrow.types.is_date(kind):
        return pandas.ArrowDtype(kind)
    return None


def _tell(frame: pandas.DataFrame, table: str, size: int, kept: pyarrow.Array | None) -> None:
    """Outputs can say what is behind them, where the kernel is ours."""
    if "rpp_kernel.evidence.install" not in sys.modules:
        return
    import numpy
    from rpp_kernel.evidence.watch_sources import give_source

    give_source(frame, table, size, None if kept is None else numpy.asarray(kept, dtype=numpy.intp))


def _rows_of(table: str, schema: pyarrow.Schema, years: int | str | Iterable[int | str]) -> pyarrow.Array:
    """The positions of the rows of these years."""
    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet

    column, _, wanted = _year_filter(table, schema, years)
    found = pyarrow.parquet.read_table(table_path(table), columns=[column]).column(0)
    if pyarrow.types.is_dictionary(found.type):
        found = found.cast(found.type.value_type)
    mask = pyarrow.compute.is_in(found, value_set=pyarrow.array(wanted, type=found.type))
    return pyarrow.compute.indices_nonzero(mask)


def _schema(table: str) -> pyarrow.Schema:
    import pyarrow.parquet

    schema: pyarrow.Schema = pyarrow.parquet.read_schema(table_path(table))
    return schema


def _known_columns(table: str, asked: Iterable[str], there: Sequence[str]) -> list[str]:
    names = [asked] if isinstance(asked, str) else list(asked)
    missing = [name for name in names if name not in there]
    if missing:
        raise CutError(absent("column", missing, there, f"table {table!r}"))
    return names


def _year_filter(
    table: str, schema: pyarrow.Schema, years: int | str | Iterable[int | str]
) -> tuple[str, str, list[object]]:
    column = next((name for name in YEAR_COLUMNS if name in schema.names), None)
    if column is None:
        raise CutError(
            f"Table {table!r} has no school year, so years= cannot be used. Its columns: {', '.join(schema.names)}."
        )
    wanted = [years] if isinstance(years, int | str) else list(years)
    return (column, "in", [_as_stored(year, column, schema) for year in wanted])


def _as_stored(year: int | str, column: str, schema: pyarrow.Schema) -> object:
    """2018 and "2018" find the same rows, whichever of the two the table keeps."""
    import pyarrow

    kind = schema.field(column).type
    if pyarrow.types.is_dictionary(kind):
        kind = kind.value_type
    try:
        return pyarrow.scalar(str(year)).cast(kind).as_py()
    except pyarrow.ArrowInvalid:
        raise CutError(
            f"{year!r} is not a school year: column {column!r} holds {kind}, for example 2018."
        ) from None
