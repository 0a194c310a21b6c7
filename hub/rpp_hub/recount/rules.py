"""Do records follow a rule that a person can read, such as a year and a school? If so, whoever chose them did not pick them by hand.

A rule is one condition for each of some fields, all of which hold: one of a few values, or an interval of numbers. Columns that
name people take no part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from rpp_hub.recount.cut_tables import CutTables
from rpp_hub.recount.derived import is_number, numbers_of
from rpp_hub.recount.witness import Floats, Ints, Leaf

MOST_VALUES = 50
MOST_WORDS = 6
MOST_PAIRED = 300_000
MOST_FIELDS = 10
MOST_CONDITIONS = 5
Mask = npt.NDArray[np.bool_]
Condition = tuple[Mask, str]


@dataclass(frozen=True, slots=True)
class Field:
    """A field's values for each record, as places among its sorted `values` (-1: missing); `is_there` says which occur at all."""

    name: str
    codes: Ints
    values: Any
    is_there: Mask
    is_number: bool
    is_pair: bool

    @classmethod
    def of(cls, name: str, codes: Ints, column: pd.Series[Any], *, is_pair: bool = False) -> Field:
        values = pd.Index(column.dropna().unique()).sort_values()
        is_there = np.zeros(len(values) + 1, dtype=bool)
        is_there[codes + 1] = True
        is_numbers = is_number(column) and not pd.api.types.is_bool_dtype(column)
        return cls(name, codes, values, is_there, is_numbers, is_pair)


@dataclass(frozen=True, slots=True)
class Universe:
    """All records that a leaf's rows could have been chosen from: `records` of each table, and where the leaf's rows lie among them."""

    records: Mapping[str, Ints | None]
    size: int
    rows: Ints
    fields: list[Field] = field(default_factory=list)  # both filled when first needed
    pairs: list[Field] = field(default_factory=list)


def universe_of(leaf: Leaf, cut: CutTables) -> Universe | None:
    """A table, with others looked up by what both have; None where rows are not simply so."""
    for table, at in leaf.tables.items():
        size = cut.size(table)
        rows = np.arange(size) if at is None else at
        if not len(rows) or rows.min() < 0 or rows.max() >= size or len(np.unique(rows)) != len(rows):
            continue
        records: dict[str, Ints | None] = {table: None}
        for other, theirs in leaf.tables.items():
            if other == table:
                continue
            found = _as_looked_up(cut, table, other, rows, theirs)
            if found is None:
                break
            records[other] = found
        else:
            return Universe(records, size, rows)
    return None


def rule_of(rows: Ints, universe: Universe, cut: CutTables) -> str | None:
    """The rule that chooses exactly these rows of a leaf, in words; None where there is none."""
    wanted = np.zeros(universe.size, dtype=bool)
    wanted[universe.rows[rows]] = True
    if wanted.all():
        return "all records"
    conditions = list(_conditions(wanted, universe, cut))
    if _is_enough(conditions, wanted):
        return _told(_needed(conditions, wanted))
    for pair in _pairs(universe, cut):  # one beside the fields' own: of many together any rows could be made
        one = _condition(pair, wanted)
        if one is not None and _is_enough([*conditions, one], wanted):
            return _told(_needed([*conditions, one], wanted))
    return None


def _needed(conditions: list[Condition], wanted: Mask) -> list[Condition]:
    """Without those that the others make needless."""
    for one in list(conditions):
        rest = [kept for kept in conditions if kept is not one]
        if _is_enough(rest, wanted):
            conditions = rest
    return conditions


def _told(conditions: list[Condition]) -> str | None:
    """In words; not if so many conditions are needed that they describe people one by one."""
    return " and ".join(words for _, words in conditions) if len(conditions) <= MOST_CONDITIONS else None


def _is_enough(conditions: list[Condition], wanted: Mask) -> bool:
    return bool(conditions) and np.array_equal(_together([mask for mask, _ in conditions]), wanted)


def _pairs(universe: Universe, cut: CutTables) -> list[Field]:
    """Ratios and differences of two fields of numbers, made when first needed."""
    if not universe.pairs and universe.size <= MOST_PAIRED:
        for table, at in universe.records.items():
            names = [name for name in cut.fields(table) if is_number(cut.column(table, name))][:MOST_FIELDS]
            for one, other in combinations(names, 2):
                for words, values in _made(one, other, cut, table):
                    codes, _ = pd.factorize(values, sort=True)
                    spread = codes if at is None else np.where(at >= 0, codes[np.maximum(at, 0)], -1)
                    universe.pairs.append(
                        Field.of(words, np.asarray(spread, dtype=np.int64), pd.Series(values), is_pair=True)
                    )
    return universe.pairs


