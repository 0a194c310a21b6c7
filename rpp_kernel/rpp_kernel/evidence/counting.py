"""How many people are behind each cell, and how much do the largest of them make up?

Shares are of the sum of absolute values (Australian Bureau of Statistics' (n, k) rule: the n largest contributors' share
of a cell; the p-% rule is (total - largest - second) / largest).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rpp_kernel.evidence.origin import Ints

Floats = npt.NDArray[np.float64]
BLOCK = 1 << 20  # units x cells that are looked at at once: 8 MB of counts


@dataclass(frozen=True, slots=True)
class Stats:
    """For each of n cells: units and records behind it (-1: unknown), share of the largest and of the two largest (nan)."""

    units: Ints
    rows: Ints
    top1: Floats
    top2: Floats

    @classmethod
    def unknown(cls, n: int) -> Stats:
        nan = np.full(n, np.nan)
        none = np.full(n, -1, dtype=np.intp)
        return cls(none, none.copy(), nan, nan.copy())

    def put(self, at: Ints, other: Stats) -> None:
        """Fill the cells `at`."""
        self.units[at], self.rows[at] = other.units, other.rows
        self.top1[at], self.top2[at] = other.top1, other.top2


def count(cells: Ints, units: Ints, n: int, weights: Floats | None = None) -> Stats:
    """Cell numbers (0 … n-1, less for none) and unit numbers of the records behind them, and what each contributes.

    The units are taken in blocks, so that a block's table of units and cells stays small and near. In a cut the records
    of one unit lie together, and each block is a slice of them; elsewhere they are brought into that order first.
    """
    if not len(units):
        return Stats(
            np.zeros(n, dtype=np.intp), np.zeros(n, dtype=np.intp), np.full(n, np.nan), np.full(n, np.nan)
        )
    tally = _Tally(n, weights is not None)
    if not _is_sorted(units):
        order = np.argsort(units, kind="stable")
        cells, units = cells[order], units[order]
        weights = None if weights is None else weights[order]
    low, high = _place(units, 0), int(units[-1]) + 1
    step = max(1, BLOCK // max(n, 1))
    for first in range(int(units[low]) if low < len(units) else high, high, step):
        start, end = _place(units, first), _place(units, first + step)
        if start < end:
            part = None if weights is None else weights[start:end]
            tally.add(cells[start:end], units[start:end], first, min(step, high - first), part)
    return tally.stats()


def _place(units: Ints, unit: int) -> int:
    """Where a unit's records begin. The number has the array's own type, or numpy would convert the whole array."""
    return int(np.searchsorted(units, units.dtype.type(unit)))


def _is_sorted(units: Ints) -> bool:
    return bool((units[1:] >= units[:-1]).all())


class _Tally:
    """Counts of units and records, sums and the two largest shares, block after block of units."""

    def __init__(self, n: int, is_weighed: bool) -> None:
        self.n = n
        self.units = np.zeros(n, dtype=np.intp)
        self.rows = np.zeros(n, dtype=np.intp)
        self.total, self.first, self.second = (np.zeros(n) if is_weighed else None for _ in range(3))

    def add(self, cells: Ints, units: Ints, base: int, width: int, weights: Floats | None) -> None:
        """A block of units, `base` … `base + width`."""
        n = self.n
        key = (units - units.dtype.type(base)).astype(np.intp)
        key *= n
        key += cells
        if cells.min() < 0:
            there = cells >= 0
            key = key[there]
            weights = None if weights is None else weights[there]
        records = np.bincount(key, minlength=width * n).reshape(width, n)
        self.rows += records.sum(axis=0)
        self.units += (records > 0).sum(axis=0)
        if weights is None or self.total is None or self.first is None or self.second is None:
            return
        sums = np.bincount(key, weights=np.abs(weights), minlength=width * n).reshape(width, n)
        self.total += sums.sum(axis=0)
        largest = sums.argmax(axis=0)
        top = sums[largest, np.arange(n)]
        sums[largest, np.arange(n)] = 0.0
        self.second = np.maximum(np.minimum(self.first, top), np.maximum(self.second, sums.max(axis=0)))
        self.first = np.maximum(self.first, top)

    def stats(self) -> Stats:
        """What was counted."""
        if self.total is None or self.first is None or self.second is None:
            nan = np.full(self.n, np.nan)
            return Stats(self.units, self.rows, nan, nan.copy())
        return Stats(self.units, self.rows, *_shares(self.first, self.first + self.second, self.total))


def _shares(first: Floats, both: Floats, total: Floats) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, first / total, np.nan), np.where(total > 0, both / total, np.nan)


def fewest(stats: list[Stats]) -> Stats:
    """Of several that a cell was computed from, the one with the fewest units; unknown if one is."""
    if len(stats) == 1:
        return stats[0]
    units = np.stack([one.units for one in stats])
    pick = units.argmin(axis=0)  # -1, unknown, is the smallest
    at = np.arange(units.shape[1])
    return Stats(
        units[pick, at],
        np.stack([one.rows for one in stats])[pick, at],
        np.stack([one.top1 for one in stats])[pick, at],
        np.stack([one.top2 for one in stats])[pick, at],
    )


def sets(cells: Ints, units: Ints, n: int) -> list[Ints]:
    """The different units behind each cell, sorted."""
    there = units >= 0
    cells, units = cells[there], units[there]
    if not len(units):
        return [np.zeros(0, dtype=np.intp) for _ in range(n)]
    width = int(units.max()) + 1
    pairs = np.unique(cells * width + units)
    ends = np.searchsorted(pairs // width, np.arange(n + 1))
    return [pairs[ends[i] : ends[i + 1]] % width for i in range(n)]
