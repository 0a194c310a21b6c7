"""What does a Parquet file say besides its rows: metadata, statistics, dictionaries?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def unexpected_notes(path: Path, agreed: Sequence[str]) -> Iterator[str]:
    """Columns and metadata that were not agreed, in words."""
    with pq.ParquetFile(path) as file:
        if file.schema_arrow.names != list(agreed):
            yield "columns that were not agreed"
        if file.metadata.metadata:  # pandas keeps its index and Arrow whole schemas there
            yield "metadata that was not agreed"


def notes(path: Path, without: Collection[str]) -> list[str]:
    """Everything in words that stands in the file's footer, but for statistics of the columns `without`."""
    with pq.ParquetFile(path) as file:
        found = [file.metadata.created_by or "", *file.schema_arrow.names]
        found += [
            part.decode("utf-8", "replace")
            for pair in (file.metadata.metadata or {}).items()
            for part in pair
        ]
        for group in range(file.metadata.num_row_groups):
            for number in range(file.metadata.num_columns):
                column = file.metadata.row_group(group).column(number)
                statistics = column.statistics
                if column.path_in_schema not in without and statistics is not None and statistics.has_min_max:
                    found += [v for v in (statistics.min, statistics.max) if isinstance(v, str)]
    return found


def dictionary_values(path: Path, column: str) -> pa.Array:
    """The values in a text column's dictionaries, used or not."""
    with pq.ParquetFile(path, read_dictionary=[column]) as file:
        found = [pa.array([], pa.string())]
        for group in range(file.metadata.num_row_groups):
            for chunk in file.read_row_group(group, columns=[column]).column(column).chunks:
                if pa.types.is_dictionary(chunk.type):
                    found.append(chunk.dictionary.cast(pa.string()))
    return pc.unique(pa.concat_arrays(found))
