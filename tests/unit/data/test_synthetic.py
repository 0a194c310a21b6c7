"""The synthetic district: the same bytes for the same seed, as large as asked, and as dirty as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rpp_hub.synthetic import Summary, write_district
from rpp_hub.warehouse.check import CheckReport, check_district
from rpp_hub.warehouse.encoding import find_encoding
from rpp_hub.warehouse.folders import hash_file
from rpp_hub.warehouse.receive import receive_drop
from rpp_hub.warehouse.report import report_html, report_text


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    folder = tmp_path_factory.mktemp("district") / "sent"
    return folder, write_district(folder, students=2500, years=4)


@pytest.fixture(scope="module")
def report(sent: tuple[Path, Summary], tmp_path_factory: pytest.TempPathFactory) -> CheckReport:
    folder = tmp_path_factory.mktemp("warehouse") / "bayview"
    names = sorted(p.name for p in sent[0].iterdir())
    for name in names:
        receive_drop(sent[0] / name, folder / "received", name, {})
    return check_district(folder, "Bayview", names)


def hashes(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hash_file(p) for p in folder.rglob("*") if p.is_file()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_district(tmp_path / name, students=300, years=2, seed=seed)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    assert hashes(tmp_path / "a").keys() == hashes(tmp_path / "c").keys()
    assert not set(hashes(tmp_path / "a").values()) & set(hashes(tmp_path / "c").values())


def test_there_are_as_many_students_and_years_as_asked_for(
    report: CheckReport, sent: tuple[Path, Summary]
) -> None:
    facts = {t.name: t for t in report.tables}
    assert facts["student_classifications"].units["student"] == 2500
    assert facts["student_classifications"].years == (2021, 2024)
    assert {t.name: t.rows for t in report.tables} == dict(sent[1].rows)


def test_the_files_are_in_two_encodings_and_have_accents(sent: tuple[Path, Summary]) -> None:
    encodings = {find_encoding(p) for p in sent[0].rglob("*.csv")}
    assert encodings == {"utf-8", "cp1252"}
    assert "García" in next(sent[0].rglob("student_demographics.csv")).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("planted", "table", "code", "others"),
    [
        ("changing_sex", "student_demographics", "changes:sex", 0),
        ("changing_birth_date", "student_demographics", "changes:birth_date", 0),
        ("missing_race_ethnicity", "student_demographics", "missing:race_ethnicity", 0),
        ("missing_birth_date", "student_demographics", "missing:birth_date", 0),
        ("demographics_rows_sent_twice", "student_demographics", "identical-rows", 0),
        ("surplus_student_years", "student_classifications", "key", 0),
        ("suspended_more_than_enrolled", "student_classifications", "above:days_suspended_out_of_school", 3),
        ("absent_more_than_enrolled", "student_classifications", "above:total_days_absent", 12),
        ("score_of_zero", "student_tests", "impossible:raw_score", 3),
        ("overlapping_spells", "student_enrollment", "overlapping-spells", 3),
    ],
)
def test_the_dirt_that_was_planted_is_found(
    planted: str, table: str, code: str, others: int, report: CheckReport, sent: tuple[Path, Summary]
) -> None:
    """`others`: dirt that falls together with other dirt (a surplus row of a dirty row is dirty, too)."""
    assert sent[1].planted[planted] > 0
    assert abs(report.count(table, code) - sent[1].planted[planted]) <= others


def test_students_under_two_identifiers_are_found(report: CheckReport, sent: tuple[Path, Summary]) -> None:
    assert (
        report.count("student_demographics", "two-identifiers") >= 2 * sent[1].planted["two_identifiers"] - 1
    )


def test_the_report_holds_no_identifier_or_name(report: CheckReport) -> None:
    for text in (report_text(report), report_html(report), repr(report)):
        assert not re.search(r"\b[0-9]{7}\b|E[0-9]{6}", text)
        assert "García" not in text
