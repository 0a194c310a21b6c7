"""What does a field mean that the codebook does not say? A question for the data manager, asked from a notebook."""

from __future__ import annotations

import uuid

from rpp.folder import CutError, absent, tables
from rpp.loading import columns

MEDIA_TYPE = "application/vnd.rpp.question.v1+json"
LONGEST = 1000


def note(field: str, question: str) -> None:
    """Ask the data manager about a field: `rpp.note("enrollment.grade", "Is 0 kindergarten?")`.

    A field that only one table has needs no table's name. The workspace sends the question, once; the line under the output
    says whether it has arrived. The answer will be read in `rpp.codebook(table)` and in the portal. The hub's re-run of a
    submitted notebook shows the question and sends nothing.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import publish_display_data

    words, told = as_asked(field, question)
    if not InteractiveShell.initialized():
        raise CutError("Questions are asked from a notebook in a workspace. Elsewhere, ask in the portal.")
    publish_display_data({"text/plain": words, MEDIA_TYPE: told})


def as_asked(field: str, text: str) -> tuple[str, dict[str, object]]:
    """A question in words, and as the workspace sends it."""
    table, name = _field(field)
    asked = text.strip() if isinstance(text, str) else ""
    if not 0 < len(asked) <= LONGEST:
        raise CutError(f"A question has 1 to {LONGEST:,} characters; this one has {len(asked):,}.")
    words = f"To the data manager, about {table}.{name}: {asked}"
    return words, {"version": 1, "id": uuid.uuid4().hex, "table": table, "field": name, "question": asked}


def _field(field: str) -> tuple[str, str]:
    there = {table: columns(table) for table in tables()}
    table, dot, name = field.partition(".")
    if dot and table in there:
        if name not in there[table]:
            raise CutError(absent("column", [name], there[table], f"table {table!r}"))
        return table, name
    having = [table for table, names in there.items() if field in names]
    if not having:
        raise CutError(
            absent("field", [field], sorted({n for names in there.values() for n in names}), "this cut")
        )
    if len(having) > 1:
        one_of = ", ".join(f'"{table}.{field}"' for table in having)
        raise CutError(f"Several tables have a field {field!r}. Name one of them: {one_of}.")
    return having[0], field
