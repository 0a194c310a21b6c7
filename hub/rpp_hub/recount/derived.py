"""Were these values made of fields of the cut in a way that one can read? Only a few ways count: each leaves no room to hide in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
_UNITS = (1.0, -1.0, 10.0, 100.0, 1000.0, 0.1, 0.01, 0.001)
MOST_TURNS = 4  # of a comparison along a field's numbers: two intervals
MOST_VALUES = 50  # of a field of words, so that "one of these" is a sentence and not a list of people


def is_derived(values: Floats, fields: Sequence[pd.Series[Any]]) -> bool:
    """A field, perhaps in another unit; a comparison with a value; a sum, difference, product or ratio of two fields."""
    if not 1 <= len(fields) <= 2 or any(len(field) != len(values) for field in fields):
        return False
    if len(fields) == 1 and _is_comparison(values, fields[0]):
        return True
    if not all(is_number(field) for field in fields):
        return False
    every = list(made_of([numbers_of(field) for field in fields]))
    return any(_is_same(values, made) or _is_split(values, made) for made in every)


def is_number(field: pd.Series[Any]) -> bool:
    """Whether one can calculate with it."""
    return bool(pd.api.types.is_numeric_dtype(field) or pd.api.types.is_bool_dtype(field))


def numbers_of(field: pd.Series[Any]) -> Floats:
    """A field's numbers, nan where it is missing."""
    found: Floats = field.to_numpy(dtype=float, na_value=np.nan)
    return found


def made_of(numbers: Sequence[Floats]) -> Iterator[Floats]:
    """What is made of one field of numbers, or of two."""
    if len(numbers) == 1:
        yield numbers[0]
        return
    one, other = numbers
    with np.errstate(all="ignore"):
        yield from (one / other, other / one, one - other, one + other, one * other)
        yield from (one / (one + other), other / (one + other))


def _is_same(values: Floats, made: Floats) -> bool:
    """The same in another unit, from one downward, or as z-scores; and missing where that is.

    Any other factor or addend would be a number of somebody's choice, and could be whatever is to be carried out.
    """
    there = np.isfinite(made)
    if np.isfinite(values[~there]).any() or np.isnan(values[there]).any() or not there.any():
        return False
    ours, theirs = values[there], made[there]
    ways = [theirs * scale for scale in _UNITS] + [1 - theirs, 100 - theirs * 100]
    spread = [float(np.std(theirs, ddof=ddof)) for ddof in (0, 1)] if len(theirs) > 1 else []
    ways += [(theirs - theirs.mean()) / one for one in spread if one > 0]
    return any(np.allclose(ours, way, rtol=1e-9, atol=1e-12) for way in ways)


def _is_split(values: Floats, made: Floats) -> bool:
    """Yes above a value of `made` and no below, or the other way round; what is missing there may be either of the two."""
    if not np.isin(values, (0.0, 1.0)).all():
        return False
    there = np.isfinite(made)
    yes, no = made[there & (values == 1.0)], made[there & (values == 0.0)]
    if len(np.unique(values[np.isnan(made)])) > 1:
        return False
    return not len(yes) or not len(no) or bool(yes.min() > no.max() or yes.max() < no.min())


def _is_comparison(values: Floats, field: pd.Series[Any]) -> bool:
    """Yes or no, by the field's value alone: an interval of numbers, or some of a few words."""
    if not np.isin(values, (0.0, 1.0)).all():
        return False
    codes, seen = pd.factorize(field, sort=True)
    of_code: dict[int, float] = {}
    pairs = np.unique(np.stack([codes.astype(float), values], axis=1), axis=0)
    for code, value in pairs:
        if of_code.setdefault(int(code), value) != value:
            return False
    if not is_number(field):
        return len(seen) <= MOST_VALUES
    turns = np.diff([of_code[code] for code in sorted(of_code) if code >= 0])
    return int(np.count_nonzero(turns)) <= MOST_TURNS
