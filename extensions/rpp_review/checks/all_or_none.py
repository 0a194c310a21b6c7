"""Does a share say that everybody in a group has something, or nobody? Then it says so of each of them (class disclosure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rpp_review.checks.behind import parts
from rpp_review.checks.finding import Finding, Outcome
from rpp_review.checks.reading import Reading
from rpp_review.evidence import Evidence

NAME = "behind"
MOST_SHOWN = 5
Body = Sequence[Sequence[str]]
_WHOLE = re.compile(r"(?:0|1|100)(?:\.0+)?\s*%?")


def examine_shares(reading: Reading, evidence: Evidence) -> Iterator[Finding]:
    """Means of people's values that are exactly 0, 1 or 100, as a table shows them or as a figure's marks stand for them."""
    for part in parts(evidence):
        if found := next((places for body in _bodies(reading, part) if (places := _whole(body, part))), None):
            yield _finding(reading, found)


def _bodies(reading: Reading, part: Evidence) -> Iterator[Body]:
    yield from (table.table.body for table in reading.tables)
    drawn = part.get("table")
    values = drawn.get("values") if isinstance(drawn, Mapping) else None
    if isinstance(values, list) and all(isinstance(row, list) for row in values):
        yield [[str(value) for value in row] for row in values]


def _whole(body: Body, part: Evidence) -> list[str]:
    """Where they are in what is shown; nothing where this is not what the part is about."""
    functions, units = part.get("functions"), part.get("units")
    grid = (
        units.get(part.get("unit")) if isinstance(units, Mapping) and part.get("shown") == "table" else None
    )
    if not isinstance(functions, list) or not isinstance(grid, list) or not grid or len(body) != len(grid):
        return []
    width = len(grid[0])
    if any(len(row) < width for row in body):
        return []
    return [
        f"row {i + 1}, column {j + 1}"
        for i, row in enumerate(body)
        for j, value in enumerate(row[len(row) - width :])
        if j < len(functions) and functions[j] == "mean" and grid[i][j] and _WHOLE.fullmatch(value.strip())
    ]


def _finding(reading: Reading, found: list[str]) -> Finding:
    return Finding(
        NAME, reading.item.identity, Outcome.REVIEW,
        f"{len(found)} {'value says' if len(found) == 1 else 'values say'} that everybody in a group has something, or nobody.",
        "; ".join(found[:MOST_SHOWN]) + (" and others" if len(found) > MOST_SHOWN else ""),
        "What is true of everybody in a group is known of each of them.",
        "Group categories together, or give these as above 95 or below 5 per cent.",
    )  # fmt: skip
