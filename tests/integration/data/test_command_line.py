"""Bad input on the command line: a sentence that says what to do, an exit code, and nothing half done."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from rpp_hub.bootstrap import Rpp, open_installation
from rpp_hub.synthetic import Summary

from tests import approving
from tests.integration.data.conftest import APPLICATION, Command, contents


def kept(home: Path) -> dict[str, bytes | str]:
    """All that data and database hold; not the database's own side files, nor empty lock files."""
    return {
        name: content
        for name, content in contents(home).items()
        if name.startswith(("warehouse/", "cuts/", "vault/")) and content != b""
    }


def drop(folder: Path, content: bytes, name: str = "Clubs.csv") -> Path:
    target = folder / "202501_clubs"
    target.mkdir()
    (target / name).write_bytes(content)
    return target


SECRET = "0412345"
HEAD = b"student_id,school_year,club\n"
BAD = {
    "wrong encoding": (HEAD + b"0412345,2024,caf\x81\x8d\n", "line 2"),
    "two encodings": (HEAD + "0412345,2024,café\n".encode() + "1,2024,é\n".encode("latin-1"), "line 2"),
    "a ragged row": (HEAD + b"1,2024,chess\n0412345,2024\n", "line 3"),
    "one value too many": (HEAD + b"0412345,2024,chess,go\n", "line 2"),
    "a NUL": (HEAD + b"0412345,2024,ch\x00ss\n", "line 2"),
    "a blank header": (b"student_id,,club\n0412345,2024,chess\n", "line 1"),
    "a header twice": (b"student_id,club,Club\n0412345,go,chess\n", "line 1"),
    "an empty file": (b"", "empty"),
    "an open quote": (HEAD + b'0412345,2024,"chess\n', "Clubs.csv"),
    "no workbook": (b"PK\x03\x04", "cannot be read as Excel"),
}


