"""What is known of a field beside its definition: dated notes, questions that were answered, and changes of what it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about a field, with its day. `question` is what was asked, if somebody asked."""

    on: str
    text: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """From this school year on (named by its spring) the field means something else than before."""

    since: int
    meaning: str


def notes_from(raw: Iterable[Mapping[str, Any]]) -> tuple[Note, ...]:
    """Notes from JSON, oldest first. Raises ValueError for a day that is none."""
    notes = [
        Note(date.fromisoformat(str(n["on"])).isoformat(), str(n["text"]), str(n.get("question", "")))
        for n in raw
    ]
    return tuple(sorted(notes, key=lambda n: n.on))


def changes_from(raw: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Changes from JSON, oldest first. Raises ValueError for a year that is none."""
    return tuple(sorted((Change(int(c["since"]), str(c["meaning"])) for c in raw), key=lambda c: c.since))


def notes_json(notes: Iterable[Note]) -> list[dict[str, str]]:
    """The same, as JSON has it."""
    return [{"on": n.on, "text": n.text, **({"question": n.question} if n.question else {})} for n in notes]


def changes_json(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """The same, as JSON has it."""
    return [{"since": c.since, "meaning": c.meaning} for c in changes]
