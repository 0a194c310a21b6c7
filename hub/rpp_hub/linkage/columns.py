"""Which columns of a survey say who answered, which of them may be used for that, and which may be kept afterwards?"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.names import printable
from rpp_hub.domain.refusal import Refusal
from rpp_hub.warehouse.codebook import BIRTH_DATE, Field, Identifier, Table
from rpp_hub.warehouse.masters import PERSONS, Masters


class By(StrEnum):
    """How a survey's people are found among the students."""

    IDENTIFIER = "identifier"
    NAME = "name"


# Parts of a name and the birth date, by what their columns are called in masters and surveys.
PARTS: Mapping[str, re.Pattern[str]] = {
    "first": re.compile(r"(^|_)(first|given|fore)_?names?($|_)|^first$"),
    "middle": re.compile(r"(^|_)middle_?(names?|initial)($|_)|^middle$"),
    "last": re.compile(r"(^|_)(last|family|sur|last_?sur)_?names?($|_)|^last$"),
    "born": BIRTH_DATE,
}
NEEDED = ("first", "last", "born")
# Of staff a district knows the day they were hired rather than the day they were born.
_HIRED = re.compile(r"(^|_)hired?(_|$)|(^|_)date_?hired$")


@dataclass(frozen=True, slots=True)
class Source:
    """A master with what matching needs: `fields` by part (or the one identifier under "identifier"), `key` the student's."""

    table: str
    key: str
    unit: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A column that does not reach the researchers, and why."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How a survey is matched: `used` says which of its columns is which part."""

    by: By
    sources: tuple[Source, ...]
    used: Mapping[str, str]
    kept: tuple[Field, ...]
    dropped: tuple[Dropped, ...]

    @property
    def unit(self) -> str:
        """Whom the rows are about once they are linked."""
        return self.sources[0].unit

    @property
    def key(self) -> str:
        """What the masters call that unit's identifier."""
        return self.sources[0].key


def named_columns(pairs: Sequence[str]) -> Mapping[str, str]:
    """From FIELD=COLUMN, field by field. Raises Invalid."""
    split = [pair.partition("=") for pair in pairs]
    if any(not field or not column for field, _, column in split):
        raise Invalid(
            "Say FIELD=COLUMN, such as student_id=lunch_number: which column of the file is which field.",
            code="bad-column",
        )
    return {field: column for field, _, column in split}


def lay_out(
    by: By, drafted: Table, masters: Masters, agreed: Collection[str], named: Mapping[str, str] | None = None
) -> Layout:
    """The layout of a survey of which `drafted` is a draft codebook.

    `agreed` are the fields that the agreement names for linkage; `named` says which column is which field or part.
    Raises ActionRefused when the agreement does not allow it, Invalid when the file or the masters lack something.
    """
    columns = [f.name for f in drafted.fields]
    chosen = _chosen(named or {}, columns)
    sources = (
        _identifier_sources(masters, agreed, columns, chosen)
        if by is By.IDENTIFIER
        else _name_sources(masters, agreed, columns, chosen)
    )
    used = _used(by, sources, columns, chosen, agreed)
    kept, dropped = _kept(drafted, used, sources[0].key)
    if not kept:
        raise Invalid(
            "Nothing would be left of the file: every column of it identifies somebody.",
            code="nothing-to-link",
        )
    return Layout(by, sources, used, kept, dropped)


def _chosen(named: Mapping[str, str], columns: Sequence[str]) -> Mapping[str, str]:
    unknown = sorted(set(named.values()) - set(columns))
    if unknown:
        raise Invalid(
            f"The file has no column {printable(unknown[0])!r}; it has {', '.join(columns[:30])}.",
            code="no-such-column",
        )
    return named


def _identifier_sources(
    masters: Masters, agreed: Collection[str], columns: Sequence[str], chosen: Mapping[str, str]
) -> tuple[Source, ...]:
    found = [
        s for t in masters.codebook.tables if t.name in masters.tables for s in _identifiers_of(t, agreed)
    ]
    if not found:
        raise _not_agreed("an identifier, such as the student's number")
    here = [s for s in found if s.fields["identifier"] in columns or s.fields["identifier"] in chosen]
    if not here:
        names = sorted({s.fields["identifier"] for s in found})
        raise Invalid(
            f"The file has no column called {' or '.join(names)}. Name the column that holds it: --column {names[0]}=COLUMN.",
            code="no-identifier-column",
        )
    first = here[0]
    return tuple(
        s
        for s in here
        if (s.fields["identifier"], s.unit, s.key) == (first.fields["identifier"], first.unit, first.key)
    )


