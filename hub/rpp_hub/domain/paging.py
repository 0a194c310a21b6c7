"""Lists a page at a time: where a page begins, and what it holds.

A page begins after a row's own key, never at a count: the thousandth page costs as much as the first, and rows that come
or go meanwhile neither repeat nor skip others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

PAGE = 50
MOST = 500

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class PageAt:
    """Which page: the rows behind the one whose key is `after`; from the beginning when it is empty."""

    after: str = ""
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list; `next` is the key to go on after, empty on the last page."""

    items: tuple[T, ...]
    next: str = ""
    first: bool = True

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def map(self, made: Callable[[T], U]) -> Page[U]:
        """The same page of something else."""
        return Page(tuple(made(item) for item in self.items), self.next, self.first)
