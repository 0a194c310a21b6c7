"""A cut holds what was agreed and nothing else: no other field, year or student."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpp_hub.cuts.plan import agree
from rpp_hub.cuts.seal import SealedCut, build_cut, plan_cut, verify_cut
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.vault import create_vault, open_vault
from rpp_hub.warehouse.codebook import Field, Identifier
from rpp_hub.warehouse.masters import Masters
from rpp_review.codes import is_code

from tests.unit.data import small

YEARS = range(2018, 2025)
IDS = [f"{(n * 7_919_393) % 8_000_000 + 1_000_000}" for n in range(1, 41)]
SCHOOL = Field("school_code", identifier=Identifier.DIRECT, unit="school")
YEARLY = (small.STUDENT, small.YEAR, small.GRADE, small.MEAL, SCHOOL)
FIXED = (small.STUDENT, small.FIRST, small.LAST, small.BORN, Field("sex"))


def yearly_rows() -> list[tuple[object, ...]]:
    return [
        (i, y, (n + y) % 13, "F", str(100 + n % 5)) for n, i in enumerate(IDS) for y in YEARS if (n + y) % 3
    ]


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Masters:
    fixed = [
        (i, "Ada", "Lovelace", date(2008, 1 + n % 12, 1 + n % 28), "F" if n % 2 else "M")
        for n, i in enumerate(IDS)
    ]
    return small.masters(
        tmp_path_factory.mktemp("m") / "m",
        {"classifications": (YEARLY, yearly_rows()), "demographics": (FIXED, fixed)},
    )


def cut(
    folder: Path, of: Masters, tables: dict[str, list[str]], name: str = "c0001", **more: object
) -> SealedCut:
    vault = create_vault(folder / "vault")
    application = small.application(tables, **more)  # type: ignore[arg-type]
    return build_cut(folder / "cuts", name, of, agree(application, of.codebook), vault.crosswalks)


def rows(sealed: SealedCut, table: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pq.read_table(sealed.path / "data" / f"{table}.parquet").to_pylist()
    return found


def true_ids(folder: Path, project: str = "absence") -> dict[str, str]:
    return {c: i for i, c in open_vault(folder / "vault").crosswalks.load(project).codes("student").items()}


@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_never_holds_a_field_year_or_student_outside_its_agreement(
    data: st.DataObject, district: Masters, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    more = data.draw(st.sets(st.sampled_from(["school_year", "grade_level", "frpl", "school_code"])))
    asked = data.draw(st.permutations(["student_id", *sorted(more)]))
    first = data.draw(st.sampled_from(YEARS))
    last = data.draw(st.sampled_from([y for y in YEARS if y >= first]))
    grade = data.draw(st.one_of(st.none(), st.integers(0, 12)))
    cohort = ("classifications", f"grade_level >= {grade}") if grade is not None else None
    tables = {"classifications": list(asked), "demographics": ["student_id", "sex"]}
    sealed = cut(folder, district, tables, years=(first, last), cohort=cohort)
    allowed = {
        i
        for i, y, g, *_ in yearly_rows()
        if first <= int(str(y)) <= last and (grade is None or int(str(g)) >= grade)
    }
    expected = sorted((i, y) for i, y, *_ in yearly_rows() if i in allowed and first <= int(str(y)) <= last)
    known = true_ids(folder)
    found = rows(sealed, "classifications")
    assert pq.read_schema(sealed.path / "data" / "classifications.parquet").names == [
        f for f in asked if f != "frpl"
    ]
    assert sorted(known[str(r["student_id"])] for r in found) == [i for i, _ in expected]
    if "school_year" in asked:
        assert sorted((known[str(r["student_id"])], r["school_year"]) for r in found) == expected
    assert {known[str(r["student_id"])] for r in rows(sealed, "demographics")} == allowed
    assert set(known.values()) == allowed


ALL = {
    "classifications": ["student_id", "school_year", "grade_level", "school_code"],
    "demographics": ["student_id", "birth_date", "sex"],
}


def test_a_student_has_one_code_in_all_tables_cuts_and_amendments(district: Masters, tmp_path: Path) -> None:
    first = cut(tmp_path, district, ALL, years=(2019, 2020))
    second = cut(tmp_path, district, ALL, years=(2018, 2024), name="c0002")
    sexes = [
        {r["student_id"]: (r["sex"], r["birth_date"]) for r in rows(c, "demographics")}
        for c in (first, second)
    ]
    assert sexes[0].items() <= sexes[1].items()
    assert {r["student_id"] for r in rows(first, "classifications")} == set(sexes[0])
    assert all(is_code(str(c)) for c in sexes[1])


def test_two_projects_share_no_code(district: Masters, tmp_path: Path) -> None:
    codes = []
    for project in ("absence", "reading"):
        sealed = cut(tmp_path, district, ALL, project=project, name=f"c-{project}")
        codes.append(
            {str(r[k]) for r in rows(sealed, "classifications") for k in ("student_id", "school_code")}
        )
    assert len(codes[0]) == len(codes[1])
    assert not codes[0] & codes[1]


def test_rows_are_sorted_by_code_and_so_say_nothing_of_the_masters_order(
    district: Masters, tmp_path: Path
) -> None:
    found = [str(r["student_id"]) for r in rows(cut(tmp_path, district, ALL), "classifications")]
    assert found == sorted(found)


def test_birth_dates_come_as_months(district: Masters, tmp_path: Path) -> None:
    assert {len(str(r["birth_date"])) for r in rows(cut(tmp_path, district, ALL), "demographics")} == {
        len("2008-01")
    }


def test_names_and_what_may_never_be_shared_are_left_out_and_said_so(
    district: Masters, tmp_path: Path
) -> None:
    asked = {
        "classifications": ["student_id", "frpl"],
        "demographics": ["student_id", "first_name", "last_name"],
    }
    sealed = cut(tmp_path, district, asked)
    assert {(d.table, d.field) for d in sealed.dropped} == {
        ("classifications", "frpl"),
        ("demographics", "first_name"),
        ("demographics", "last_name"),
    }
    assert list(rows(sealed, "demographics")[0]) == ["student_id"]
    everything = b"".join(p.read_bytes() for p in sealed.path.rglob("*") if p.is_file())
    assert b"Lovelace" not in everything
    assert not any(i.encode() in everything for i in IDS)


def test_a_project_that_is_left_with_nothing_gets_no_cut(district: Masters) -> None:
    with pytest.raises(Invalid, match="Nothing is left"):
        small.agreed(district, {"classifications": ["frpl"]})


def test_unknown_tables_and_fields_are_all_named_with_what_may_be_meant(district: Masters) -> None:
    with pytest.raises(Invalid) as refused:
        small.agreed(
            district,
            {"classification": ["x"], "demographics": ["brith_date", "sex"]},
            cohort=("demographic", "sex == 'F'"),
        )
    assert refused.value.code == "unknown-field"
    for words in (
        "'classification' (did you mean classifications?)",
        "no field 'brith_date' (did you mean birth_date",
        "'demographic'",
    ):
        assert words in refused.value.message


def test_a_plan_counts_what_the_cut_then_holds(district: Masters, tmp_path: Path) -> None:
    plan = plan_cut(district, small.agreed(district, ALL, years=(2019, 2021)), tmp_path / "scratch")
    sealed = cut(tmp_path, district, ALL, years=(2019, 2021))
    assert (plan.rows, plan.units) == (sealed.rows, sealed.units)
    assert [p for p in (tmp_path / "scratch").iterdir() if p.name != ".planning.lock"] == []


def test_a_cut_is_read_only_and_says_when_it_was_altered(district: Masters, tmp_path: Path) -> None:
    sealed = cut(tmp_path, district, ALL)
    assert all(p.stat().st_mode & 0o222 == 0 for p in [sealed.path, *sealed.path.rglob("*")])
    assert verify_cut(sealed.path, sealed.sha256) == ()
    table = sealed.path / "data" / "demographics.parquet"
    table.chmod(0o644)
    table.write_bytes(table.read_bytes() + b"!")
    assert verify_cut(sealed.path, sealed.sha256) == ("data/demographics.parquet was altered.",)
    (sealed.path / "data").chmod(0o755)
    (sealed.path / "data" / "more.parquet").write_bytes(b"")
    table.unlink()
    assert set(verify_cut(sealed.path, sealed.sha256)) == {
        "data/demographics.parquet is missing.",
        "data/more.parquet is not in the manifest.",
    }


def test_the_cuts_codebook_describes_only_what_is_in_it(district: Masters, tmp_path: Path) -> None:
    sealed = cut(tmp_path, district, ALL)
    book = json.loads((sealed.path / "data" / "datapackage.json").read_text())
    assert {r["path"]: [f["name"] for f in r["schema"]["fields"]] for r in book["resources"]} == {
        f"{t}.parquet": f for t, f in ALL.items()
    }


def test_parquet_files_carry_no_notes_of_their_maker(district: Masters, tmp_path: Path) -> None:
    sealed = cut(tmp_path, district, ALL)
    for path in (sealed.path / "data").glob("*.parquet"):
        assert not pq.read_metadata(path).metadata


def test_a_surviving_identifier_means_no_cut_at_all(tmp_path: Path) -> None:
    rows_ = [(i, 2020, 5, f"sibling of {IDS[0]}" if n == 3 else "") for n, i in enumerate(IDS)]
    leaky = small.masters(
        tmp_path / "m", {"notes": ((small.STUDENT, small.YEAR, small.GRADE, small.NOTE), rows_)}
    )
    with pytest.raises(ActionRefused) as refused:
        cut(tmp_path, leaky, {"notes": ["student_id", "note"]})
    assert refused.value.code == "identifier-survived"
    assert "The column note of notes holds true identifiers in 1 row." in refused.value.message
    assert IDS[0] not in refused.value.message
    assert [p.name for p in (tmp_path / "cuts").iterdir()] == [".lock"]
    sealed = cut(tmp_path, leaky, {"notes": ["student_id", "grade_level"]})
    assert sealed.rows == {"notes": len(IDS)}


def test_a_unit_of_the_districts_own_has_codes_as_any_other(tmp_path: Path) -> None:
    family = Field("family_id", identifier=Identifier.DIRECT, unit="family")
    room = Field("room_id", identifier=Identifier.DIRECT, unit="classroom")
    homes = [str(4_100_003 + 7_919 * (n // 2)) for n in range(len(IDS))]
    tables: dict[str, tuple[tuple[Field, ...], list[tuple[Any, ...]]]] = {
        "siblings": (
            (small.STUDENT, small.YEAR, family, room),
            [(i, 2020 + n % 2, homes[n], f"room {n % 4}") for n, i in enumerate(IDS)],
        ),
        "homes": ((family, small.NOTE), [(h, "two parents") for h in dict.fromkeys(homes)]),
        "visits": ((family, small.NOTE), [(h, f"moved in with {homes[-1]}") for h in homes[:3]]),
    }
    of = small.masters(tmp_path / "m", tables)
    asked = {
        "siblings": ["student_id", "school_year", "family_id", "room_id"],
        "homes": ["family_id", "note"],
    }
    sealed = cut(tmp_path, of, asked)
    found = rows(sealed, "siblings")
    assert {(str(r["family_id"])[0], str(r["room_id"])[0]) for r in found} == {("A", "L")}
    assert len({r["family_id"] for r in found}) == len(set(homes))
    assert len({r["room_id"] for r in found}) == 4
    assert all(is_code(str(r[k])) for r in found for k in ("family_id", "room_id"))
    assert [r["family_id"] for r in rows(sealed, "homes")] == sorted({str(r["family_id"]) for r in found})
    again = rows(cut(tmp_path, of, asked, years=(2020, 2020), name="c0002"), "siblings")
    key = ("student_id", "school_year", "family_id", "room_id")
    assert {tuple(r[k] for k in key) for r in again} < {tuple(r[k] for k in key) for r in found}
    with pytest.raises(ActionRefused, match="The column note of visits holds true identifiers in 3 rows"):
        cut(tmp_path, of, {"visits": ["family_id", "note"]}, name="c0003")
