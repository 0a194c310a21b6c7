"""Is there anything a reviewer does not see, or sees without being able to read it?"""

import math
import re
from collections import Counter
from collections.abc import Iterator

from rpp_review.checks.finding import Appetite, Finding, Outcome, Surroundings
from rpp_review.checks.reading import Reading
from rpp_review.items import Item, Kind, NormalForm
from rpp_review.visible_text import ESCAPE

NAME = "hidden-content"

_RUN = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WORD = re.compile(r"[^\W\d_]{2,}")
_LATIN = re.compile(r"[A-Za-z]")
_LOOK_ALIKE = re.compile(r"[\u0370-\u03ff\u0400-\u052f\u13a0-\u13ff]")
_BITS_OF_TEXT = 4.2  # bits a character: words and paths stay below, packed bytes go above
_CHECK_FIGURE = "Look at it: points, lines and labels that are single students must not leave."


def applies(_reading: Reading) -> bool:
    return True


def examine(reading: Reading, appetite: Appetite, _surroundings: Surroundings) -> Iterator[Finding]:
    if reading.item.kind is Kind.FIGURE:
        yield _figure(reading.item)
        return
    for where, text in _all_text(reading):
        yield from _in_text(reading.item, where, text, appetite)


def what_was_dropped(form: NormalForm) -> Iterator[Finding]:
    """One finding for each thing that the normal form left out; its identity may be a cell's or the notebook's."""
    for dropped in form.dropped:
        yield Finding(
            check=NAME,
            identity=dropped.identity,
            outcome=Outcome.REVIEW,
            summary=f"Left out: {dropped.what}.",
            where="in the submitted file",
            why=f"It is not released: {dropped.why}.",
            remedy="Nothing, if the request does not need it; else show it as text, as a table or as PNG.",
        )


def _all_text(reading: Reading) -> Iterator[tuple[str, str]]:
    yield from reading.passages
    if reading.item.kind is Kind.TABLE:
        for table in reading.tables:
            rows = (*table.table.header, *table.table.body)
            yield f"{table.place}all cells", "\n".join(value for row in rows for value in row)


def _in_text(item: Item, where: str, text: str, appetite: Appetite) -> Iterator[Finding]:
    escapes = sum(1 for _ in ESCAPE.finditer(text))
    if escapes:
        yield _hidden(item, where, f"{escapes} invisible or direction-changing characters, written out here.")
    mixed = sum(1 for _ in _mixed_words(text))
    if mixed:
        yield _hidden(item, where, f"{mixed} words mix Latin letters with look-alikes of another script.")
    packed = sum(1 for run in _RUN.finditer(text) if _is_packed(run.group(), appetite.max_run))
    if packed:
        yield _hidden(item, where, f"{packed} long pieces of text that look like packed or encoded data.")


def _mixed_words(text: str) -> Iterator[str]:
    if text.isascii():
        return
    for word in _WORD.finditer(text):
        if _LATIN.search(word.group()) and _LOOK_ALIKE.search(word.group()):
            yield word.group()


def _is_packed(run: str, longest: int) -> bool:
    """Long digits and hexadecimal count by length, anything else also by how little it repeats itself."""
    if len(run) < longest or _UUID.fullmatch(run) or len(set(run)) < 8:
        return False
    if re.fullmatch(r"[0-9a-fA-F]+", run):
        return True
    return _entropy(run) > _BITS_OF_TEXT


def _entropy(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _hidden(item: Item, where: str, summary: str) -> Finding:
    return Finding(
        check=NAME,
        identity=item.identity,
        outcome=Outcome.REVIEW,
        summary=summary,
        where=where,
        why="Text that cannot be read may carry data that nobody has reviewed.",
        remedy="Remove it, or say in the request's context what it is.",
    )


def _figure(item: Item) -> Finding:
    return Finding(
        check=NAME,
        identity=item.identity,
        outcome=Outcome.REVIEW,
        summary="A figure, which no check can read.",
        where="the whole figure",
        why="Points, whiskers, outliers and labels of a figure can each be one person.",
        remedy=_CHECK_FIGURE,
    )
