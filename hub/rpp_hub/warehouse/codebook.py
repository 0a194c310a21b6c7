"""What does each field mean, whom does it identify, and may it ever be shared?

A codebook is a Frictionless Data Package; what Frictionless has no word for stands under the key `rpp` of each field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from rpp_hub.domain.errors import Invalid
from rpp_hub.warehouse.field_notes import Change, Note, changes_from, changes_json, notes_from, notes_json
from rpp_hub.warehouse.folders import canonical_json

FILE_NAME = "datapackage.json"
BIRTH_DATE = re.compile(r"(^|_)(birth_?date|date_of_birth|dob|birthday)($|_)")


class Identifier(StrEnum):
    """How much a field identifies somebody."""

    DIRECT = "direct"
    INDIRECT = "indirect"
    NONE = "none"


class Sensitivity(StrEnum):
    """How much harm it would do if a value of the field became known of somebody. Empty: nobody has said."""

    UNSAID = ""
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Type(StrEnum):
    """Frictionless field types that we read."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    YEARMONTH = "yearmonth"


@dataclass(frozen=True, slots=True)
class Field:
    """One column. A direct identifier with a `unit` can be coded; one without can only be left out.

    `description` is its definition, `population` whom it is known of, `source` where the district has it from, and
    `observation` what one value of it is about.
    """

    name: str
    type: Type = Type.STRING
    title: str = ""
    description: str = ""
    identifier: Identifier = Identifier.NONE
    unit: str = ""
    never_share: str = ""
    generalise: str = ""
    person_name: bool = False
    days_since: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    population: str = ""
    source: str = ""
    observation: str = ""
    sensitivity: Sensitivity = Sensitivity.UNSAID
    notes: tuple[Note, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def is_key(self) -> bool:
        """Whether project codes take this field's place in a cut."""
        return self.identifier is Identifier.DIRECT and bool(self.unit)

    @property
    def is_birth_date(self) -> bool:
        """Whether it says the day somebody was born."""
        return self.type is Type.DATE and bool(self.generalise == "month" or BIRTH_DATE.search(self.name))


@dataclass(frozen=True, slots=True)
class Reference:
    """What these fields of a table say stands in these fields of another table: a foreign key of Frictionless."""

    fields: tuple[str, ...]
    table: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a district."""

    name: str
    fields: tuple[Field, ...]
    title: str = ""
    description: str = ""
    population: str = ""
    source: str = ""
    references: tuple[Reference, ...] = ()
    missing: tuple[str, ...] = ("",)
    observation: str = ""

    def field(self, name: str) -> Field | None:
        """The field of this name."""
        return next((f for f in self.fields if f.name == name), None)

    def key(self, unit: str) -> Field | None:
        """The field that identifies a unit here."""
        return next((f for f in self.fields if f.is_key and f.unit == unit), None)

    @property
    def year(self) -> str | None:
        """The field that says which school year a row belongs to."""
        return next((f.name for f in self.fields if f.name in ("school_year", "year", "school_yr")), None)


@dataclass(frozen=True, slots=True)
class Codebook:
    """All tables of a district."""

    title: str
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table | None:
        """The table of this name."""
        return next((t for t in self.tables if t.name == name), None)

    def with_missing_from(self, other: Codebook) -> Codebook:
        """This codebook, with tables and fields that only the other has added; what is here is not changed."""
        merged = [_with_fields(t, other.table(t.name)) for t in self.tables]
        fresh = [t for t in other.tables if self.table(t.name) is None]
        return replace(self, title=self.title or other.title, tables=(*merged, *fresh))


def parse_codebook(text: str) -> Codebook:
    """Read a Data Package. Raises Invalid if it is none."""
    try:
        raw = json.loads(text)
        tables = tuple(_table(r) for r in raw["resources"])
        return Codebook(str(raw.get("title", "")), tables)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid(
            f"The codebook is not a data package that can be read ({type(error).__name__}: {str(error)[:80]}). "
            "Mend it, or take it out of the drop to have one drafted.",
            code="bad-codebook",
        ) from None


def codebook_json(codebook: Codebook, paths: Mapping[str, str] | None = None) -> bytes:
    """The Data Package as bytes; `paths` names the file of each table."""
    resources = [_resource(t, (paths or {}).get(t.name)) for t in codebook.tables]
    return canonical_json({"profile": "data-package", "title": codebook.title, "resources": resources})


def read_codebook(path: Path) -> Codebook:
    """A codebook from its file."""
    return parse_codebook(path.read_text(encoding="utf-8"))


def _with_fields(table: Table, other: Table | None) -> Table:
    """In the order of the other, which has them all: what is said of one field does not move it."""
    if other is None:
        return table
    own = [f for f in table.fields if other.field(f.name) is None]
    return replace(table, fields=(*own, *(table.field(f.name) or f for f in other.fields)))


def _table(raw: dict[str, Any]) -> Table:
    ours = raw.get("rpp", {})
    schema = raw["schema"]
    return Table(
        name=str(raw["name"]),
        fields=tuple(_field(f) for f in schema["fields"]),
        title=str(raw.get("title", "")),
        description=str(raw.get("description", "")),
        population=str(ours.get("population", "")),
        source=str(ours.get("source", "")),
        references=tuple(_reference(r, str(raw["name"])) for r in schema.get("foreignKeys", ())),
        missing=tuple(str(m) for m in schema.get("missingValues", [""])),
        observation=str(ours.get("unit_of_observation", "")),
    )


def _reference(raw: dict[str, Any], table: str) -> Reference:
    """Frictionless leaves the other table out, or empty, where it is the same table."""
    to = raw["reference"]
    return Reference(_names(raw["fields"]), str(to.get("resource") or table), _names(to["fields"]))


def _names(raw: str | list[str]) -> tuple[str, ...]:
    return (raw,) if isinstance(raw, str) else tuple(map(str, raw))


def _reference_json(reference: Reference) -> dict[str, Any]:
    to = {"resource": reference.table, "fields": list(reference.to)}
    return {"fields": list(reference.fields), "reference": to}


def _field(raw: dict[str, Any]) -> Field:
    ours = raw.get("rpp", {})
    return Field(
        name=str(raw["name"]),
        type=Type(raw.get("type", "string")),
        title=str(raw.get("title", "")),
        description=str(raw.get("description", "")),
        identifier=Identifier(ours.get("identifier", "none")),
        unit=str(ours.get("unit", "")),
        never_share=str(ours.get("never_share", "")),
        generalise=str(ours.get("generalise", "")),
        person_name=bool(ours.get("person_name", False)),
        days_since=str(ours.get("days_since", "")),
        labels={str(k): str(v) for k, v in ours.get("labels", {}).items()},
        population=str(ours.get("population", "")),
        source=str(ours.get("source", "")),
        observation=str(ours.get("unit_of_observation", "")),
        sensitivity=Sensitivity(ours.get("sensitivity", "")),
        notes=notes_from(ours.get("notes", ())),
        changes=changes_from(ours.get("changes", ())),
    )


def _resource(table: Table, path: str | None) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "fields": [_field_json(f) for f in table.fields],
        "missingValues": list(table.missing),
    }
    if table.references:
        schema["foreignKeys"] = [_reference_json(r) for r in table.references]
    resource: dict[str, Any] = {"name": table.name, "schema": schema}
    resource |= {
        k: v for k, v in (("title", table.title), ("description", table.description), ("path", path)) if v
    }
    ours = {
        k: v
        for k, v in (
            ("population", table.population),
            ("source", table.source),
            ("unit_of_observation", table.observation),
        )
        if v
    }
    return resource | ({"rpp": ours} if ours else {})


def _field_json(f: Field) -> dict[str, Any]:
    ours: dict[str, Any] = {
        "identifier": str(f.identifier) if f.identifier is not Identifier.NONE else "",
        "unit": f.unit,
        "never_share": f.never_share,
        "generalise": f.generalise,
        "person_name": f.person_name,
        "days_since": f.days_since,
        "labels": dict(f.labels),
        "population": f.population,
        "source": f.source,
        "unit_of_observation": f.observation,
        "sensitivity": str(f.sensitivity),
        "notes": notes_json(f.notes),
        "changes": changes_json(f.changes),
    }
    plain = {"name": f.name, "type": str(f.type), "title": f.title, "description": f.description}
    return {k: v for k, v in (plain | {"rpp": {k: v for k, v in ours.items() if v}}).items() if v}
