"""Single numbers that were computed from the cut: recognised again when they are printed, by identity."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from rpp_kernel.evidence.origin import Mark

MOST = 20_000
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Known:
    """A number (kept, so that no other gets its identity) and the cells that it was computed from."""

    value: Any
    cells: tuple[tuple[Mark, int], ...]


class Scalars:
    """The numbers of a session that are known."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, Known] = OrderedDict()
        self._labels: OrderedDict[int, Any] = OrderedDict()
        self.latest: Known | None = None
        self.number = 0

    def remember(self, value: Any, cells: tuple[tuple[Mark, int], ...]) -> None:
        """`value` was computed from `cells`. Small whole numbers and the like are one object for all: only the latest counts."""
        if not cells or isinstance(value, type(None) | bool | np.bool_ | str):
            return
        self.latest = Known(value, cells)
        self.number += 1
        if isinstance(value, int) and -5 <= value <= 256:
            return
        self._known[id(value)] = self.latest
        while len(self._known) > MOST:
            self._known.popitem(last=False)

    def find(self, value: Any) -> Known | None:
        """What is known of this very object."""
        found = self._known.get(id(value))
        return found if found is not None and found.value is value else None

    def find_since(self, value: Any, number: int) -> Known | None:
        """The same, also for a small whole number that was computed after `number` others."""
        found = self.find(value)
        if found is None and self.latest is not None and self.number > number and self.latest.value is value:
            return self.latest
        return found

    def remember_label(self, label: Any) -> None:
        """The name of a group, as somebody goes through an aggregate: no value of data. Small numbers are one object for all."""
        if isinstance(label, str | float | int) and not (isinstance(label, int) and -5 <= label <= 256):
            self._labels[id(label)] = label
            while len(self._labels) > MOST:
                self._labels.popitem(last=False)

    def is_label(self, value: Any) -> bool:
        """Whether this very object is the name of a group."""
        return self._labels.get(id(value), _NOTHING) is value

    def remember_text(self, text: str, about: Any) -> None:
        """A text that was written from a frame (to_csv, to_latex …)."""
        if len(text) > 8:
            self._known[id(text)] = Known(text, ((about, -1),))

    def forget(self) -> None:
        """Nothing is known (tests)."""
        self._known.clear()
        self._labels.clear()
        self.latest = None


SCALARS = Scalars()