def _identifiers_of(table: Table, agreed: Collection[str]) -> list[Source]:
    key = next((k for unit in PERSONS if (k := table.key(unit))), None)
    if key is None:
        return []
    direct = [
        f
        for f in table.fields
        if f.identifier is Identifier.DIRECT and not f.person_name and f.unit in ("", key.unit)
    ]
    return [
        Source(table.name, key.name, key.unit, {"identifier": f.name}) for f in direct if f.name in agreed
    ]


def _name_sources(
    masters: Masters, agreed: Collection[str], columns: Sequence[str], chosen: Mapping[str, str]
) -> tuple[Source, ...]:
    """The masters that know people by name: of students, unless the file's day is one that only staff have."""
    found = [
        source
        for unit in PERSONS
        for table in masters.codebook.tables
        if table.name in masters.tables and (source := _names_of(table, unit, agreed))
    ]
    if not found:
        raise _not_agreed("names and birth date")
    first = next((s for s in found if _has_day(s, columns, chosen)), found[0])
    alike = (first.unit, first.key, _is_hired(first))
    return tuple(s for s in found if (s.unit, s.key, _is_hired(s)) == alike)


def _names_of(table: Table, unit: str, agreed: Collection[str]) -> Source | None:
    key = table.key(unit)
    names = [f.name for f in table.fields if f.name in agreed]
    fields = {part: f for part in PARTS if (f := _part_of(part, names))}
    hired = next((n for n in names if _HIRED.search(n)), None) if unit == "staff" else None
    if hired and "born" not in fields:
        fields["born"] = hired
    return Source(table.name, key.name, unit, fields) if key and all(p in fields for p in NEEDED) else None


def _is_hired(source: Source) -> bool:
    return bool(_HIRED.search(source.fields["born"]))


def _has_day(source: Source, columns: Sequence[str], chosen: Mapping[str, str]) -> bool:
    return bool(chosen.get(source.fields["born"]) or _day_of(source, columns))


def _day_of(source: Source, columns: Sequence[str]) -> str | None:
    """The file's column that is the day by which this master knows people."""
    pattern = _HIRED if _is_hired(source) else PARTS["born"]
    return next((n for n in columns if pattern.search(n)), None)


def _part_of(part: str, names: Sequence[str]) -> str | None:
    return next((n for n in names if PARTS[part].search(n)), None)


def _not_agreed(what: str) -> ActionRefused:
    return ActionRefused(
        [
            Refusal(
                "linkage-not-agreed",
                f"The project's agreement does not name {what} of the district's masters for linkage. Have the application "
                "name the fields under `linkage:`; then link again.",
            )
        ]
    )


def _used(
    by: By,
    sources: Sequence[Source],
    columns: Sequence[str],
    chosen: Mapping[str, str],
    agreed: Collection[str],
) -> Mapping[str, str]:
    if by is By.IDENTIFIER:
        name = sources[0].fields["identifier"]
        return {"identifier": chosen.get(name, name)}
    parts = {p: f for s in reversed(sources) for p, f in s.fields.items()}
    here = {p: _part_of(p, columns) for p in PARTS} | {"born": _day_of(sources[0], columns)}
    used = {p: c for p, f in parts.items() if (c := chosen.get(f) or chosen.get(p) or here[p])}
    lacking = [parts[p] for p in NEEDED if p not in used]
    if lacking:
        raise Invalid(
            f"The file has no column for {' and '.join(lacking)}. Name it: {' '.join(f'--column {f}=COLUMN' for f in lacking)}.",
            code="no-name-column",
        )
    return used


def _kept(drafted: Table, used: Mapping[str, str], key: str) -> tuple[tuple[Field, ...], tuple[Dropped, ...]]:
    kept, dropped = [], []
    for field in drafted.fields:
        reason = _reason_to_drop(field, used, key)
        if reason:
            dropped.append(Dropped(field.name, reason))
        else:
            kept.append(field)
    return tuple(kept), tuple(dropped)


def _reason_to_drop(field: Field, used: Mapping[str, str], key: str) -> str:
    if field.name in used.values() or field.name == key:
        return "It said who answered; the project's code stands in its place."
    if field.never_share:
        return field.never_share
    if field.identifier is Identifier.DIRECT and field.unit not in ("school", "class"):
        return "It identifies a person directly."
    if field.is_birth_date:
        return "A birth date."
    if any(pattern.search(field.name) for pattern in PARTS.values()):
        return "Part of a person's name."
    return ""
