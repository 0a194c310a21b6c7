"""What may a researcher bring into a workspace: which kinds of file, how large, and in what form. Pure."""

from __future__ import annotations

import csv
import io
import re
from enum import StrEnum

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.names import printable


class IngressKind(StrEnum):
    """What it is."""

    CODE = "code"
    TABLE = "table"


class IngressStatus(StrEnum):
    """Where an offer stands."""

    OFFERED = "offered"
    ADMITTED = "admitted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


CODE = frozenset("py r do sas sps sql md txt rst tex yaml toml cfg ini".split())
TABLE = frozenset({"csv", "tsv"})
LARGEST = {IngressKind.CODE: 500_000, IngressKind.TABLE: 2_000_000}
MOST_COLUMNS, MOST_ROWS, LONGEST_LINE = 500, 100_000, 20_000
SHORTEST_PURPOSE, LONGEST_PURPOSE = 10, 2000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,99}")


def check_offer(name: str, content: bytes, purpose: str) -> IngressKind:
    """What kind of file it is. Raises Invalid, with what to do."""
    kind = _kind(name)
    if not SHORTEST_PURPOSE <= len(purpose.strip()) <= LONGEST_PURPOSE:
        raise Invalid("Say in a sentence what the file is and what it is needed for.", code="no-purpose")
    if not 0 < len(content) <= LARGEST[kind]:
        raise Invalid(
            f"{name} has {len(content):,} bytes. {kind.capitalize()} may have 1 to {LARGEST[kind]:,}; send less.",
            code="ingress-size",
        )
    text = _text(name, content)
    if kind is IngressKind.TABLE:
        _check_table(name, text)
    return kind


def _kind(name: str) -> IngressKind:
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    if _NAME.fullmatch(name) is None or ".." in name or name.endswith((" ", ".")):
        raise Invalid(
            f"{printable(name)!r} cannot be the file's name: use letters, digits, spaces, '.', '_' and '-'.",
            code="ingress-name",
        )
    if suffix in CODE:
        return IngressKind.CODE
    if suffix in TABLE:
        return IngressKind.TABLE
    raise Invalid(
        f"{name} is of a kind that is not taken. Code ({', '.join(sorted(CODE))}) and tables ({', '.join(sorted(TABLE))}) are.",
        code="ingress-kind",
    )


def _text(name: str, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(
            f"{name} is not text in UTF-8. Save it as UTF-8 and send it again.", code="ingress-encoding"
        ) from None
    if any(ord(c) < 32 and c not in "\t\n\r" for c in text):
        raise Invalid(
            f"{name} holds control characters, as no code or table does. Send the text alone.",
            code="ingress-encoding",
        )
    if any(len(line) > LONGEST_LINE for line in text.splitlines()):
        raise Invalid(
            f"{name} has a line of more than {LONGEST_LINE:,} characters, which nobody can read. Break it.",
            code="ingress-lines",
        )
    return text


def _check_table(name: str, text: str) -> None:
    """A header and rows of one width."""
    delimiter = "\t" if name.lower().endswith(".tsv") else ","
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Invalid(f"{name} is not a table: {error}. Write it out again.", code="ingress-table") from None
    widths = {len(row) for row in rows if row}
    if (
        len(rows) < 2
        or len(widths) != 1
        or not 0 < next(iter(widths)) <= MOST_COLUMNS
        or len(rows) > MOST_ROWS
    ):
        raise Invalid(
            f"{name} is not a table with a header and rows of one width (at most {MOST_COLUMNS} columns and {MOST_ROWS:,} rows).",
            code="ingress-table",
        )
