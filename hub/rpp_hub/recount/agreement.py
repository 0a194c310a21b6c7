"""Are these the numbers? What is shown against what was computed, as a table may show it: rounded, in per cent, as a share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rpp_hub.recount.shown import Number

_SCALES = (1.0, 100.0, 0.01, 1000.0, 0.001, -1.0)


@dataclass(frozen=True, slots=True)
class Computed:
    """What one cell may show: the same place in `values` means the same way for all cells; `is_any`: each its own."""

    values: tuple[float, ...]
    is_any: bool = False
    totals: tuple[float, ...] = ()


def agree(shown: Sequence[Number], computed: Sequence[Computed]) -> bool:
    """Whether one way of showing explains all of a column's numbers. What is not shown (blank) needs no explanation."""
    pairs = [(s, c) for s, c in zip(shown, computed, strict=True) if not math.isnan(s.value)]
    if not pairs:
        return True
    slack = 0.5 * 10.0 ** -max(s.significant for s, _ in pairs)  # 57.0 and 54.0 were rounded to whole numbers
    for way in _ways(pairs):
        if all(_is_near(s.value, value, slack) for (s, _), value in zip(pairs, way, strict=True)):
            return True
    for base in (5.0, 10.0):
        if all(s.value % base == 0 for s, _ in pairs) and all(
            _is_near(s.value, c.values[0], base / 2) for s, c in pairs
        ):
            return True
    return False


def _ways(pairs: Sequence[tuple[Number, Computed]]) -> Iterator[list[float]]:
    if any(c.is_any for _, c in pairs):
        for scale in _SCALES:
            yield [min((v * scale for v in c.values), key=lambda v: _far(v, s.value)) for s, c in pairs]
        return
    for place in range(_width(pairs)):
        values = [c.values[place] for _, c in pairs]
        for scale in _SCALES:
            yield [v * scale for v in values]
        yield [1 - v for v in values]
        yield [100 - v * 100 for v in values]
        for total in range(min(len(c.totals) for _, c in pairs)):
            shares = [
                v / c.totals[total] if c.totals[total] else math.nan
                for v, (_, c) in zip(values, pairs, strict=True)
            ]
            yield shares
            yield [v * 100 for v in shares]


def _far(value: float, shown: float) -> float:
    return math.inf if math.isnan(value) else abs(value - shown)


def _width(pairs: Sequence[tuple[Number, Computed]]) -> int:
    return min(len(c.values) for _, c in pairs)


def _is_near(shown: float, value: float, slack: float) -> bool:
    return not math.isnan(value) and abs(shown - value) <= slack * 1.001 + 1e-7 * abs(value)
