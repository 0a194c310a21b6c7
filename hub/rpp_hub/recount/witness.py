"""What does a kernel say its cells are made of? Read as what it is: text from a process that ran somebody's code."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MOST_ROWS = 3_000_000
MOST_LEAVES = 200
MOST_NUMBERS = 64_000_000  # of all lists of one output, unpacked: half a gigabyte of the worker's memory
EVERY = -3  # all groups of one side


class InvalidWitness(ValueError):
    """It cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """Rows, each with its record in some tables of the cut (-1: none; None: all of them), and in two ways with a group (-1: none)."""

    tables: Mapping[str, Ints | None]
    size: int
    codes: Ints
    across: Ints | None


@dataclass(frozen=True, slots=True)
class Measure:
    """A function of a field of the cut, of no field (a number of rows), or of `values` made of several fields."""

    function: str
    field: tuple[str, str] | None = None
    fields: tuple[tuple[str, str], ...] = ()
    values: Floats | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A measure over the rows of a group."""

    leaf: int
    row: int
    column: int
    measure: int


@dataclass(frozen=True, slots=True)
class Witness:
    """For each cell (row, column) the groups that it was computed from."""

    leaves: tuple[Leaf, ...]
    measures: tuple[Measure, ...]
    cells: Mapping[tuple[int, int], tuple[Group, ...]]


class Room:
    """How many numbers may still be unpacked: a few kilobytes can hold many."""

    def __init__(self, numbers: int = MOST_NUMBERS) -> None:
        self._left = numbers

    def take(self, numbers: int) -> None:
        """Raises InvalidWitness where there is not enough."""
        if numbers > self._left:
            raise InvalidWitness("it is too large to be counted again")
        self._left -= numbers


def read_witness(told: Any, room: Room) -> Witness:
    """Raises InvalidWitness for whatever is not one, and for what does not fit."""
    try:
        if len(told["leaves"]) > MOST_LEAVES or len(told["measures"]) > MOST_LEAVES * 10:
            raise InvalidWitness("it has too many parts")
        leaves = tuple(_leaf(one, room) for one in told["leaves"])
        measures = tuple(_measure(one, room) for one in told["measures"])
        cells = {
            _place(place): tuple(Group(*map(int, one)) for one in groups)
            for place, groups in told["cells"].items()
        }
    except InvalidWitness:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidWitness("it is not written as a witness is") from error
    for group in (group for groups in cells.values() for group in groups):
        if not (0 <= group.leaf < len(leaves) and 0 <= group.measure < len(measures)):
            raise InvalidWitness("a cell is made of what is not there")
    return Witness(leaves, measures, cells)


def _leaf(told: Any, room: Room) -> Leaf:
    size = int(told["size"])
    if not 0 <= size <= MOST_ROWS:
        raise InvalidWitness("it has too many rows")
    tables = {
        str(table): None if at is None else _ints(at, size, room) for table, at in told["tables"].items()
    }
    across = _ints(told["across"], size, room) if "across" in told else None
    return Leaf(tables, size, _ints(told["codes"], size, room), across)


def _measure(told: Any, room: Room) -> Measure:
    field = _field(told["field"]) if "field" in told else None
    values = None
    if "values" in told:
        values = np.frombuffer(_bytes(told["values"], MOST_ROWS * 8), dtype="<f8")
        room.take(len(values))
    return Measure(str(told["function"]), field, tuple(_field(one) for one in told.get("fields", ())), values)


def _field(told: Any) -> tuple[str, str]:
    table, name = told
    return str(table), str(name)


def _place(text: str) -> tuple[int, int]:
    row, column = text.split(",")
    return int(row), int(column)


def _ints(text: str, size: int, room: Room) -> Ints:
    room.take(size)
    found = np.frombuffer(_bytes(text, size * 4), dtype="<i4").astype(np.int64)
    if len(found) != size:
        raise InvalidWitness("a list of its rows is too long or too short")
    return found


def _bytes(text: str, most: int) -> bytes:
    """Unpacked, never more than `most`: what is packed can be a bomb."""
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(base64.b64decode(text, validate=True), most)
    except (zlib.error, ValueError) as error:
        raise InvalidWitness("a list of its rows is damaged") from error
    if unpacker.unconsumed_tail or not (unpacker.eof or not found):
        raise InvalidWitness("a list of its rows is too long")
    return found
