"""What comes out of the records behind a cell? People are counted and values computed from the cut, whatever was said of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from rpp_hub.recount.cut_tables import CutTables, NotThere
from rpp_hub.recount.derived import is_derived, is_number
from rpp_hub.recount.witness import EVERY, Floats, Group, Ints, Leaf, Measure, Witness

MOST_TRIED = 500_000
WEIGHED = frozenset({"sum", "mean", "average", "prod"})
_QUANTILES = np.round(np.arange(0.005, 1.0, 0.005), 3)
_DESCRIBED = ("count", "mean", "std", "min", "max")
_OF_NUMBERS: Mapping[str, Callable[[pd.Series[Any]], Any]] = {
    name: lambda values, name=name: getattr(values, name)()
    for name in (
        "mean",
        "sum",
        "min",
        "max",
        "median",
        "std",
        "var",
        "sem",
        "prod",
        "any",
        "all",
        "skew",
        "kurt",
    )
} | {"first": lambda values: values.iloc[0], "last": lambda values: values.iloc[-1]}
_OF_ANYTHING: Mapping[str, Callable[[pd.Series[Any]], Any]] = {
    "count": len,
    "nunique": lambda values: values.nunique(),
}


class NotComputed(Exception):
    """This value cannot be computed again; the message says why."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What is behind a group: its rows (of the leaf), its people, and what the value may be (several: an unnamed quantile)."""

    rows: Ints
    people: Ints
    values: tuple[float, ...]
    top1: float | None
    top2: float | None
    totals: tuple[int, ...]  # of which it may be shown as a share


class Figures:
    """Counts the groups of one witness over one cut."""

    def __init__(self, witness: Witness, cut: CutTables, kind: str) -> None:
        self._witness, self._cut, self._kind = witness, cut, kind
        self._grouped: dict[tuple[int, bool, bool], dict[tuple[int, int], Ints]] = {}
        self._people: dict[int, tuple[Ints, ...]] = {}
        self._values: dict[tuple[int, int], pd.Series[Any] | None] = {}
        self._counted: dict[Group, Counted] = {}

    def counted(self, group: Group) -> Counted:
        """Raises NotComputed, or NotThere where the cut has no such field."""
        if group not in self._counted:
            self._counted[group] = self._count(group)
        return self._counted[group]

    def _count(self, group: Group) -> Counted:
        measure = self._witness.measures[group.measure]
        rows = self._rows(group.leaf, group.row, group.column)
        values = self._values_of(group.leaf, group.measure)
        if values is not None:
            rows = rows[values.iloc[rows].notna().to_numpy()]
        pairs = [people[rows] for people in self._of_people(group.leaf)]
        people = np.unique(np.concatenate(pairs))
        top1, top2 = self._shares(measure, values, rows, pairs)
        found = (float(len(rows)),) if values is None else _computed(measure.function, values.iloc[rows])
        return Counted(rows, people[people >= 0], found, top1, top2, self._totals(group))

    def _rows(self, leaf: int, row: int, column: int) -> Ints:
        key = (leaf, row == EVERY, column == EVERY)
        if key not in self._grouped:
            self._grouped[key] = _groups(self._witness.leaves[leaf], row == EVERY, column == EVERY)
        return self._grouped[key].get((row, column), np.zeros(0, dtype=np.int64))

    def _totals(self, group: Group) -> tuple[int, ...]:
        every = ((EVERY, EVERY), (group.row, EVERY), (EVERY, group.column))
        return tuple(len(self._rows(group.leaf, row, column)) for row, column in every)

    def _of_people(self, leaf: int) -> tuple[Ints, ...]:
        if leaf not in self._people:
            found = []
            for table, at in self._witness.leaves[leaf].tables.items():
                units = self._cut.units(table, self._kind)
                if units is not None:
                    found.append(_taken(units, at, self._witness.leaves[leaf].size))
            if not found:
                raise NotComputed("its records are about no such unit")
            self._people[leaf] = tuple(found)
        return self._people[leaf]

    def _values_of(self, leaf: int, number: int) -> pd.Series[Any] | None:
        key = (leaf, number)
        if key not in self._values:
            self._values[key] = self._made(self._witness.leaves[leaf], self._witness.measures[number])
        return self._values[key]

    def _made(self, leaf: Leaf, measure: Measure) -> pd.Series[Any] | None:
        if measure.field is not None:
            return self._field(leaf, measure.field)
        if measure.values is None:
            if measure.function != "size":
                raise NotComputed(f"{measure.function} is not computed again")
            return None
        if len(measure.values) != leaf.size:
            raise NotComputed("its values are not those of its records")
        hints = [self._field(leaf, one) for one in measure.fields]
        if not is_derived(measure.values, hints) and not self._is_made_of_any(leaf, measure):
            raise NotComputed(
                "the values that it was computed from are not fields of the cut, nor made of them in a simple way"
            )
        return pd.Series(measure.values)

    def _is_made_of_any(self, leaf: Leaf, measure: Measure) -> bool:
        """The kernel does not always know of which fields: each field, and each two numbers of a table, are tried."""
        if measure.values is None or leaf.size > MOST_TRIED:
            return False
        for table in leaf.tables:
            fields = [self._field(leaf, (table, name)) for name in self._cut.fields(table)]
            numbers = [field for field in fields if is_number(field)]
            for tried in (*([one] for one in fields), *(list(two) for two in combinations(numbers, 2))):
                if is_derived(measure.values, tried):
                    return True
        return False

    def _field(self, leaf: Leaf, field: tuple[str, str]) -> pd.Series[Any]:
        table, name = field
        if table not in leaf.tables:
            raise NotThere(table)
        column, at = self._cut.column(table, name), leaf.tables[table]
        if at is None:
            return column
        return column.reindex(np.where(at < len(column), at, -1)).reset_index(drop=True)

    def _shares(
        self, measure: Measure, values: pd.Series[Any] | None, rows: Ints, pairs: list[Ints]
    ) -> tuple[float | None, float | None]:
        if measure.function not in WEIGHED or values is None or len(pairs) != 1 or not len(rows):
            return None, None
        weights = pd.to_numeric(values.iloc[rows], errors="coerce").abs().to_numpy(dtype=float)
        there = pairs[0] >= 0
        sums = np.sort(np.bincount(pairs[0][there], weights=weights[there]))[::-1]
        total = float(sums.sum())
        if not total > 0:
            return None, None
        return float(sums[0] / total), float(sums[:2].sum() / total)


