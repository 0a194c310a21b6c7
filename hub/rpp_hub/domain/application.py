"""What a project asks for: the application, parsed from YAML and closed against unknown keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rpp_hub.domain.appetite import OwnThresholds
from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.field_faults import said_of
from rpp_hub.domain.generalisation import parse_generalisation
from rpp_hub.domain.names import check_district_name, check_person_name, check_project_name

_LIMIT = 256 * 1024
_Sentence = Annotated[str, Field(min_length=3, max_length=2000)]
_Text = Annotated[str, Field(max_length=5000)]
_FieldName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Need(StrEnum):
    """How much a field is needed (the agreement's Attachment A)."""

    CRITICAL = "critical"
    USEFUL = "useful"


class FieldRequest(_Closed):
    """One field of a table, and why."""

    name: _FieldName
    rationale: _Sentence
    need: Need = Need.CRITICAL
    # how much coarser it is given, such as `month` or `other below 10`; empty: as the codebook says
    generalise: Annotated[str, Field(max_length=80)] = ""

    @field_validator("generalise")
    @classmethod
    def _generalise(cls, value: str) -> str:
        try:
            if value:
                parse_generalisation(value)
        except Invalid as error:
            raise ValueError(error.message) from None
        return value


class TableRequest(_Closed):
    """The fields asked of one table of the district's masters."""

    fields: tuple[FieldRequest, ...] = Field(min_length=1, max_length=500)
    # school years of this table alone, within the application's; None: all of them
    years: tuple[int, int] | None = None

    @model_validator(mode="after")
    def _no_field_twice(self) -> TableRequest:
        names = [f.name for f in self.fields]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"these fields are asked for twice: {', '.join(twice)}")
        return self


class Irb(_Closed):
    """The ethics approval."""

    number: Annotated[str, Field(min_length=1, max_length=100)]
    ends: date


class Agreement(_Closed):
    """The data-use agreement's terms that the system acts on."""

    ends: date
    name_district: bool = False
    # of the output checks, where this project's are to be stricter than the partnership's
    thresholds: OwnThresholds = OwnThresholds()


class Cohort(_Closed):
    """Which units: those with at least one row of `table` for which `where` holds."""

    table: _FieldName
    where: Annotated[str, Field(min_length=1, max_length=2000)]


class MemberRequest(_Closed):
    """One person of the research team (Attachment B)."""

    person: str
    role: Annotated[str, Field(pattern="^(lead|member)$")] = "member"

    @field_validator("person")
    @classmethod
    def _person(cls, value: str) -> str:
        return check_person_name(value)


class Abc(_Closed):
    """What the applicants say of the alignment, benefits and costs of their project."""

    alignment: _Text = ""
    benefits: _Text = ""
    costs: _Text = ""


class Application(_Closed):
    """A project's application: what for, which data, who, until when."""

    project: str
    title: _Sentence
    district: str
    sponsor: str
    cosponsors: tuple[str, ...] = Field(default=(), max_length=5)
    questions: tuple[_Sentence, ...] = Field(min_length=1, max_length=20)
    design: _Text = ""
    timeline: _Text = ""
    abc: Abc = Abc()
    irb: Irb
    agreement: Agreement
    tables: dict[_FieldName, TableRequest] = Field(min_length=1, max_length=100)
    years: tuple[int, int]
    cohort: Cohort | None = None
    # fields of the masters that survey files may be linked by: an identifier, or names and birth date
    linkage: tuple[_FieldName, ...] = Field(default=(), max_length=20)
    linkage_rationale: _Text = ""
    members: tuple[MemberRequest, ...] = Field(min_length=1, max_length=50)

    @field_validator("project")
    @classmethod
    def _project(cls, value: str) -> str:
        return check_project_name(value)

    @field_validator("district")
    @classmethod
    def _district(cls, value: str) -> str:
        return check_district_name(value)

    @field_validator("sponsor")
    @classmethod
    def _sponsor(cls, value: str) -> str:
        return check_person_name(value)

    @field_validator("cosponsors")
    @classmethod
    def _cosponsors(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_person_name(v) for v in value)

    @property
    def sponsors(self) -> tuple[str, ...]:
        """All the leaders who sponsor it."""
        return (self.sponsor, *self.cosponsors)

    @property
    def lead(self) -> str:
        """Who leads the research team."""
        return next(m.person for m in self.members if m.role == "lead")

    def fields(self) -> tuple[tuple[str, FieldRequest], ...]:
        """Every field that is asked for, with its table."""
        return tuple((table, f) for table, asked in self.tables.items() for f in asked.fields)

    def years_of(self, table: str) -> tuple[int, int]:
        """The school years of one table."""
        return self.tables[table].years or self.years

    @model_validator(mode="after")
    def _makes_sense(self) -> Application:
        first, last = self.years
        if not (1900 <= first <= last <= 2200):
            raise ValueError(
                "years must be [first, last] with first not after last, as spring years, such as [2019, 2024]"
            )
        for table, asked in self.tables.items():
            if asked.years and not (first <= asked.years[0] <= asked.years[1] <= last):
                raise ValueError(f"the years of {table} must lie within {first} to {last}")
        if len(set(self.sponsors)) != len(self.sponsors):
            raise ValueError("a sponsor is listed twice")
        people = [m.person for m in self.members]
        if len(set(people)) != len(people):
            raise ValueError("a person is listed twice among the members")
        if len(set(self.linkage)) != len(self.linkage):
            raise ValueError("a field is listed twice under linkage")
        if sum(m.role == "lead" for m in self.members) != 1:
            raise ValueError("exactly one member must have the role lead")
        return self


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML without aliases (a bomb in ten lines) and without keys that silently win over others."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise Invalid(
                "The application uses a YAML alias (*name). Write the value out.", code="application-alias"
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise Invalid(
                    f"The application has the key {key!r} twice, on line {node.start_mark.line + 1} or below. Keep one.",
                    code="application-duplicate-key",
                )
        return super().construct_mapping(node, deep=deep)


def parse_application(text: str) -> Application:
    """Read an application from YAML. Raises Invalid with one sentence for everything that is wrong."""
    if len(text.encode("utf-8", "replace")) > _LIMIT:
        raise Invalid(
            "The application is larger than 256 kB. Is it the right file?", code="application-too-large"
        )
    try:
        raw = yaml.load(text, _UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" on line {mark.line + 1}" if mark is not None else ""
        raise Invalid(
            f"The application is not valid YAML{where}. Mend it there and send it again.",
            code="application-yaml",
        ) from None
    except RecursionError:
        raise Invalid("The application is nested too deeply.", code="application-yaml") from None
    if not isinstance(raw, Mapping):
        raise Invalid(
            "The application must be a list of keys and values, beginning with `project:`.",
            code="application-yaml",
        )
    return application_from(raw)


def application_from(raw: Mapping[str, Any]) -> Application:
    """Validate an application that is already a mapping."""
    try:
        return Application.model_validate(dict(raw))
    except ValidationError as error:
        faults = said_of(error.errors(), "the application")
        raise Invalid(
            f"The application cannot be used. {'; '.join(faults)}.", code="application-invalid", faults=faults
        ) from None
