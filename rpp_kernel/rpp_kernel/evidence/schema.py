"""The form in which evidence is written into an output's metadata: version 1 of docs/reference/evidence.schema.json."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

KEY = "rpp_evidence"
MEDIA_TYPE = "application/vnd.rpp.evidence.v1+json"
VERSION = 1


class Status(StrEnum):
    """How much is known: of every value, of some, of none; or the output holds no value at all."""

    EXACT = "exact"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    NONE = "none"


class Shown(StrEnum):
    """What is shown: an aggregate, records, single numbers, text, a figure or a fitted model."""

    TABLE = "table"
    RECORDS = "records"
    VALUE = "value"
    TEXT = "text"
    FIGURE = "figure"
    MODEL = "model"


def unknown(shown: Shown, why: str) -> dict[str, Any]:
    """Evidence that says that there is none, and why."""
    return {"version": VERSION, "shown": str(shown), "status": str(Status.UNKNOWN), "why": why}
