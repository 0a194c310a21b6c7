"""Thirty notebooks in a real kernel: what it says is behind each output is what DuckDB counts, or it is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.kernel.conftest import WORKSPACE_PYTHON
from tests.workspace.books import Compared, Verdict, compared_in, notebooks
from tests.workspace.cuts import make_cuts

LEAST_EXACT = 0.95


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[Compared]:
    """Every displayed aggregate of every notebook beside what was counted."""
    if not WORKSPACE_PYTHON.exists():
        pytest.skip("the workspace's environment is not there: make test makes it")
    cuts = make_cuts(tmp_path_factory.mktemp("cuts"))
    return [
        one for data, cut in cuts.items() for one in compared_in(data, cut, tmp_path_factory.mktemp(data))
    ]


@pytest.mark.timeout(600)
def test_the_evidence_of_the_notebooks_is_never_wrong(outputs: list[Compared]) -> None:
    assert [one for one in outputs if one.verdict is Verdict.WRONG] == []


def test_the_evidence_of_nearly_all_outputs_is_exact(outputs: list[Compared]) -> None:
    unknown = [one for one in outputs if one.verdict is Verdict.UNKNOWN]
    assert 1 - len(unknown) / len(outputs) >= LEAST_EXACT, unknown


def test_each_notebook_displays_aggregates(outputs: list[Compared], tmp_path: Path) -> None:
    shown = {one.where.split(":")[0] for one in outputs}
    district = {book.name for book in notebooks() if book.data == "district"}
    assert district <= shown
    assert len(outputs) >= 5 * len(shown)
