"""Which rows does a row of a frame come from? An axis of a frame remembers it, through filters, sorting and joins.

A row axis carries an `Origin`: positions in a `Token`. A token is a set of rows that we know: a table of the cut, two
tables joined, or the groups of an aggregate. Positions are kept as the chain of indexers that pandas used anyway and
are put together only when somebody looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[Any]  # whole numbers: positions are intp, units int32
NOBODY = -1  # a position without a row: what a reindex or an outer join filled in
STRANGER = -2  # a row that somebody added by hand: what is behind it is not known
ORIGIN = "_rpp_origin"
MARKS = "_rpp_marks"


class Unknown(Exception):
    """It cannot be said what is behind this; the message says why."""


class Token(Protocol):
    """Rows that are known. `is_rows`: each is a record of the cut, not an aggregate."""

    size: int
    is_rows: bool

    def kinds(self) -> tuple[str, ...]:
        """The kinds of unit behind its rows: student, staff, school …"""

    def edges(self, kind: str) -> tuple[Ints | None, Ints]:
        """(row, unit) pairs; rows None means that row i has unit i of the second array (-1: none)."""

    def sources(self) -> dict[str, set[str]]:
        """The tables behind it, with the columns that are known to have been used."""


Fields = tuple[tuple[str, str], ...]  # (table, column) of the cut


@dataclass(frozen=True, slots=True)
class Mark:
    """What a column is: column `j` of an aggregate's token, or made of fields of the cut, or a label."""

    token: Any = None
    column: int = 0
    fields: Fields = ()
    is_label: bool = False


LABEL = Mark(is_label=True)
Marks = tuple[Mark | None, ...]


class Origin:
    """Positions in a token, as a chain. `words` say how rows were chosen, where that is known."""

    __slots__ = ("_resolved", "indexer", "parent", "size", "token", "words")

    def __init__(
        self, token: Any, size: int, parent: Origin | None = None, indexer: Any = None, words: str = ""
    ) -> None:
        self.token, self.size, self.parent, self.indexer, self.words = token, size, parent, indexer, words
        self._resolved: tuple[Any, Ints | None] | None = None if parent is not None else (token, None)

    @classmethod
    def of(cls, token: Any) -> Origin:
        """All rows of a token, in its order."""
        return cls(token, token.size)

    def take(self, indexer: Any, size: int, words: str = "") -> Origin:
        """The rows that `indexer` (a slice, a mask, or positions with -1 for none) picks."""
        return Origin(self.token, size, self, indexer, words)

    def positions(self) -> Ints | None:
        """Positions in the token, -1 for nobody; None means all of them in order."""
        chain: list[Origin] = []
        at: Origin = self
        while at._resolved is None and at.parent is not None:
            chain.append(at)
            at = at.parent
        found = at._resolved[1] if at._resolved else None
        for link in reversed(chain):
            found = picked(found, link.indexer, link.parent.size if link.parent else 0)
        self._resolved = (self.token, found)
        return found

    def filters(self) -> list[str]:
        """How the rows were chosen, the first choice first."""
        said: list[str] = []
        at: Origin | None = self
        while at is not None:
            if at.words and at.words not in said:
                said.append(at.words)
            at = at.parent
        inner = getattr(self.token, "filters", None)
        return (list(inner()) if inner else []) + said[::-1]


def picked(base: Ints | None, indexer: Any, size: int) -> Ints | None:
    """`base[indexer]`, where base None stands for 0 … size-1."""
    if indexer is None:
        return base
    if isinstance(indexer, slice):
        sliced: Ints = np.arange(*indexer.indices(size), dtype=np.intp) if base is None else base[indexer]
        return sliced
    array: Ints = np.asarray(indexer)
    if array.dtype == bool:
        array = np.flatnonzero(array)
    array = array.astype(np.intp, copy=False)
    if base is None:
        return array
    if len(base) == 0:
        return np.minimum(array, NOBODY)
    found: Ints = base.take(np.maximum(array, 0))
    negative = array < 0
    if negative.any():
        found[negative] = array[negative]
    return found


def origin_of(axis: Any) -> Origin | None:
    """The origin that a row axis carries, if it still fits."""
    found = getattr(axis, ORIGIN, None)
    return found if isinstance(found, Origin) and found.size == len(axis) else None


def marks_of(axis: Any) -> Marks | None:
    """The marks that a column axis carries, if they still fit."""
    found = getattr(axis, MARKS, None)
    return found if isinstance(found, tuple) and len(found) == len(axis) else None


def restrict(rows: Ints | None, units: Ints, origin: Origin) -> tuple[Ints | None, Ints]:
    """The (row, unit) pairs of a token, seen from the rows that `origin` picks of it (a row may be picked twice)."""
    at = origin.positions()
    if at is None:
        return rows, units
    if (at == STRANGER).any():
        raise Unknown("a row was added by hand")
    if rows is None:
        return None, picked(units, at, len(units))  # type: ignore[return-value]
    size = origin.token.size
    order = np.argsort(rows, kind="stable")
    counts = np.bincount(rows, minlength=size)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1])) if size else np.zeros(0, dtype=np.intp)
    there = np.flatnonzero(at >= 0)
    each = counts[at[there]]
    target = np.repeat(there, each)
    within = np.arange(len(target)) - np.repeat(np.cumsum(each) - each, each)
    return target, units[order[np.repeat(starts[at[there]], each) + within]]


def edges_of(origin: Origin, kind: str) -> tuple[Ints | None, Ints]:
    """The (row, unit) pairs of the rows that an origin picks."""
    rows, units = origin.token.edges(kind)
    return restrict(rows, units, origin)


def explicit(rows: Ints | None, units: Ints) -> tuple[Ints, Ints]:
    """The same pairs with rows written out and nobody left out."""
    if rows is None:
        rows = np.arange(len(units), dtype=np.intp)
    there = units >= 0
    return (rows, units) if there.all() else (rows[there], units[there])


def merged_sources(all_of: Sequence[dict[str, set[str]]]) -> dict[str, set[str]]:
    """Tables with all columns that any of several used."""
    found: dict[str, set[str]] = {}
    for one in all_of:
        for table, columns in one.items():
            found.setdefault(table, set()).update(columns)
    return found
