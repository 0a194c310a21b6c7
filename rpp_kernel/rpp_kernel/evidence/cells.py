"""What stands behind a cell of an aggregate: groups of rows, cells rearranged, cells computed from other cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rpp_kernel.evidence.counting import Stats, count, fewest, sets
from rpp_kernel.evidence.origin import (
    NOBODY,
    Fields,
    Ints,
    Mark,
    Origin,
    Unknown,
    edges_of,
    explicit,
    merged_sources,
    picked,
    restrict,
)
from rpp_kernel.evidence.writes import WRITES, was_written

WEIGHED = frozenset({"sum", "mean", "average", "prod"})


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of an aggregate was computed from. `values` None: of the rows themselves (a size)."""

    function: str
    name: Any = None
    values: Any = None
    others: tuple[Any, ...] = ()  # further values that must be there (a correlation's)
    is_known: bool = True  # False for a function that may have chosen among the rows by itself
    fields: Fields = ()
    source: Mark | None = None  # of an aggregate of aggregates: the cells that it was computed from

    def missing(self) -> Any:
        """A mask of the rows that did not count, or None."""
        import pandas

        found = None
        for values in (self.values, *self.others):
            if values is None:
                continue
            mask = np.asarray(pandas.isna(values))
            found = mask if found is None else found | mask
        return found if found is not None and found.any() else None


class GroupTable:
    """Row g stands for the rows of `parent` with code g; column j for those of them with a value."""

    is_rows = False

    def __init__(
        self, parent: Origin, codes: Ints | None, size: int, columns: Sequence[Column], keys: Fields = ()
    ) -> None:
        self.parent, self._codes, self.size, self.columns = parent, codes, size, tuple(columns)
        self.keys = keys
        self._stamp = WRITES.stamp()
        self._edges: dict[str, tuple[Ints | None, Ints, Ints]] = {}

    @property
    def codes(self) -> Ints:
        """A group for each row of the parent, -1 for none."""
        if self._codes is None:
            self._codes = np.zeros(self.parent.size, dtype=np.intp)
        return self._codes

    def kinds(self) -> tuple[str, ...]:
        return tuple(self.parent.token.kinds())

    def sources(self) -> dict[str, set[str]]:
        used: dict[str, set[str]] = {}
        for column in self.columns:
            for table, name in column.fields:
                used.setdefault(table, set()).add(name)
        for table, name in self.keys:
            used.setdefault(table, set()).add(name)
        return merged_sources([self.parent.token.sources(), used])

    def filters(self) -> list[str]:
        return self.parent.filters()

    def edges(self, kind: str) -> tuple[Ints, Ints]:
        _, cells, units = self._grouped(kind)
        there = (cells >= 0) & (units >= 0)
        return cells[there], units[there]

    def cell_edges(self, column: int, kind: str) -> tuple[Ints, Ints]:
        """(group, unit) pairs of the rows that counted for a column."""
        _, cells, units = self._counted(column, kind)
        there = (cells >= 0) & (units >= 0)
        return cells[there], units[there]

    def stats(self, column: int, at: Ints, kind: str) -> Stats:
        """What is behind the cells `at` of a column; a position of -1 has nobody behind it."""
        wanted = np.unique(at[at >= 0])
        rows, cells, units = self._counted(column, kind)
        look = np.full(self.size + 1, -1, dtype=np.intp)  # the last place is that of rows in no group
        look[wanted] = np.arange(len(wanted))
        place = cells if len(wanted) == self.size else look[cells]
        found = count(place, units, len(wanted), self._weights(column, rows))
        spread = Stats.unknown(len(at))
        there = np.flatnonzero(at >= 0)
        back = look[at[there]]
        spread.put(there, Stats(found.units[back], found.rows[back], found.top1[back], found.top2[back]))
        nobody = np.flatnonzero(at == NOBODY)
        spread.put(nobody, _nobody(len(nobody)))
        return spread

    def unit_sets(self, column: int, at: Ints, kind: str) -> list[Ints]:
        cells, units = self.cell_edges(column, kind)
        by_cell = sets(cells, units, self.size)
        return [by_cell[i] if i >= 0 else np.zeros(0, dtype=np.intp) for i in at]

    def _grouped(self, kind: str) -> tuple[Ints | None, Ints, Ints]:
        """(row of the parent, its group, a unit behind it), one for each unit of a row; rows None: one for each row."""
        if kind not in self._edges:
            rows, units = edges_of(self.parent, kind)
            self._edges = {kind: (rows, self.codes if rows is None else self.codes[rows], units)}
        return self._edges[kind]

    def _counted(self, column: int, kind: str) -> tuple[Ints | None, Ints, Ints]:
        spec = self.columns[column]
        if not spec.is_known:
            raise Unknown(f"what {spec.function} did with the rows is not known")
        for values in (spec.values, *spec.others):
            if values is not None and was_written(values, self._stamp):
                raise Unknown("the frame was changed in place after this was computed")
        rows, cells, units = self._behind(spec, kind)
        missing = spec.missing()
        if missing is None:
            return rows, cells, units
        return rows, np.where(missing if rows is None else missing[rows], -1, cells), units

    def _behind(self, spec: Column, kind: str) -> tuple[Ints | None, Ints, Ints]:
        """As `_grouped`, but of an aggregate's column only those who are behind its own cells."""
        mark, token = spec.source, self.parent.token
        if mark is None or token.is_rows or not is_under(mark.token, token):
            return self._grouped(kind)
        pairs = cell_pairs(mark, token.size, kind)
        rows, units = explicit(*restrict(*pairs, self.parent))
        return rows, self.codes[rows], units

    def _weights(self, column: int, rows: Ints | None) -> Any:
        spec = self.columns[column]
        if spec.function not in WEIGHED or spec.values is None:
            return None
        try:
            values = np.asarray(spec.values, dtype=np.float64)
        except (TypeError, ValueError):
            return None
        values = np.nan_to_num(values) if np.isnan(values).any() else values
        return values if rows is None else values[rows]