def _taken(units: Ints, at: Ints | None, size: int) -> Ints:
    if at is None:
        if len(units) != size:
            raise NotComputed("its records are not those of the cut's table")
        return units
    if len(at) and int(at.max()) >= len(units):
        raise NotComputed("its records are not in the cut")
    return np.where(at >= 0, units[np.maximum(at, 0)], -1)


def _groups(leaf: Leaf, is_every_row: bool, is_every_column: bool) -> dict[tuple[int, int], Ints]:
    across = np.zeros_like(leaf.codes) if leaf.across is None else leaf.across
    there = np.flatnonzero((leaf.codes >= 0) & (across >= 0))
    rows = np.full(len(there), EVERY) if is_every_row else leaf.codes[there]
    columns = np.full(len(there), EVERY) if is_every_column else across[there]
    order = np.lexsort((there, columns, rows))
    keys = np.stack([rows[order], columns[order]], axis=1)
    starts = np.flatnonzero(np.any(np.diff(keys, axis=0, prepend=np.full((1, 2), -9)) != 0, axis=1))
    parts = np.split(there[order], starts[1:]) if len(starts) else []
    return {
        (int(keys[start, 0]), int(keys[start, 1])): part for start, part in zip(starts, parts, strict=True)
    }


def _computed(function: str, values: pd.Series[Any]) -> tuple[float, ...]:
    """What a named function makes of values, none of which is missing."""
    if function in _OF_ANYTHING:
        return (float(_OF_ANYTHING[function](values)),)
    if not len(values):
        return (float("nan"), 0.0)
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        raise NotComputed("its values are no numbers")
    numbers = values.astype(float)
    if function == "quantile":
        return _quantiles(numbers)
    if function == "describe":
        named = tuple(
            float(len(numbers)) if name == "count" else float(_OF_NUMBERS[name](numbers))
            for name in _DESCRIBED
        )
        return (*named, *_quantiles(numbers))
    if function not in _OF_NUMBERS:
        raise NotComputed(f"{function} is not computed again")
    return (float(_OF_NUMBERS[function](numbers)),)


def _quantiles(values: pd.Series[Any]) -> tuple[float, ...]:
    found: npt.NDArray[np.float64] = np.quantile(values.to_numpy(), _QUANTILES)
    return tuple(map(float, found))


__all__ = ["Counted", "Figures", "Floats", "NotComputed"]
