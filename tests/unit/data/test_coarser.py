"""What is given coarser than the masters have it: dates, areas and rare values, as Attachment A or the codebook declares."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpp_hub.cuts.plan import Agreed, agree
from rpp_hub.cuts.seal import SealedCut, build_cut, plan_cut
from rpp_hub.domain.application import application_from
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.vault import create_vault
from rpp_hub.warehouse.codebook import Field, Identifier, Type
from rpp_hub.warehouse.masters import Masters

from tests.unit.data import small

ZIP = Field("zip", identifier=Identifier.INDIRECT)
LANGUAGE = Field("home_language", identifier=Identifier.INDIRECT, generalise="other below 3")
LEFT = Field("withdrawal_date", Type.DATE)
BORN = Field("birth_date", Type.DATE, identifier=Identifier.INDIRECT)


def asking(of: Masters, fields: Mapping[str, Mapping[str, str]], **more: Any) -> Agreed:
    """The agreement on these fields: table → field → how coarse (empty: as the codebook says)."""
    raw = small.application({t: list(f) for t, f in fields.items()}, **more).model_dump(mode="json")
    for table, declared in fields.items():
        for field in raw["tables"][table]["fields"]:
            field["generalise"] = declared[field["name"]]
    return agree(application_from(raw), of.codebook)


def cut(folder: Path, of: Masters, agreed: Agreed, name: str = "c0001") -> SealedCut:
    return build_cut(folder / "cuts", name, of, agreed, create_vault(folder / "vault").crosswalks)


def values(sealed: SealedCut, table: str, column: str) -> list[Any]:
    found: list[Any] = pq.read_table(sealed.path / "data" / f"{table}.parquet")[column].to_pylist()
    return found


def yearly(folder: Path, rows: Sequence[tuple[str, int, str | None]], language: Field = LANGUAGE) -> Masters:
    return small.masters(folder, {"yearly": ((small.STUDENT, small.YEAR, language), rows)})


def of_dates(folder: Path, born: Field = BORN) -> Masters:
    rows = [
        (f"{7_000_000 + 7919 * n}", date(2008, 1 + n % 12, 3), date(2023, 1 + n % 12, 9)) for n in range(30)
    ]
    return small.masters(folder, {"demographics": ((small.STUDENT, born, LEFT), rows)})


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ("", {f"2008-{m:02}" for m in range(1, 13)}),
        ("month", {f"2008-{m:02}" for m in range(1, 13)}),
        ("year", {2008}),
        ("school year", {2008, 2009}),
        ("none", {date(2008, m, 3) for m in range(1, 13)}),
    ],
)
def test_birth_dates_are_as_coarse_as_attachment_a_says_and_months_where_nobody_says(
    declared: str, found: set[object], tmp_path: Path
) -> None:
    of = of_dates(tmp_path / "m")
    sealed = cut(tmp_path, of, asking(of, {"demographics": {"student_id": "", "birth_date": declared}}))
    assert set(values(sealed, "demographics", "birth_date")) == found


def test_the_codebooks_word_holds_where_attachment_a_has_none(tmp_path: Path) -> None:
    of = of_dates(tmp_path / "m", Field("birth_date", Type.DATE, generalise="year"))
    sealed = cut(tmp_path, of, asking(of, {"demographics": {"student_id": "", "birth_date": ""}}))
    assert set(values(sealed, "demographics", "birth_date")) == {2008}


def test_a_date_comes_as_the_school_year_it_lies_in(tmp_path: Path) -> None:
    of = of_dates(tmp_path / "m")
    asked = {"demographics": {"student_id": "", "withdrawal_date": "school year"}}
    sealed = cut(tmp_path, of, asking(of, asked))
    assert Counter(values(sealed, "demographics", "withdrawal_date")) == {2023: 18, 2024: 12}


def test_small_areas_are_their_first_characters_and_the_smallest_of_them_one(tmp_path: Path) -> None:
    zips = ["94110"] * 6 + ["94114"] * 5 + ["95008"] * 4 + ["90001"] * 2 + ["10001"]
    rows = [(f"{7_000_000 + 7919 * n}", z) for n, z in enumerate(zips)]
    of = small.masters(tmp_path / "m", {"demographics": ((small.STUDENT, ZIP), rows)})
    sealed = cut(
        tmp_path, of, asking(of, {"demographics": {"student_id": "", "zip": "first 3, Elsewhere below 3"}})
    )
    assert Counter(values(sealed, "demographics", "zip")) == {"941": 11, "950": 4, "Elsewhere": 3}


def test_what_is_left_over_is_as_many_as_was_declared_or_takes_the_least_common_value_with_it(
    tmp_path: Path,
) -> None:
    rows = [(f"{7_000_000 + 7919 * n}", 2020, x) for n, x in enumerate("aaaaabbbbcccd")]
    sealed = cut(tmp_path, of := yearly(tmp_path / "m", rows), asking(of, ASKED))
    assert Counter(values(sealed, "yearly", "home_language")) == {"a": 5, "b": 4, "other": 4}


ASKED = {"yearly": {"student_id": "", "school_year": "", "home_language": ""}}
STUDENTS = [f"{7_000_000 + 7919 * n}" for n in range(12)]


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(STUDENTS), st.integers(2019, 2022), st.sampled_from([None, *"abcdef", "other"])),
        min_size=1, max_size=60,
    ),
    below=st.integers(2, 6), years=st.sampled_from([(2019, 2022), (2020, 2021), (2022, 2022)]),
)  # fmt: skip
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_of_a_cut_is_of_fewer_students_than_declared(
    rows: list[tuple[str, int, str | None]],
    below: int,
    years: tuple[int, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("rare")
    fields = (small.STUDENT, small.YEAR, Field("home_language"))
    half = len(rows) // 2
    of = small.masters(folder / "m", {"one": (fields, rows[:half]), "two": (fields, rows[half:])})
    how = {"student_id": "", "school_year": "", "home_language": f"other below {below}"}
    sealed = cut(folder, of, asking(of, {"one": how, "two": how}, years=years))
    found = [
        (r["student_id"], r["home_language"])
        for t in ("one", "two")
        for r in pq.read_table(sealed.path / "data" / f"{t}.parquet").to_pylist()
    ]
    counts = Counter(v for _, v in set(found) if v is not None)
    granted = [(i, v) for i, y, v in rows if years[0] <= y <= years[1]]
    people = Counter(v for _, v in set(granted) if v is not None)
    # everything may have become `other`, when the whole cut has too few people for anything else
    assert all(n >= below for v, n in counts.items() if v != "other" or len(counts) > 1)
    assert {v for v in counts if v != "other"} <= {v for v, n in people.items() if n >= below}
    assert sum(v is None for _, v in found) == sum(v is None for _, v in granted)
    merged = {v for v in people if v not in counts}
    assert Counter(v for _, v in found if v in people and v != "other") == Counter(
        v for _, v in granted if v is not None and v not in merged and v != "other"
    )


def test_a_field_that_is_coarser_in_one_table_than_in_another_is_refused(tmp_path: Path) -> None:
    rows = [(i, "94110") for i in STUDENTS]
    tables = {t: ((small.STUDENT, ZIP), rows) for t in ("one", "two")}
    of = small.masters(tmp_path / "m", tables)
    with pytest.raises(Invalid, match="first 3 in one and none in two") as refused:
        asking(of, {"one": {"zip": "first 3"}, "two": {"zip": ""}})
    assert refused.value.code == "generalised-differently"


def test_what_cannot_be_made_as_coarse_as_declared_is_not_given(tmp_path: Path) -> None:
    schools = (Field("school_code", identifier=Identifier.DIRECT, unit="school"), ZIP, small.GRADE)
    of = small.masters(tmp_path / "m", {"schools": (schools, [("1", "94110", 3)])})
    agreed = asking(of, {"schools": {"school_code": "", "zip": "other below 5", "grade_level": "first 1"}})
    assert {d.field: d.reason.rsplit(", ", 1)[-1] for d in agreed.dropped} == {
        "zip": "so nobody can be counted.",
        "grade_level": "or give it another type in the codebook.",
    }


def test_everybody_is_told_what_is_coarser(tmp_path: Path) -> None:
    rows = [(i, 2020 + n % 2, "ab"[n % 2]) for n, i in enumerate(STUDENTS)]
    agreed = asking(of := yearly(tmp_path / "m", rows), ASKED)
    said = "values of fewer than 3 students are 'other'"
    assert [(g.declared, g.sentence) for g in plan_cut(of, agreed, tmp_path / "s").agreed.generalised] == [
        ("other below 3", said)
    ]
    sealed = cut(tmp_path, of, agreed)
    assert json.loads((sealed.path / "manifest.json").read_text())["generalised"] == [
        {"table": "yearly", "field": "home_language", "declared": "other below 3", "sentence": said}
    ]
    book = json.loads((sealed.path / "data" / "datapackage.json").read_text())
    field = book["resources"][0]["schema"]["fields"][2]
    assert field["description"] == "Values of fewer than 3 students are 'other'."
    assert field["rpp"]["generalise"] == "other below 3"
    assert "are &#x27;other&#x27;" in (sealed.path / "report.html").read_text()


def test_a_name_that_came_as_a_rare_value_is_merged_and_a_common_one_still_stops_the_cut(
    tmp_path: Path,
) -> None:
    people = [(i, "Maria", "Garcia") for i in STUDENTS]
    names = (small.STUDENT, small.FIRST, small.LAST)
    for folder, values_ in (("rare", ["Maria Garcia", *"aaabbbaaabb"]), ("common", ["Maria Garcia"] * 12)):
        rows = [(i, 2020, v) for i, v in zip(STUDENTS, values_, strict=True)]
        of = small.masters(
            tmp_path / folder / "m",
            {"yearly": ((small.STUDENT, small.YEAR, LANGUAGE), rows), "people": (names, people)},
        )
        if folder == "rare":
            assert set(values(cut(tmp_path / folder, of, asking(of, ASKED)), "yearly", "home_language")) <= {
                "a",
                "b",
                "other",
            }
        else:
            with pytest.raises(ActionRefused, match="names of people in 12 rows"):
                cut(tmp_path / folder, of, asking(of, ASKED))
