"""A delivery becomes ours unchanged, once and for good."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.warehouse.folders import hash_file
from rpp_hub.warehouse.receive import drop_name, read_drop, receive_drop


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    folder = tmp_path / "sent"
    folder.mkdir()
    (folder / "Students.csv").write_text("student_id,name\n0000001,Ada\n0000002,Mei\n")
    (folder / "read me.txt").write_text("As agreed.")
    return folder


@pytest.fixture
def received(tmp_path: Path) -> Path:
    return tmp_path / "warehouse" / "received"


def test_files_are_kept_as_they_came_and_their_hashes_are_in_the_manifest(sent: Path, received: Path) -> None:
    drop = receive_drop(sent, received, "201804_students", {})
    kept = received / "201804_students"
    assert (kept / "Students.csv").read_bytes() == (sent / "Students.csv").read_bytes()
    assert {f.name: f.sha256 for f in drop.files} == {p.name: hash_file(p) for p in sent.iterdir()}
    assert [(f.table, f.rows) for f in drop.files if f.table] == [("students", 2)]
    assert read_drop(kept) == drop


def test_what_was_received_cannot_be_written_to(sent: Path, received: Path) -> None:
    receive_drop(sent, received, "201804_students", {})
    modes = {
        p.stat().st_mode & 0o222
        for p in [received / "201804_students", *(received / "201804_students").iterdir()]
    }
    assert modes == {0}


def test_the_same_files_again_are_refused_whatever_the_name(sent: Path, received: Path) -> None:
    drop = receive_drop(sent, received, "201804_students", {})
    with pytest.raises(ActionRefused, match="received before, as 201804_students") as refused:
        receive_drop(sent, received, "201805_students", {drop.name: drop.sha256})
    assert refused.value.code == "drop-repeated"
    assert sorted(p.name for p in received.iterdir() if not p.name.startswith(".lock")) == ["201804_students"]


def test_other_files_under_a_known_name_are_refused_and_change_nothing(sent: Path, received: Path) -> None:
    drop = receive_drop(sent, received, "201804_students", {})
    before = hash_file(received / "201804_students" / "Students.csv")
    (sent / "Students.csv").write_text("student_id,name\n1,Zoë\n")
    with pytest.raises(ActionRefused, match="never changes") as refused:
        receive_drop(sent, received, "201804_students", {drop.name: drop.sha256})
    assert refused.value.code == "drop-name-taken"
    assert hash_file(received / "201804_students" / "Students.csv") == before


def test_a_folder_that_nobody_recorded_is_replaced(sent: Path, received: Path) -> None:
    receive_drop(sent, received, "201804_students", {})
    (sent / "Students.csv").write_text("student_id,name\n1,Zoë\n")
    receive_drop(
        sent, received, "201804_students", {}
    )  # the first was renamed into place, but never recorded
    assert "Zoë" in (received / "201804_students" / "Students.csv").read_text()


def test_one_bad_file_leaves_nothing_behind(sent: Path, received: Path) -> None:
    (sent / "Tests.csv").write_text("a,b\n1\n")
    with pytest.raises(Invalid, match="line 2"):
        receive_drop(sent, received, "201804_students", {})
    assert [p.name for p in received.iterdir()] == [".lock"]


def test_leftovers_of_a_dead_process_are_swept(sent: Path, received: Path) -> None:
    (received / ".unfinished-x").mkdir(parents=True)
    (received / ".unfinished-x" / "Students.csv").write_text("half")
    receive_drop(sent, received, "201804_students", {})
    assert not (received / ".unfinished-x").exists()


@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_only_files_are_received(kind: str, sent: Path, received: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    {
        "link": lambda: (sent / "x.csv").symlink_to(secret),
        "folder": lambda: (sent / "x.csv").mkdir(),
        "fifo": lambda: os.mkfifo(sent / "x.csv"),
    }[kind]()
    with pytest.raises(Invalid, match="a folder, a link or a device"):
        receive_drop(sent, received, "201804_students", {})


@pytest.mark.parametrize("name", ["evil.exe", "macro.xlsm", "table.xlsx", "manifest.json"])
def test_files_of_other_kinds_are_refused(name: str, sent: Path, received: Path) -> None:
    (sent / name).write_text("x")
    with pytest.raises(Invalid):
        receive_drop(sent, received, "201804_students", {})


def test_a_drop_without_a_table_is_refused(tmp_path: Path, received: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "notes.txt").write_text("x")
    with pytest.raises(Invalid, match="no table"):
        receive_drop(tmp_path / "d", received, "201804_students", {})


@pytest.mark.parametrize(
    "name",
    [
        "students",
        "201813_staff",
        "201800_staff",
        "2018_staff",
        "201804",
        "201804_",
        "201804_../x",
        "201804_a b",
        "999904_x",
    ],
)
def test_a_drop_must_say_month_and_kind(name: str) -> None:
    with pytest.raises(Invalid, match="YYYYMM_type"):
        drop_name(name)


def test_a_drops_name_is_kept_in_small_letters() -> None:
    assert drop_name("201804_Staff") == "201804_staff"
