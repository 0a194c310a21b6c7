"""Which columns of a survey are used to find its people: students by birth date, staff also by the day they were hired."""

from __future__ import annotations

from pathlib import Path

import pytest
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.linkage.columns import By, lay_out
from rpp_hub.warehouse.codebook import Codebook, Field, Identifier, Table, Type
from rpp_hub.warehouse.masters import Masters

FIRST, LAST = Field("first_name", person_name=True), Field("last_name", person_name=True)
STUDENTS = Table(
    "students",
    (
        Field("student_id", identifier=Identifier.DIRECT, unit="student"), FIRST, LAST, Field("birth_date", Type.DATE),
    ),
)  # fmt: skip
STAFF = Table(
    "staff",
    (Field("staff_id", identifier=Identifier.DIRECT, unit="staff"), FIRST, LAST, Field("hire_date", Type.DATE)),
)  # fmt: skip
BORN_STAFF = Table("staff", (*STAFF.fields, Field("birth_date", Type.DATE)))
AGREED = ("first_name", "last_name", "birth_date", "hire_date")


def of(*tables: Table) -> Masters:
    return Masters(Path(), "", {t.name: Path() for t in tables}, Codebook("", tables))


def survey(*columns: str) -> Table:
    return Table("climate", tuple(Field(c) for c in (*columns, "answer")))


def test_a_survey_with_the_day_of_hiring_is_of_staff() -> None:
    layout = lay_out(By.NAME, survey("first_name", "surname", "date_hired"), of(STUDENTS, STAFF), AGREED)
    assert (layout.unit, layout.key) == ("staff", "staff_id")
    assert layout.used == {"first": "first_name", "last": "surname", "born": "date_hired"}
    assert [f.name for f in layout.kept] == ["answer"]


def test_a_survey_with_birth_dates_is_of_students_where_both_are_known_by_name() -> None:
    layout = lay_out(By.NAME, survey("first_name", "last_name", "dob"), of(STAFF, STUDENTS), AGREED)
    assert (layout.unit, layout.used["born"]) == ("student", "dob")


def test_staff_whose_birth_dates_are_known_are_found_by_them() -> None:
    layout = lay_out(By.NAME, survey("first_name", "last_name", "dob"), of(BORN_STAFF), AGREED)
    assert (layout.unit, layout.sources[0].fields["born"]) == ("staff", "birth_date")


def test_a_column_that_is_named_decides_whom_the_survey_is_about() -> None:
    columns = survey("first_name", "last_name", "since")
    layout = lay_out(By.NAME, columns, of(STUDENTS, STAFF), AGREED, {"hire_date": "since"})
    assert (layout.unit, layout.used["born"]) == ("staff", "since")


def test_the_day_of_hiring_is_asked_for_and_must_be_agreed() -> None:
    with pytest.raises(Invalid, match="--column hire_date=COLUMN"):
        lay_out(By.NAME, survey("first_name", "last_name"), of(STAFF), AGREED)
    with pytest.raises(ActionRefused):
        lay_out(By.NAME, survey("first_name", "last_name", "date_hired"), of(STAFF), AGREED[:2])


def test_names_are_found_as_ed_fi_calls_them() -> None:
    fields = (
        Field("studentuniqueid", identifier=Identifier.DIRECT, unit="student"),
        Field("birthdate", Type.DATE),
    )
    names = (Field("firstname", person_name=True), Field("middlename", person_name=True), Field("lastsurname", person_name=True))  # fmt: skip
    agreed = ("firstname", "lastsurname", "birthdate")
    masters = of(Table("student", (*fields, *names)))
    layout = lay_out(By.NAME, survey("first_name", "last_name", "birth_date"), masters, agreed)
    assert layout.sources[0].fields["last"] == "lastsurname"
    assert layout.used == {"first": "first_name", "last": "last_name", "born": "birth_date"}
