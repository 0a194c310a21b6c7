"""Published standards are recognised by the names of columns, and their words begin the codebook."""

from __future__ import annotations

import pytest
from rpp_hub.domain.errors import NotFound
from rpp_hub.warehouse.codebook import Codebook, Identifier, Type
from rpp_hub.warehouse.draft import draft_from
from rpp_hub.warehouse.facts import ColumnFacts
from rpp_hub.warehouse.standard import (
    STANDARDS,
    described_by_standard,
    mapping,
    recognised,
    standard,
)

ED_FI = ("studentuniqueid", "firstname", "middlename", "lastsurname", "generationcodesuffix", "birthdate")
SDP = (
    "sid",
    "school_year",
    "grade_level",
    "frpl",
    "iep",
    "ell",
    "gifted",
    "total_days_enrolled",
    "total_days_absent",
)


def drafted(table: str, columns: tuple[str, ...]) -> Codebook:
    facts = ColumnFacts(rows=10, integers=10, numbers=10)
    draft = draft_from(table, dict.fromkeys(columns, facts))
    return Codebook("Bayview", (described_by_standard(draft, columns),))


@pytest.mark.parametrize("name", STANDARDS)
def test_every_element_is_whole(name: str) -> None:
    for table in standard(name).tables:
        for e in table.elements:
            assert e.definition.endswith("."), e.name
            assert e.observation, e.name
            assert e.sensitivity, e.name
            assert not e.unit or e.identifier is Identifier.DIRECT, e.name
            assert not e.person_name or (e.identifier is Identifier.DIRECT and e.never_share), e.name
            assert e.identifier is not Identifier.DIRECT or e.unit or e.never_share, e.name


@pytest.mark.parametrize("name", STANDARDS)
def test_no_name_of_a_standard_stands_twice_in_one_table(name: str) -> None:
    for table in standard(name).tables:
        names = [e.name.lower() for e in table.elements]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("table", "columns", "title"),
    [
        ("student", ED_FI, "Ed-Fi Data Standard 5.2"),
        ("student_classifications", SDP, "SDP data specification"),
        ("clubs", ("student_id", "club", "room", "trainer"), None),
        ("clubs", ("sid", "club", "room", "trainer"), None),
    ],
)
def test_a_table_is_recognised_by_its_columns(
    table: str, columns: tuple[str, ...], title: str | None
) -> None:
    found = recognised(table, columns)
    assert (found.title if found else None) == title


def test_an_ed_fi_district_begins_with_a_filled_codebook_that_shares_no_names() -> None:
    table = drafted("student", ED_FI).tables[0]
    fields = {f.name: f for f in table.fields}
    assert all(f.description for f in table.fields)
    assert table.observation == "a student"
    assert (fields["studentuniqueid"].unit, fields["studentuniqueid"].type) == ("student", Type.STRING)
    for name in ("firstname", "middlename", "lastsurname", "generationcodesuffix"):
        assert fields[name].person_name
        assert fields[name].never_share
    assert fields["birthdate"].generalise == "month"


def test_an_sdp_district_begins_with_a_filled_codebook_that_shares_no_meals() -> None:
    fields = {f.name: f for f in drafted("student_classifications", SDP).tables[0].fields}
    assert all(f.description for f in fields.values())
    assert fields["frpl"].never_share
    assert fields["grade_level"].labels["0"] == "kindergarten"
    assert fields["sid"].is_key


def test_a_standard_never_makes_a_field_less_protected_than_a_draft_without_it() -> None:
    weight = {Identifier.NONE: 0, Identifier.INDIRECT: 1, Identifier.DIRECT: 2}
    for columns in (ED_FI, SDP):
        facts = ColumnFacts(rows=10, integers=10, numbers=10)
        draft = draft_from("student", dict.fromkeys(columns, facts))
        for before, after in zip(draft.fields, described_by_standard(draft, columns).fields, strict=True):
            assert weight[after.identifier] >= weight[before.identifier]
            assert bool(after.never_share) >= bool(before.never_share)
            assert after.person_name >= before.person_name


def test_fields_of_one_standard_are_found_in_the_other() -> None:
    found = {m.field: (m.standard_table, m.element) for m in mapping(drafted("student", ED_FI), "sdp")}
    assert found["studentuniqueid"] == ("Student_Attributes", "sid")
    assert found["birthdate"] == ("Student_Attributes", "birth_date")
    assert found["generationcodesuffix"] == ("", "")
    back = {m.field: m.element for m in mapping(drafted("student_classifications", SDP), "ed-fi")}
    assert back["sid"] == "StudentUniqueId"
    assert back["grade_level"] == "EntryGradeLevelDescriptor"


def test_an_unknown_standard_is_not_found() -> None:
    with pytest.raises(NotFound, match="there is sdp, ed-fi"):
        standard("ceds")


def test_a_postal_code_is_text_though_all_of_it_is_digits_so_that_its_first_digits_can_be_given() -> None:
    book = drafted("studenteducationorganizationassociation", ("studentuniqueid", "schoolyear", "postalcode"))
    (table,) = book.tables
    assert {f.name: f.type for f in table.fields}["postalcode"] is Type.STRING


def test_a_field_of_a_standard_has_a_title_that_a_person_would_say() -> None:
    (table,) = drafted("student_demographics", ("sid", "male", "hs_diploma_date", "school_year")).tables
    assert {f.name: f.title for f in table.fields} == {
        "sid": "Student identifier",
        "male": "Sex",
        "hs_diploma_date": "Date of high-school diploma",
        "school_year": "School year",
    }
    (table,) = drafted("student", ED_FI).tables
    assert [f.title for f in table.fields] == [
        "Student unique id", "First name", "Middle name", "Last surname", "Generation code suffix", "Birth date",
    ]  # fmt: skip
