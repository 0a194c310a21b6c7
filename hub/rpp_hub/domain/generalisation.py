"""How is a field made coarser on its way to a project, as Attachment A or the codebook declares it?

One short text a field, so that it reads the same in an agreement, in a codebook and in a cut's manifest: `month`, `year`,
`school year`, `first 3`, `other below 10`, `first 3, other below 10`, `Elsewhere below 10`, or `none`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from rpp_hub.domain.errors import Invalid

NONE = "none"
_FIRST = re.compile(r"first ([1-9][0-9]?)")
_BELOW = re.compile(r"((?!first [0-9])[A-Za-z][A-Za-z0-9 /_-]{0,39}?) below ([0-9]{1,7})")
_FEWEST = 2


class Calendar(StrEnum):
    """How much of a date is left."""

    MONTH = "month"
    YEAR = "year"
    SCHOOL_YEAR = "school year"


@dataclass(frozen=True, slots=True)
class Generalisation:
    """What is left of a field: a part of a date, or the first characters of a text and its common values."""

    calendar: Calendar | None = None
    first: int = 0
    below: int = 0
    label: str = ""

    @property
    def declared(self) -> str:
        """The text that declares it."""
        if self.calendar:
            return str(self.calendar)
        parts = [f"first {self.first}"] if self.first else []
        return ", ".join([*parts, f"{self.label} below {self.below}"] if self.below else parts)

    def sentence(self, people: str = "people") -> str:
        """For a person; `people` are those who are counted."""
        if self.calendar:
            return _CALENDAR[self.calendar]
        first = f"only its first {self.first} character{'s' if self.first > 1 else ''}" if self.first else ""
        rare = f"values of fewer than {self.below} {people} are '{self.label}'" if self.below else ""
        return "; ".join(part for part in (first, rare) if part)


_CALENDAR = {
    Calendar.MONTH: "generalised to the month (YYYY-MM)",
    Calendar.YEAR: "generalised to the year",
    Calendar.SCHOOL_YEAR: "generalised to the school year, by its spring (July begins the next)",
}


def parse_generalisation(text: str) -> Generalisation | None:
    """What a text declares; None for `none`. Raises Invalid that says what may be declared."""
    words = " ".join(text.split())
    if words == NONE:
        return None
    if words in tuple(Calendar):
        return Generalisation(calendar=Calendar(words))
    parts = [part.strip() for part in words.split(",")]
    first = _FIRST.fullmatch(parts[0])
    rest = parts[1:] if first else parts
    below = _BELOW.fullmatch(rest[0]) if len(rest) == 1 else None
    if (rest and not below) or not (first or below) or (below and int(below[2]) < _FEWEST):
        raise Invalid(
            f"{words[:60]!r} is no generalisation. Write month, year, school year, `first 3` (characters), `other below 10` "
            "(values of fewer than 10 people become other), both with a comma between, or none.",
            code="bad-generalisation",
        )
    return Generalisation(
        first=int(first[1]) if first else 0,
        below=int(below[2]) if below else 0,
        label=below[1] if below else "",
    )
