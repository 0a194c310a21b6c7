"""Choosing fields over the codebook: what is shown, what is chosen, and what cannot be and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rpp_hub.cuts.plan import reason_to_drop
from rpp_hub.domain.application import Need
from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.names import printable
from rpp_hub.warehouse.codebook import Codebook, Field, Table

MOST_FOUND = 60


@dataclass(frozen=True, slots=True)
class Choice:
    """One field of the codebook as it can be chosen. `barred` says why it cannot be; empty if it can."""

    table: str
    field: Field
    barred: str
    chosen: bool
    need: str
    rationale: str
    generalise: str

    @property
    def key(self) -> str:
        """table.field"""
        return f"{self.table}.{self.field.name}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of choices, and how many fields of each table are chosen."""

    table: str
    query: str
    choices: tuple[Choice, ...]
    more: int
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """Fields chosen in all tables."""
        return sum(self.counts.values())


def choices_of(book: Codebook | None, content: Mapping[str, Any], table: str, query: str) -> Shown:
    """The fields of one table, or those of all tables that a search finds; without either, the first table."""
    tables = book.tables if book else ()
    asked = _asked(content)
    if query:
        found = [_choice(t, f, asked) for t in tables for f in t.fields if _matches(t, f, query)]
    else:
        one = next((t for t in tables if t.name == table), tables[0] if tables else None)
        table = one.name if one else ""
        found = [_choice(one, f, asked) for f in one.fields] if one else []
    shown = tuple(found[:MOST_FOUND]) if query else tuple(found)
    counts = {t.name: sum(1 for k in asked if k.startswith(f"{t.name}.")) for t in tables}
    return Shown("" if query else table, query, shown, len(found) - len(shown), counts)


def with_choices(
    book: Codebook | None, content: Mapping[str, Any], said: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """The application's tables with what was said on one page. Raises Invalid for what may not be chosen."""
    asked = _asked(content)
    faults = []
    for key, words in said.items():
        field = _field(book, key)
        if field is None:
            raise Invalid(f"There is no field {printable(key)!r} in the codebook.", code="unknown-field")
        if not words:
            asked.pop(key, None)
            continue
        barred = reason_to_drop(field)
        if barred:
            faults.append(f"{key} cannot be chosen: {barred}")
        elif len(words["rationale"].strip()) < 3:
            faults.append(f"Say why {key} is needed.")
        asked[key] = {**asked.get(key, {}), "name": field.name, **_kept(words)}
    if faults:
        raise Invalid(" ".join(faults), code="field-not-chosen")
    return _tables(content, asked)


def _kept(words: Mapping[str, str]) -> dict[str, str]:
    need = words.get("need", "")
    kept = {
        "need": need if need in set(Need) else str(Need.CRITICAL),
        "rationale": words["rationale"].strip(),
    }
    return {**kept, "generalise": words.get("generalise", "").strip()}


def _asked(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{t}.{f['name']}": dict(f) for t, a in content.get("tables", {}).items() for f in a["fields"]}


def _tables(content: Mapping[str, Any], asked: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for key, request in asked.items():
        name = key.split(".", 1)[0]
        before = content.get("tables", {}).get(name, {})
        tables.setdefault(name, {**before, "fields": []})["fields"].append(dict(request))
    return tables


def _field(book: Codebook | None, key: str) -> Field | None:
    table, _, name = key.partition(".")
    known = book.table(table) if book else None
    return known.field(name) if known else None


def _matches(table: Table, field: Field, query: str) -> bool:
    text = f"{table.name} {table.title} {field.name} {field.title} {field.description}".casefold()
    return all(word in text for word in query.casefold().split())


def _choice(table: Table, field: Field, asked: Mapping[str, Mapping[str, Any]]) -> Choice:
    said = asked.get(f"{table.name}.{field.name}", {})
    return Choice(
        table.name,
        field,
        reason_to_drop(field),
        bool(said),
        str(said.get("need", Need.CRITICAL)),
        str(said.get("rationale", "")),
        str(said.get("generalise", "")),
    )
