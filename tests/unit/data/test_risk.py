"""Who could be told apart in a cut is measured before it and after it, with the fields that cause it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rpp_hub.cuts.plan import Risk, agree
from rpp_hub.cuts.seal import SealedCut, build_cut, plan_cut
from rpp_hub.vault import create_vault
from rpp_hub.warehouse.codebook import Field, Identifier
from rpp_hub.warehouse.masters import Masters

from tests.unit.data import small

SEX = Field("sex", identifier=Identifier.INDIRECT)
RACE = Field("race", identifier=Identifier.INDIRECT)
ALL = {"people": ["student_id", "sex", "race"], "years": ["student_id", "school_year", "home_language"]}
LANGUAGE = Field("home_language", identifier=Identifier.INDIRECT)


@pytest.fixture
def district(tmp_path: Path) -> Masters:
    """Ten students: one has a race of her own, and one only in one year another language at home."""
    people = [(f"s{n}", "F" if n % 2 else "M", "Samoan" if n == 1 else "White") for n in range(10)]
    years = [
        (f"s{n}", year, "Tagalog" if (n, year) == (2, 2021) else "English")
        for n in range(10)
        for year in (2020, 2021)
    ]
    return small.masters(
        tmp_path / "m",
        {
            "people": ((small.STUDENT, SEX, RACE), people),
            "years": ((small.STUDENT, small.YEAR, LANGUAGE), years),
        },
    )


def plan(district: Masters, tmp_path: Path, tables: dict[str, list[str]], **more: object) -> tuple[Risk, ...]:
    return plan_cut(district, small.agreed(district, tables, **more), tmp_path / "scratch").risks


def cut(district: Masters, tmp_path: Path, tables: dict[str, list[str]]) -> SealedCut:
    vault = create_vault(tmp_path / "vault")
    agreed = agree(small.application(tables), district.codebook)
    return build_cut(tmp_path / "cuts", "c0001", district, agreed, vault.crosswalks)


def test_the_fields_that_make_somebody_unique_are_named_over_all_tables_of_the_cut(
    district: Masters, tmp_path: Path
) -> None:
    (risk,) = plan(district, tmp_path, ALL)
    assert (risk.of, risk.count, risk.unique) == ("students", 10, 2)
    assert risk.causes == {"people.sex": 0, "people.race": 1, "years.home_language": 1}
    assert risk.sentence == (
        "2 of 10 students (20 %) are unique by people.sex, people.race, years.home_language. "
        "Without people.race: 1 fewer. Without years.home_language: 1 fewer."
    )


def test_who_is_unique_in_the_cut_is_measured_in_its_files_and_agrees_with_the_plan(
    district: Masters, tmp_path: Path
) -> None:
    sealed = cut(district, tmp_path, ALL)
    assert sealed.risks == plan(district, tmp_path, ALL)
    manifest = json.loads((sealed.path / "manifest.json").read_text())
    assert manifest["risk"][0]["unique"] == 2
    assert manifest["made_with"].keys() >= {"python", "duckdb", "pyarrow", "rpp"}
    assert "Who could be told apart" in (sealed.path / "report.html").read_text()


def test_years_that_are_not_granted_make_nobody_unique(district: Masters, tmp_path: Path) -> None:
    (risk,) = plan(district, tmp_path, ALL, years=(2020, 2020))
    assert (risk.unique, risk.causes["years.home_language"]) == (1, 0)


def test_a_table_without_its_code_is_measured_row_by_row(district: Masters, tmp_path: Path) -> None:
    tables = {"people": ["sex", "race"]}
    (risk,) = plan(district, tmp_path, tables)
    assert (risk.of, risk.count, risk.unique) == ("rows of people", 10, 1)
    assert cut(district, tmp_path, tables).risks == (risk,)


def test_a_cut_without_indirect_identifiers_has_no_risk_to_report(district: Masters, tmp_path: Path) -> None:
    assert plan(district, tmp_path, {"years": ["student_id", "school_year"]}) == ()


def test_a_birth_date_counts_as_the_month_that_the_cut_has(tmp_path: Path) -> None:
    from datetime import date

    born = replace(small.BORN, name="birth_date")
    rows = [(f"s{n}", date(2010, 5, 1 + n)) for n in range(5)]
    district = small.masters(tmp_path / "m", {"people": ((small.STUDENT, born), rows)})
    (risk,) = plan(district, tmp_path, {"people": ["student_id", "birth_date"]})
    assert risk.unique == 0