def _made(one: str, other: str, cut: CutTables, table: str) -> tuple[tuple[str, Floats], ...]:
    first, second = (numbers_of(cut.column(table, name)) for name in (one, other))
    with np.errstate(all="ignore"):
        ways = (
            (f"{one} / {other}", first / second),
            (f"{other} / {one}", second / first),
            (f"{one} - {other}", first - second),
        )
    return ways


def _together(masks: list[Mask]) -> Mask:
    found: Mask = np.logical_and.reduce(masks)
    return found


def _conditions(wanted: Mask, universe: Universe, cut: CutTables) -> Iterator[Condition]:
    """For each field the narrowest condition that all wanted records fulfil, widest first, so that odd ones are left out first."""
    if not universe.fields:
        universe.fields.extend(_fields(universe, cut))
    found = [one for each in universe.fields if (one := _condition(each, wanted)) is not None]
    yield from sorted(found, key=lambda pair: -int(pair[0].sum()))


def _fields(universe: Universe, cut: CutTables) -> Iterator[Field]:
    for table, at in universe.records.items():
        for name in cut.fields(table):
            whole = cut.coded(table, name)
            codes = whole if at is None else np.where(at >= 0, whole[np.maximum(at, 0)], -1)
            yield Field.of(name, codes, cut.column(table, name))


def _condition(field: Field, wanted: Mask) -> Condition | None:
    is_inside = np.zeros(len(field.is_there), dtype=bool)  # place 0 is that of what is missing
    is_inside[field.codes[wanted] + 1] = True
    if np.array_equal(is_inside, field.is_there):
        return None
    if not is_inside[0] and np.array_equal(is_inside[1:], field.is_there[1:]):
        return field.codes >= 0, f"{field.name} is there"
    few = int(is_inside.sum()) <= MOST_VALUES
    if few and not field.is_pair and (not field.is_number or int(field.is_there.sum()) <= MOST_VALUES):
        return is_inside[field.codes + 1], _named(field, is_inside)
    return _between(field, is_inside) if field.is_number else None


def _between(field: Field, is_inside: Mask) -> Condition | None:
    inside, every = np.flatnonzero(is_inside[1:]), np.flatnonzero(field.is_there[1:])
    if not len(inside):
        return None
    low, high = int(inside[0]), int(inside[-1])
    if low == every[0] and high == every[-1]:
        return None
    mask = (field.codes >= low) & (field.codes <= high)
    if is_inside[0]:
        mask |= field.codes < 0
    words = f"{field.name} from {field.values[low]:g} to {field.values[high]:g}"
    return mask, f"{words} or missing" if is_inside[0] else words


def _named(field: Field, is_inside: Mask) -> str:
    told = ["missing" if place == 0 else str(field.values[place - 1]) for place in np.flatnonzero(is_inside)]
    if len(told) == 1:
        return f"{field.name} = {told[0]}"
    more = len(told) - MOST_WORDS
    return f"{field.name} in {', '.join(told[:MOST_WORDS])}{f' and {more} others' if more > 0 else ''}"


def _as_looked_up(cut: CutTables, table: str, other: str, rows: Ints, theirs: Ints | None) -> Ints | None:
    """The way of looking up that gives these records for these rows."""
    if theirs is None:
        return None
    return next((one for one in _looked_up(cut, table, other) if np.array_equal(one[rows], theirs)), None)


def _looked_up(cut: CutTables, table: str, other: str) -> Iterator[Ints]:
    """For each record of a table the one of another with the same value in fields that both have: the only, first or last."""
    common = [name for name in cut.columns(table) if name in cut.columns(other)]
    for names in (common, *([one] for one in common)):
        if not names:
            continue
        theirs = pd.MultiIndex.from_arrays([cut.column(other, name) for name in names])
        ours = pd.MultiIndex.from_arrays([cut.column(table, name) for name in names])
        for keep in ("first",) if theirs.is_unique else ("first", "last"):
            places = np.flatnonzero(~theirs.duplicated(keep=keep))
            at = theirs[places].get_indexer(ours)
            yield np.where(at >= 0, places[np.maximum(at, 0)], -1)
