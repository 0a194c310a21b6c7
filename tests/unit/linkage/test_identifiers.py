"""Identifiers and codes as people write them."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.domain.errors import Invalid
from rpp_hub.linkage.exact import canonical_sql
from rpp_hub.linkage.people import day_sql, name_sql
from rpp_hub.linkage.results import read_codes
from rpp_review.codes import ALPHABET, CODES, code


def sql(query: str, value: str) -> object:
    with duckdb.connect() as con:
        row = con.execute(f"SELECT {query} FROM (SELECT ?::VARCHAR AS v)", [value]).fetchone()
        return row[0] if row else None


@pytest.mark.parametrize(
    "written", ["0012345", "12345", " 12345 ", "00-12-345", "12345.0", "00 12 345", "#12345"]
)
def test_one_identifier_in_many_forms_is_one(written: str) -> None:
    assert sql(canonical_sql("v"), written) == "12345"


@pytest.mark.parametrize(
    ("one", "other"), [("12345", "12346"), ("A12", "B12"), ("a.b@x.org", "ab@x.org"), ("12345", "12345.5")]
)
def test_different_identifiers_stay_different(one: str, other: str) -> None:
    assert sql(canonical_sql("v"), one) != sql(canonical_sql("v"), other)


@pytest.mark.parametrize("written", ["", "   ", "000", "--"])
def test_nothing_is_no_identifier(written: str) -> None:
    assert sql(canonical_sql("v"), written) is None


@pytest.mark.parametrize(
    "written", ["José García", "jose garcia", "JOSÉ  GARCÍA ", "José García Jr.", "Jose-Garcia III"]
)
def test_a_name_in_many_forms_is_one(written: str) -> None:
    assert sql(name_sql("v"), written) == "jose garcia"


@pytest.mark.parametrize(
    "written", ["2010-03-04", "3/4/2010", "03/04/10", "March 4, 2010", "04mar2010", "2010/03/04", "4.3.2010"]
)
def test_a_day_in_many_forms_is_one(written: str) -> None:
    assert str(sql(day_sql("v"), written)) == "2010-03-04"


@given(
    st.integers(0, CODES - 1),
    st.sampled_from(
        [str, str.lower, lambda c: f" {c} ", lambda c: c.replace("-", ""), lambda c: c.replace("-", "–")]
    ),
)
def test_a_code_is_read_however_it_is_cased_and_hyphenated(number: int, form: object) -> None:
    whole = code("S", number)
    read = read_codes([form(whole)])  # type: ignore[operator]
    assert read.codes == (whole,)
    assert not read.mistyped


@given(st.integers(0, CODES - 1), st.integers(0, 8), st.sampled_from(ALPHABET))
def test_every_wrong_symbol_is_named_by_its_row(number: int, place: int, symbol: str) -> None:
    whole = code("S", number)
    wrong = whole[: 2 + place] + symbol + whole[3 + place :]
    read = read_codes([whole, wrong, ""])
    assert read.mistyped == ((2,) if wrong != whole else ())
    assert read.blank == (3,)


def test_a_file_that_names_no_student_column_is_refused_in_words() -> None:
    from rpp_hub.linkage.columns import By, lay_out
    from rpp_hub.warehouse.codebook import Codebook, Field, Identifier, Table
    from rpp_hub.warehouse.masters import Masters

    key = Field("student_id", identifier=Identifier.DIRECT, unit="student")
    of = Masters(None, "", {"students": None}, Codebook("", (Table("students", (key,)),)))  # type: ignore[arg-type, dict-item]
    survey = Table("s", (Field("number"), Field("answer")))
    with pytest.raises(Invalid, match="--column student_id=COLUMN"):
        lay_out(By.IDENTIFIER, survey, of, ["student_id"])
    assert lay_out(By.IDENTIFIER, survey, of, ["student_id"], {"student_id": "number"}).used == {
        "identifier": "number"
    }
