"""Who acts, and by which door."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Via(StrEnum):
    """The door an act came through."""

    CLI = "cli"
    PORTAL = "portal"
    HUB = "hub"
    WORKER = "worker"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (or `system`) and the door they came through."""

    name: str
    via: Via


def system(via: Via) -> Actor:
    """The installation itself: re-runs, releases, sweeps."""
    return Actor("system", via)
