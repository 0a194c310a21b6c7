"""What can be said of an output's evidence, after its records were counted again where no notebook's code runs?"""

from __future__ import annotations

import base64
import logging
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rpp_review.checks.behind import parts
from rpp_review.checks.recounted import Recount, Verdict
from rpp_review.evidence import SETS, WITNESS, Evidence
from rpp_review.items import Item, Kind, NormalForm

from rpp_hub.recount.agreement import Computed, agree
from rpp_hub.recount.cut_tables import CutTables, NotThere
from rpp_hub.recount.figures import Counted, Figures, NotComputed
from rpp_hub.recount.rules import Universe, rule_of, universe_of
from rpp_hub.recount.shown import Grid, Number, numbers_in, table_shown
from rpp_hub.recount.witness import Group, InvalidWitness, Room, Witness, read_witness

log = logging.getLogger(__name__)
MOST_RULES = 400
RULES_TOLD = 12
TOLERANCE = 2e-4
NOT_ALL = "some of its values were computed in a way that is not counted again"
Place = tuple[int, int]


class _Disagrees(Exception):
    """What was said is not what the cut holds; the message says what."""


class _Differs(Exception):
    """What is shown does not come out of the records."""


class _Silent(Exception):
    """It cannot be counted again; the message says why."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One piece of evidence, its witness read and counted."""

    evidence: Evidence
    witness: Witness
    counted: Mapping[Place, tuple[Counted, ...]]


def recount(form: NormalForm, told: Mapping[str, Evidence], data: Path) -> dict[str, Recount]:
    """For each item of which something is said, what came of counting again."""
    cut = CutTables(data)
    said = {identity: one for identity, one in told.items() if one.get("status") != "unknown"}
    every = [item for item in form.items if item.identity in said]
    return {item.identity: _of_item(item, said[item.identity], cut) for item in every}


def _of_item(item: Item, evidence: Evidence, cut: CutTables) -> Recount:
    try:
        if evidence.get("status") == "none" or evidence.get("shown") == "records":
            raise _Silent("there is nothing to count again")
        room = Room()
        every = [_part(part, cut, room) for part in parts(evidence)]
        _compare_shown(item, evidence, every)
        rules = [rule for part in every for rule in _rules(part, cut)]
    except _Disagrees as found:
        return Recount(Verdict.DISAGREES, str(found))
    except _Differs as found:
        return Recount(Verdict.DIFFERS, str(found))
    except (_Silent, NotComputed, InvalidWitness, NotThere) as found:
        return Recount(Verdict.KERNEL, str(found) or "its records are not in the cut")
    except Exception as error:  # whatever a hostile witness can make of numpy and pandas
        log.warning("the recount of %s failed: %s", item.identity, type(error).__name__)
        return Recount(Verdict.KERNEL, "counting again failed")
    if None in rules:
        return Recount(Verdict.CHOSEN, "its records follow no rule that could be found")
    return Recount(Verdict.RECOUNTED, "", tuple(dict.fromkeys(rule for rule in rules if rule))[:RULES_TOLD])


def _part(evidence: Evidence, cut: CutTables, room: Room) -> _Part:
    if WITNESS not in evidence:
        raise _Silent(
            "the points, bars and lines of a figure are not numbers that can be read back" if evidence.get("drawing")
            else "a fitted model is not computed again" if evidence.get("shown") == "model"
            else "it was computed in a way that is not counted again"
        )  # fmt: skip
    witness, unit = read_witness(evidence[WITNESS], room), str(evidence.get("unit"))
    figures = Figures(witness, cut, unit)
    counted = {place: tuple(map(figures.counted, groups)) for place, groups in witness.cells.items()}
    part = _Part(evidence, witness, counted)
    for place in _places(evidence):
        if place not in counted and evidence["units"][unit][place[0]][place[1]] == 0:
            continue  # nobody is behind it: it must show nothing
        if place not in counted:
            raise _Silent(NOT_ALL)
        _compare_people(part, place)
        _compare_sets(part, place, cut.count_of(unit))
    return part


def _places(evidence: Evidence) -> Iterator[Place]:
    """The cells of which something is said, but for labels."""
    labels = list(evidence.get("label_columns") or [])
    grid = evidence.get("units", {}).get(evidence.get("unit"))
    for i, row in enumerate(grid if isinstance(grid, list) else []):
        yield from ((i, j) for j in range(len(row)) if not (j < len(labels) and labels[j]))


def _compare_people(part: _Part, place: Place) -> None:
    i, j = place
    said = part.evidence["units"][part.evidence["unit"]][i][j]
    found = min(len(one.people) for one in part.counted[place])
    if said is not None and said != found:
        raise _Disagrees(
            f"The kernel counted {said:,} behind row {i + 1}, column {j + 1}; the cut has {found:,}."
        )
    if len(part.counted[place]) > 1:
        return
    (one,) = part.counted[place]
    for name, share in (("top1", one.top1), ("top2", one.top2)):
        told = _at(part.evidence, name, i, j)
        if share is not None and told is not None and abs(told - share) > TOLERANCE:
            raise _Disagrees(
                f"The largest contributors' share in row {i + 1}, column {j + 1} is not what the cut has."
            )


