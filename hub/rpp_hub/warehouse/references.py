"""Does what one table says of a student, a school or a class exist in the table that lists them?

Which table lists whom is declared in the codebook (Frictionless foreignKeys), or else taken from the names that the SDP
specification has for such tables, and the report says which of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rpp_hub.warehouse.codebook import Reference
from rpp_hub.warehouse.engine import quoted
from rpp_hub.warehouse.findings import Defect, Looking
from rpp_hub.warehouse.rules import Declared


@dataclass(frozen=True, slots=True)
class ReferenceFacts:
    """A reference that was looked at: how many different values it has, and how many of these lead nowhere."""

    table: str
    fields: tuple[str, ...]
    to_table: str
    to_fields: tuple[str, ...]
    declared: bool
    values: int
    nowhere: int


def references_of(look: Looking, lists: Sequence[Declared]) -> Iterator[tuple[Reference, bool]]:
    """The references of a table that can be looked at, and whether they were declared."""
    for reference in look.table.references:
        other = look.others.get(reference.table)
        if (
            other
            and set(reference.fields) <= set(look.columns)
            and set(reference.to) <= set(other[0].columns)
        ):
            yield reference, True
    said = {f for r in look.table.references for f in r.fields}
    for field in look.table.fields:
        if field.is_key and field.name in look.columns and field.name not in said:
            target = _list_of(look, field.unit, lists)
            if target and target[0] != look.loaded.name:
                yield Reference((field.name,), target[0], (target[1],)), False


def _list_of(look: Looking, unit: str, lists: Sequence[Declared]) -> tuple[str, str] | None:
    """The table that lists a unit in this district, and its key."""
    for name in (t for one in lists if one.more["unit"] == unit for t in one.tables):
        if name in look.others:
            loaded, table = look.others[name]
            key = table.key(unit)
            if key is not None and key.name in loaded.columns:
                return name, key.name
    return None


def follow(
    look: Looking, reference: Reference, declared: bool, words: Declared
) -> tuple[ReferenceFacts, Defect | None]:
    """How many different values lead nowhere, and in which rows."""
    target = look.others[reference.table][0]
    here, there = (
        ", ".join(f"{quoted(f)}::VARCHAR" for f in fields) for fields in (reference.fields, reference.to)
    )
    present = " AND ".join(f"{quoted(f)} IS NOT NULL" for f in reference.fields)
    values = f"SELECT DISTINCT {here} FROM {look.typed} WHERE {present}"
    lost = f"{values} EXCEPT SELECT {there} FROM {target.typed}"
    nowhere = look.count(lost)
    facts = ReferenceFacts(
        look.loaded.name,
        reference.fields,
        reference.table,
        reference.to,
        declared,
        look.count(values),
        nowhere,
    )
    if not nowhere:
        return facts, None
    same = " AND ".join(f"t.{quoted(f)}::VARCHAR = l.c{n}" for n, f in enumerate(reference.fields))
    named = ", ".join(f"c{n}" for n, _ in enumerate(reference.fields))
    rows = f"SELECT t.{look.seq} FROM {look.typed} t JOIN ({lost}) l({named}) ON {same}"
    said = (words.one or words.title) if nowhere == 1 else words.title
    title = said.format(field=", ".join(map(look.called, reference.fields)), table=reference.table)
    name = "+".join(reference.fields)
    return facts, Defect(
        f"reference:{name}", look.loaded.name, title, nowhere, "different values", words.meaning, words.build, look.places(rows)
    )  # fmt: skip
