"""Does a share say that everybody in a group has something, or nobody? Then it says so of each of them (class disclosure)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rpp_review.checks.finding import Finding, Outcome
from rpp_review.checks.reading import Reading
from rpp_review.evidence import Evidence

NAME = "behind"
MOST_SHOWN = 5
_WHOLE = re.compile(r"(?:0|1|100)(?:\.0+)?\s*%?")


def examine_shares(reading: Reading, evidence: Evidence) -> Iterator[Finding]:
    """Means of people's values that are exactly 0, 1 or 100, where a table shows them as the evidence counts them."""
    functions = evidence.get("functions")
    grid = (
        (evidence.get("units") or {}).get(evidence.get("unit")) if evidence.get("shown") == "table" else None
    )
    if not isinstance(functions, list) or not isinstance(grid, list) or not grid:
        return
    width = len(grid[0])
    for table in reading.tables:
        body = table.table.body
        if len(body) != len(grid) or any(len(row) < width for row in body):
            continue
        found = [
            f"row {i + 1}, column {j + 1}"
            for i, row in enumerate(body)
            for j, value in enumerate(row[len(row) - width :])
            if j < len(functions)
            and functions[j] == "mean"
            and grid[i][j]
            and _WHOLE.fullmatch(value.strip())
        ]
        if found:
            yield Finding(
                NAME, reading.item.identity, Outcome.REVIEW,
                f"{len(found)} {'value says' if len(found) == 1 else 'values say'} that everybody in a group has something, or nobody.",
                "; ".join(found[:MOST_SHOWN]) + (" and others" if len(found) > MOST_SHOWN else ""),
                "What is true of everybody in a group is known of each of them.",
                "Group categories together, or give these as above 95 or below 5 per cent.",
            )  # fmt: skip
        return
