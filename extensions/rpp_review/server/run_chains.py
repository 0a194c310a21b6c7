"""What ran in this server's kernels, kernel by kernel? Chains of bounded length, in its memory alone. Pure but for the clock."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rpp_review.provenance import LONGEST_NAME, MOST_RUNS, Record, Run, genesis, link, nothing_seen

MOST_KERNELS = 64


@dataclass(slots=True)
class Chain:
    """One kernel's runs, the newest of them in full; older ones only in the chain."""

    kernel: str
    cut: str
    environment: str
    path: str = ""
    life: int = 1
    number: int = 0
    before: str = ""
    head: str = ""
    runs: deque[Run] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.before = self.head = genesis(self.kernel, self.cut, self.environment)

    def add(self, cell: str, source: str) -> None:
        self.number += 1
        run = Run(self.number, self.life, cell[:LONGEST_NAME], source, datetime.now(UTC).isoformat())
        self.head = link(self.head, run)
        self.runs.append(run)
        if len(self.runs) > MOST_RUNS:
            self.before = link(self.before, self.runs.popleft())

    def record(self) -> Record:
        return Record(self.kernel, self.cut, self.environment, self.before, tuple(self.runs), self.head)


class Runs:
    """The chains of this server's kernels. In its memory alone: a kernel writes every folder that there is."""

    def __init__(self) -> None:
        self._chains: dict[str, Chain] = {}

    def ran(self, kernel: str, path: str, cell: str, source: str) -> None:
        """Code is on its way to a kernel."""
        chain = self._chains.pop(kernel, None) or Chain(kernel, _cut(), _environment())
        self._chains[kernel] = chain  # the newest last
        chain.path = path or chain.path
        chain.add(cell, source)
        while len(self._chains) > MOST_KERNELS:
            del self._chains[next(iter(self._chains))]

    def restarted(self, kernel: str) -> None:
        """A kernel begins anew, and knows nothing of what ran before."""
        if kernel in self._chains:
            self._chains[kernel].life += 1

    def of(self, path: str, path_now: Callable[[str], str]) -> Record:
        """What ran in the notebook's kernel, the newest if there were several; `path_now` knows renamed notebooks."""
        for kernel, chain in reversed(self._chains.items()):
            if (path_now(kernel) or chain.path) == path:
                return chain.record()
        return nothing_seen(_cut(), _environment())


def _cut() -> str:
    return os.environ.get("RPP_CUT", "")


def _environment() -> str:
    return os.environ.get("RPP_ENVIRONMENT", "")
