"""What is said of a field that was filled in wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from rpp_hub.domain.field_faults import said_of


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=3)] = "a"
    code: Annotated[str, Field(min_length=4)] = "abcd"
    fields: Annotated[list[int], Field(min_length=1, max_length=2)] = [1]
    pair: Annotated[list[int], Field(min_length=2)] = [1, 2]
    share: Annotated[float, Field(ge=0, lt=1)] = 0
    ends: date = date(2027, 1, 1)
    side: Literal["left", "right"] = "left"
    own: str = ""

    @field_validator("own")
    @classmethod
    def _own(cls, value: str) -> str:
        if value:
            raise ValueError("This is of nobody's kind.")
        return value


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": ""}, "name: this is empty"),
        ({"name": "long"}, "name: at most 3 characters possible"),
        ({"code": "abc"}, "code: at least 4 characters needed"),
        ({"fields": []}, "fields: there is nothing yet"),
        ({"fields": [1, 2, 3]}, "fields: at most 2 entries possible"),
        ({"pair": [1]}, "pair: at least 2 entries needed"),
        ({"fields": ["x"]}, "fields.0: this is not a whole number"),
        ({"share": -1}, "share: at least 0.0"),
        ({"share": 1}, "share: less than 1.0"),
        ({"share": "much"}, "share: this is not a number"),
        ({"ends": "soon"}, "ends: this is not a date; write it as 2027-06-30"),
        ({"ends": ""}, "ends: this is not a date; write it as 2027-06-30"),
        ({"side": "up"}, "side: one of 'left' or 'right'"),
        ({"own": "x"}, "own: This is of nobody's kind"),
        ({"titel": 1}, "titel: there is no such key here; remove it or mend its spelling"),
    ],
)
def test_a_fault_names_its_place_and_what_to_do_about_it(given: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(given)
    assert said_of(caught.value.errors(), "the form") == (said,)


def test_what_concerns_no_one_field_is_said_of_the_whole() -> None:
    assert said_of([{"type": "missing", "loc": ("body",), "msg": "Field required"}], "the form") == (
        "the form: this is missing",
    )
