"""How many outputs of the thirty notebooks have exact evidence, and how many have wrong evidence."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.workspace.books import Verdict, compared_in
from tests.workspace.cuts import make_cuts

FIGURES = ("evidence_exact", "evidence_wrong")


def measure() -> dict[str, float]:
    """The share of displayed aggregates whose evidence is exact, and the number of those whose evidence is wrong."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        every = [
            one for data, cut in make_cuts(folder).items() for one in compared_in(data, cut, folder / data)
        ]
    exact, wrong = (
        sum(one.verdict is verdict for one in every) for verdict in (Verdict.EXACT, Verdict.WRONG)
    )
    return {"evidence_exact": round(exact / len(every), 4), "evidence_wrong": wrong}
