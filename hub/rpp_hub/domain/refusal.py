"""Why something may not happen now: a stable code for programs and a sentence for a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason. `code` is stable for logs, API and tests; `reason` says what to do next."""

    code: str
    reason: str
