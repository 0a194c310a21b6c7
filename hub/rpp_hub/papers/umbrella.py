"""The text of an umbrella agreement between a district and a university."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rpp_hub.domain.agreements import FieldGroup
from rpp_hub.domain.gate import written
from rpp_hub.papers.document import Document, Grid, Section

_TEXT = (
    Section(
        "1. Purpose",
        (
            "The district shares student and staff records with the university's warehouse, so that studies which both "
            "sides want can be done without a new transfer for each. The records stay the district's.",
        ),
    ),
    Section(
        "2. Use",
        (
            "Records are used for projects that the district has approved one by one, each under a data-use agreement of "
            "its own, and for nothing else. Every project's data is scrambled with codes of that project. "
            "A project's agreement ends when this one ends.",
        ),
    ),
    Section(
        "3. Protection",
        (
            "Only the data managers named by the university reach the warehouse. Researchers work in an environment without "
            "a way out; results leave after review. Identifiers are never given to researchers unless a project's agreement "
            "names the exception and who approved it. Neither side names the other in public without written permission.",
        ),
    ),
    Section(
        "4. End",
        (
            "Either side may end this agreement in writing. Within seven days after its end the university destroys what it "
            "holds under it and says so in writing.",
        ),
    ),
)


def umbrella_document(
    district: str, number: int, starts: date, ends: date, groups: Sequence[FieldGroup], reason: str
) -> Document:
    """One version of a district's umbrella agreement."""
    rows = tuple((g.title, ", ".join("everything" if f == "*" else f for f in g.fields)) for g in groups)
    attachment = Section(
        "Attachment A: field groups", grids=(Grid("", ("Group", "Tables and fields"), rows),)
    )
    changed = (("Reason for this amendment", reason),) if number > 1 else ()
    return Document(
        title=f"Umbrella agreement on data for research: {district}",
        facts=(
            ("District", district),
            ("Version", str(number)),
            ("In force", f"{written(starts)} to {written(ends)}"),
            *changed,
        ),
        sections=(*_TEXT, attachment),
        lines=("The district", "The university"),
    )