def _at(evidence: Evidence, name: str, i: int, j: int) -> float | None:
    try:
        found = evidence[name][i][j]
    except (KeyError, IndexError, TypeError):
        return None
    return float(found) if isinstance(found, int | float) else None


def _compare_sets(part: _Part, place: Place, universe: int) -> None:
    sets = part.evidence.get(SETS)
    if not sets:
        return
    if sets["of"] != universe:
        raise _Disagrees("The people of the cut are not those that the kernel counted.")
    every = part.counted[place]
    if part.evidence.get("shown") == "value":
        named = {(0, k): one.people for k, one in enumerate(every)}
    else:
        named = {place: np.unique(np.concatenate([one.people for one in every]))}
    for (i, j), people in named.items():
        said = sets["cells"].get(f"{i},{j}")
        if said is not None and not np.array_equal(_members(said, universe), people):
            raise _Disagrees(
                f"The people behind row {i + 1}, column {j + 1} are others than the kernel said."
            )


def _members(text: str, size: int) -> Any:
    unpacked = zlib.decompressobj().decompress(base64.b64decode(text), size // 8 + 8)
    return np.flatnonzero(np.unpackbits(np.frombuffer(unpacked, dtype=np.uint8))[:size])


# --- what is shown ------------------------------------------------------------------------------------------------------


def _compare_shown(item: Item, evidence: Evidence, every: list[_Part]) -> None:
    if item.kind not in (Kind.TABLE, Kind.TEXT):
        raise _Silent("a picture's numbers are not read back")
    if len(every) == 1 and (grid := table_shown(item, every[0].evidence)) is not None:
        _compare_table(grid, every[0])
        return
    shown = list(numbers_in(item))
    computed = [_computed(part, place) for part in every for place in _places(part.evidence)]
    if len(shown) != len(computed) or not shown:
        raise _Silent("which of its numbers is which could not be read")
    for number, one in zip(shown, computed, strict=True):
        _say_if_differs([number], [one])


def _compare_table(shown: Grid, part: _Part) -> None:
    grid = {place: one for place, one in shown.items() if place in part.counted}
    if any(not math.isnan(one.value) for place, one in shown.items() if place not in grid):
        raise _Silent(NOT_ALL)
    computed = _with_totals({place: _computed(part, place) for place in grid})
    for column in sorted({j for _, j in grid}):
        places = [place for place in grid if place[1] == column]
        _say_if_differs([grid[place] for place in places], [computed[place] for place in places])


def _with_totals(cells: dict[Place, Computed]) -> dict[Place, Computed]:
    """A number may be shown as a share of its row's, its column's or its table's sum."""
    if any(one.is_any or len(one.values) != 1 for one in cells.values()):
        return cells
    rows: dict[int, float] = {}
    columns: dict[int, float] = {}
    for (i, j), one in cells.items():
        rows[i] = rows.get(i, 0.0) + one.values[0]
        columns[j] = columns.get(j, 0.0) + one.values[0]
    whole = sum(rows.values())
    return {
        (i, j): replace(one, totals=(*one.totals, rows[i], columns[j], whole))
        for (i, j), one in cells.items()
    }


def _say_if_differs(shown: list[Number], computed: list[Computed]) -> None:
    if not agree(shown, computed):
        raise _Differs("The numbers that are shown are not those that come out of the records behind them.")


def _computed(part: _Part, place: Place) -> Computed:
    if place not in part.counted:
        raise _Silent(NOT_ALL)
    every, groups = part.counted[place], part.witness.cells[place]
    if len(every) == 1:
        function = part.witness.measures[groups[0].measure].function
        totals = every[0].totals if function in ("size", "count") else ()
        return Computed(every[0].values, function in ("quantile", "describe"), totals)
    if len(every) == 2 and all(len(one.values) == 1 for one in every):
        return Computed(tuple(_put_together(every[0].values[0], every[1].values[0])))
    raise _Silent("it was computed from several values in a way that is not followed")


def _put_together(one: float, other: float) -> Iterator[float]:
    yield from (one - other, other - one, one + other, one * other)
    for up, down in ((one, other), (other, one)):
        yield from (up / down, (up - down) / down) if down else (float("nan"), float("nan"))


# --- how the records were chosen ----------------------------------------------------------------------------------------


def _rules(part: _Part, cut: CutTables) -> Iterator[str | None]:
    universes: dict[int, Universe | None] = {}
    seen: dict[tuple[int, int, int], str | None] = {}
    for place in (one for one in _places(part.evidence) if one in part.counted):
        for group, counted in zip(part.witness.cells[place], part.counted[place], strict=True):
            key = (group.leaf, group.row, group.column)
            if key in seen or not len(counted.rows):
                continue
            if len(seen) >= MOST_RULES:
                return
            if group.leaf not in universes:
                universes[group.leaf] = universe_of(part.witness.leaves[group.leaf], cut)
            universe = universes[group.leaf]
            seen[key] = rule_of(counted.rows, universe, cut) if universe is not None else None
            yield seen[key]


__all__ = ["Group", "recount"]
