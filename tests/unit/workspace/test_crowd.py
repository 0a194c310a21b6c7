"""When the machine counts as crowded."""

from __future__ import annotations

import pytest
from rpp_hub.workspace.crowd import crowded, is_crowded


@pytest.mark.parametrize(
    ("line", "processors", "is_so"),
    [
        ("0.52 0.58 0.59 2/1234 5678", 2, False),
        ("9.00 9.00 9.00 5/1234 5678", 2, False),  # busy a minute ago is not busy now
        ("0.52 0.58 0.59 6/1234 5678", 2, True),
        ("0.52 0.58 0.59 6/1234 5678", 8, False),
        ("0.52 0.58 0.59 120/1234 5678", 32, True),
        ("", 2, False),
        ("a b c d", 2, False),
    ],
)
def test_it_is_told_from_those_that_want_a_processor_now(line: str, processors: int, is_so: bool) -> None:
    assert is_crowded(line, processors) is is_so


def test_the_machine_itself_can_be_asked() -> None:
    assert crowded() in (True, False)
