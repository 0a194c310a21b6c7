"""The public sample district (SDP College-Going), whose dirt was counted by hand, goes through whole."""

from __future__ import annotations

import html
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rpp_hub.cuts.plan import agree
from rpp_hub.cuts.seal import build_cut
from rpp_hub.vault import create_vault
from rpp_hub.warehouse.build import BuildReport, build_masters
from rpp_hub.warehouse.check import CheckReport, check_district
from rpp_hub.warehouse.masters import Masters, known_identifiers
from rpp_hub.warehouse.receive import receive_drop
from rpp_hub.warehouse.report import report_html, report_text

from tests.harness import SAMPLE
from tests.unit.data import small
from tests.unit.data.small import current

pytestmark = pytest.mark.sample
DROP = "200909_students"

COUNTED = {
    ("student_demographics", "key"): 4,
    ("student_demographics", "changes:male"): 4,
    ("student_demographics", "changes:race_ethnicity"): 69,
    ("student_demographics", "changes:birth_date"): 75,
    ("student_demographics", "changes:hs_diploma_date"): 43,
    ("student_demographics", "missing:race_ethnicity"): 1_129,
    ("student_demographics", "missing:birth_date"): 47,
    ("student_classifications", "key"): 730,
    ("student_classifications", "conflict:grade_level"): 142,
    ("student_classifications", "conflict:frpl"): 224,
    ("student_classifications", "conflict:iep"): 109,
    ("student_classifications", "conflict:ell"): 112,
    ("student_classifications", "above:total_days_absent"): 1_299,
    ("student_classifications", "above:days_suspended_out_of_school"): 51,
    ("student_classifications", "grade-drop"): 78,
    ("student_classifications", "grade-repeat"): 3_239,
    ("student_classifications", "grade-jump"): 436,
    ("student_classifications", "gap-year"): 1_389,
    ("student_nsc_enrollment", "type:enrollment_end"): 1,
}


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not SAMPLE.is_dir():
        pytest.skip(f"the sample district is not beside the checkout ({SAMPLE.name})")
    folder = tmp_path_factory.mktemp("sample") / "sdp"
    receive_drop(SAMPLE, folder / "received", DROP, {})
    return folder


@pytest.fixture(scope="module")
def report(district: Path) -> CheckReport:
    return check_district(district, "SDP", [DROP])


@pytest.fixture(scope="module")
def built(district: Path) -> BuildReport:
    return build_masters(district, "SDP", [DROP])


@pytest.fixture(scope="module")
def masters(district: Path, built: BuildReport) -> Masters:
    return current(district)


def test_the_check_reports_exactly_the_counts(report: CheckReport) -> None:
    assert {(p.table, p.code): p.count for p in report.problems} == COUNTED


def test_the_check_says_how_much_there_is(report: CheckReport) -> None:
    facts = {t.name: (t.rows, t.units.get("student"), t.years, t.grades) for t in report.tables}
    assert facts["student_demographics"] == (87_534, 21_803, (2004, 2009), None)
    assert facts["student_classifications"] == (88_260, 21_803, (2004, 2009), (2, 17))
    assert facts["student_nsc_enrollment"][0] == 12_012


def test_the_report_is_for_a_person_and_loads_nothing(report: CheckReport) -> None:
    text, page = report_text(report), report_html(report)
    for sentence in (
        "student_classifications: 1,299 rows with days absent (total_days_absent) above days enrolled (total_days_enrolled)",
        "student_demographics: 4 students whose sex (male) changes",
        "student_demographics: 1,129 rows without race and ethnicity (race_ethnicity)",
        "student_classifications: 78 times that a student's grade drops from one year to the next",
        "student_nsc_enrollment: 1 value of end in college (enrollment_end) that cannot be read as a date",
        "Rows are counted below the header",
    ):
        assert sentence in text
        without_number = sentence.partition(": ")[2].partition(" ")[2]
        assert html.escape(without_number or sentence) in page
    assert "Student_Classifications_Raw.csv row" in text
    for outside in ("<script", "src=", "href=", "http"):
        assert outside not in page


def test_masters_keep_every_student_and_one_row_a_year(built: BuildReport, masters: Masters) -> None:
    assert dict(built.tables) == {
        "student_classifications": 87_530,
        "student_demographics": 21_803,
        "student_nsc_enrollment": 12_012,
    }
    assert len(known_identifiers(masters)) == 21_803
    touched = {(r.table, r.rule): r.touched for r in built.rules}
    assert touched["student_classifications", "days-at-most-enrolled"] == 1_350
    assert touched["student_classifications", "one-row-a-student-and-year"] == 730


def test_days_since_1960_become_dates_and_then_months(masters: Masters) -> None:
    born = pq.read_table(masters.tables["student_demographics"])["birth_date"].drop_null().to_pylist()
    assert (min(born).year, max(born).year) == (1989, 1995)


def test_every_field_that_may_be_shared_goes_through_the_scan(masters: Masters, tmp_path: Path) -> None:
    everything = {t.name: [f.name for f in t.fields] for t in masters.codebook.tables}
    asked = small.agreed(masters, everything, years=(2004, 2009))
    sealed = build_cut(
        tmp_path / "cuts", "c0001", masters, asked, create_vault(tmp_path / "vault").crosswalks
    )
    assert dict(sealed.rows) == {
        "student_classifications": 87_530,
        "student_demographics": 21_803,
        "student_nsc_enrollment": 12_012,
    }
    assert [(d.table, d.field) for d in sealed.dropped] == [("student_classifications", "frpl")]


def test_a_cohort_and_years_are_kept(masters: Masters, tmp_path: Path) -> None:
    application = small.application(
        {"student_classifications": ["sid", "school_year", "grade_level"], "student_demographics": ["sid", "male"]},
        years=(2006, 2007), cohort=("student_classifications", "grade_level == 9"),
    )  # fmt: skip
    granted = agree(application, masters.codebook)
    sealed = build_cut(
        tmp_path / "cuts", "c0001", masters, granted, create_vault(tmp_path / "vault").crosswalks
    )
    rows = pq.read_table(sealed.path / "data" / "student_classifications.parquet").to_pandas()
    assert set(rows["school_year"]) == {2006, 2007}
    ninth = set(rows.loc[rows["grade_level"] == 9, "sid"])
    assert set(rows["sid"]) == ninth
    assert (
        set(pq.read_table(sealed.path / "data" / "student_demographics.parquet")["sid"].to_pylist()) == ninth
    )
