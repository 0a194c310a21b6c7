"""Placeholder until figures are followed."""

from __future__ import annotations

from typing import Any

from rpp_kernel.evidence.schema import Shown, unknown


def install() -> None:
    """Nothing yet."""


def evidence_of_figure(shown: Any) -> dict[str, Any] | None:
    """Nothing is known of figures yet."""
    del shown
    return unknown(Shown.FIGURE, "figures are not followed yet")
