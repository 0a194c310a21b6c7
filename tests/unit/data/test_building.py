"""A build is a pure function of drops, codebook and rules; it is there whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from rpp_hub.domain.errors import Invalid, Unavailable
from rpp_hub.warehouse import build as build_module
from rpp_hub.warehouse.build import build_masters
from rpp_hub.warehouse.check import check_district
from rpp_hub.warehouse.folders import hash_file, locked, remove_folder
from rpp_hub.warehouse.masters import known_identifiers, name_pairs
from rpp_hub.warehouse.receive import receive_drop

from tests.unit.data.small import current

OLD, NEW = "202306_students", "202406_students"
FILES = {
    OLD: {
        "Student_Demographics_2023.csv": "student_id,school_year,first_name,last_name,birth_date,sex\n0000001,2023,Ada,Bell,2010-02-03,F\n0000002,2023,José,Cruz,2011-02-03,M\n",
        "Student_Classifications_2023.csv": "student_id,school_year,grade_level,frpl,total_days_enrolled,total_days_absent\n0000001,2023,7,F,180,200\n0000002,2023,6,N,180,3\n",
    },
    NEW: {
        "Student_Demographics_2024.csv": "student_id,school_year,sex,first_name,last_name,birth_date,home_language\n0000001,2024,F,Ada,Bell,2010-02-03,Spanish\n",
        "Student_Classifications_2024.csv": "student_id,school_year,grade_level,frpl,total_days_enrolled,total_days_absent\n0000001,2024,8,F,180,x\n0000001,2024,9,N,180,4\n"
        + "".join(f"{n:07d},2024,5,N,180,4\n" for n in range(100, 300)),
    },
}  # fmt: skip


def receive(folder: Path, name: str, files: dict[str, str]) -> None:
    sent = folder / "sent" / name
    sent.mkdir(parents=True)
    for file, text in files.items():
        (sent / file).write_text(text, encoding="utf-8")
    receive_drop(sent, folder / "bayview" / "received", name, {})


@pytest.fixture
def district(tmp_path: Path) -> Path:
    for name, files in FILES.items():
        receive(tmp_path, name, files)
    return tmp_path / "bayview"


def rows(district: Path, table: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pq.read_table(current(district).tables[table]).to_pylist()
    return found


def contents(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hash_file(p) for p in folder.rglob("*") if p.is_file()}


def test_drops_of_several_years_become_one_table(district: Path) -> None:
    build_masters(district, "Bayview", [OLD, NEW])
    years = [
        (r["student_id"], r["school_year"], r["grade_level"], r["total_days_absent"])
        for r in rows(district, "student_classifications")
        if str(r["student_id"]) < "0000100"
    ]
    assert years == [("0000001", 2023, 7, 180), ("0000001", 2024, 9, 4), ("0000002", 2023, 6, 3)]
    languages = {r["student_id"]: r["home_language"] for r in rows(district, "student_demographics")}
    assert languages == {"0000001": "Spanish", "0000002": None}


def test_the_same_inputs_give_the_same_name_and_bytes(district: Path) -> None:
    first = build_masters(district, "Bayview", [OLD, NEW])
    before = contents(district / "masters" / first.name)
    remove_folder(district / "masters")
    second = build_masters(district, "Bayview", [NEW, OLD])  # the order of asking is no input
    assert second == first
    assert contents(district / "masters" / second.name) == before


@pytest.mark.parametrize("packed", [True, False])
def test_a_large_master_is_the_same_bytes_whatever_thread_was_first(tmp_path: Path, packed: bool) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    measured = "NULL" if packed else "i / 3"  # a number with a fraction is not packed
    rows = f"""SELECT (1000 + i % 700)::VARCHAR AS student_id, 2020 + i // 50000 AS school_year, 'm' || hash(i) % 9 AS mark,
        i AS sent, {measured} AS measured FROM range(250000) t(i) UNION ALL SELECT NULL, 2020, 'x', -1, NULL"""
    with duckdb.connect() as con:
        con.execute(f"COPY ({rows}) TO '{sent / 'marks.csv'}' (FORMAT csv, HEADER)")
        order = "SELECT *, row_number() OVER () AS n FROM read_csv($file, types = {'student_id': 'VARCHAR', 'mark': 'VARCHAR'})"
        expected = con.sql(
            f"SELECT * EXCLUDE n FROM ({order}) ORDER BY student_id NULLS LAST, n",
            params={"file": str(sent / "marks.csv")},
        ).fetchall()
    receive_drop(sent, tmp_path / "bayview" / "received", OLD, {})
    built = []
    for _ in range(3):
        report = build_masters(tmp_path / "bayview", "Bayview", [OLD])
        built.append(contents(tmp_path / "bayview" / "masters" / report.name))
        remove_folder(tmp_path / "bayview" / "masters" / report.name)
    assert built[0] == built[1] == built[2]
    build_masters(tmp_path / "bayview", "Bayview", [OLD])
    table = pq.read_table(current(tmp_path / "bayview").tables["marks"])
    found = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    if packed:
        expected, found = [row[:-1] for row in expected], [row[:-1] for row in found]
    assert found == expected
    written_by = pq.read_metadata(current(tmp_path / "bayview").tables["marks"]).created_by
    assert written_by.startswith("parquet-cpp-arrow" if packed else "DuckDB")


def test_building_again_changes_nothing_and_mends_what_was_damaged(district: Path) -> None:
    report = build_masters(district, "Bayview", [OLD, NEW])
    folder = district / "masters" / report.name
    before = contents(folder)
    build_masters(district, "Bayview", [OLD, NEW])
    assert contents(folder) == before
    table = folder / "student_demographics" / "part-0.parquet"
    table.chmod(0o644)
    table.write_bytes(b"damaged")
    build_masters(district, "Bayview", [OLD, NEW])
    assert contents(folder) == before


def test_another_drop_codebook_or_rule_gives_another_build_and_the_old_one_stays(
    district: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [
        build_masters(district, "Bayview", [OLD]).name,
        build_masters(district, "Bayview", [OLD, NEW]).name,
    ]
    book = json.loads((current(district).folder / "datapackage.json").read_text())
    book["resources"][0]["description"] = "One row a student and year."
    (district / "codebook").mkdir()
    (district / "codebook" / "datapackage.json").write_text(json.dumps(book))
    names.append(build_masters(district, "Bayview", [OLD, NEW]).name)
    monkeypatch.setattr(build_module, "_VERSION", 99)
    names.append(build_masters(district, "Bayview", [OLD, NEW]).name)
    assert len(set(names)) == 4
    assert all((district / "masters" / n / "manifest.json").is_file() for n in names)
    assert current(district).folder.name == names[-1]


def test_what_the_data_manager_wrote_into_the_codebook_holds(district: Path) -> None:
    build_masters(district, "Bayview", [OLD, NEW])
    book = json.loads((current(district).folder / "datapackage.json").read_text())
    for resource in book["resources"]:
        for field in resource["schema"]["fields"]:
            if field["name"] == "sex":
                field["rpp"] = {"never_share": "The board decided so."}
    (district / "codebook").mkdir()
    (district / "codebook" / "datapackage.json").write_text(json.dumps(book))
    build_masters(district, "Bayview", [OLD, NEW])
    table = current(district).codebook.table("student_demographics")
    assert table is not None
    assert [f.never_share for f in table.fields if f.name == "sex"] == ["The board decided so."]


def test_a_codebook_shipped_by_the_district_goes_before_the_draft(tmp_path: Path) -> None:
    shipped = {"resources": [{"name": "pupils", "schema": {"fields": [
        {"name": "nr", "title": "Number", "rpp": {"identifier": "direct", "unit": "student"}}, {"name": "house", "rpp": {"never_share": "Told apart."}}]}}]}  # fmt: skip
    receive(
        tmp_path, OLD, {"pupils.csv": "nr,house,score\n007,red,3\n", "datapackage.json": json.dumps(shipped)}
    )
    build_masters(tmp_path / "bayview", "Bayview", [OLD])
    masters = current(tmp_path / "bayview")
    table = masters.codebook.table("pupils")
    assert table is not None
    assert [(f.name, f.is_key, bool(f.never_share)) for f in table.fields] == [
        ("nr", True, False),
        ("house", False, True),
        ("score", False, False),
    ]
    assert known_identifiers(masters) == {"007"}


def test_the_draft_marks_identifiers_names_birth_dates_and_meals(district: Path) -> None:
    build_masters(district, "Bayview", [OLD, NEW])
    masters = current(district)
    fields = {f.name: f for t in masters.codebook.tables for f in t.fields}
    assert fields["student_id"].is_key
    assert fields["first_name"].person_name
    assert fields["last_name"].never_share
    assert fields["birth_date"].generalise == "month"
    assert "meals" in fields["frpl"].never_share
    assert {"0000001", "0000002"} < known_identifiers(masters)
    with duckdb.connect() as con:
        pairs = set(name_pairs(con, masters))
    assert {("jose", "cruz"), ("cruz", "jose"), ("ada", "bell")} <= pairs


def test_every_rule_says_how_many_rows_it_touched(district: Path) -> None:
    report = build_masters(district, "Bayview", [OLD, NEW])
    touched = {(r.table, r.rule): r.touched for r in report.rules}
    assert touched == {
        ("student_classifications", "types"): 1,
        ("student_classifications", "days-at-most-enrolled"): 1,
        ("student_classifications", "one-row-a-student-and-year"): 1,
        ("student_demographics", "time-invariant"): 1,
        ("student_demographics", "one-row-a-student"): 1,
    }


def test_a_rule_that_would_compare_texts_is_left_out_and_said_so(tmp_path: Path) -> None:
    text = "student_id,school_year,grade_level,total_days_enrolled,total_days_absent\n1,2023,KG,many,9\n1,2023,PK,few,10\n2,2023,9,,\n2,2023,10,,\n"
    receive(tmp_path, OLD, {"Student_Classifications.csv": text})
    report = build_masters(tmp_path / "bayview", "Bayview", [OLD])
    left_out = {r.rule: r.why for r in report.rules if not r.applied}
    assert list(left_out) == ["days-at-most-enrolled"]
    assert "total_days_enrolled is text" in left_out["days-at-most-enrolled"]
    found = check_district(tmp_path / "bayview", "Bayview", [OLD])
    assert {p.code for p in found.problems} >= {"not-checked:at-most", "not-checked:grades"}
    grades = {
        r["student_id"]: r["grade_level"] for r in rows(tmp_path / "bayview", "student_classifications")
    }
    assert grades == {"1": "KG", "2": "10"}  # kindergarten is above the year before it, and 10 above 9


def test_checking_names_rows_and_changes_nothing(district: Path) -> None:
    before = contents(district)
    report = check_district(district, "Bayview", [OLD, NEW])
    assert report.count("student_classifications", "type:total_days_absent") == 1
    found = next(p for p in report.problems if p.code == "type:total_days_absent")
    assert [(place.file, place.row) for place in found.rows] == [
        (f"{NEW}/Student_Classifications_2024.csv", 1)
    ]
    assert {p: h for p, h in contents(district).items() if not p.endswith(".lock")} == {
        p: h for p, h in before.items() if not p.endswith(".lock")
    }


def test_without_a_drop_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="rpp warehouse receive"):
        build_masters(tmp_path / "bayview", "Bayview", [])


def test_two_builds_at_once_are_not_possible(district: Path) -> None:
    with locked(district / "masters"), pytest.raises(Unavailable, match="at this moment"):
        build_masters(district, "Bayview", [OLD])


def test_a_broken_codebook_is_refused_in_a_sentence(tmp_path: Path) -> None:
    receive(tmp_path, OLD, {"pupils.csv": "nr\n1\n", "datapackage.json": "[1, 2"})
    with pytest.raises(Invalid, match="codebook"):
        build_masters(tmp_path / "bayview", "Bayview", [OLD])


def test_standardised_scores_are_a_field_of_the_masters_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    scores = "".join(
        f"{n:07d},2024,M,state,SB,2024-05-{1 + n % 28:02d},{2300 + n * 7919 % 401}.25\n" for n in range(3000)
    )
    header = "student_id,school_year,subject,test_type,test_code,test_date,scaled_score\n"
    receive(tmp_path, "202406_tests", {"Student_Tests_2024.csv": header + scores})
    district = tmp_path / "bayview"
    first = build_masters(district, "Bayview", ["202406_tests"])
    before = contents(current(district).folder)
    assert next(r.touched for r in first.rules if r.rule == "standardised-scores") == 3000
    found = [float(str(r["standardized_score"])) for r in rows(district, "student_tests")]
    assert abs(sum(found)) < 1e-6
    assert abs(sum(z * z for z in found) / 2999 - 1) < 1e-9
    table = current(district).codebook.table("student_tests")
    assert table is not None
    field = table.field("standardized_score")
    assert field is not None
    assert "standard deviations" in field.description
    remove_folder(current(district).folder)
    assert build_masters(district, "Bayview", ["202406_tests"]).name == first.name
    assert contents(current(district).folder) == before