@pytest.mark.parametrize(("content", "place"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_with_its_name_and_line_and_nothing_is_kept(
    content: bytes, place: str, run: Command, home: Path, tmp_path: Path
) -> None:
    before = kept(home)
    folder = drop(tmp_path, content, "Clubs.xlsx" if content.startswith(b"PK") else "Clubs.csv")
    ended = run("warehouse", "receive", folder, "--district", "bayview")
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("rpp: Clubs.")
    assert place in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert SECRET not in ended.err
    assert kept(home) == before
    assert "202501_clubs" not in run("warehouse", "status", "bayview").out


GOOD = {
    "a byte-order mark": b"\xef\xbb\xbf" + HEAD + b"0412345,2024,chess\n",
    "UTF-16": (HEAD + b"0412345,2024,chess\n").decode().encode("utf-16"),
    "line ends in a value": HEAD + b'0412345,2024,"chess\nand\r\ngo"\n',
    "carriage returns": HEAD.replace(b"\n", b"\r\n") + b"0412345,2024,chess\r\n",
    "latin-1": HEAD + "0412345,2024,échecs\n".encode("latin-1"),
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD.keys())
def test_an_unusual_file_is_kept_to_the_byte_and_its_rows_counted(
    content: bytes, run: Command, home: Path, tmp_path: Path
) -> None:
    ended = run("warehouse", "receive", drop(tmp_path, content), "--district", "bayview", "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert "Clubs.csv: 1 rows" in ended.out
    file = home / "warehouse/bayview/received/202501_clubs/Clubs.csv"
    assert file.read_bytes() == content
    assert file.stat().st_mode & 0o222 == 0


def test_a_drop_received_twice_is_refused(run: Command, district: tuple[Path, Summary], home: Path) -> None:
    before = kept(home)
    ended = run(
        "warehouse", "receive", district[0] / "202408_staff", "--district", "bayview", "--as", "202409_staff"
    )
    assert ended.code == 3
    assert "received before, as 202408_staff. There is nothing to do. [drop-repeated]" in ended.err
    assert kept(home) == before


def test_other_files_under_a_name_that_was_received_are_refused(
    run: Command, home: Path, tmp_path: Path
) -> None:
    before = kept(home)
    ended = run("warehouse", "receive", drop(tmp_path, HEAD), "--district", "bayview", "--as", "202408_staff")
    assert ended.code == 3
    assert "--as 202408_staff_corrected" in ended.err
    assert "[drop-name-taken]" in ended.err
    assert kept(home) == before


def test_links_and_unreadable_files_are_refused(run: Command, home: Path, tmp_path: Path) -> None:
    before, folder = kept(home), drop(tmp_path, HEAD + b"1,2024,go\n")
    (folder / "Secrets.csv").symlink_to(home / "vault" / "master.key")
    ended = run("warehouse", "receive", folder, "--district", "bayview")
    assert (ended.code, kept(home)) == (2, before)
    assert "Secrets.csv is a folder, a link or a device" in ended.err
    (folder / "Secrets.csv").unlink()
    if os.getuid() != 0:  # root reads everything
        (folder / "Clubs.csv").chmod(0)
        ended = run("warehouse", "receive", folder, "--district", "bayview")
        assert (ended.code, kept(home)) == (2, before)
        assert "Clubs.csv cannot be read" in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (
            ("warehouse", "receive", ".", "--district", "bayview", "--as", "staff"),
            2,
            "name the drop YYYYMM_type",
        ),
        (("warehouse", "receive", "nowhere", "--district", "bayview"), 2, "does not exist"),
        (("warehouse", "check", "elsewhere"), 4, "Add it to rpp.toml"),
        (("warehouse", "check", "bayview", "--html", "no/such/folder/report.html"), 2, "cannot be written"),
        (("cut", "show", "absence"), 4, "rpp cut build"),
        (("cut", "show", "nothing"), 4, "has no cut yet"),
        (("cut", "diff", "absence"), 4, "no two cuts to compare"),
        (("cut", "plan", "nothing"), 4, "There is no project called"),
        (("cut", "build", "../vault"), 4, "There is no project called"),
        (("--actor", "rosa", "cut", "build", "absence"), 3, "cut:build"),
        (("--actor", "nobody", "cut", "build", "absence"), 4, "nobody"),
        (("--actor", "", "cut", "build", "absence"), 2, "Say who you are"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    arguments: tuple[str, ...], code: int, says: str, run: Command, home: Path
) -> None:
    before = kept(home)
    ended = run(*arguments)
    assert ended.code == code
    assert says in ended.err
    assert kept(home) == before


def test_an_application_with_an_unknown_field_is_refused_with_what_may_be_meant(
    run: Command, tmp_path: Path
) -> None:
    path = tmp_path / "application.yaml"
    path.write_text(APPLICATION.format(project="typo").replace("grade_level,", "grade_levle,"))
    ended = run("--actor", "rosa", "project", "apply", path)
    assert ended.code == 2
    assert "grade_levle" in ended.err
    assert "grade_level" in ended.err.replace("grade_levle", "")


def through_the_review(run: Command, project: str) -> None:
    """Survey, judgement, decision and both signatures."""
    judged = ("--design", "sound", "--timeline", "sound", "--others", "necessary")
    for arguments in (
        (
            "--actor",
            "paula",
            "project",
            "answer",
            project,
            "--alignment",
            "4",
            "--benefits",
            "4",
            "--costs",
            "4",
        ),
        ("--actor", "dora", "project", "judge", project, *judged),
        ("--actor", "paula", "project", "decide", project, "--approve"),
    ):
        assert run(*arguments).code == 0
    paper = run("--actor", "dora", "agreement", "list", "--project", project, "--json").json[0]
    for who in ("rosa", "paula"):
        assert (
            run("--actor", who, "agreement", "sign", paper["name"], "--sha256", paper["document_sha256"]).code
            == 0
        )


ATTACKS = [
    "__import__('os').system('true')", "grade_level.real == 1", "1=1; DROP TABLE x --", "grade_level == 9 or 1 == 1",
    "student_id == '1'", "first_name == 'Ada'", "frpl == 'F'", "not " * 300 + "grade_level == 1", "grade_level == " + "(" * 300 + "1",
    "grade_level in [" + ",".join("1" * 600) + "] and nope == 1", "grade_levle == 9",
]  # fmt: skip


@pytest.mark.parametrize("where", ATTACKS, ids=[a[:24] for a in ATTACKS])
def test_a_cohort_that_says_more_than_it_may_makes_no_cut(
    where: str, run: Command, home: Path, rpp: Rpp, tmp_path: Path
) -> None:
    path = tmp_path / "application.yaml"
    path.write_text(
        APPLICATION.format(project="attack").replace('"6 <= grade_level <= 8"', json.dumps(where))
    )
    before = kept(home)
    letter = tmp_path / "irb.pdf"
    letter.write_bytes(approving.LETTER.content)
    if run("--actor", "rosa", "project", "apply", path, "--irb-letter", letter).code == 0:
        through_the_review(run, "attack")
        for verb in ("plan", "build"):
            ended = run("cut", verb, "attack")
            assert ended.code == 2
            assert "[bad-cohort]" in ended.err
            assert len(ended.err) < 1200
    assert kept(home) == before


@pytest.mark.parametrize(
    ("key", "says"),
    [(None, "cannot be read"), (b"x" * 32, "does not open"), (b"short", "5 bytes instead of 32")],
)
def test_without_the_right_master_key_nothing_is_cut_and_nothing_harmed(
    key: bytes | None, says: str, run: Command, home: Path
) -> None:
    right = (home / "vault" / "master.key").read_bytes()
    assert run("cut", "build", "absence").code == 0
    before = kept(home)
    (home / "vault" / "master.key").unlink()
    if key is not None:
        (home / "vault" / "master.key").write_bytes(key)
    ended = run("cut", "build", "absence")
    assert ended.code == 1
    assert says in ended.err
    assert "Traceback" not in ended.err
    (home / "vault" / "master.key").write_bytes(right)
    assert kept(home) == before
    assert run("cut", "build", "absence").code == 0


def test_a_leak_makes_no_cut_and_says_where_and_how_many_but_not_what(
    run: Command, home: Path, rpp: Rpp, tmp_path: Path
) -> None:
    ids = sorted(rpp.cutting.surroundings("absence").identifiers)
    own = sorted(i for i in ids if len(i) == 7)[:5]
    rows = "".join(
        f"{i},2022,{'moved with ' + own[0] if n < 3 else 'plays chess'}\n" for n, i in enumerate(own)
    )
    folder = drop(tmp_path, b"student_id,school_year,remark\n" + rows.encode())
    assert run("warehouse", "receive", folder, "--district", "bayview", "--yes").code == 0
    assert run("warehouse", "build", "bayview").code == 0
    path, asked = tmp_path / "application.yaml", APPLICATION.format(project="leaky").split("cohort:")[0]
    clubs = "  clubs:\n    fields: [{name: student_id, rationale: who}, {name: remark, rationale: what}]\n"
    path.write_text(asked.replace("years:", clubs + "years:") + "members: [{person: rosa, role: lead}]\n")
    letter = tmp_path / "irb.pdf"
    letter.write_bytes(approving.LETTER.content)
    assert run("--actor", "rosa", "project", "apply", path, "--irb-letter", letter).code == 0
    through_the_review(run, "leaky")
    ended = run("cut", "build", "leaky")
    assert ended.code == 3
    assert "The column remark of clubs holds true identifiers in 3 rows. [identifier-survived]" in ended.err
    assert "No cut was made." in ended.err
    assert not any(i in ended.err for i in own)
    assert run("cut", "show", "leaky").code == 4
    assert not any(name.startswith("cuts/leaky") for name in kept(home))


def test_a_changed_cut_is_noticed(run: Command, home: Path) -> None:
    assert run("cut", "build", "absence").code == 0
    ended = run("cut", "verify", "absence", "--json")
    assert (ended.code, ended.json) == (0, {"ok": True, "problems": []})
    file = home / "cuts/absence/c0001/data/student_classifications.parquet"
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    ended = run("cut", "verify", "absence")
    assert ended.code == 3
    assert "data/student_classifications.parquet was altered." in ended.err


def test_every_reading_command_answers_in_json(run: Command, home: Path) -> None:
    assert run("cut", "build", "absence", "--json").json["rows"]["student_demographics"] > 0
    for arguments in (
        ("warehouse", "check", "bayview"), ("warehouse", "status", "bayview"), ("warehouse", "codebook", "show", "bayview"),
        ("cut", "plan", "absence"), ("cut", "show", "absence"), ("cut", "verify", "absence"),
    ):  # fmt: skip
        ended = run(*arguments, "--json")
        assert (ended.code, ended.err) == (0, "")
        assert ended.json
        assert run(*arguments).code == 0


def test_a_check_names_files_and_rows_and_quotes_nothing(run: Command, home: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    ended = run("warehouse", "check", "bayview", "--html", page)
    assert ended.code == 0
    assert "202408_students/student_classifications.csv row" in ended.out
    rpp = open_installation(home)
    for said in (ended.out, page.read_text(encoding="utf-8")):
        assert not any(i in said for i in rpp.cutting.surroundings("absence").identifiers)
    rpp.store.close()


def test_a_synthetic_district_is_written_by_command(run: Command, tmp_path: Path) -> None:
    ended = run("synthetic", "district", tmp_path / "d", "--students", "120", "--years", "2", "--json")
    assert ended.code == 0
    assert (
        ended.json["rows"]["school"]
        == len((tmp_path / "d/202408_students/school.csv").read_text().splitlines()) - 1
    )
    assert run("synthetic", "district", tmp_path / "d", "--students", "3").code == 2


def test_two_cuts_of_a_project_are_compared_and_who_could_be_told_apart_is_said(run: Command) -> None:
    planned = run("cut", "plan", "absence")
    assert "risk: " in planned.out
    assert "are unique by" in planned.out
    for _ in range(2):
        assert run("cut", "build", "absence").code == 0
    assert run("cut", "diff", "absence").out.startswith("From c0001 to c0002 of absence:\n")
    same = run("cut", "diff", "absence", "--from", "c0001", "--to", "c0002", "--json").json
    assert same["facts"] == {}
    assert all(t["before"] == t["after"] == t["same"] > 0 for t in same["tables"])
    assert all((u["gone"], u["added"]) == (0, 0) for u in same["units"])


def test_what_came_is_shown_and_compared_with_the_last_of_its_kind(run: Command, tmp_path: Path) -> None:
    assert "Clubs.csv: 1 rows, 3 columns, utf-8, separated by commas" in run(
        "warehouse", "receive", drop(tmp_path, HEAD + b"0412345,2024,chess\n"), "--district", "bayview", "--as", "202410_clubs_census", "--yes"
    ).out  # fmt: skip
    (tmp_path / "later").mkdir()
    later = drop(tmp_path / "later", HEAD.replace(b",", b";") + b"0412345;2025;chess\n")
    ended = run(
        "warehouse", "receive", later, "--district", "bayview", "--as", "202510_clubs_census", "--yes"
    )
    assert "census day" in ended.out
    assert "separated by semicolons; in 202410_clubs_census it had" in ended.out
