"""What would a data manager write into the codebook, going by the names and values that came?

A draft errs on the side of caution: what looks like an identifier is one until somebody says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import duckdb

from rpp_hub.warehouse.codebook import BIRTH_DATE, Codebook, Field, Identifier, Table, Type
from rpp_hub.warehouse.engine import quoted
from rpp_hub.warehouse.facts import MISSING, ColumnFacts, column_facts

_UNITS = {
    "student": ("sid", "student_id", "studentid", "student_number", "stu_id", "child_id", "pupil_id", "ssid",
                "student_unique_id", "state_student_id", "local_student_id"),
    "staff": ("tid", "staff_id", "teacher_id", "employee_id", "educator_id", "staff_unique_id", "principal_id"),
    "school": ("school_code", "school_id", "campus_id", "site_id"),
    "class": ("cid", "class_id", "section_id"),
}  # fmt: skip
_NAME = re.compile(
    r"(^|_)(first|last|middle|full|sur|given|family|maiden|preferred|student|staff|teacher|parent|guardian)_?names?($|_)|^names?$|^surname$"
)
_INSTITUTION = re.compile(r"(^|_)(school|campus|district|site)_?name($|_)|^district$")
_CONTACT = re.compile(
    r"(^|_)(ssn|social_security|e?mail|email_address|phone|telephone|mobile|address|street|zip4|ip|login|username)($|_)"
)
_MEAL = re.compile(r"(^|_)(frpl|frl|frpm|meal|free_reduced|lunch)($|_)")
_INDIRECT = re.compile(
    r"(^|_)(sex|gender|male|female|race|ethnicity|race_ethnicity|home_language|language|zip|country|disability)($|_)"
)
# Numbers that nobody reckons with: a place of which the first digits are the area.
_POSTAL = re.compile(r"(^|_)(zip|zip_?code|postal_?code|post_?code)($|_)")
_NEARLY_ALL = 0.99
_MEAL_REASON = "Eligibility for free or reduced-price meals may not be shared for research."


def draft_table(con: duckdb.DuckDBPyConnection, raw: str, name: str, columns: Sequence[str]) -> Table:
    """A draft of these columns of one table, which lies as text in `raw`."""
    return draft_from(name, column_facts(con, quoted(raw), columns))


def draft_from(name: str, facts: Mapping[str, ColumnFacts], missing: tuple[str, ...] = MISSING) -> Table:
    """A draft of one table by what was counted of its columns."""
    return Table(
        name, tuple(_draft_field(c, f) for c, f in facts.items()), title=_words(name), missing=missing
    )


def draft_codebook(title: str, tables: Sequence[Table]) -> Codebook:
    """A draft for a district."""
    return Codebook(title, tuple(tables))


def _draft_field(name: str, facts: ColumnFacts) -> Field:
    for unit, names in _UNITS.items():
        if name in names:
            return Field(name, title=_words(name), identifier=Identifier.DIRECT, unit=unit)
    if BIRTH_DATE.search(name):
        days = "1960-01-01" if facts.rows and facts.small == facts.rows else ""
        return Field(
            name, Type.DATE, _words(name), identifier=Identifier.INDIRECT, generalise="month", days_since=days
        )
    if _NAME.search(name) and not _INSTITUTION.search(name):
        return Field(
            name,
            title=_words(name),
            identifier=Identifier.DIRECT,
            never_share="A person's name.",
            person_name=True,
        )
    if _INSTITUTION.search(name):
        return Field(
            name,
            title=_words(name),
            identifier=Identifier.DIRECT,
            never_share="Names a school or the district.",
        )
    if _CONTACT.search(name):
        return Field(
            name,
            title=_words(name),
            identifier=Identifier.DIRECT,
            never_share="Identifies a person directly.",
        )
    never = _MEAL_REASON if _MEAL.search(name) else ""
    indirect = Identifier.INDIRECT if _INDIRECT.search(name) else Identifier.NONE
    return Field(name, _type(name, facts), _words(name), identifier=indirect, never_share=never)


def _type(name: str, facts: ColumnFacts) -> Type:
    """What nearly every value reads as. A few slips of the pen do not make text of a number; the check reports them."""
    enough = _NEARLY_ALL * facts.rows
    dated = re.search(r"(^|_)(date|begin|end|day)($|_)", name) is not None
    if not facts.rows:
        return Type.DATE if name.endswith("_date") else Type.STRING
    if facts.dates >= enough and (dated or facts.integers < enough):
        return Type.DATE
    if _POSTAL.search(name):
        return Type.STRING
    if facts.integers >= enough and not facts.zeros:
        return Type.INTEGER
    return Type.NUMBER if facts.numbers >= enough and not facts.zeros else Type.STRING


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
