"""Which lines belong under these outputs? Evidence as the kernel tells it, checked before it is read. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from rpp_review.checks import Appetite
from rpp_review.quiet_line import quiet_line
from rpp_review.server.refused import Refused

BODY_LIMIT = 4_000_000
MOST = 200


def lines(
    body: bytes, appetite: Appetite, asked: Callable[[object], dict[str, str] | None] = lambda _: None
) -> dict[str, Any]:
    """The answer of `POST rpp/lines`: for each piece of evidence, or question, its line, or null."""
    return {"lines": [asked(one) or _line(one, appetite) for one in _evidence(body)]}


def _line(evidence: Any, appetite: Appetite) -> dict[str, str] | None:
    """A researcher's code can write any evidence; what cannot be read has no line."""
    try:
        known = isinstance(evidence, dict) and "status" in evidence
        found = quiet_line(evidence, appetite) if known else None
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError):
        return None
    return None if found is None else {"tone": str(found.tone), "text": found.text[:600]}


def _evidence(body: bytes) -> list[Any]:
    if len(body) > BODY_LIMIT:
        raise Refused(413, "too-large", "So much evidence is not read. Show smaller tables.")
    try:
        sent = json.loads(body)
        evidence = sent["evidence"]
        if not isinstance(evidence, list) or len(evidence) > MOST:
            raise ValueError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused(
            422, "not-evidence", f"This takes a list of at most {MOST} pieces of evidence."
        ) from None
    return evidence
