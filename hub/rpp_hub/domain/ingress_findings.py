"""What should whoever decides about an offered file look at? Its measure, and what a reader passes over. Pure.

Nothing here refuses a file: true identifiers and names do (`Ingressing.offer`), before anything is kept.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator

from rpp_hub.domain.counts import counted
from rpp_hub.domain.ingress import IngressKind

_LINK = re.compile(r"\b(?:https?|ftp|s3|gs|file)://[^\s\"'<>)]+", re.IGNORECASE)
_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b")
_PACKED = re.compile(r"[A-Za-z0-9+/=_-]{120,}|(?:\\x[0-9A-Fa-f]{2}){20,}")
_RUNS = re.compile(
    r"\b(?:exec|eval|compile|__import__|marshal|pickle|b64decode|zlib|ctypes|subprocess|os\.system|system2?|source|shell)\s*[.(]"
)
_FORMULA = re.compile(r"^\s*[=+@-](?![\d.\s])")
_LONG = 500  # characters of a line that nobody reads to its end
_MOST_NAMED = 5


def look(name: str, kind: IngressKind, text: str) -> tuple[str, ...]:
    """Sentences, the measure first."""
    lines = text.splitlines()
    found = [
        _of_table(name, text) if kind is IngressKind.TABLE else (f"Code, {counted(len(lines), 'line')}.",)
    ]
    found += [tuple(_hidden(text)), tuple(_reaching(text)), tuple(_unreadable(lines, kind))]
    return tuple(sentence for part in found for sentence in part)


def _of_table(name: str, text: str) -> tuple[str, ...]:
    delimiter = "\t" if name.lower().endswith(".tsv") else ","
    head, *rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    measure = (
        f"A table, {counted(len(rows), 'row')} and {counted(len(head), 'column')}: {', '.join(head)[:300]}."
    )
    formulas = sum(bool(_FORMULA.match(value)) for row in (head, *rows) for value in row)
    if not formulas:
        return (measure,)
    return (measure, f"{counted(formulas, 'cell')} begin like a formula, which a spreadsheet would run.")


def _hidden(text: str) -> Iterator[str]:
    hidden = sum(unicodedata.category(letter) in ("Cf", "Co", "Cn") for letter in text)
    if hidden:
        yield f"{counted(hidden, 'character')} cannot be seen, or turn{'s' if hidden == 1 else ''} the order of what is read."


def _reaching(text: str) -> Iterator[str]:
    for pattern, thing in ((_LINK, "link"), (_MAIL, "e-mail address")):
        found = list(dict.fromkeys(pattern.findall(text)))
        if found:
            many = thing if len(found) == 1 else f"{thing}es" if thing.endswith("s") else f"{thing}s"
            more = " …" if len(found) > _MOST_NAMED else ""
            yield f"{len(found)} {many}: {', '.join(one[:80] for one in found[:_MOST_NAMED])}{more}"


def _unreadable(lines: list[str], kind: IngressKind) -> Iterator[str]:
    packed = [number for number, line in enumerate(lines, 1) if _PACKED.search(line)]
    if packed:
        yield f"Packed or encoded text that cannot be read, in {_where(packed)}."
    if kind is not IngressKind.CODE:
        return
    long = [number for number, line in enumerate(lines, 1) if len(line) > _LONG]
    if long:
        yield f"More than {_LONG} characters in {_where(long)}."
    runs = [number for number, line in enumerate(lines, 1) if _RUNS.search(line)]
    if runs:
        yield f"Code that makes or loads other code, or starts programs, in {_where(runs)}."


def _where(numbers: list[int]) -> str:
    named = ", ".join(map(str, numbers[:_MOST_NAMED])) + (" …" if len(numbers) > _MOST_NAMED else "")
    return f"line {named}" if len(numbers) == 1 else f"{len(numbers)} lines ({named})"
