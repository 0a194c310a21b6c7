"""`make bench`: one JSON object a line: name, value, unit, versus, ratio. NAME as an argument runs one."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tests.bench import reruns, starts


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the output. `ratio` is the median of the pairs' ratios."""

    name: str
    value: float
    unit: str
    versus: float | None
    ratio: float | None


def figure(name: str, pairs: list[tuple[float, float]]) -> Figure:
    """The medians of pairs of (ours, theirs), in seconds."""
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    return Figure(name, round(ours, 3), "s", round(theirs, 3), round(ratio, 3))


def figures(wanted: set[str]) -> Iterator[Figure]:
    """Measure what is wanted; everything when nothing is named."""
    if not wanted or wanted & {"workspace_cold_start", "first_cell_cold"}:
        start, cell = starts.measure()
        for made in (figure("workspace_cold_start", start), figure("first_cell_cold", cell)):
            if not wanted or made.name in wanted:
                yield made
    if not wanted or "rerun" in wanted:
        yield figure("rerun", reruns.measure())


if __name__ == "__main__":
    for made in figures(set(sys.argv[1:])):
        print(json.dumps(asdict(made)), flush=True)
