"""What does a check say, and what does it need to know?"""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105 - an outcome, no password
    REVIEW = "review"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, where, why it matters and how to put it right. It never repeats the value it found."""

    check: str
    identity: str
    outcome: Outcome
    summary: str
    where: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Appetite:
    """How much risk the partnership accepts. Every threshold of every check is here."""

    threshold: int = 10
    max_rows: int = 200
    max_columns: int = 60
    max_lines: int = 2_000
    max_characters: int = 200_000
    dominance: float = 0.90  # ACRO's safe_nk_k, of the two largest
    p_ratio: float = 0.10  # ACRO's safe_pratio_p
    degrees: int = 10  # ACRO's safe_dof_threshold
    leaf: int = 5  # SACRO-ML's safemodel rules
    max_run: int = 64  # characters in one piece without a blank, before text looks like packed data


def appetite_told(text: str) -> Appetite:
    """The partnership's appetite as a workspace's environment states it; the default for what is not stated or not readable."""
    try:
        told = dict(json.loads(text))
        return Appetite(**{name: value for name, value in told.items() if name in Appetite.__slots__})
    except (ValueError, TypeError):
        return Appetite()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the trusted side knows; with the defaults, the checks say what the item alone can tell."""

    identifiers: Set[str] = frozenset()
    names: Set[str] = frozenset()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unit_columns: frozenset[str] = frozenset()
