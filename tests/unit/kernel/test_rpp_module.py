"""`import rpp` gives the tables of the cut, and says what there is when something is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import rpp


@pytest.fixture(autouse=True)
def here(cut: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPP_DATA", str(cut))


def test_the_tables_and_their_columns_are_named() -> None:
    assert rpp.tables() == ["enrollment", "schools"]
    assert rpp.columns("enrollment") == ["student", "school_year", "race", "grade"]


def test_a_table_is_read_whole_or_by_columns_in_the_order_asked() -> None:
    assert len(rpp.load("enrollment")) == 4500
    assert list(rpp.load("enrollment", columns=["grade", "race"]).columns) == ["grade", "race"]
    assert list(rpp.load("enrollment", columns="grade").columns) == ["grade"]


@pytest.mark.parametrize("years", [2018, "2018", [2018], ("2018",), range(2018, 2019)])
def test_years_are_found_however_they_are_written(years: int) -> None:
    frame = rpp.load("enrollment", columns=["grade"], years=years)
    assert len(frame) == 1500
    assert list(frame.columns) == ["grade"]


def test_several_years_are_read() -> None:
    assert set(rpp.load("enrollment", years=[2016, 2018]).school_year) == {2016, 2018}


@pytest.mark.parametrize("name", ["enrolment", "../enrollment", "/etc/passwd", "", "."])
def test_a_table_that_is_not_there_is_answered_with_those_that_are(name: str) -> None:
    with pytest.raises(rpp.CutError, match="There are: enrollment, schools"):
        rpp.load(name)


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(rpp.CutError, match="Did you mean 'enrollment'"):
        rpp.load("enrolment")
    with pytest.raises(
        rpp.CutError, match=r"no columns 'rase', 'x' in table 'enrollment'\. Did you mean 'race'"
    ):
        rpp.load("enrollment", columns=["rase", "x"])


def test_years_of_a_table_without_any_or_that_are_no_years_are_refused() -> None:
    with pytest.raises(rpp.CutError, match="has no school year"):
        rpp.load("schools", years=2018)
    with pytest.raises(rpp.CutError, match="is not a school year"):
        rpp.load("enrollment", years="last")


def test_the_codebook_says_what_tables_and_columns_mean() -> None:
    assert rpp.codebook().loc["enrollment", "description"] == "A row a student and year"
    book = rpp.codebook("enrollment")
    assert book.loc["student", "description"] == "Student: Code of the student"
    assert book.loc["grade", "values"] == "0 = kindergarten"
    assert book.loc["grade", "notes"] == "from 2021: in autumn; 2026-11-24 What is 13? Ungraded."
    assert book.loc["student", "notes"] == ""
    assert book.loc["race", "values"].startswith("asian; black")
    assert list(rpp.codebook("schools").columns) == ["type", "description", "values", "notes"]


def test_a_codebook_of_no_such_table_names_the_tables() -> None:
    with pytest.raises(rpp.CutError, match="There are: enrollment, schools"):
        rpp.codebook("staff")


def test_no_cut_and_no_codebook_each_say_whom_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPP_DATA", str(tmp_path))
    assert rpp.tables() == []
    with pytest.raises(rpp.CutError, match="data manager"):
        rpp.codebook()
    monkeypatch.setenv("RPP_DATA", str(tmp_path / "none"))
    with pytest.raises(rpp.CutError, match="data manager"):
        rpp.tables()
