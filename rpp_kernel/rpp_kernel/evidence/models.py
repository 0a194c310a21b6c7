"""Fitted models: how many people they were fitted to, how many parameters they have and what freedom is left.

A regression is judged by its residual degrees of freedom (10 by default: ACRO's safe_dof_threshold); a tree by its smallest
leaf; a support vector machine and a nearest-neighbours model hold records themselves.
"""

from __future__ import annotations

import functools
import re
import sys
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from rpp_kernel.evidence.cells import Column, GridTable, GroupTable
from rpp_kernel.evidence.origin import (
    Fields,
    Mark,
    Origin,
    Unknown,
    edges_of,
    explicit,
    marks_of,
    merged_sources,
    origin_of,
)
from rpp_kernel.evidence.patching import quietly, replace
from rpp_kernel.evidence.scalars import SCALARS
from rpp_kernel.evidence.schema import VERSION, Shown, Status, unknown
from rpp_kernel.evidence.units import PEOPLE
from rpp_kernel.evidence.watch_axes import mark_of

SUMMARY = "_rpp_results"
_FITTED: WeakKeyDictionary[Any, Origin] = WeakKeyDictionary()
_FIELDS: WeakKeyDictionary[Any, Fields] = WeakKeyDictionary()
TABLES = ("params", "pvalues", "tvalues", "bse", "HC0_se", "HC1_se", "HC3_se")
METHODS = ("summary", "summary2", "conf_int", "cov_params", "t_test", "f_test", "get_margeff", "wald_test")


def install() -> None:
    """Let statsmodels' results say which rows they were fitted to."""
    from statsmodels.base.wrapper import ResultsWrapper

    original = ResultsWrapper.__getattribute__

    def __getattribute__(self: Any, attr: str) -> Any:
        found = original(self, attr)
        if not attr.startswith("_"):
            quietly(_taken, self, attr, found)
            if attr in METHODS and callable(found):
                return _telling(found, self)
        return found

    replace(ResultsWrapper, "__getattribute__", __getattribute__)


def _telling(method: Any, results: Any) -> Any:
    @functools.wraps(method)
    def told(*args: Any, **kwargs: Any) -> Any:
        answer = method(*args, **kwargs)
        quietly(_taken, results, "", answer)
        return answer

    return told


def _taken(results: Any, attr: str, found: Any) -> None:
    """Coefficients and statistics stand for everybody the model was fitted to."""
    import pandas as pd

    if callable(found) and not isinstance(found, pd.Series | pd.DataFrame):
        return
    is_table = isinstance(found, pd.Series | pd.DataFrame) and (attr in TABLES or not attr)
    if is_table:
        give_model(found, rows_of(results))
    elif isinstance(found, float | np.floating):
        origin = rows_of(results)
        if origin is not None:
            SCALARS.remember(found, ((Mark(_table(origin), 0), 0),))
    elif not attr and hasattr(found, "__dict__"):
        setattr(found, SUMMARY, results)
        for name in ("summary", "summary_frame"):
            if callable(inner := getattr(found, name, None)):
                setattr(found, name, _telling(inner, results))


def _table(origin: Origin) -> GroupTable:
    return GroupTable(origin, None, 1, [Column("a fitted model")])


def give_model(found: Any, origin: Origin | None) -> None:
    """Let every cell of a table of coefficients stand for all rows of a model."""
    from rpp_kernel.evidence.watch_groups import give

    if origin is None:
        return
    shape = (len(found), 1 if found.ndim == 1 else found.shape[1])
    none = np.zeros(shape, dtype=np.intp)
    give(found, GridTable((_table(origin),), ((none, none, none),)), None, list(range(shape[1])))


def rows_of(results: Any) -> Origin | None:
    """The rows that a model of statsmodels, linearmodels or pyfixest was fitted to."""
    model = getattr(results, "model", None)
    data = getattr(model, "data", None)
    for index in _indexes(results, model, data):
        if (origin := origin_of(index)) is not None:
            return origin
    frame, labels = getattr(data, "frame", None), getattr(data, "row_labels", None)
    if frame is not None and labels is not None and hasattr(frame, "index"):
        return _by_label(frame, labels)
    return None


def _indexes(results: Any, model: Any, data: Any) -> list[Any]:
    found = [getattr(data, "row_labels", None)]
    for owner, name in ((data, "orig_endog"), (data, "orig_exog"), (results, "_data")):
        found.append(getattr(getattr(owner, name, None), "index", None))
    dependent = getattr(model, "dependent", None)
    found.append(getattr(getattr(dependent, "dataframe", None), "index", None))
    return [one for one in found if one is not None]


def _by_label(frame: Any, labels: Any) -> Origin | None:
    origin = origin_of(frame.index)
    if origin is None or not frame.index.is_unique:
        return None
    at = frame.index.get_indexer(labels)
    return origin.take(at, len(at)) if len(at) and at.min() >= 0 else None


def evidence_of_model(shown: Any) -> dict[str, Any] | None:
    """Evidence of a model, its results or its summary; None for anything else."""
    results = getattr(shown, SUMMARY, None) if hasattr(shown, "__dict__") else None
    results = shown if results is None else results
    if _is_learner(results):
        return _learner(results)
    module = type(results).__module__.split(".")[0]
    if module not in ("statsmodels", "linearmodels", "pyfixest"):
        return None
    name = type(getattr(results, "model", results)).__name__
    return described(rows_of(results), _measures(results), name, _fields(results))


