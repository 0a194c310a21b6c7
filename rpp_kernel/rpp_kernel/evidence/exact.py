"""Exactly whom does a cell stand for? Written in the hub's own re-run alone, as compressed bitmaps over the cut's codes.

Bit i is the i-th of the cut's codes of that kind in alphabetical order, so that two re-runs on one cut agree.
"""

from __future__ import annotations

import base64
import os
import zlib
from typing import Any

import numpy as np

from rpp_kernel.evidence import units
from rpp_kernel.evidence.origin import Ints

WANTED = "RPP_EVIDENCE_SETS"
MOST_CELLS = 2_000


def is_wanted() -> bool:
    """Whether this kernel runs for the hub itself."""
    return os.environ.get(WANTED) == "1"


def write(evidence: dict[str, Any], sets: dict[str, Any] | None, cells: dict[tuple[int, int], Any]) -> None:
    """Into a piece of evidence: whom its cells stand for, and of which records they are made."""
    from rpp_kernel.evidence.witness import witness

    if sets:
        evidence["sets"] = sets
    if told := witness(cells):
        evidence["witness"] = told


def encoded(kind: str, sets: dict[tuple[int, int], Ints]) -> dict[str, Any] | None:
    """The sets of cells (row, column), ready for JSON; None where there are too many to be worth it."""
    if not sets or len(sets) > MOST_CELLS:
        return None
    rank = units.ranks(kind)
    cells = {
        f"{row},{column}": _bitmap(rank[found], len(rank)) for (row, column), found in sorted(sets.items())
    }
    return {"unit": kind, "of": len(rank), "cells": cells}


def _bitmap(ranks: Ints, size: int) -> str:
    bits = np.zeros(size, dtype=bool)
    bits[ranks] = True
    return base64.b64encode(zlib.compress(np.packbits(bits).tobytes(), 9)).decode()


def decoded(text: str, size: int) -> Ints:
    """The ranks in a bitmap."""
    packed = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    return np.flatnonzero(np.unpackbits(packed)[:size])
