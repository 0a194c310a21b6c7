"""What a check says beyond single rows: references, whole lives of students, and what moves from year to year."""

from __future__ import annotations

import json
from pathlib import Path

from rpp_hub.warehouse.build import build_masters
from rpp_hub.warehouse.check import CheckReport, check_district
from rpp_hub.warehouse.codebook import Reference, parse_codebook
from rpp_hub.warehouse.receive import receive_drop
from rpp_hub.warehouse.report import report_html, report_text

NAME = "202406_students"


def district(folder: Path, **tables: list[str]) -> Path:
    """A district that sent these tables, each a header and rows."""
    sent = folder / "sent"
    sent.mkdir(parents=True)
    for name, lines in tables.items():
        (sent / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    receive_drop(sent, folder / "bayview" / "received", NAME, {})
    return folder / "bayview"


def check(folder: Path, **tables: list[str]) -> CheckReport:
    return check_district(district(folder, **tables), "Bayview", [NAME])


def places(report: CheckReport, code: str) -> list[int]:
    return [place.row for p in report.problems if p.code == code for place in p.rows]


STUDENTS = ["student_id,school_year,sex", "001,2023,F", "002,2023,M"]


def test_a_student_whom_the_table_of_students_does_not_have_is_found(tmp_path: Path) -> None:
    marks = ["student_id,school_code,mark", "001,10,4", "009,10,3", "009,10,2", ",10,1"]
    report = check(tmp_path, student_demographics=STUDENTS, marks=marks)
    assert report.count("marks", "reference:student_id") == 1
    assert places(report, "reference:student_id") == [2, 3]
    (found,) = report.references
    assert (found.table, found.to_table, found.declared) == ("marks", "student_demographics", False)
    assert (found.values, found.nowhere) == (2, 1)
    assert (
        "marks.student_id → student_demographics.student_id (by its name): 1 of 2 are not there"
        in report_text(report)
    )


def test_a_reference_that_the_codebook_declares_is_followed_and_goes_before_the_inferred(
    tmp_path: Path,
) -> None:
    schools = ["code,year,town", "10,2023,Bay", "11,2024,Bay"]
    marks = ["student_id,campus,year,mark", "001,10,2023,4", "002,10,2024,3", "002,11,2024,3"]
    folder = district(tmp_path, student_demographics=STUDENTS, campuses=schools, marks=marks)
    key = {"fields": ["campus", "year"], "reference": {"resource": "campuses", "fields": ["code", "year"]}}
    field = {"fields": [{"name": "campus"}], "foreignKeys": [key]}
    (folder / "codebook").mkdir()
    book = {"title": "Bayview", "resources": [{"name": "marks", "schema": field}]}
    (folder / "codebook" / "datapackage.json").write_text(json.dumps(book))
    report = check_district(folder, "Bayview", [NAME])
    assert report.count("marks", "reference:campus+year") == 1
    assert places(report, "reference:campus+year") == [2]
    assert [r.declared for r in report.references] == [True, False]


def test_a_reference_goes_through_the_codebook_and_back() -> None:
    text = json.dumps({"resources": [{"name": "marks", "schema": {"fields": [], "foreignKeys": [
        {"fields": "sid", "reference": {"resource": "", "fields": "id"}}]}}]})  # fmt: skip
    table = parse_codebook(text).table("marks")
    assert table is not None
    assert table.references == (Reference(("sid",), "marks", ("id",)),)


def test_two_primary_enrolments_at_once_are_told_from_a_second_one_that_is_not_primary(
    tmp_path: Path,
) -> None:
    rows = [
        "student_id,school_year,school_code,entry_date,exit_date,primary_school",
        "1,2023,10,2022-08-20,2023-06-01,Y", "1,2023,11,2022-09-01,2023-06-01,N",
        "2,2023,10,2022-08-20,2023-06-01,Y", "2,2023,11,2023-05-25,2023-06-01,Y",
        "3,2023,10,2022-08-20,2022-12-01,Y", "3,2023,11,2022-12-01,2023-06-01,Y",
    ]  # fmt: skip
    report = check(tmp_path, student_enrollment=rows)
    assert places(report, "overlapping-spells:school_code") == [4]
    assert places(report, "overlapping-spells-longer:school_code") == [2]


def test_an_end_for_good_that_another_spell_follows_is_found(tmp_path: Path) -> None:
    rows = [
        "student_id,school_year,school_code,entry_date,exit_date,exit_code",
        "1,2022,10,2021-08-20,2022-06-01,Graduated", "1,2023,11,2022-09-01,2023-06-01,T1",
        "2,2023,10,2022-08-20,2023-06-01,Graduated",
    ]  # fmt: skip
    assert places(check(tmp_path, student_enrollment=rows), "exit-contradicts") == [1]


def test_spells_outside_their_school_year_are_found_and_dropped(tmp_path: Path) -> None:
    rows = [
        "student_id,school_year,school_code,entry_date,exit_date",
        "1,2023,10,2022-08-20,2023-06-01", "1,2023,10,2021-08-20,2022-06-30", "2,2023,10,2023-07-01,2023-08-01",
    ]  # fmt: skip
    folder = district(tmp_path, student_enrollment=rows)
    assert places(check_district(folder, "Bayview", [NAME]), "outside-year") == [2, 3]
    built = build_masters(folder, "Bayview", [NAME])
    assert {(r.rule, r.touched) for r in built.rules} >= {("within-the-school-year", 2)}
    assert built.tables["student_enrollment"] == 1


def test_two_students_under_one_identifier_are_told_from_a_slip(tmp_path: Path) -> None:
    rows = ["student_id,school_year,first_name,last_name,birth_date",
            "1,2022,Ada,Bell,2010-01-01", "1,2023,Ida,Bell,2010-01-01", "2,2022,Cy,Dunn,2010-01-01", "2,2023,Eve,Fox,2011-02-02"]  # fmt: skip
    report = check(tmp_path, student_demographics=rows)
    assert report.count("student_demographics", "two-people") == 1
    assert places(report, "two-people") == [3, 4]


def years(before: list[str], after: list[str]) -> list[str]:
    lines = [
        *(f"{n},2022,{v}" for n, v in enumerate(before)),
        *(f"{n},2023,{v}" for n, v in enumerate(after)),
    ]
    return ["student_id,school_year,race", *lines]


def shifts(report: CheckReport) -> list[tuple[str, str]]:
    return [(s.code, s.field) for s in report.shifts]


def test_what_hardly_moves_is_not_told(tmp_path: Path) -> None:
    report = check(tmp_path, people=years(["A", "B"] * 50, ["A", "B"] * 48 + ["A"] * 8))
    assert report.shifts == ()
    assert "From one year" not in report_text(report)


def test_a_year_with_far_fewer_rows_is_told(tmp_path: Path) -> None:
    report = check(tmp_path, people=years(["A"] * 100, ["A"] * 60))
    assert shifts(report) == [("shift-rows", "")]
    assert "40 rows fewer: 100 in 2022, 60 in 2023" in report_text(report)


def test_gaps_that_jump_are_told(tmp_path: Path) -> None:
    report = check(tmp_path, people=years(["A"] * 100, ["A"] * 80 + [""] * 20))
    assert shifts(report) == [("shift-missing", "race")]
    assert "race is missing in 20.0% of rows in 2023, in 0.0% in 2022" in report_text(report)


def test_codes_that_are_new_or_gone_and_shares_that_move_are_told(tmp_path: Path) -> None:
    report = check(tmp_path, people=years(["A"] * 60 + ["B"] * 40, ["A"] * 75 + ["W<b>"] * 25))
    assert shifts(report) == [("shift-new", "race"), ("shift-gone", "race"), ("shift-share", "race")]
    page = report_html(report)
    assert "race has in 2023 codes that 2022 had not: W&lt;b&gt; (25 rows)" in page
    assert "race lacks in 2023 codes that 2022 had: B (40 rows)" in page
    assert "race is A in 75.0% of rows in 2023, in 60.0% in 2022" in page


def test_a_code_that_hardly_anybody_has_is_not_told(tmp_path: Path) -> None:
    report = check(tmp_path, people=years(["A"] * 200, ["A"] * 199 + ["B"]))
    assert report.shifts == ()


def test_identifiers_names_and_fields_of_many_values_are_never_listed(tmp_path: Path) -> None:
    rows = [
        "student_id,school_year,first_name,note",
        *(f"{n % 3},{2022 + n // 50},N{n // 50},t{n}" for n in range(100)),
    ]
    assert check(tmp_path, people=rows).shifts == ()


def test_one_of_a_kind_is_told_as_one_and_staff_are_not_called_students(tmp_path: Path) -> None:
    staff = ["staff_id,school_year,sex", "1,2023,F", "1,2024,M", "2,2023,F"]
    students = ["student_id,school_year,race_ethnicity", "001,2023,B", "001,2023,W", "002,2023,"]
    report = check(tmp_path, staff=staff, student_demographics=students)
    told = {(p.table, p.code): f"{p.count} {p.title}" for p in report.problems}
    assert told["staff", "changes:sex"] == "1 member of staff whose sex changes"
    assert told["student_demographics", "key"] == "1 surplus row for the same student and year"
    assert told["student_demographics", "missing:race_ethnicity"] == (
        "1 row without race and ethnicity (race_ethnicity)"
    )


def test_what_means_the_same_is_told_once_for_all_moves_of_a_table(tmp_path: Path) -> None:
    rows = [f"{n:03},2023,A,X" for n in range(40)] + [f"{n:03},2024,B,Y" for n in range(40)]
    report = check(tmp_path, marks=["student_id,school_year,level,stream", *rows])
    same = [s for s in report.shifts if s.code == "shift-new"]
    assert {s.field for s in same} == {"level", "stream"}
    for told in (report_text(report), report_html(report)):
        assert told.count(same[0].meaning) == 1
        assert all(s.title in told for s in same)


def test_a_district_on_ed_fi_is_checked_as_one_on_the_sdp_specification(tmp_path: Path) -> None:
    names = "StudentUniqueId,FirstName,MiddleName,LastSurname,BirthDate"
    people = [
        names,
        "1,Ana,,Diaz,2010-01-02",
        "2,ANA,,Diaz,2010-01-02",
        "3,Bo,,Lee,2009-03-04",
        "3,Cy,,Ray,2008-05-06",
    ]
    spells = [
        "StudentUniqueId,SchoolId,EntryDate,ExitWithdrawDate,ExitWithdrawTypeDescriptor,SchoolYear,PrimarySchool",
        "1,10,2023-08-14,,,2024,true", "1,11,2023-09-01,,,2024,true",  # lives on in two schools
        "2,10,2023-08-14,2023-08-14,Transferred,2024,true", "3,10,2020-08-14,2021-05-24,End of school year,2024,true",
    ]  # fmt: skip
    report = check(tmp_path, Student=people, StudentSchoolAssociation=spells)
    assert {(p.table, p.code): p.count for p in report.problems} == {
        ("student", "changes:birthdate"): 1,
        ("student", "two-identifiers"): 2,
        ("student", "two-people"): 1,
        ("studentschoolassociation", "impossible-spells"): 1,
        ("studentschoolassociation", "outside-year"): 1,
        ("studentschoolassociation", "overlapping-spells:schoolid"): 1,
        ("studentschoolassociation", "overlapping-spells-longer:schoolid"): 1,
    }
