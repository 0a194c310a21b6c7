"""Frames that a researcher puts together: of several series, or of a model's coefficients."""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np
from pandas.core.frame import DataFrame
from pandas.core.series import Series

from rpp_kernel.evidence.origin import ORIGIN, origin_of
from rpp_kernel.evidence.patching import DEPTH, quietly, replace
from rpp_kernel.evidence.watch_axes import mark_of

MOST_ROWS = 100_000


def install() -> None:
    """Wrap the two constructors; pandas itself makes most of its results without them."""
    for owner in (DataFrame, Series):
        _constructor(owner)


def _constructor(owner: Any) -> None:
    original = owner.__dict__["__init__"]

    @functools.wraps(original)
    def __init__(self: Any, data: Any = None, *args: Any, **kwargs: Any) -> None:
        original(self, data, *args, **kwargs)
        if type(data) is dict or type(data) is np.ndarray:
            if not DEPTH.inside and data is not None:
                quietly(_made, self, data)

    replace(owner, "__init__", __init__)


def _made(frame: Any, data: Any) -> None:
    if ORIGIN in frame.index.__dict__ and frame.ndim == 1:
        return
    values = list(data.values()) if isinstance(data, dict) else [data]
    if any(isinstance(one, Series) and ORIGIN in one.index.__dict__ for one in values):
        if frame.ndim == 2 and len(values) == frame.shape[1] and list(frame.columns) == list(data):
            _of_series(frame, values)
    elif "sklearn.base" in sys.modules and len(frame) <= 1000:
        _of_a_learner(frame, values)


def _of_series(frame: Any, values: list[Any]) -> None:
    """Series side by side, aligned by their labels, as `concat` would put them."""
    from rpp_kernel.evidence.watch_joins import beside

    if len(frame) > MOST_ROWS:
        return
    series = [one for one in values if isinstance(one, Series)]
    known = [one for one in series if origin_of(one.index) is not None]
    if len(series) < len(values) or len(known) < len(series):
        return
    if any(origin.token.is_rows for one in known if (origin := origin_of(one.index)) is not None):
        return
    if all(mark_of(one) is not None for one in known):
        beside(frame, series, [origin_of(one.index) for one in series])


def _of_a_learner(frame: Any, values: list[Any]) -> None:
    from rpp_kernel.evidence.models import give_model, learner_of

    arrays = [one for one in values if isinstance(one, np.ndarray)]
    origins = [learner_of(one) for one in arrays]
    if arrays and len(arrays) == len(values) and all(one is not None for one in origins):
        if all(one is origins[0] for one in origins):
            give_model(frame, origins[0])


__all__ = ["install"]
