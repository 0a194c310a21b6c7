"""Differences between two cuts of a project are shown in counts and names of columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from rpp_hub.cuts.difference import CutDifference, TableDifference, UnitDifference, compare_cuts
from rpp_hub.cuts.plan import agree
from rpp_hub.cuts.seal import build_cut
from rpp_hub.vault import create_vault
from rpp_hub.warehouse.codebook import Field

from tests.unit.data import small

FIELDS = ("student_id", "school_year", "club")
CLUBS = (small.STUDENT, small.YEAR, Field("club"))


def rows(club: str = "go", students: range = range(10)) -> list[tuple[object, ...]]:
    return [(f"s{n}", year, club if n == 3 else "chess") for n in students for year in (2020, 2021)]


def cuts(
    folder: Path, *made: tuple[list[tuple[object, ...]], tuple[int, int], tuple[str, ...]]
) -> CutDifference:
    """The difference between two cuts: of which rows, years and fields."""
    vault = create_vault(folder / "vault")
    for n, (content, years, fields) in enumerate(made):
        masters = small.masters(folder / f"m{n}", {"clubs": (CLUBS, content)})
        agreed = agree(small.application({"clubs": fields}, years=years), masters.codebook)
        build_cut(folder / "cuts", f"c000{n + 1}", masters, agreed, vault.crosswalks)
    return compare_cuts(folder / "cuts" / "c0001", folder / "cuts" / "c0002")


def test_two_cuts_of_the_same_differ_in_nothing(tmp_path: Path) -> None:
    found = cuts(tmp_path, (rows(), (2020, 2021), FIELDS), (rows(), (2020, 2021), FIELDS))
    assert (found.before, found.after, found.facts) == ("c0001", "c0002", {})
    assert found.tables == (TableDifference("clubs", 20, 20, 20, (), ()),)
    assert found.units == (UnitDifference("student", 0, 10, 0),)


def test_changed_rows_and_people_who_came_or_went_are_counted(tmp_path: Path) -> None:
    found = cuts(
        tmp_path, (rows(), (2020, 2021), FIELDS), (rows("shogi", range(2, 13)), (2020, 2021), FIELDS)
    )
    assert found.tables == (TableDifference("clubs", 20, 22, 14, (), ()),)
    assert found.units == (UnitDifference("student", 2, 8, 3),)


def test_fields_and_years_of_an_amendment_are_named(tmp_path: Path) -> None:
    found = cuts(tmp_path, (rows(), (2020, 2020), FIELDS[:2]), (rows(), (2020, 2021), FIELDS))
    assert found.tables == (TableDifference("clubs", 10, 20, 10, ("club",), ()),)
    assert found.facts == {"years": ([2020, 2020], [2020, 2021])}


@pytest.mark.parametrize("gone", ["s3", "shogi", "chess"])
def test_no_value_is_in_the_answer(gone: str, tmp_path: Path) -> None:
    found = cuts(tmp_path, (rows(), (2020, 2021), FIELDS), (rows("shogi"), (2020, 2021), FIELDS))
    assert gone not in str(found)
