"""Did the hub's own re-run give what was submitted?"""

import math
import re
from enum import StrEnum

from rpp_review.items import Item, Kind, NormalForm

RELATIVE_TOLERANCE = 1e-9
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
# What differs between two runs of the same code and says nothing: a process's own file names, prompt numbers, addresses.
_PASSING = re.compile(r"/tmp/ipykernel_\d+/\d+\.py|\bIn ?\[\d+\]|\b0x[0-9a-f]{6,16}\b")  # noqa: S108 - a name that is looked for


class Reproduction(StrEnum):
    REPRODUCED = "reproduced"
    WITHIN_TOLERANCE = "within-tolerance"
    DIFFERS = "differs"
    MISSING = "missing"


def compare(submitted: NormalForm, rerun: NormalForm) -> dict[str, Reproduction]:
    """For each submitted item, what the re-run says about it."""
    return {item.identity: _best(item, _candidates(item, submitted, rerun)) for item in submitted.items}


def _candidates(item: Item, submitted: NormalForm, rerun: NormalForm) -> tuple[Item, ...]:
    """The re-run's output at the same place, and the same cell's output of the same kind and rank.

    Printed text and warnings reach the notebook in an order that depends on timing, so a position alone may be
    off by one where nothing differs.
    """
    there = _alike(item, rerun)
    rank = _alike(item, submitted).index(item)
    same_place = tuple(other for other in there if other.position == item.position)
    same_content = tuple(other for other in there if other.content == item.content)
    return same_content + same_place + there[rank : rank + 1]


def _alike(item: Item, form: NormalForm) -> tuple[Item, ...]:
    return tuple(other for other in form.items if (other.cell, other.kind) == (item.cell, item.kind))


def _best(item: Item, candidates: tuple[Item, ...]) -> Reproduction:
    if not candidates:
        return Reproduction.MISSING
    if any(other.sha256 == item.sha256 for other in candidates):
        return Reproduction.REPRODUCED
    if item.kind in {Kind.TABLE, Kind.TEXT, Kind.ERROR} and any(
        _is_close(item, other) for other in candidates
    ):
        return Reproduction.WITHIN_TOLERANCE
    return Reproduction.DIFFERS


def _is_close(item: Item, other: Item) -> bool:
    ours, theirs = (_PASSING.sub("#", one.content.decode()) for one in (item, other))
    if ours == theirs:
        return True
    if item.kind is Kind.ERROR:
        return False
    if _NUMBER.sub("#", ours) != _NUMBER.sub("#", theirs):
        return False
    pairs = zip(_NUMBER.findall(ours), _NUMBER.findall(theirs), strict=True)
    return all(one == two or _are_close(one, two) for one, two in pairs)


def _are_close(one: str, two: str) -> bool:
    """Whole numbers are counts: they are the same or they are not."""
    if one.lstrip("+-").isdigit() and two.lstrip("+-").isdigit():
        return False
    return math.isclose(float(one), float(two), rel_tol=RELATIVE_TOLERANCE, abs_tol=0.0)
