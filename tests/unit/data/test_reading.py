"""Files as districts send them, and as they should not."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
from rpp_hub.domain.errors import Invalid
from rpp_hub.warehouse.read import load, look_into, table_name


def read(path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        load(con, path, look_into(path), "t")
        return con.execute("SELECT * EXCLUDE _row FROM t ORDER BY _row").fetchall()


def written(folder: Path, content: bytes, name: str = "students.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


BAD = {
    "empty": (b"", "file-empty", "empty"),
    "NUL": (b"a,b\n1,2\n3,\x004\n", "nul-character", "line 3"),
    "too few values": (b"a,b\n1,2\n3\n4,5\n", "ragged-row", "line 3"),
    "too many values": (b"a,b\n1,2\n3,4,5\n", "ragged-row", "line 3"),
    "too many values, latin-1": ("a,b\n1,é\n3,4,5\n".encode("latin-1"), "ragged-row", "line 3"),
    "duplicate header": (b"a,b,A\n1,2,3\n", "duplicate-header", "called a"),
    "blank header": (b"a,,c\n1,2,3\n", "blank-header", "column 2"),
    "a million columns": (b"a," * 1_000_000 + b"b\n", "too-many-columns", "more than the 2,000 columns"),
    "open quote": (b'a,b\n1,"2\n3,4\n', "bad-quotes", "students.csv"),
    "two encodings": ("a,b\n1,é\n".encode() + "2,é\n".encode("latin-1"), "wrong-encoding", "line"),
    "no encoding at all": (b"a,b\n1,\x81\x8d\n", "wrong-encoding", "line 2"),
    "half UTF-16": (b"\xff\xfea\x00,\x00b", "wrong-encoding", "UTF-16"),
    "NUL in UTF-16": ("a,b\n1,\0\n".encode("utf-16"), "nul-character", "line 2"),
}


@pytest.mark.parametrize(("content", "code", "says"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_with_its_name_the_place_and_what_to_do(
    content: bytes, code: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(Invalid) as refused:
        read(written(tmp_path, content))
    assert refused.value.code == code
    assert "students.csv" in refused.value.message
    assert says in refused.value.message
    assert refused.value.message.endswith(".")


def test_a_refusal_never_quotes_the_row(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        read(written(tmp_path, b"id,name\n0412345,Ada,Lovelace\n"))
    assert "0412345" not in str(refused.value)
    assert "Ada" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


GOOD = {
    "plain": b"id,name\n007,Jos\xc3\xa9\n",
    "byte-order mark": b"\xef\xbb\xbfid,name\n007,Jos\xc3\xa9\n",
    "latin-1": b"id,name\n007,Jos\xe9\n",
    "latin-1 with a semicolon": b"id;name\n007;Jos\xe9\n",
    "UTF-16": "id\tname\n007\tJosé\n".encode("utf-16"),
    "tabs": b"id\tname\n007\tJos\xc3\xa9\n",
    "carriage returns": b"id,name\r\n007,Jos\xc3\xa9\r\n",
    "no last line end": b"id,name\n007,Jos\xc3\xa9",
    "quotes": b'"id","name"\n"007","Jos\xc3\xa9"\n',
    "padded header": b" ID , Name \n007,Jos\xc3\xa9\n",
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD.keys())
def test_encoding_and_delimiter_are_found_and_identifiers_stay_text(content: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, content)
    assert look_into(path).columns == ("id", "name")
    assert read(path) == [("007", "José")]


def test_quotes_delimiters_and_line_ends_inside_a_value_are_kept(tmp_path: Path) -> None:
    assert read(written(tmp_path, b'a,b\n"x, ""y""\nz",2\n')) == [('x, "y"\nz', "2")]


def test_a_file_whose_name_looks_like_a_pattern_is_read_alone(tmp_path: Path) -> None:
    written(tmp_path, b"a\nother\n", "student1.csv")
    assert read(written(tmp_path, b"a\nthis\n", "student[0-9]*.csv")) == [("this",)]


def test_no_copy_of_a_file_is_left_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.chdir(scratch)
    (tmp_path / "in").mkdir()
    read(written(tmp_path / "in", "id;name\n1;José\n".encode("latin-1")))
    assert list(scratch.rglob("*")) == []


def test_stata_and_parquet_are_read_as_text(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"sid": [1.0, 2.0], "score": [1.5, None], "day": pd.to_datetime(["2020-01-02", "2020-01-03"])}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == [("1", "1.5", "2020-01-02"), ("2", None, "2020-01-03")]
    frame[["sid", "score"]].to_stata(tmp_path / "a.dta", write_index=False)
    assert read(tmp_path / "a.dta") == [("1", "1.5"), ("2", None)]


@pytest.mark.parametrize("name", ["a.parquet", "a.dta"])
def test_a_binary_file_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"a\.(parquet|dta) cannot be read"):
        read(written(tmp_path, b"not that", name))


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("Student_Demographics_Raw.csv", "student_demographics"),
        ("student_demographics_2019.csv", "student_demographics"),
        ("Attendance 201909.tsv", "attendance"),
        ("Élèves.csv", "eleves"),
    ],
)
def test_a_table_is_named_after_its_file(file: str, table: str) -> None:
    assert table_name(Path(file)) == table


def test_a_file_that_no_table_can_be_named_after_is_refused() -> None:
    with pytest.raises(Invalid, match="Rename it"):
        table_name(Path("123.csv"))
