"""acro checks by the partnership's thresholds, which the kernel's environment states. Its own lie beside its code, read-only.

acro 1.x reads a file of its package when a session is made; what is stated here is put in its place right after that.
"""

from __future__ import annotations

import functools
import json
import os
from typing import Any

from rpp_kernel.evidence.patching import quietly, replace

APPETITE = "RPP_APPETITE"
NAMES = {
    "safe_threshold": "threshold", "survival_safe_threshold": "threshold", "safe_dof_threshold": "degrees",
    "safe_nk_k": "dominance", "safe_pratio_p": "p_ratio",
}  # fmt: skip


def install() -> None:
    """Wrap what makes a session."""
    from acro.acro import ACRO

    original = ACRO.__dict__["__init__"]

    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        quietly(_set, self)

    replace(ACRO, "__init__", __init__)


def appetite() -> dict[str, Any]:
    """acro's parameters, by its names, as far as the partnership states them."""
    told = json.loads(os.environ.get(APPETITE) or "{}")
    return {theirs: told[ours] for theirs, ours in NAMES.items() if ours in told}


def _set(session: Any) -> None:
    from acro import acro_tables

    stated = appetite()
    session.config.update(stated)
    session.sdc_checks.risk_appetite.update(stated)
    acro_tables.SURVIVAL_THRESHOLD = stated.get("survival_safe_threshold", acro_tables.SURVIVAL_THRESHOLD)
