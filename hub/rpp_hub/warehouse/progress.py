"""How long work tells a person where it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called before each step: what is being done, how many steps are done, and of how many."""

    def __call__(self, what: str, done: int, total: int, /) -> None: ...


def silent(what: str, done: int, total: int) -> None:
    """For callers that show nothing."""
