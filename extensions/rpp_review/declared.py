"""What did an author say is behind an output, where no kernel computed it? It is shown, and never taken for evidence.

Whatever comes of an R notebook is of this kind: what its author's code writes, no kernel of ours has counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SOURCE = "declared"
SHOWN = frozenset({"table", "records", "value", "text", "figure", "model"})
LONGEST = 200
MOST = 20


def is_declared(evidence: Mapping[str, Any]) -> bool:
    """Whether it says of itself that it was declared."""
    return evidence.get("source") == SOURCE


def as_declared(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Of what was claimed, the sentence; every number that a check could take for computed is left out."""
    shown = evidence.get("shown")
    told = evidence.get("declared")
    said = "; ".join(_said(told)) if isinstance(told, Mapping) else ""
    why = f"its author declared {said}, and no kernel computed it" if said else "no kernel computed it, and its author declared nothing"  # fmt: skip
    return {
        "version": evidence.get("version"),
        "shown": shown if shown in SHOWN else "value",
        "status": "unknown",
        "source": SOURCE,
        "why": why,
    }


def _said(told: Mapping[str, Any]) -> Iterator[str]:
    unit = _text(told.get("unit")) or "units"
    if (count := _count(told.get("n"))) is not None:
        yield f"{count} {unit} behind it"
    if (degrees := _count(told.get("degrees_of_freedom"))) is not None:
        yield f"{degrees} residual degrees of freedom"
    for name, words in (("tables", "table"), ("years", "years"), ("filters", "records chosen by")):
        if found := [_text(one) for one in _several(told.get(name)) if _text(one)]:
            yield f"{words} {', '.join(found)}"
    if note := _text(told.get("note")):
        yield note


def _count(value: Any) -> str | None:
    """A number, or from the least to the most of several."""
    flat = [one for one in _flat(value) if isinstance(one, int | float) and not isinstance(one, bool)]
    if not flat:
        return None
    return f"{min(flat):,g}" if min(flat) == max(flat) else f"{min(flat):,g} to {max(flat):,g}"


def _flat(value: Any) -> Iterator[Any]:
    for one in value if isinstance(value, list) else [value]:
        yield from _flat(one) if isinstance(one, list) else [one]


def _several(value: Any) -> list[Any]:
    return value[:MOST] if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(value)[:LONGEST] if isinstance(value, str | int) and not isinstance(value, bool) else ""
