"""Was an array written to after something had been computed from it? Only pandas' own ways of writing are noticed."""

from __future__ import annotations

from typing import Any


class Writes:
    """When which memory was last written to in place."""

    def __init__(self) -> None:
        self._clock = 0
        self._written: dict[int, int] = {}

    def stamp(self) -> int:
        """Now."""
        return self._clock

    def note(self, array: Any) -> None:
        """`array` is written to."""
        self._clock += 1
        if len(self._written) > 100_000:
            self._written.clear()
        for one in memory(array):
            self._written[one] = self._clock

    def since(self, array: Any, stamp: int) -> bool:
        """Whether it was, after `stamp`."""
        return any(self._written.get(one, -1) > stamp for one in memory(array))


WRITES = Writes()


def memory(array: Any) -> tuple[int, ...]:
    """What tells an array's memory: the object that owns it, under whatever view."""
    found = [id(array)]
    inner = array
    for name in ("_ndarray", "_pa_array", "_codes"):
        if name in getattr(array, "__dict__", ()):
            inner = array.__dict__[name]
            break
    while getattr(inner, "base", None) is not None:
        inner = inner.base
    found.append(id(inner))
    return tuple(found)


def was_written(array: Any, stamp: int) -> bool:
    """Whether pandas wrote to this memory after `stamp`."""
    return WRITES.since(array, stamp)
