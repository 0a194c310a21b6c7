"""Which numbers does an item show? Read from what is released, each with how exactly it is written."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rpp_review.checks.reading import ReadTable, read
from rpp_review.items import Item, Kind

_NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?")
_IN_TEXT = re.compile(r"(?<![\w.])[-+−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?%?")
_NOTHING = frozenset({"", "NaN", "nan", "<NA>", "None", "-", "NaT"})
_DOTS = frozenset({"...", "…", "⋮", "⋯"})


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written: its value (nan: nothing is shown), its last digit's place, and that of the last that is no zero."""

    value: float
    place: int = 0
    significant: int = 0


Grid = dict[tuple[int, int], Number]


def number_of(text: str) -> Number | None:
    """None for what is no number."""
    text = text.strip().removesuffix("%").strip().removeprefix("$")
    if text in _NOTHING:
        return Number(math.nan)
    if text in ("True", "False"):
        return Number(float(text == "True"))
    if not _NUMBER.fullmatch(text) or not re.search(r"\d", text):
        return None
    plain = text.replace(",", "").replace("−", "-")
    mantissa, _, exponent = plain.lower().partition("e")
    decimals, moved = mantissa.partition(".")[2], int(exponent or 0)
    return Number(float(plain), len(decimals) - moved, len(decimals.rstrip("0")) - moved)


def table_shown(item: Item, evidence: Mapping[str, Any]) -> Grid | None:
    """The numbers of the table that this evidence is about; None where item and evidence do not have the same shape."""
    units = evidence.get("units", {}).get(evidence.get("unit"))
    if not isinstance(units, list) or not units:
        return None
    n, m = len(units), len(units[0])
    labels = list(evidence.get("label_columns") or [])
    for table in read(item).tables:
        body = _columns_shown([row for row in table.table.body if not _is_dots(row)], table, m)
        if body is not None and len(body) == n and (found := _grid(body, m, labels)) is not None:
            return found
    if n == m == 1 and item.kind is Kind.TEXT and len(found_in := list(numbers_in(item))) == 1:
        return {(0, 0): found_in[0]}
    return None


def numbers_in(item: Item) -> Iterator[Number]:
    """All numbers of a text, in their order."""
    if item.kind is Kind.TEXT:
        for found in _IN_TEXT.findall(item.content.decode()):
            if (number := number_of(found)) is not None:
                yield number


def _columns_shown(body: Sequence[Sequence[str]], table: ReadTable, m: int) -> list[Sequence[str]] | None:
    """The last m values of each row, without a column of dots."""
    rows: list[Sequence[str]] = []
    for row in body:
        kept = [value for j, value in enumerate(row) if j < table.table.labels or value.strip() not in _DOTS]
        if len(kept) < m:
            return None
        rows.append(kept[len(kept) - m :])
    return rows


def _is_dots(row: Sequence[str]) -> bool:
    return bool(row) and all(value.strip() in _DOTS or not value.strip() for value in row)


def _grid(body: Sequence[Sequence[str]], m: int, labels: Sequence[bool]) -> Grid | None:
    found: Grid = {}
    for i, row in enumerate(body):
        for j in range(m):
            if j < len(labels) and labels[j]:
                continue
            number = number_of(row[j])
            if number is None:
                return None
            found[i, j] = number
    return found
