"""scikit-learn: estimators remember the frame they were fitted to, and scores whom they are about."""

from __future__ import annotations

import functools
from typing import Any

from rpp_kernel.evidence.cells import Column, GroupTable
from rpp_kernel.evidence.models import fitted
from rpp_kernel.evidence.origin import Mark, origin_of
from rpp_kernel.evidence.patching import quietly, replace
from rpp_kernel.evidence.scalars import SCALARS

METRICS = (
    "accuracy_score", "balanced_accuracy_score", "precision_score", "recall_score", "f1_score", "roc_auc_score",
    "average_precision_score", "brier_score_loss", "log_loss", "r2_score", "mean_squared_error", "root_mean_squared_error",
    "mean_absolute_error",
)  # fmt: skip


def install() -> None:
    """Wrap the one function that sees every frame on its way into a fit, and the scores."""
    from sklearn import metrics
    from sklearn.base import ClassifierMixin, RegressorMixin
    from sklearn.utils import validation

    original = validation._check_feature_names

    def _check_feature_names(estimator: Any, X: Any, *, reset: bool) -> Any:
        if reset:
            quietly(fitted, estimator, X)
        return original(estimator, X, reset=reset)

    replace(validation, "_check_feature_names", _check_feature_names)
    for owner in (ClassifierMixin, RegressorMixin):
        _score(owner)
    for name in METRICS:
        if hasattr(metrics, name):
            _metric(metrics, name)


def _score(owner: Any) -> None:
    original = owner.__dict__["score"]

    @functools.wraps(original)
    def score(self: Any, X: Any, y: Any, sample_weight: Any = None) -> Any:
        found = original(self, X, y, sample_weight)
        quietly(_remember, found, X, y)
        return found

    replace(owner, "score", score)


def _metric(owner: Any, name: str) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def metric(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(y_true, y_pred, *args, **kwargs)
        quietly(_remember, found, y_true, y_pred)
        return found

    replace(owner, name, metric)


def _remember(found: Any, *frames: Any) -> None:
    for frame in frames:
        origin = origin_of(getattr(frame, "index", ()))
        if origin is not None:
            SCALARS.remember(found, ((Mark(GroupTable(origin, None, 1, [Column("a score")]), 0), 0),))
            return
