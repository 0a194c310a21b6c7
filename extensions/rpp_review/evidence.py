"""What did the kernel say is behind each output? Read from a notebook that the hub ran itself.

In a notebook that somebody submitted it is only what that session claimed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rpp_review.declared import as_declared, is_declared
from rpp_review.languages import Kernel, kernel_of

EVIDENCE_KEY = "rpp_evidence"
EVIDENCE_TYPE = "application/vnd.rpp.evidence.v1+json"
VERSION = 1

SETS = "sets"  # exactly which units, in a re-run's evidence alone
WITNESS = "witness"  # exactly which records, in a re-run's evidence alone
HELD_BACK = frozenset({SETS, WITNESS})  # what no page and no bundle ever holds

Evidence = Mapping[str, Any]


def evidence_by_identity(notebook: bytes) -> dict[str, Evidence]:
    """Evidence of each output, by the identity that the normal form gives it. What cannot be read is not there."""
    try:
        read = json.loads(notebook)
        cells = read["cells"]
    except (ValueError, KeyError, TypeError):
        return {}
    is_r = kernel_of(read) is Kernel.R
    found: dict[str, Evidence] = {}
    for cell in cells if isinstance(cells, list) else []:
        if isinstance(cell, dict) and isinstance(cell.get("outputs"), list):
            found.update(_of_cell(str(cell.get("id", "")), cell["outputs"]))
    return {name: as_declared(told) if is_r or is_declared(told) else told for name, told in found.items()}


def sets_of(evidence: Evidence) -> list[Any]:
    """The sets of units in a piece of evidence and in its parts, in their order."""
    found = [evidence[SETS]] if evidence.get(SETS) else []
    for name in ("marks", "values"):
        for part in evidence.get(name) or []:
            if isinstance(part, dict):
                found.extend(sets_of(part))
    return found


def _of_cell(cell: str, outputs: list[Any]) -> Iterator[tuple[str, Evidence]]:
    printed: list[str] = []
    told: Evidence | None = None
    for position, output in enumerate(_joined(outputs)):
        identity = f"{cell}:{position}"
        if output.get("output_type") == "stream":
            printed.append(identity)
            continue
        data, metadata = output.get("data"), output.get("metadata")
        if isinstance(metadata, dict) and _is_evidence(metadata.get(EVIDENCE_KEY)):
            yield identity, metadata[EVIDENCE_KEY]
        if isinstance(data, dict) and _is_evidence(data.get(EVIDENCE_TYPE)):
            told = data[EVIDENCE_TYPE]
    if told is not None:
        for identity in printed:
            yield identity, told


def _joined(outputs: list[Any]) -> Iterator[dict[str, Any]]:
    """Pieces of one stream are one output, as in the normal form."""
    last: str | None = None
    for output in outputs:
        if not isinstance(output, dict):
            continue
        name = str(output.get("name")) if output.get("output_type") == "stream" else None
        if name is None or name != last:
            yield output
        last = name


def _is_evidence(found: Any) -> bool:
    return isinstance(found, dict) and found.get("version") == VERSION
