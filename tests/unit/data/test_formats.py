"""Districts send Excel, Stata, SPSS and SAS files, zipped or not; an archive can do no harm."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pyreadstat
import pytest
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.warehouse.formats import cell_text, read_binary
from rpp_hub.warehouse.read import load, look_into
from rpp_hub.warehouse.receive import receive_drop

from tests.unit.data.sas import write_sas7bdat
from tests.unit.data.spreadsheets import write_locked, write_ods, write_xls, write_xlsb

FRAME = pd.DataFrame(
    {
        "student_id": ["0000001", "0000002"],
        "grade_level": [9.0, None],
        "gpa": [3.5, 2.0],
        "entry_date": [date(2019, 8, 20), date(2019, 8, 21)],
    }
)
SHEET = [
    list(FRAME.columns),
    ["0000001", 9.0, 3.5, "2019-08-20"],
    ["0000002", None, 2.0, "2019-08-21"],
]
ROWS = [("0000001", "9", "3.5", "2019-08-20"), ("0000002", None, "2.0", "2019-08-21")]


def excel(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(FRAME.columns))
    for row in FRAME.itertuples(index=False):
        sheet.append([None if pd.isna(v) else v for v in row])
    book.create_sheet("empty")
    book.save(path)


def stata(path: Path) -> None:
    frame = FRAME.assign(entry_date=pd.to_datetime(FRAME["entry_date"]))
    frame.to_stata(path, write_index=False, convert_dates={"entry_date": "td"})


def sas(path: Path) -> None:
    numbers = {c: [None if pd.isna(v) else float(v) for v in FRAME[c]] for c in ("grade_level", "gpa")}
    days: list[str | float | None] = [float((d - date(1960, 1, 1)).days) for d in FRAME["entry_date"]]
    columns = {"student_id": list(FRAME["student_id"]), **numbers, "entry_date": days}
    write_sas7bdat(path, columns, {"entry_date": "DATE9"})


WRITERS: dict[str, Callable[[Path], None]] = {
    "Enrolment.xlsx": excel,
    "Enrolment.dta": stata,
    "Enrolment.sav": lambda path: pyreadstat.write_sav(FRAME, path),
    "Enrolment.zsav": lambda path: pyreadstat.write_sav(FRAME, path, compress=True),
    "Enrolment.sas7bdat": sas,
    "Enrolment.xpt": lambda path: pyreadstat.write_xport(FRAME, path),
    "Enrolment.ods": lambda path: write_ods(path, SHEET),
    "Enrolment.xlsb": lambda path: write_xlsb(path, SHEET),
    "Enrolment.xls": lambda path: write_xls(path, SHEET),
    "Enrolment.parquet": lambda path: FRAME.to_parquet(path),
    "Enrolment.tsv": lambda path: FRAME.astype({"grade_level": "Int64"}).to_csv(path, sep="\t", index=False),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_reads_as_the_same_text(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    with duckdb.connect() as con:
        assert load(con, path, look_into(path), "t") == 2
        columns = 'student_id, grade_level, gpa, left(entry_date, 10) FROM "t" ORDER BY 1'
        found = con.execute(f"SELECT {columns}").fetchall()
    assert [(i, g, str(float(p)), d) for i, g, p, d in found] == ROWS


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_is_received_zipped_or_not(name: str, tmp_path: Path) -> None:
    plain, zipped = tmp_path / "plain", tmp_path / "zipped"
    plain.mkdir()
    zipped.mkdir()
    WRITERS[name](plain / name)
    with zipfile.ZipFile(zipped / "sent.zip", "w") as archive:
        archive.write(plain / name, f"sent/{name}")
        archive.writestr("sent/codebook.pdf", b"%PDF-1.4 what the columns mean")
    (plain_file,) = receive_drop(plain, tmp_path / "received", "201910_enrolment", {}).files
    found = {f.name: f for f in receive_drop(zipped, tmp_path / "received", "201911_enrolment", {}).files}
    (table,) = [f for f in found.values() if f.table]
    assert (table.table, table.rows, table.columns) == ("enrolment", 2, tuple(FRAME.columns))
    assert (table.table, table.rows, table.columns) == (plain_file.table, plain_file.rows, plain_file.columns)
    assert any(f.endswith("codebook.pdf") and not found[f].table for f in found)


def test_stata_says_which_kind_of_nothing_it_is(tmp_path: Path) -> None:
    frame = pd.DataFrame({"student_id": ["1", "2", "3"], "grade": [9.0, "a", "z"]}, dtype=object)
    path = tmp_path / "Grades.dta"
    pyreadstat.write_dta(frame, path, missing_user_values={"grade": ["a", "z"]})
    table = read_binary(path)
    assert table.column("grade").to_pylist() == ["9", ".a", ".z"]
    drop = receive_drop(tmp_path, tmp_path / "received", "202006_grades", {})
    habit = drop.files[0].habit("grade")
    assert habit is not None
    assert habit.missing == (".a", ".z")


def test_what_spss_declares_as_missing_is_found(tmp_path: Path) -> None:
    frame = pd.DataFrame({"student_id": ["1", "2", "3", "4"], "grade": [9.0, -9.0, 77.0, 98.0]})
    path = tmp_path / "Grades.sav"
    ranges: dict[str, list[Any]] = {"grade": [-9, {"lo": 90, "hi": 99}]}
    pyreadstat.write_sav(frame, path, missing_ranges=ranges)
    assert read_binary(path).column("grade").to_pylist() == ["9", "-9", "77", "98"]
    habit = receive_drop(tmp_path, tmp_path / "received", "202006_grades", {}).files[0].habit("grade")
    assert habit is not None
    assert set(habit.missing) == {"-9", "98"}


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".xlsb"])
def test_a_workbook_with_a_password_is_said_to_be_locked(tmp_path: Path, suffix: str) -> None:
    write_locked(tmp_path / f"Staff{suffix}")
    with pytest.raises(Invalid, match="locked with a password") as refused:
        look_into(tmp_path / f"Staff{suffix}")
    assert refused.value.code == "locked-workbook"


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".dta", ".sav", ".sas7bdat", ".xpt", ".parquet"])
def test_a_file_that_is_not_what_it_says_is_refused_by_name_alone(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"Clubs{suffix}"
    path.write_bytes(b"0412345,secret\n" * 50)
    with pytest.raises(Invalid, match="cannot be read as") as refused:
        look_into(path)
    assert "0412345" not in str(refused.value)


def test_a_workbook_with_two_tables_is_refused_with_what_to_do(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("a", "b"):
        book.create_sheet(name).append(["student_id"])
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(Invalid, match="Save each table as a file of its own"):
        look_into(tmp_path / "x.xlsx")


def test_a_workbook_that_would_fill_the_memory_is_not_opened(tmp_path: Path) -> None:
    pack(tmp_path / "x.xlsx", {"xl/worksheets/sheet1.xml": b"0" * (80 << 20)})
    with pytest.raises(Invalid, match="would unpack to far more"):
        look_into(tmp_path / "x.xlsx")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7.0, "7"), (7.5, "7.5"), ("007", "007"), ("", None), (None, None), (True, "1"),
        (date(2020, 1, 2), "2020-01-02"), (datetime(2020, 1, 2), "2020-01-02"),
        (datetime(2020, 1, 2, 8, 30), "2020-01-02 08:30:00"),
    ],
)  # fmt: skip
def test_cells_read_as_a_csv_file_would_have_them(value: object, text: str | None) -> None:
    assert cell_text(value) == text


# --- zip files


def pack(path: Path, members: dict[str, bytes], mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = mode << 16
            packed.writestr(info, content)
    return path


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    folder = tmp_path / "sent"
    folder.mkdir()
    return folder


TABLE = b"student_id,club\n0000001,go\n"


def test_a_zipped_drop_is_kept_as_it_came_and_unpacked_beside(sent: Path, tmp_path: Path) -> None:
    pack(
        sent / "all.zip", {"folder/Clubs.csv": TABLE, "folder/read me.txt": b"As agreed.", "__MACOSX/x": b""}
    )
    drop = receive_drop(sent, tmp_path / "received", "202006_clubs", {})
    kept = tmp_path / "received" / drop.name
    assert (kept / "all.zip").read_bytes() == (sent / "all.zip").read_bytes()
    assert (kept / "Clubs.csv").read_bytes() == TABLE
    assert [(f.name, f.table, f.rows) for f in drop.files] == [
        ("all.zip", "", 0), ("Clubs.csv", "clubs", 1), ("read me.txt", "", 0),
    ]  # fmt: skip


UNSAFE: dict[str, tuple[dict[str, bytes], int, str]] = {
    "a way up": ({"../Clubs.csv": TABLE}, 0, "leads out"),
    "a way up of Windows": ({"..\\Clubs.csv": TABLE}, 0, "leads out"),
    "a place of its own": ({"/tmp/Clubs.csv": TABLE}, 0, "leads out"),
    "a drive": ({"C:Clubs.csv": TABLE}, 0, "leads out"),
    "a link": ({"Clubs.csv": b"/etc/passwd"}, stat.S_IFLNK | 0o777, "holds a link"),
    "a hidden file": ({".ssh": b"x", "Clubs.csv": TABLE}, 0, "leads out"),
    "a bomb": ({"Clubs.csv": TABLE + b"0" * (80 << 20)}, 0, "far more than tables"),
    "two of one name": ({"a/Clubs.csv": TABLE, "b/clubs.csv": TABLE}, 0, "two files of one name"),
    "another archive": ({"inner.zip": b"PK", "Clubs.csv": TABLE}, 0, "another archive"),
    "a program": ({"evil.exe": b"x", "Clubs.csv": TABLE}, 0, "neither a table"),
    "its own manifest": ({"manifest.json": b"{}", "Clubs.csv": TABLE}, 0, "manifest"),
    "nothing": ({}, 0, "holds no file"),
    "no table": ({"notes.txt": b"x"}, 0, "no table"),
}


@pytest.mark.parametrize("what", UNSAFE)
def test_an_archive_that_could_do_harm_leaves_nothing_behind(what: str, sent: Path, tmp_path: Path) -> None:
    members, mode, words = UNSAFE[what]
    pack(sent / "x.zip", members, mode)
    received = tmp_path / "received"
    with pytest.raises(Invalid, match=words):
        receive_drop(sent, received, "202006_clubs", {})
    assert [p.name for p in received.iterdir()] == [".lock"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["received", "sent"]


def test_an_archive_that_lies_about_its_size_is_not_unpacked(sent: Path, tmp_path: Path) -> None:
    archive = pack(sent / "x.zip", {"Clubs.csv": TABLE + b"1,go\n" * 1000})
    content = archive.read_bytes()
    size = len(TABLE + b"1,go\n" * 1000).to_bytes(4, "little")
    assert content.count(size) == 2
    archive.write_bytes(content.replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(Invalid):
        receive_drop(sent, tmp_path / "received", "202006_clubs", {})


def test_a_damaged_archive_is_refused(sent: Path, tmp_path: Path) -> None:
    (sent / "x.zip").write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(Invalid, match="damaged or no zip file"):
        receive_drop(sent, tmp_path / "received", "202006_clubs", {})


def test_a_part_of_what_came_before_is_recognised(sent: Path, tmp_path: Path) -> None:
    (sent / "Clubs.csv").write_bytes(TABLE)
    (sent / "Tests.csv").write_bytes(b"student_id,score\n0000001,7\n")
    first = receive_drop(sent, tmp_path / "received", "202006_all", {})
    (sent / "Tests.csv").unlink()
    with pytest.raises(ActionRefused, match="received before, in 202006_all"):
        receive_drop(sent, tmp_path / "received", "202006_clubs", {first.name: first.sha256})


def test_a_drop_that_repeats_one_table_and_brings_another_is_received(sent: Path, tmp_path: Path) -> None:
    (sent / "Clubs.csv").write_bytes(TABLE)
    first = receive_drop(sent, tmp_path / "received", "202006_clubs", {})
    (sent / "Tests.csv").write_bytes(b"student_id,score\n0000001,7\n")
    second = receive_drop(sent, tmp_path / "received", "202006_all", {first.name: first.sha256})
    assert {f.table for f in second.files} == {"clubs", "tests"}
