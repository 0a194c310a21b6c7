"""Which fields can be asked for, which need somebody's leave, and what staff's word on a field means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from rpp_hub.cuts.plan import reason_to_drop
from rpp_hub.domain.application import Application, TableRequest
from rpp_hub.domain.errors import Invalid
from rpp_hub.warehouse.codebook import Codebook, Field, Identifier


class Word(StrEnum):
    """What research staff say of a field that is asked for."""

    NECESSARY = "necessary"
    USEFUL = "useful"
    NOT_NEEDED = "not needed"
    NOT_AVAILABLE = "not available"


@dataclass(frozen=True, slots=True)
class NotGranted:
    """A field that was asked for and that the agreement does not grant."""

    table: str
    field: str
    reason: str


def necessity(word: str) -> bool:
    """Whether a field stays in the agreement."""
    return word not in (Word.NOT_NEEDED, Word.NOT_AVAILABLE)


def needs_exception(codebook: Codebook | None, name: str) -> bool:
    """Whether linking by this field uses a name, or an identifier that no code replaces."""
    return any(
        f.person_name or (f.identifier is Identifier.DIRECT and not f.unit) for f in _named(codebook, name)
    )


def never_shared(codebook: Codebook | None, name: str) -> str:
    """Why a field may not even be used for linkage; empty if it may."""
    found = (f.never_share for f in _named(codebook, name) if f.never_share and not f.person_name)
    return next(found, "")


def _named(codebook: Codebook | None, name: str) -> Iterator[Field]:
    return (f for t in (codebook.tables if codebook else ()) for f in t.fields if f.name == name)


def grant(
    application: Application, words: Mapping[str, str], codebook: Codebook | None
) -> tuple[Application, tuple[NotGranted, ...]]:
    """The application without what may not be shared and what staff found unneeded; and what was left out, and why."""
    tables, left = {}, []
    for name, asked in application.tables.items():
        table = codebook.table(name) if codebook else None
        kept = []
        for f in asked.fields:
            known = table.field(f.name) if table else None
            word = words.get(f"{name}.{f.name}", Word.NECESSARY)
            reason = reason_to_drop(known) if known else ""
            if not reason and not necessity(word):
                reason = f"Research staff: {word}."
            if reason:
                left.append(NotGranted(name, f.name, reason))
            else:
                kept.append(f)
        if kept:
            tables[name] = TableRequest(fields=tuple(kept), years=asked.years)
    if not tables:
        raise Invalid(
            "Nothing is left of what the project asks for: every field may not be shared or is not needed.",
            code="empty-cut",
        )
    return application.model_copy(update={"tables": tables}), tuple(left)


def check_fields(application: Application, codebook: Codebook | None) -> None:
    """Raises Invalid that names every unknown table and field, with what may be meant."""
    if codebook is None:
        return
    known = {t.name: frozenset(f.name for f in t.fields) for t in codebook.tables}
    faults = [_unknown_table(t, known) for t in application.tables if t not in known]
    if application.cohort is not None and application.cohort.table not in known:
        faults.append(_unknown_table(application.cohort.table, known))
    for table, request in application.tables.items():
        faults += [
            _unknown_field(table, f.name, known)
            for f in request.fields
            if f.name not in known.get(table, {f.name})
        ]
    for name in application.linkage:
        reason = never_shared(codebook, name)
        if reason:
            faults.append(f"Surveys cannot be linked by {name}: {reason}")
    if faults:
        raise Invalid(
            "The application cannot be used. " + " ".join(faults), code="unknown-field", faults=faults
        )


def _unknown_table(table: str, known: Mapping[str, frozenset[str]]) -> str:
    close = get_close_matches(table, known, n=3) or sorted(known)
    return f"There is no table {table!r} in the district's masters; there is {', '.join(close)}."


def _unknown_field(table: str, field: str, known: Mapping[str, frozenset[str]]) -> str:
    fields = known.get(table, frozenset())
    close = get_close_matches(field, fields, n=3) or sorted(fields)
    return f"The table {table!r} has no field {field!r}; it has {', '.join(close)}."
