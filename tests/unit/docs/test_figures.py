"""The page of figures names every figure of the bench with the limit that the bench holds it to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.bench.__main__ import LEAST, LIMITS, MOST, MOST_BYTES

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "figures.md"
HELD = LIMITS | LEAST | MOST | MOST_BYTES


def written() -> dict[str, float]:
    """The limit of each figure, from the rows of the tables that say what the figures are."""
    defined = PAGE.read_text(encoding="utf-8").partition("## Seen")[0]
    rows = re.findall(r"^\|(( `\w+`,?)+) \|.*\|(?: at least)? ([\d.,]+) \|$", defined, re.MULTILINE)
    return {
        name: float(limit.replace(",", ""))
        for names, _, limit in rows
        for name in re.findall(r"`(\w+)`", names)
    }


@pytest.mark.parametrize("name", sorted(HELD))
def test_a_figure_stands_on_the_page_with_its_limit(name: str) -> None:
    assert written()[name] == HELD[name]
