"""Answers to questions about fields, as every later reader of the codebook finds them: without who asked, or for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.store.model_codebook import FieldQuestion
from rpp_hub.warehouse.codebook import Codebook, Field, Table
from rpp_hub.warehouse.field_notes import Note

ANSWERED = "answered"


def published_notes(session: Session, district: str) -> Mapping[tuple[str, str], tuple[Note, ...]]:
    """Table and field → the answers that became notes, oldest first."""
    found: dict[tuple[str, str], tuple[Note, ...]] = {}
    rows = session.scalars(
        select(FieldQuestion)
        .where(FieldQuestion.district == district, FieldQuestion.status == ANSWERED)
        .order_by(FieldQuestion.id)
    )
    for row in rows:
        place = (row.table, row.field)
        on = f"{row.answered_at:%Y-%m-%d}"
        found[place] = (*found.get(place, ()), Note(on, row.answer, row.published_question))
    return found


def with_answers(book: Codebook, notes: Mapping[tuple[str, str], tuple[Note, ...]]) -> Codebook:
    """The codebook with these notes beside its own, each once, oldest first."""
    return replace(book, tables=tuple(_with_answers(t, notes) for t in book.tables))


def _with_answers(table: Table, notes: Mapping[tuple[str, str], tuple[Note, ...]]) -> Table:
    return replace(table, fields=tuple(_noted(f, notes.get((table.name, f.name), ())) for f in table.fields))


def _noted(field: Field, more: tuple[Note, ...]) -> Field:
    if not more:
        return field
    together = dict.fromkeys((*field.notes, *more))
    return replace(field, notes=tuple(sorted(together, key=lambda n: n.on)))