@dataclass(slots=True)
class GridTable:
    """Cells of other tokens in a new arrangement. Each of `layers` holds, for every cell, which cell it came from.

    `tokens[k]`, `column`, `row`; k -1 where no cell is behind it. A cell with several layers was computed from several:
    what is behind it is the fewest of them, or with `is_union` all of them together.
    """

    tokens: tuple[Any, ...]
    layers: tuple[tuple[Ints, Ints, Ints], ...]  # arrays (n, m)
    is_union: bool = False
    functions: tuple[str, ...] = ()
    is_rows: bool = field(default=False, init=False)

    @property
    def size(self) -> int:
        return int(self.layers[0][0].shape[0])

    @property
    def width(self) -> int:
        return int(self.layers[0][0].shape[1])

    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(k for token in self.tokens for k in token.kinds()))

    def sources(self) -> dict[str, set[str]]:
        return merged_sources([token.sources() for token in self.tokens])

    def filters(self) -> list[str]:
        return list(dict.fromkeys(w for token in self.tokens for w in getattr(token, "filters", list)()))

    def edges(self, kind: str) -> tuple[Ints, Ints]:
        pairs = [self.cell_edges(j, kind) for j in range(self.width)]
        return np.concatenate([c for c, _ in pairs]), np.concatenate([u for _, u in pairs])

    def cell_edges(self, column: int, kind: str) -> tuple[Ints, Ints]:
        cells, units = [], []
        for tokens, columns, rows in self.layers:
            for token, at, j, source in self._parts(tokens[:, column], columns[:, column], rows[:, column]):
                for cell, found in zip(at, token.unit_sets(j, source, kind), strict=True):
                    cells.append(np.full(len(found), cell, dtype=np.intp))
                    units.append(found)
        none = np.zeros(0, dtype=np.intp)
        return (np.concatenate(cells), np.concatenate(units)) if cells else (none, none)

    def stats(self, column: int, at: Ints, kind: str) -> Stats:
        if self.is_union:
            return self._union_stats(column, at, kind)
        found = []
        for tokens, columns, rows in self.layers:
            one = Stats.unknown(len(at))
            there = at >= 0
            one.put(np.flatnonzero(at == NOBODY), _nobody(int((at == NOBODY).sum())))
            places = np.flatnonzero(there)
            picks = at[places]
            layer = (tokens[picks, column], columns[picks, column], rows[picks, column])
            blank = layer[0] == -1
            one.put(places[blank], _nobody(int(blank.sum())))
            for token, cells, j, source in self._parts(*layer):
                one.put(places[cells], token.stats(j, source, kind))
            found.append(one)
        return fewest(found)

    def unit_sets(self, column: int, at: Ints, kind: str) -> list[Ints]:
        cells, units = self.cell_edges(column, kind)
        by_cell = sets(cells, units, self.size)
        return [by_cell[i] if i >= 0 else np.zeros(0, dtype=np.intp) for i in at]

    def _union_stats(self, column: int, at: Ints, kind: str) -> Stats:
        if any((tokens[:, column][at[at >= 0]] < -1).any() for tokens, _, _ in self.layers):
            raise Unknown("a part of it is unknown")
        found = self.unit_sets(column, at, kind)
        nan = np.full(len(at), np.nan)
        units = np.array([len(one) for one in found], dtype=np.intp)
        return Stats(units, np.full(len(at), -1, dtype=np.intp), nan, nan.copy())

    def _parts(self, tokens: Ints, columns: Ints, rows: Ints) -> list[tuple[Any, Ints, int, Ints]]:
        """(token, cells, its column, its rows) for each token and column that the cells came from."""
        width = int(columns.max(initial=0)) + 1
        key = np.where(tokens >= 0, tokens * width + columns, -1)
        return [
            (self.tokens[one // width], at := np.flatnonzero(key == one), int(one % width), rows[at])
            for one in np.unique(key[key >= 0])
        ]


class WrapTable:
    """Columns of several aggregates side by side: column j lies in `columns[j]`'s token, at the rows its origin picks."""

    is_rows = False

    def __init__(
        self, size: int, columns: Sequence[tuple[Origin, Mark] | None], row: Sequence[Origin]
    ) -> None:
        self.size, self.parts, self.row = size, tuple(columns), tuple(row)

    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(k for origin in self.row for k in origin.token.kinds()))

    def sources(self) -> dict[str, set[str]]:
        return merged_sources([origin.token.sources() for origin in self.row])

    def filters(self) -> list[str]:
        return list(dict.fromkeys(word for origin in self.row for word in origin.filters()))

    def edges(self, kind: str) -> tuple[Ints, Ints]:
        pairs = [explicit(*edges_of(origin, kind)) for origin in self.row]
        return np.concatenate([r for r, _ in pairs]), np.concatenate([u for _, u in pairs])

    def stats(self, column: int, at: Ints, kind: str) -> Stats:
        origin, mark = self._part(column)
        return mark.token.stats(mark.column, _at(origin, at), kind)  # type: ignore[no-any-return]

    def unit_sets(self, column: int, at: Ints, kind: str) -> list[Ints]:
        origin, mark = self._part(column)
        return mark.token.unit_sets(mark.column, _at(origin, at), kind)  # type: ignore[no-any-return]

    def _part(self, column: int) -> tuple[Origin, Mark]:
        part = self.parts[column]
        if part is None or not is_under(part[1].token, part[0].token):
            raise Unknown("what this column stands for is not known")
        return part


class StackTable:
    """Aggregates one below the other."""

    is_rows = False

    def __init__(
        self, parts: Sequence[tuple[Origin | None, int]], columns: Sequence[Sequence[Mark | None]]
    ) -> None:
        self.parts = tuple(parts)
        self.columns = tuple(tuple(marks) for marks in columns)  # for each column, a mark for each part
        self.starts = np.concatenate(([0], np.cumsum([size for _, size in parts]))).astype(np.intp)
        self.size = int(self.starts[-1])

    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(k for origin, _ in self.parts if origin for k in origin.token.kinds()))

    def sources(self) -> dict[str, set[str]]:
        return merged_sources([origin.token.sources() for origin, _ in self.parts if origin])

    def filters(self) -> list[str]:
        return list(dict.fromkeys(word for origin, _ in self.parts if origin for word in origin.filters()))

    def edges(self, kind: str) -> tuple[Ints, Ints]:
        pairs = []
        for start, (origin, _) in zip(self.starts[:-1], self.parts, strict=True):
            if origin is None:
                raise Unknown("a part of these rows is unknown")
            rows, found = explicit(*edges_of(origin, kind))
            pairs.append((rows + start, found))
        return np.concatenate([r for r, _ in pairs]), np.concatenate([u for _, u in pairs])

    def stats(self, column: int, at: Ints, kind: str) -> Stats:
        found = Stats.unknown(len(at))
        for k, cells, source in self._split(at):
            origin, mark = self.parts[k][0], self.columns[column][k]
            if origin is not None and mark is not None and is_under(mark.token, origin.token):
                found.put(cells, mark.token.stats(mark.column, _at(origin, source), kind))
        found.put(np.flatnonzero(at == NOBODY), _nobody(int((at == NOBODY).sum())))
        return found

    def unit_sets(self, column: int, at: Ints, kind: str) -> list[Ints]:
        found = [np.zeros(0, dtype=np.intp) for _ in at]
        for k, cells, source in self._split(at):
            origin, mark = self.parts[k][0], self.columns[column][k]
            if origin is None or mark is None or not is_under(mark.token, origin.token):
                raise Unknown("a part of it is unknown")
            for cell, one in zip(
                cells, mark.token.unit_sets(mark.column, _at(origin, source), kind), strict=True
            ):
                found[cell] = one
        return found

    def _split(self, at: Ints) -> list[tuple[int, Ints, Ints]]:
        part = np.searchsorted(self.starts, at, side="right") - 1
        return [
            (k, cells := np.flatnonzero((part == k) & (at >= 0)), at[cells] - self.starts[k])
            for k in range(len(self.parts))
        ]


