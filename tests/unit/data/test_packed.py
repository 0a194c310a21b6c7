"""Rows packed into numbers: the same rows come out, in an order that only they decide, and nothing stands in the file beside them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rpp_hub.cuts import scramble
from rpp_hub.cuts.plan import agree
from rpp_hub.vault import create_vault
from rpp_hub.warehouse.codebook import Field, Identifier, Type
from rpp_hub.warehouse.engine import engine
from rpp_hub.warehouse.masters import Masters
from rpp_hub.warehouse.packed import packing
from rpp_hub.warehouse.progress import silent

from tests.unit.data import small

SCHOOL = Field("school_code", identifier=Identifier.DIRECT, unit="school")
FIELDS = (
    Field("hidden", Type.INTEGER), small.STUDENT, small.YEAR, SCHOOL, Field("status"), Field("day", Type.DATE), Field("score", Type.INTEGER),
    Field("mean", Type.NUMBER),
)  # fmt: skip
GRANTED = ("score", "status", "student_id", "day", "school_code", "school_year")
ROWS = st.lists(
    st.tuples(
        st.integers(0, 9), st.integers(1_000_000, 1_000_004).map(str), st.integers(2019, 2024),
        st.sampled_from([None, "101", "102"]), st.sampled_from([None, "", "present", "späte Entschuldigung"]),
        st.one_of(st.none(), st.dates(date(1890, 1, 1), date(2100, 1, 1))),
        st.one_of(st.none(), st.integers(-5, 5), st.sampled_from([-(2**31), 2**31, 2**62, -(2**62)])),
        st.floats(0, 1),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each table that is written was packed."""
    found: list[bool] = []

    def packed(*args: Any) -> object:
        answer = packing(*args)
        found.append(answer is not None)
        return answer

    monkeypatch.setattr(scramble, "packing", packed)
    return found


def written(folder: Path, of: Masters, fields: tuple[str, ...]) -> tuple[Path, pa.Table]:
    """The file as it is before its scan, and the crosswalk."""
    agreed = agree(small.application({"days": list(fields)}), of.codebook)
    with engine(folder / "spill") as con:
        selection = scramble.select_population(con, of, agreed)
        wanted = scramble.identifiers(selection)
        crosswalk = create_vault(folder / "vault").crosswalks.extend("absence", wanted)
        counted = scramble.count(selection).rows
        assert scramble.write_tables(selection, crosswalk, wanted, folder, silent) == counted
    return folder / "days.parquet", crosswalk.table


def cut(
    folder: Path, rows: list[tuple[Any, ...]], fields: tuple[str, ...]
) -> tuple[pa.Table, Path, dict[str, str]]:
    of = small.masters(folder / "m", {"days": (FIELDS, rows)})
    path, crosswalk = written(folder, of, fields)
    return (
        pq.read_table(path),
        path,
        dict(zip(crosswalk["code"].to_pylist(), crosswalk["identifier"].to_pylist(), strict=True)),
    )


def _order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((v is not None, v) if v is not None else (False, 0) for v in row)


# one that only just does not fit into 31 bits with what it is moved by
@example(rows=[(0, "1000000", 2019, None, None, None, n, 0.5) for n in (2, 2**31)], more=False)
@given(rows=ROWS, more=st.booleans())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_granted_rows_come_out_whole_and_sorted_by_nothing_but_themselves(
    rows: list[tuple[Any, ...]], more: bool, tmp_path_factory: pytest.TempPathFactory, asked: list[bool]
) -> None:
    asked.clear()
    fields = (*GRANTED, "mean") if more else GRANTED
    found, path, known = cut(tmp_path_factory.mktemp("p"), rows, fields)
    names = [f.name for f in FIELDS]
    expected = sorted((tuple(row[names.index(f)] for f in fields) for row in rows), key=_order)
    coded = {fields.index("student_id"), fields.index("school_code")}
    true = [
        tuple(known[v] if i in coded and v is not None else v for i, v in enumerate(row.values()))
        for row in found.to_pylist()
    ]
    assert sorted(true, key=_order) == expected
    if asked == [True]:
        keyed = [
            (r["student_id"], *(v for k, v in r.items() if k != "student_id")) for r in found.to_pylist()
        ]
        by_code = {None: -1} | {c: n for n, c in enumerate(sorted(known))}
        places = [[by_code.get(v, v) if k in (0, 5) else v for k, v in enumerate(row)] for row in keyed]
        assert [_order(tuple(row)) for row in places] == sorted(_order(tuple(row)) for row in places)
    assert not pq.read_metadata(path).metadata
    wide = any(row[6] is not None and abs(row[6]) > 10 for row in rows)
    no_school = all(row[3] is None for row in rows)
    assert asked == [False] if more else asked == [True] or wide or no_school


def test_a_packed_file_has_no_statistics_and_no_code_without_a_row(tmp_path: Path, asked: list[bool]) -> None:
    rows: list[tuple[Any, ...]] = [
        (0, str(1_000_000 + n % 7), 2020, "101", "a", None, n, 0.5) for n in range(40) if n % 7 != 3
    ]
    rows += [(0, "1000003", 2020, None, "b", None, 1, 0.5)]
    found, path, known = cut(tmp_path, rows, ("student_id", "status"))
    assert asked == [True]
    with pq.ParquetFile(path, read_dictionary=["student_id"]) as file:
        group = file.metadata.row_group(0)
        assert all(group.column(i).statistics is None for i in range(group.num_columns))
        words = file.read()["student_id"].chunk(0).dictionary.to_pylist()
    assert sorted(words) == sorted(set(found["student_id"].to_pylist()))
    assert len(known) == 7


def test_rows_of_a_table_without_its_key_are_not_grouped_by_whom_they_are_about(tmp_path: Path) -> None:
    rows: list[tuple[Any, ...]] = [
        (0, str(1_000_000 + n % 5), 2020, "101", "a", None, n, 0.5) for n in range(30)
    ]
    found, _, _ = cut(tmp_path, rows, ("score", "status"))
    assert found["score"].to_pylist() == list(range(30))


def test_many_rows_are_written_in_groups_that_each_have_their_own_codes(
    tmp_path: Path, asked: list[bool]
) -> None:
    count = 260_000
    days = pa.table(
        {
            "hidden": pa.array(range(count)), "student_id": pa.array([str(1_000_000 + n % 5000) for n in range(count)]),
            "school_year": pa.array([2019 + n % 6 for n in range(count)]), "school_code": pa.array([str(100 + n % 9) for n in range(count)]),
            "status": pa.array(["present", "absent", None, "tardy"] * (count // 4)), "day": pa.array([date(2020, 1, 1 + n % 28) for n in range(count)]),
            "score": pa.array([n * 7919 % 401 for n in range(count)]), "mean": pa.array([0.5] * count),
        }
    )  # fmt: skip
    of = small.masters(tmp_path / "m", {"days": (FIELDS, [])})
    pq.write_table(days, of.tables["days"])
    path, table = written(tmp_path, of, GRANTED)
    assert asked == [True]
    assert pq.read_metadata(path).num_row_groups == 3
    found = pq.read_table(path)
    codes = found["student_id"].to_pylist()
    assert codes == sorted(codes)
    known = dict(zip(table["code"].to_pylist(), table["identifier"].to_pylist(), strict=True))
    for name in ("student_id", "school_code"):
        true = pa.array([known[c] for c in found[name].to_pylist()])
        found = found.set_column(found.schema.get_field_index(name), name, true)
    keys = [(name, "ascending") for name in GRANTED]
    assert found.sort_by(keys).equals(days.select(list(GRANTED)).sort_by(keys).cast(found.schema))
