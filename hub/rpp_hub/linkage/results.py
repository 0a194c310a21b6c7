"""Student-level results by code: whose are they, which codes are wrong, and what does the district get?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from rpp_review.codes import is_code
from rpp_review.rendering import formula_safe

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.names import printable
from rpp_hub.warehouse.read import load, look_into

_SHAPE = re.compile(r"([A-Z])[-_ ‐‑‒–—−]?([0-9A-Z]{9})[-_ ‐‑‒–—−]?([0-9A-Z])")
_SHARE_OF_CODES = 0.5


@dataclass(frozen=True, slots=True)
class Results:
    """A file of results, all as text. `column` is where its codes stand."""

    columns: tuple[str, ...]
    column: str
    rows: tuple[tuple[str, ...], ...] = field(repr=False)

    @property
    def values(self) -> list[str]:
        """What stands in the code column, row by row."""
        place = self.columns.index(self.column)
        return [row[place] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Read:
    """The codes of a file: as they are drawn, or None with the row's number among `mistyped` or `blank`."""

    codes: tuple[str | None, ...] = field(repr=False)
    mistyped: tuple[int, ...]
    blank: tuple[int, ...]


def read_results(path: Path, column: str | None = None) -> Results:
    """The file, and which of its columns holds codes. Raises Invalid if none does."""
    found = look_into(path)
    with duckdb.connect() as con:
        load(con, path, found, "results")
        rows = con.execute("SELECT * EXCLUDE _row FROM results ORDER BY _row").fetchall()
    if not rows:
        raise Invalid(
            f"{printable(path.name)} has a header and no rows. Is it the right file?", code="no-rows"
        )
    texts = tuple(tuple(str(v or "") for v in row) for row in rows)
    return Results(found.columns, _code_column(path, found.columns, texts, column), texts)


def _code_column(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]], named: str | None) -> str:
    if named is not None:
        if named not in columns:
            raise Invalid(
                f"{printable(path.name)} has no column {printable(named)!r}; it has {', '.join(columns[:30])}.",
                code="no-such-column",
            )
        return named
    shares = {
        c: sum(bool(_SHAPE.fullmatch(_plain(row[i]))) for row in rows) / len(rows)
        for i, c in enumerate(columns)
    }
    likely = [c for c, share in shares.items() if share >= _SHARE_OF_CODES]
    if len(likely) != 1:
        what = "more than one column with" if likely else "no column of"
        raise Invalid(
            f"{printable(path.name)} has {what} project codes. Say which: --column NAME.",
            code="no-code-column",
        )
    return likely[0]


def read_codes(values: Sequence[str]) -> Read:
    """Each value as the code it is, whatever its case and hyphens; the check symbol finds what was mistyped."""
    codes: list[str | None] = []
    mistyped, blank = [], []
    for number, value in enumerate(values, start=1):
        shape = _SHAPE.fullmatch(_plain(value))
        code = "-".join(shape.groups()) if shape else ""
        codes.append(code if is_code(code) else None)
        if not value.strip():
            blank.append(number)
        elif codes[-1] is None:
            mistyped.append(number)
    return Read(tuple(codes), tuple(mistyped), tuple(blank))


def _plain(value: str) -> str:
    return value.strip().upper()


def to_csv(results: Results, codes: Sequence[str | None], identifiers: Mapping[str, str], name: str) -> bytes:
    """The rows with identifiers in the codes' place, as CSV that no spreadsheet takes for formulas."""
    place = results.columns.index(results.column)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([formula_safe(name if c == results.column else c) for c in results.columns])
    for row, code in zip(results.rows, codes, strict=True):
        if code is not None and code in identifiers:
            writer.writerow(
                [formula_safe(identifiers[code] if i == place else value) for i, value in enumerate(row)]
            )
    return ("\N{ZERO WIDTH NO-BREAK SPACE}" + written.getvalue()).encode()


def rows_in_words(numbers: Collection[int], most: int = 20) -> str:
    """3, 17 and 5 more."""
    shown = sorted(numbers)[:most]
    more = len(numbers) - len(shown)
    return ", ".join(map(str, shown)) + (f" and {more:,} more" if more else "")
