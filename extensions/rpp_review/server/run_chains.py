"""What ran in this server's kernels, kernel by kernel? Chains of bounded length. Pure but for the clock."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from rpp_review.provenance import (
    LONGEST_NAME,
    MOST_RUNS,
    InvalidRecord,
    Record,
    Run,
    genesis,
    holds,
    link,
    nothing_seen,
    read_run,
)

MOST_KERNELS = 64
LONGEST_PATH = 1_000


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

    def ran(self, cell: str, source: str) -> dict[str, Any]:
        """The line of one more run, by which it can be taken up again."""
        run = Run(self.number + 1, self.life, cell[:LONGEST_NAME], source, datetime.now(UTC).isoformat())
        before = self.head
        self.add(run)
        path = self.path if len(self.path) <= LONGEST_PATH else ""
        told = {"cut": self.cut, "environment": self.environment, "path": path, "before": before}
        return {**told, "head": self.head, "run": asdict(run)}

    def add(self, run: Run) -> None:
        self.number, self.life = run.number, run.life
        self.head = link(self.head, run)
        self.runs.append(run)
        if len(self.runs) > MOST_RUNS:
            self.before = link(self.before, self.runs.popleft())

    def record(self) -> Record:
        return Record(self.kernel, self.cut, self.environment, self.before, tuple(self.runs), self.head)


class Runs:
    """The chains of this server's kernels, and those that were kept of the servers before it.

    `keep` is told of each run before its kernel is; what it keeps lies outside of the workspace: a kernel writes every folder here.
    """

    def __init__(self, keep: Callable[[str, Mapping[str, Any]], None] = lambda *_: None) -> None:
        self._chains: dict[str, Chain] = {}
        self._keep = keep

    def ran(self, kernel: str, path: str, cell: str, source: str) -> None:
        """Code is on its way to a kernel."""
        chain = self._chains.pop(kernel, None) or Chain(kernel, _cut(), environment())
        self._chains[kernel] = chain  # the newest last
        chain.path = path or chain.path
        self._keep(kernel, chain.ran(cell, source))
        while len(self._chains) > MOST_KERNELS:
            del self._chains[next(iter(self._chains))]

    def take_up(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """What was kept, of kernels that are not known here. A chain that does not hold together is left out."""
        of: dict[str, list[Mapping[str, Any]]] = {}
        for line in lines:
            kernel = str(line.get("kernel", ""))
            told = of.pop(kernel, [])
            told.append(line)
            of[kernel] = told  # the newest last
        found = {kernel: chain for kernel, every in of.items() if (chain := taken_up(kernel, every))}
        newest = list((found | self._chains).items())[-MOST_KERNELS:]
        self._chains = dict(newest)

    def restarted(self, kernel: str) -> None:
        """A kernel begins anew, and knows nothing of what ran before."""
        if kernel in self._chains:
            self._chains[kernel].life += 1

    def of(self, path: str, path_now: Callable[[str], str]) -> Record:
        """What ran in the notebook's kernel, the newest if there were several; `path_now` knows renamed notebooks."""
        for kernel, chain in reversed(self._chains.items()):
            if (path_now(kernel) or chain.path) == path:
                return chain.record()
        return nothing_seen(_cut(), environment())


def taken_up(kernel: str, lines: Sequence[Mapping[str, Any]]) -> Chain | None:
    """The chain of these lines; None where one is missing, altered or no line at all."""
    kept = lines[-MOST_RUNS:]
    try:
        first = kept[0]
        chain = Chain(kernel, str(first["cut"]), str(first["environment"]))
        chain.before = chain.head = str(first["before"])
        for line in kept:
            if line["before"] != chain.head or (line["cut"], line["environment"]) != (
                chain.cut,
                chain.environment,
            ):
                return None
            chain.add(read_run(line["run"]))
            if line["head"] != chain.head:
                return None
        chain.path = str(kept[-1]["path"])
    except (KeyError, TypeError, InvalidRecord):
        return None
    return chain if holds(chain.record()) else None


def _cut() -> str:
    return os.environ.get("RPP_CUT", "")


def environment() -> str:
    return os.environ.get("RPP_ENVIRONMENT", "")
