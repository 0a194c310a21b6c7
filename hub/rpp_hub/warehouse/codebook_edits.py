"""What does one codebook say otherwise than another, and what does a person's edit of one attribute make of it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import date
from difflib import get_close_matches
from typing import Any

from rpp_hub.domain.errors import Invalid, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.warehouse.codebook import Codebook, Field, Identifier, Sensitivity, Table, Type
from rpp_hub.warehouse.field_notes import Change, Note

_STRICTER = (Identifier.NONE, Identifier.INDIRECT, Identifier.DIRECT)
_TABLE_TEXTS = ("title", "description", "population", "source", "observation", "missing")
_KINDS = {"type": Type, "identifier": Identifier, "sensitivity": Sensitivity}
# What of a field means something to the rows themselves: it holds from the next build on.
_OF_BUILDS = ("type", "days_since")
_LONGEST = 4000


def differences(old: Codebook, new: Codebook) -> tuple[str, ...]:
    """In sentences for a person, table by table and field by field."""
    return tuple(_differences(old, new))


def _differences(old: Codebook, new: Codebook) -> Iterator[str]:
    yield from (f"- the table {t.name}" for t in old.tables if new.table(t.name) is None)
    for table in new.tables:
        before = old.table(table.name)
        if before is None:
            yield f"+ the table {table.name} with {len(table.fields)} fields"
            continue
        yield from _attributes(table.name, before, table, _TABLE_TEXTS)
        yield from (f"- {table.name}.{f.name}" for f in before.fields if table.field(f.name) is None)
        for field in table.fields:
            known = before.field(field.name)
            if known is None:
                yield f"+ {table.name}.{field.name}"
            else:
                names = [f.name for f in fields(Field) if f.name != "name"]
                yield from _attributes(f"{table.name}.{field.name}", known, field, names)


def _attributes(where: str, old: Any, new: Any, names: Any) -> Iterator[str]:
    for name in names:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"{where}, {name.replace('_', ' ')}: {_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{k} = {v}" for k, v in value.items()) or "nothing"
    if isinstance(value, tuple):
        return "; ".join(_shown(v) for v in value) or "nothing"
    match value:
        case Note():
            return f"{value.on} {value.text}"
        case Change():
            return f"from {value.since}: {value.meaning}"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value) or "nothing"


def find_field(book: Codebook, table: str, field: str) -> tuple[Table, Field]:
    """A field by name. Raises NotFound with what was perhaps meant."""
    found = book.table(table)
    if found is None:
        close = get_close_matches(table, [t.name for t in book.tables], n=3) or [t.name for t in book.tables]
        raise NotFound(
            f"There is no table {printable(table)!r} in the codebook; there is {', '.join(close)}.",
            code="no-such-table",
        )
    known = found.field(field)
    if known is None:
        close = get_close_matches(field, [f.name for f in found.fields], n=3) or [
            f.name for f in found.fields
        ]
        raise NotFound(
            f"The table {table} has no field {printable(field)!r}; it has {', '.join(close)}.",
            code="no-such-field",
        )
    return found, known


def with_attributes(book: Codebook, table: str, field: str, changes: Mapping[str, Any]) -> Codebook:
    """The codebook with attributes of one field changed; of the table where `field` is empty. Raises Invalid."""
    if not field:
        found = book.table(table) or find_field(book, table, "")[0]
        texts: dict[str, Any] = {k: _bounded(str(v)) for k, v in changes.items()}
        return _with_table(book, replace(found, **texts))
    found, known = find_field(book, table, field)
    changed = replace(known, **{k: _read(k, v) for k, v in changes.items()})
    check_field(table, changed)
    return _with_table(
        book, replace(found, fields=tuple(changed if f.name == field else f for f in found.fields))
    )


def with_note(book: Codebook, table: str, field: str, text: str, today: date) -> Codebook:
    """The codebook with a dated note more on a field."""
    known = find_field(book, table, field)[1]
    notes = (*known.notes, Note(today.isoformat(), _bounded(text)))
    return with_attributes(book, table, field, {"notes": notes})


def with_change(book: Codebook, table: str, field: str, since: int, meaning: str) -> Codebook:
    """The codebook where a field means something else from a school year on."""
    known = find_field(book, table, field)[1]
    others = [c for c in known.changes if c.since != since]
    changes = tuple(sorted((*others, Change(since, _bounded(meaning))), key=lambda c: c.since))
    return with_attributes(book, table, field, {"changes": changes})


def check_field(table: str, field: Field) -> None:
    """Raises Invalid for what contradicts itself."""
    if field.unit and field.identifier is not Identifier.DIRECT:
        raise Invalid(
            f"{table}.{field.name} has the unit {field.unit}, so it is a direct identifier. Say so, or take the unit away.",
            code="bad-codebook",
        )
    if field.person_name and field.identifier is not Identifier.DIRECT:
        raise Invalid(
            f"{table}.{field.name} holds persons' names, so it is a direct identifier.", code="bad-codebook"
        )


def check_codebook(book: Codebook) -> None:
    """Raises Invalid for a codebook with a table or a field twice, or one that contradicts itself."""
    names = [t.name for t in book.tables]
    twice = sorted({n for n in names if names.count(n) > 1})
    for table in book.tables:
        known = [f.name for f in table.fields]
        twice += sorted({f"{table.name}.{n}" for n in known if known.count(n) > 1})
        for field in table.fields:
            check_field(table.name, field)
    if twice:
        raise Invalid(
            f"The codebook has {', '.join(twice)} twice. Take one of them out.", code="bad-codebook"
        )


def kept_of(kept: Codebook | None, base: Codebook, edited: Codebook) -> Codebook:
    """What a person has said: what was kept, and what differs now from what was inferred.

    What nobody touched is not kept, so that it goes on being inferred from what comes.
    """
    before = kept or Codebook(base.title, ())
    tables = []
    for table in edited.tables:
        known, inferred = before.table(table.name), base.table(table.name)
        said = tuple(
            f
            for f in table.fields
            if (known and known.field(f.name)) or inferred is None or inferred.field(f.name) != f
        )
        if said or known or inferred is None or _header(inferred) != _header(table):
            tables.append(replace(table, fields=said))
    return Codebook(edited.title, tuple(tables))


def laid_over(book: Codebook, kept: Codebook | None) -> Codebook:
    """The codebook of masters with what has been said since they were built.

    Words and notes hold at once, and so does what is stricter: a field that may not be shared any more is in no further
    cut. Types, and what would be looser, hold from the next build on.
    """
    if kept is None:
        return book
    return replace(book, tables=tuple(_laid_over(t, kept.table(t.name)) for t in book.tables))


def _laid_over(table: Table, kept: Table | None) -> Table:
    if kept is None:
        return table
    merged = tuple(_stricter(f, kept.field(f.name)) for f in table.fields)
    return replace(kept, name=table.name, fields=merged, missing=table.missing)


def _stricter(built: Field, kept: Field | None) -> Field:
    if kept is None:
        return built
    said = replace(kept, **{name: getattr(built, name) for name in _OF_BUILDS})
    looser = _STRICTER.index(kept.identifier) < _STRICTER.index(built.identifier)
    if looser or (kept.identifier is Identifier.DIRECT and built.identifier is Identifier.DIRECT):
        said = replace(said, identifier=built.identifier, unit=built.unit, person_name=built.person_name)
    return replace(
        said,
        never_share=kept.never_share or built.never_share,
        generalise=kept.generalise or built.generalise,
    )


def _header(table: Table) -> tuple[Any, ...]:
    return tuple(getattr(table, name) for name in _TABLE_TEXTS)


def _with_table(book: Codebook, table: Table) -> Codebook:
    return replace(book, tables=tuple(table if t.name == table.name else t for t in book.tables))


def _read(name: str, value: Any) -> Any:
    kind = _KINDS.get(name)
    if kind is not None:
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(str(k) or "nothing" for k in kind)
            raise Invalid(
                f"{printable(str(value))!r} is no {name}; known are {known}.", code="bad-codebook"
            ) from None
    return _bounded(value) if isinstance(value, str) else value


def _bounded(text: str) -> str:
    if len(text) > _LONGEST:
        raise Invalid(
            f"A text of the codebook has at most {_LONGEST:,} characters; this one has {len(text):,}. Shorten it.",
            code="text-too-long",
        )
    return text.strip()