class Elsewhere:
    """Cells of a grid, at the rows of the token that a frame's other columns have."""

    is_rows = False

    def __init__(self, token: Any, grid: GridTable) -> None:
        self.token, self.grid, self.size = token, grid, token.size

    def kinds(self) -> tuple[str, ...]:
        return self.grid.kinds()

    def sources(self) -> dict[str, set[str]]:
        return self.grid.sources()

    def filters(self) -> list[str]:
        return self.grid.filters()

    def stats(self, column: int, at: Ints, kind: str) -> Stats:
        return self.grid.stats(column, at, kind)

    def unit_sets(self, column: int, at: Ints, kind: str) -> list[Ints]:
        return self.grid.unit_sets(column, at, kind)


def cell_pairs(mark: Mark, size: int, kind: str) -> tuple[Ints, Ints]:
    """(row, unit) pairs of the cells of a column; not where any of them is unknown."""
    every = np.arange(size, dtype=np.intp)
    if isinstance(mark.token, GroupTable):
        return mark.token.cell_edges(mark.column, kind)
    if (mark.token.stats(mark.column, every, kind).units < 0).any():
        raise Unknown("a part of it is unknown")
    found = mark.token.unit_sets(mark.column, every, kind)
    return np.repeat(every, [len(one) for one in found]), np.concatenate([*found, every[:0]])


def is_under(mark_token: Any, token: Any) -> bool:
    """Whether a mark's cells are found at the positions of a row axis's token."""
    return mark_token is not None and (
        mark_token is token or (isinstance(mark_token, Elsewhere) and mark_token.token is token)
    )


def _at(origin: Origin, at: Ints) -> Ints:
    found = picked(origin.positions(), at, origin.token.size)
    return at if found is None else found


def _nobody(n: int) -> Stats:
    nan = np.full(n, np.nan)
    none = np.zeros(n, dtype=np.intp)
    return Stats(none, none.copy(), nan, nan.copy())
