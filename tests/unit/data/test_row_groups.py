"""Row groups that were encoded apart are one Parquet file, which two readers read alike; a footer is written as it was read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpp_hub.warehouse.row_groups import Struct, decode, encode, write_row_groups

ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, "", "S-7K3M9QX2T-W", "späte Ankunft"]),
        st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
        st.one_of(st.none(), st.booleans()),
    ),
    min_size=1,
    max_size=20,
)
SCHEMA = pa.schema([("code", pa.dictionary(pa.int32(), pa.string())), ("n", pa.int64()), ("b", pa.bool_())])


def table(rows: list[tuple[object, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(c).cast(f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def apart(rows: pa.Table, **options: object) -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(rows, out, store_schema=False, compression="zstd", **options)
    return bytes(out.getvalue())


def footer(file: bytes) -> bytes:
    return file[-8 - int.from_bytes(file[-8:-4], "little") : -8]


@given(groups=st.lists(ROWS, min_size=1, max_size=20), statistics=st.booleans())
@settings(max_examples=40, deadline=None)
def test_two_readers_read_the_same_rows_from_the_file(
    groups: list[list[tuple[object, ...]]], statistics: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("g") / "one.parquet"
    tables = [table(rows) for rows in groups]
    written = write_row_groups([apart(t, write_statistics=statistics) for t in tables], path)
    expected = pa.concat_tables(tables).to_pylist()
    assert written == len(expected)
    assert pq.read_table(path).to_pylist() == expected
    with pq.ParquetFile(path) as file:
        assert file.metadata.num_row_groups == len(groups)
        assert [file.read_row_group(i).to_pylist() for i in range(len(groups))] == [
            t.to_pylist() for t in tables
        ]
    with duckdb.connect() as con:
        assert con.sql(f"FROM read_parquet('{path}')").to_arrow_table().to_pylist() == expected


def test_each_groups_bytes_are_the_ones_that_were_encoded(tmp_path: Path) -> None:
    files = [apart(table([("a", n, True)] * 50)) for n in range(3)]
    write_row_groups(files, tmp_path / "one.parquet")
    pages = b"".join(f[4 : -8 - len(footer(f))] for f in files)
    assert (tmp_path / "one.parquet").read_bytes()[4:].startswith(pages)


@pytest.mark.parametrize("writer", ["pyarrow", "duckdb"])
def test_a_footer_is_written_as_it_was_read(writer: str, tmp_path: Path) -> None:
    path, rows = tmp_path / "x.parquet", table([("a", -n, n % 2 == 0) for n in range(900)])
    if writer == "pyarrow":
        pq.write_table(
            rows, path, row_group_size=30, write_page_index=True, sorting_columns=[pq.SortingColumn(1)]
        )
    else:
        with duckdb.connect() as con:
            con.execute(f"COPY (FROM rows) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    found = footer(path.read_bytes())
    assert encode(decode(found)) == found


@given(
    numbers=st.dictionaries(st.integers(1, 32_767), st.integers(-(2**63), 2**63 - 1), max_size=5),
    texts=st.lists(st.binary(max_size=300), max_size=40),
    double=st.floats(allow_nan=False),
)
def test_every_value_of_the_protocol_comes_back(
    numbers: dict[int, int], texts: list[bytes], double: float
) -> None:
    inner = Struct({name: (6, n) for name, n in sorted(numbers.items())})
    value = Struct(
        {1: (1, True), 2: (2, False), 3: (3, 7), 20: (9, (8, texts)), 21: (7, double), 300: (12, inner)}
    )
    assert decode(encode(value)) == value


def test_what_is_no_parquet_file_or_ends_too_early_is_refused(tmp_path: Path) -> None:
    file = apart(table([("a", 1, True)]))
    for broken in (b"no parquet", file[:-1], file[:4] + file[-8:]):
        with pytest.raises(ValueError, match=r"Parquet|footer"):
            write_row_groups([broken], tmp_path / "one.parquet")
    with pytest.raises(ValueError, match="no row group"):
        write_row_groups([], tmp_path / "one.parquet")