def _fields(results: Any) -> Fields:
    """The fields of the cut that a model was fitted to, as far as its frames still say so; of a formula's, those it names."""
    model = getattr(results, "model", None)
    data = getattr(model, "data", None)
    frame = getattr(data, "frame", None)
    if frame is not None:
        return fields_of(frame, frozenset(re.findall(r"\w+", str(getattr(model, "formula", "")))))
    given = (getattr(data, name, None) for name in ("orig_endog", "orig_exog"))
    return tuple(field for one in given for field in fields_of(one))


def fields_of(frame: Any, named: frozenset[str] | None = None) -> Fields:
    """The fields of the cut that the columns of a frame, or a series, are made of; of `named` columns alone."""
    ndim = getattr(frame, "ndim", 0)
    marks = (mark_of(frame),) if ndim == 1 else marks_of(frame.columns) if hasattr(frame, "columns") else None
    names = frame.columns if hasattr(frame, "columns") else (None,)
    return tuple(
        field
        for name, mark in zip(names, marks or (), strict=False)
        if mark is not None and (named is None or str(name) in named)
        for field in mark.fields
    )


def described(
    origin: Origin | None, measures: dict[str, Any], name: str, fields: Fields = ()
) -> dict[str, Any]:
    """Evidence of a model with these rows."""
    if origin is None:
        return {
            **unknown(Shown.MODEL, "the rows that the model was fitted to are not known"),
            "model": name,
            **measures,
        }
    units: dict[str, int] = {}
    kinds = origin.token.kinds()
    for kind in [k for k in PEOPLE if k in kinds] + [k for k in kinds if k not in PEOPLE]:
        try:
            _, numbers = explicit(*edges_of(origin, kind))
        except Unknown:
            continue
        units[kind] = len(np.unique(numbers))
    return {
        "version": VERSION, "shown": str(Shown.MODEL), "status": str(Status.EXACT if units else Status.UNKNOWN),
        "model": name, "unit": next(iter(units), ""), "units": units, "records": origin.size,
        "tables": _tables(origin, fields),
        "filters": origin.filters(), **measures,
    }  # fmt: skip


def _tables(origin: Origin, fields: Fields) -> dict[str, list[str]]:
    found = {table: set(columns) for table, columns in merged_sources([origin.token.sources()]).items()}
    for table, column in fields:
        if table in found:
            found[table].add(column)
    return {table: sorted(columns) for table, columns in sorted(found.items())}


def _measures(results: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, attributes in (
        ("observations", ("nobs", "_N")),
        ("residual_degrees_of_freedom", ("df_resid", "_df_t")),
        ("model_degrees_of_freedom", ("df_model", "_k")),
    ):
        for attribute in attributes:
            number = getattr(results, attribute, None)
            if isinstance(number, int | float | np.number):
                found[name] = int(number)
                break
    params = getattr(results, "params", None)
    if params is not None and hasattr(params, "__len__"):
        found["parameters"] = len(params)
    if "residual_degrees_of_freedom" not in found and {"observations", "parameters"} <= found.keys():
        found["residual_degrees_of_freedom"] = found["observations"] - found["parameters"]
    return found


# --- scikit-learn -------------------------------------------------------------------------------------------------------


def fitted(estimator: Any, rows: Any) -> None:
    """An estimator was fitted to a frame."""
    origin = origin_of(getattr(rows, "index", ()))
    if origin is not None:
        _FITTED[estimator], _FIELDS[estimator] = origin, fields_of(rows)
    else:
        _FITTED.pop(estimator, None)


def rows_of_learner(estimator: Any) -> Origin | None:
    """The rows that an estimator of scikit-learn was fitted to; a pipeline's, those of its first step."""
    if estimator in _FITTED:
        return _FITTED[estimator]
    steps = getattr(estimator, "steps", None) or []
    return next((origin for _, step in steps if (origin := _FITTED.get(step)) is not None), None)


def learner_of(array: Any) -> Origin | None:
    """The rows of the estimator that has exactly these coefficients or importances."""
    if array.size < 2 or array.size > 1000 or array.dtype.kind != "f" or not array.any():
        return None
    for estimator, origin in _FITTED.items():
        for name in ("coef_", "feature_importances_"):
            theirs = getattr(estimator, name, None)
            if isinstance(theirs, np.ndarray) and theirs.size == array.size:
                if np.array_equal(np.ravel(theirs), np.ravel(array)):
                    return origin
    return None


def _is_learner(shown: Any) -> bool:
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(shown, base.BaseEstimator)


def _learner(estimator: Any) -> dict[str, Any] | None:
    if not any(name.endswith("_") and not name.startswith("_") for name in vars(estimator)):
        return None
    steps = [step for _, step in getattr(estimator, "steps", None) or ()]
    fields = next((_FIELDS[one] for one in (estimator, *steps) if one in _FIELDS), ())
    return described(rows_of_learner(estimator), learned(estimator), type(estimator).__name__, fields)


def learned(estimator: Any) -> dict[str, Any]:
    """What an estimator keeps of the people it was fitted to."""
    final = estimator.steps[-1][1] if getattr(estimator, "steps", None) else estimator
    trees = [
        getattr(one, "tree_", None)
        for one in np.ravel(getattr(final, "estimators_", [final]))
        if one is not None
    ]
    leaves = [t.n_node_samples[t.children_left == -1].min() for t in trees if t is not None]
    found: dict[str, Any] = {}
    if leaves:
        found["smallest_leaf"] = int(min(leaves))
    if hasattr(final, "n_support_"):
        found["support_vectors"] = int(np.sum(final.n_support_))
        found["holds_records"] = True
    if hasattr(final, "_fit_X"):
        found["holds_records"] = True
    coefficients = getattr(final, "coef_", None)
    if coefficients is not None:
        found["parameters"] = int(np.size(coefficients) + np.size(getattr(final, "intercept_", 0.0)))
    return found
