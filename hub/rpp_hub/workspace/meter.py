"""How many bytes went to the browser, by kind. Counted outside every sandbox, so nothing inside can count less."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

Watch = Callable[["Meter"], None]


class Channel(StrEnum):
    """The two ways data reaches a browser."""

    HTTP = "http"
    WEBSOCKET = "websocket"


@dataclass(slots=True)
class Meter:
    """`watch` is called after each count: where a budget will act."""

    counted: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, Channel), 0))
    watch: Watch | None = None

    def add(self, channel: Channel, size: int) -> None:
        self.counted[str(channel)] += size
        if self.watch is not None:
            self.watch(self)
