"""Records of the cut: a table's file, tables one below the other, tables side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rpp_kernel.evidence import units
from rpp_kernel.evidence.origin import Ints, Origin, edges_of, explicit, merged_sources


class Source:
    """All rows of a table of the cut, in the order of its file."""

    is_rows = True

    def __init__(self, table: str, size: int) -> None:
        self.table, self.size = table, size

    def kinds(self) -> tuple[str, ...]:
        return tuple(units.unit_columns(self.table))

    def edges(self, kind: str) -> tuple[Ints | None, Ints]:
        column = units.unit_columns(self.table).get(kind)
        if column is None:
            return None, np.full(self.size, -1, dtype=np.intp)
        return None, units.REGISTRY.units(self.table, column, kind)

    def sources(self) -> dict[str, set[str]]:
        return {self.table: set()}


class Stack:
    """Frames one below the other."""

    def __init__(self, parts: Sequence[Origin | None], sizes: Sequence[int]) -> None:
        self.parts, self.sizes = tuple(parts), tuple(sizes)
        self.size = sum(sizes)
        self.is_rows = all(part is not None and part.token.is_rows for part in parts)

    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(k for part in self.parts if part for k in part.token.kinds()))

    def edges(self, kind: str) -> tuple[Ints | None, Ints]:
        pairs, at = [], 0
        for part, size in zip(self.parts, self.sizes, strict=True):
            if part is not None:
                rows, found = explicit(*edges_of(part, kind))
                pairs.append((rows + at, found))
            at += size
        return _concatenated(pairs)

    def sources(self) -> dict[str, set[str]]:
        return merged_sources([part.token.sources() for part in self.parts if part])

    def filters(self) -> list[str]:
        return list(dict.fromkeys(word for part in self.parts if part for word in part.filters()))


class Join:
    """Frames side by side: a row stands for what is on its left and on its right.

    Where both sides are records, both count. Where one is an aggregate (a school's mean beside its students), the
    records alone are the row.
    """

    def __init__(self, size: int, sides: Sequence[tuple[Origin, Ints | None]]) -> None:
        self.size = size
        known = [(origin, at) for origin, at in sides if origin is not None]
        records = [(origin, at) for origin, at in known if origin.token.is_rows]
        self.is_rows = bool(records)
        self.sides = tuple(
            origin if at is None else origin.take(at, size) for origin, at in (records or known)
        )
        self._all = tuple(origin for origin, _ in known)

    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(k for side in self.sides for k in side.token.kinds()))

    def edges(self, kind: str) -> tuple[Ints | None, Ints]:
        sides = [edges_of(side, kind) for side in self.sides if kind in side.token.kinds()]
        flat = [units for rows, units in sides if rows is None]
        if len(flat) == len(sides):
            first = flat[0]
            for other in flat[1:]:
                first = np.where(first < 0, other, first)
            if all(((other < 0) | (other == first)).all() for other in flat):
                return None, first
        return _concatenated([explicit(rows, units) for rows, units in sides])

    def sources(self) -> dict[str, set[str]]:
        return merged_sources([origin.token.sources() for origin in self._all])

    def filters(self) -> list[str]:
        return list(dict.fromkeys(word for origin in self._all for word in origin.filters()))


class Gather:
    """Records in a new shape: row `rows[i]` stands, among others, for the record at `picks[i]` of the parent."""

    is_rows = True

    def __init__(self, size: int, parent: Origin, rows: Ints, picks: Ints) -> None:
        self.size, self.parent, self.rows, self.picks = size, parent, rows, picks

    def kinds(self) -> tuple[str, ...]:
        return tuple(self.parent.token.kinds())

    def edges(self, kind: str) -> tuple[Ints | None, Ints]:
        at, units = edges_of(self.parent.take(self.picks, len(self.picks)), kind)
        return (self.rows, units) if at is None else (self.rows[at], units)

    def sources(self) -> dict[str, set[str]]:
        return dict(self.parent.token.sources())

    def filters(self) -> list[str]:
        return self.parent.filters()


def _concatenated(pairs: Sequence[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    if not pairs:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    return np.concatenate([rows for rows, _ in pairs]), np.concatenate([units for _, units in pairs])
