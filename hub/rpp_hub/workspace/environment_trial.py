"""Does a new version of the environment work? A small notebook is run in it as the reviewers' re-run is, without data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rpp_hub.workspace.rerun import RerunLimits, RerunOutcome, rerun_notebook

ORDINARY = """\
import matplotlib.pyplot as plt, pandas as pd, rpp
frame = pd.DataFrame({"a": [1, 1, 2]})
frame.groupby("a").size().plot.bar()
plt.close("all")
"""
NEW = """\
import importlib, importlib.metadata as metadata, re
for name in NAMES:
    tops = [top for top, found in metadata.packages_distributions().items()
            if name in (re.sub("[-_.]+", "-", one).lower() for one in found) and not top.startswith("_")]
    for top in tops[:1]:
        importlib.import_module(top)
"""


def try_environment(environment: Path, added: Sequence[str], run_dir: Path) -> str:
    """What is wrong with it; empty when its kernel starts, draws, and imports what is new."""
    sources = (ORDINARY, f"NAMES = {list(added)!r}\n{NEW}")
    tried = rerun_notebook(_notebook(sources), None, environment, run_dir, RerunLimits(seconds=600))
    return "" if tried.outcome is RerunOutcome.COMPLETE else tried.message or str(tried.outcome)


def _notebook(sources: Sequence[str]) -> bytes:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for n, source in enumerate(sources)
    ]  # fmt: skip
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()
