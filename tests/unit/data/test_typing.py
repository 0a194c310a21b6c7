"""What is known of a file's values makes reading it faster, and never makes it say anything else."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpp_hub.warehouse import tables as tables_module
from rpp_hub.warehouse.codebook import Codebook, Field, Table, Type
from rpp_hub.warehouse.engine import quoted
from rpp_hub.warehouse.facts import MISSING, ColumnFacts, column_facts, keep_facts, kept_facts
from rpp_hub.warehouse.progress import silent
from rpp_hub.warehouse.receive import receive_drop
from rpp_hub.warehouse.tables import Loaded, count_facts, drops_in, facts_dir, find_tables, type_tables

NAME = "202406_students"
VALUES = st.one_of(
    st.sampled_from(["", "NA", " 7", "007", "12.0", "12.5", "-3", "+4", "1e3", "9" * 15, "9" * 20, "1e400", "nan", "inf", '""', " "]),
    st.sampled_from(["2019-08-20", "2019-8-20", "20190820", "08/20/2019", "2019-02-30", "0000-01-01", "2019/08/20"]),
    st.integers(-99, 99).map(str),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n", exclude_categories=["Cs"]), max_size=4),
)  # fmt: skip


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def district(folder: Path, columns: list[str], rows: list[list[str]]) -> Path:
    sent = folder / "sent"
    sent.mkdir(parents=True)
    with (sent / "pupils.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    receive_drop(sent, folder / "bayview" / "received", NAME, {})
    return folder / "bayview"


def typed(con: duckdb.DuckDBPyConnection, tables: dict[str, Loaded], fields: list[Field]) -> Loaded:
    con.execute("DROP TABLE IF EXISTS typed_pupils")
    book = Codebook("Bayview", (Table("pupils", tuple(fields), missing=MISSING),))
    return type_tables(con, tables, book, silent)["pupils"]


def unknown(loaded: Loaded) -> dict[str, Loaded]:
    """The same table as if nothing were known of its values."""
    parts = tuple(replace(p, facts=dict.fromkeys(p.facts, ColumnFacts(coded=1))) for p in loaded.parts)
    return {"pupils": replace(loaded, parts=parts)}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=5),
    kinds=st.tuples(*[st.sampled_from(Type)] * 2),
)
def test_a_column_read_at_once_holds_what_it_holds_read_as_text(
    rows: list[tuple[str, str]], kinds: tuple[Type, Type], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = district(tmp_path_factory.mktemp("d"), ["a", "b"], [list(r) for r in rows])
    with duckdb.connect() as con:
        tables = find_tables(con, folder, drops_in(folder / "received", [NAME]), silent)
        fields = [Field("a", kinds[0]), Field("b", kinds[1])]
        fast = typed(con, tables, fields).untyped
        read = con.execute("SELECT * FROM typed_pupils ORDER BY rowid").fetchall()
        slow = typed(con, unknown(tables["pupils"]), fields).untyped
        assert str(read) == str(con.execute("SELECT * FROM typed_pupils ORDER BY rowid").fetchall())
        assert fast == slow


def test_tidy_columns_are_read_as_what_they_are(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows = [["007", "7", "2019-08-20", "1.5"], ["008", "", "", "2"]]
    folder = district(tmp_path, ["sid", "n", "day", "x"], rows)
    tables = find_tables(con, folder, drops_in(folder / "received", [NAME]), silent)
    fields = [Field("sid"), Field("n", Type.INTEGER), Field("day", Type.DATE), Field("x", Type.NUMBER)]
    part = tables["pupils"].parts[0]
    known = [tables_module._known_type(part, f, MISSING) for f in fields]
    assert known == ["", "BIGINT", "DATE", "DOUBLE"]
    typed(con, tables, fields)
    assert con.execute("SELECT sid, n, x FROM typed_pupils ORDER BY rowid").fetchall() == [
        ("007", 7, 1.5), ("008", None, 2.0)]  # fmt: skip


def test_a_number_too_large_for_its_type_is_counted_and_lost_alone(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = district(tmp_path, ["x"], [["1"], ["1e400"], ["3"]])
    tables = find_tables(con, folder, drops_in(folder / "received", [NAME]), silent)
    typed(con, tables, [Field("x", Type.NUMBER)])
    assert con.execute("SELECT x FROM typed_pupils WHERE x IN (1, 3)").fetchall() == [(1.0,), (3.0,)]


def test_rows_keep_their_place_where_a_district_has_a_column_called_rowid(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = district(tmp_path, ["rowid", "n"], [["77", "1"], ["76", "x"]])
    tables = find_tables(con, folder, drops_in(folder / "received", [NAME]), silent)
    loaded = typed(con, tables, [Field("rowid", Type.INTEGER), Field("n")])
    rows = con.execute(f"SELECT {loaded.seq} FROM typed_pupils WHERE n = 'x'").fetchall()
    assert loaded.place(rows[0][0]) == (f"{NAME}/pupils.csv", 2)


def test_what_was_counted_of_a_file_is_kept_and_found_again(tmp_path: Path) -> None:
    folder = district(tmp_path, ["sid", "n"], [["007", " 7"], ["008", "NA"], ["", " "]])
    drop = drops_in(folder / "received", [NAME])[0]
    count_facts(folder, drop, silent)
    kept = kept_facts(facts_dir(folder), drop.files[0].sha256)
    assert kept is not None
    assert kept["sid"] == ColumnFacts(rows=2, integers=2, zeros=2, numbers=2, small=2, distinct=2)
    assert kept["n"] == ColumnFacts(rows=1, integers=1, numbers=1, small=1, coded=1, padded=2, distinct=1)


@pytest.mark.parametrize(
    "damage", ["", "[]", '{"version": 0, "columns": {}}', '{"version": 1, "columns": {"a": {"b": 1}}}']
)
def test_facts_that_cannot_be_read_are_counted_again(tmp_path: Path, damage: str) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT '1' AS a")
        facts = column_facts(con, quoted("t"), ["a"])
    keep_facts(tmp_path, "0" * 64, facts)
    assert kept_facts(tmp_path, "0" * 64) == facts
    (tmp_path / f"{'0' * 64}.json").write_text(damage)
    assert kept_facts(tmp_path, "0" * 64) is None
