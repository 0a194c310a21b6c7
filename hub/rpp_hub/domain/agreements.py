"""Which agreements are there, who signs each, and what does an umbrella agreement cover?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

UMBRELLA_YEARS = 3


class PaperKind(StrEnum):
    """What a paper is for."""

    UMBRELLA = "umbrella"
    PROJECT = "project"
    THIRD_PARTY = "third-party"
    ACCESS = "access"


class PaperStatus(StrEnum):
    """Where a paper stands. Signed by all is in force, from its first to its last day."""

    PROPOSED = "proposed"
    SIGNED = "signed"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


class Party(StrEnum):
    """For whom somebody signs."""

    DISTRICT = "district"
    UNIVERSITY = "university"
    RESEARCH_TEAM = "research team"
    UNIVERSITY_SPONSOR = "university sponsor"
    PERSON = "person"


PARTIES: Mapping[PaperKind, tuple[Party, ...]] = MappingProxyType(
    {
        PaperKind.UMBRELLA: (Party.DISTRICT, Party.UNIVERSITY),
        PaperKind.PROJECT: (Party.RESEARCH_TEAM, Party.DISTRICT),
        PaperKind.THIRD_PARTY: (Party.PERSON, Party.UNIVERSITY_SPONSOR, Party.DISTRICT),
        PaperKind.ACCESS: (Party.PERSON,),
    }
)


class FieldGroup(BaseModel):
    """Fields that an umbrella agreement names together: `table`, `table.field`, or `*` for all there are."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    title: Annotated[str, Field(min_length=1, max_length=200)]
    fields: tuple[Annotated[str, Field(pattern=r"^(\*|[A-Za-z]\w{0,62}(\.[A-Za-z]\w{0,62})?)$")], ...] = (
        Field(min_length=1, max_length=2000)
    )


EVERYTHING = FieldGroup(title="All tables and fields of the codebook", fields=("*",))


def missing_parties(kind: PaperKind, signed: Collection[str]) -> tuple[Party, ...]:
    """Who has not signed yet, in the order of the paper."""
    return tuple(p for p in PARTIES[kind] if p not in signed)


def covers(groups: Collection[FieldGroup], table: str, field: str) -> bool:
    """Whether an umbrella agreement covers a field."""
    named = {f for group in groups for f in group.fields}
    return bool(named & {"*", table, f"{table}.{field}"})


def last_day(starts: date, years: int = UMBRELLA_YEARS) -> date:
    """The last day of so many whole years: from 1 July 2026, three years end on 30 June 2029."""
    try:
        anniversary = starts.replace(year=starts.year + years)
    except ValueError:  # 29 February
        anniversary = date(starts.year + years, 3, 1)
    return anniversary - timedelta(days=1)
