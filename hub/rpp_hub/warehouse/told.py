"""Does a text of a person, meant for researchers, hold somebody's true identifier or name?

The cut's own scan asks the same of everything in a cut; here it is asked before a text is kept, to say so at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

import duckdb

from rpp_hub.domain.errors import ActionRefused
from rpp_hub.domain.refusal import Refusal
from rpp_hub.warehouse.codebook import Codebook
from rpp_hub.warehouse.masters import Masters, known_identifiers, name_pairs

# A shorter number is a year, a grade or a share more often than it is somebody.
_SHORTEST = 5


def texts_of(book: Codebook) -> frozenset[str]:
    """Everything in a codebook that a person may have written."""
    found: set[str] = {book.title}
    for table in book.tables:
        found |= {table.title, table.description, table.population, table.source, table.observation}
        for f in table.fields:
            found |= {f.title, f.description, f.population, f.source, f.observation, f.never_share}
            found |= {*f.labels.values(), *(c.meaning for c in f.changes)}
            found |= {t for n in f.notes for t in (n.text, n.question)}
    return frozenset(found - {""})


def refuse_told(masters: Masters | None, texts: Iterable[str]) -> None:
    """Raises ActionRefused if one of the texts names somebody of these masters. It does not say whom."""
    listed = [t for t in texts if t]
    if masters is None or not listed:
        return
    marks = {_bare(i) for i in known_identifiers(masters) if len(_bare(i)) >= _SHORTEST}
    with duckdb.connect() as con:
        pairs = set(name_pairs(con, masters))
    for text in listed:
        if _tokens(text) & marks or _neighbours(text) & pairs:
            raise ActionRefused(
                [
                    Refusal(
                        "identifier-in-text",
                        "The text holds the true identifier or the name of somebody of the district, and researchers would "
                        "read it. Write it without.",
                    )
                ]
            )


def _tokens(text: str) -> set[str]:
    """Words and numbers, and numbers that are parted by hyphens, spaces or points."""
    plain = re.findall(r"[a-z0-9]+", text.lower())
    joined = re.findall(r"[a-z]{0,3}[0-9]+(?:[-_ ./][0-9]+)+", text.lower())
    digits = re.findall(r"[0-9]+", text)
    return {_bare(t) for t in (*plain, *joined, *digits)}


def _neighbours(text: str) -> set[tuple[str, str]]:
    words = re.findall(r"[^\W\d_]+", text.lower())
    return set(pairwise(words))


def _bare(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum()).lstrip("0")
