"""Linking the public sample of 960 students to a copy with typing errors, as well as promised, whatever the errors' seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.linkage import SAMPLE, measure


@pytest.mark.sample
@pytest.mark.skipif(not SAMPLE.exists(), reason="the Ed-Fi sample is not beside the checkout")
@pytest.mark.parametrize("seed", [1, 2026])
def test_precision_and_recall_are_as_promised(tmp_path: Path, seed: int) -> None:
    quality = measure(tmp_path, seed)
    assert quality.precision >= 0.99
    assert quality.recall >= 0.95
