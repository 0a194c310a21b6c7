"""What does a workspace take of what it may, and what is done when it takes more?

Memory and files are looked at from outside of the sandboxes. What the researcher is told is a sentence for each thing that
happened; the panel of JupyterLab asks for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from rpp_hub.workspace import usage
from rpp_hub.workspace.config import MEBIBYTE, SupervisorConfig
from rpp_hub.workspace.confinement import Confinement
from rpp_hub.workspace.launcher import SandboxProcess

EVERY = 1.0
DISK_EVERY = 2.0
DISK_SHARE = 20  # looking through the files takes at most a twentieth of the time
SUDDEN = 256 * MEBIBYTE
REMEMBERED = 32


class Limit(StrEnum):
    """Which limit was reached."""

    MEMORY = "memory"
    CHILD_MEMORY = "child-memory"
    TIME = "time"
    TIME_INTERRUPTED = "time-interrupted"
    DISK = "disk"
    DISK_FULL = "disk-full"
    HOST_FULL = "host-full"


@dataclass(frozen=True, slots=True)
class Reached:
    """That a limit was reached, and what to do; `number` counts up, so that a page shows each once."""

    number: int
    kernel: str
    limit: Limit
    sentence: str
    at: str


@dataclass(frozen=True, slots=True)
class Working:
    """One kernel at work."""

    kernel: str
    process: SandboxProcess


def sentence(limit: Limit, config: SupervisorConfig) -> str:
    """What a researcher reads."""
    limits = config.limits
    memory, disk = size(limits.memory or 0), size(limits.disk or 0)
    cell = f"{limits.cell_seconds or 0:,.0f} seconds"
    return {
        Limit.MEMORY: f"The kernel was ended because this workspace needed more than the {memory} of memory it may use. "
        "Read fewer columns with rpp.load(…, columns=[…]), or shut down the kernels of other notebooks, then run the cells again.",
        Limit.CHILD_MEMORY: f"A program that a notebook had started was ended because this workspace needed more than the {memory} "
        "of memory it may use. Use fewer processes at once, or less data in each.",
        Limit.TIME: f"A cell ran longer than the {cell} that one may take and could not be interrupted, so its kernel was ended. "
        "Divide the work into shorter cells and keep results between them in a file.",
        Limit.TIME_INTERRUPTED: f"A cell was interrupted because it ran longer than the {cell} that one may take. "
        "What it had computed is still there. Divide the work into shorter cells.",
        Limit.DISK: f"The kernel was ended because it went on writing when the files of this workspace took more than the {disk} "
        "they may. Delete files that are no longer needed in the file browser, then go on.",
        Limit.DISK_FULL: f"The files of this workspace take the {disk} they may: until some are deleted, a notebook's code can "
        "write no file ('File too large'). Notebooks can still be saved.",
        Limit.HOST_FULL: "The disk of the whole installation is nearly full: until there is room again, a notebook's code can "
        "write no file ('File too large'). Notebooks can still be saved; the operator must make room.",
    }[limit]


def size(number: int) -> str:
    """Bytes as a person reads them."""
    gibibytes = number / (1024 * MEBIBYTE)
    return f"{gibibytes:,.1f} GiB" if gibibytes >= 1 else f"{number / MEBIBYTE:,.0f} MiB"


class Watch:
    """Looks every second, and remembers what happened."""

    def __init__(
        self,
        config: SupervisorConfig,
        confinement: Confinement,
        working: Callable[[], Sequence[Working]],
        server: Callable[[], SandboxProcess | None],
    ) -> None:
        self._config, self._confinement = config, confinement
        self._working, self._server = working, server
        self._reached: deque[Reached] = deque(maxlen=REMEMBERED)
        self._number = 0
        self._memory: dict[str, int] = {}
        self._disk = 0
        self._free = 0
        self._held: Limit | None = None
        self._told: set[str] = set()
        self._looking: list[asyncio.Task[None]] = []

    def adopt(self, config: SupervisorConfig) -> None:
        """It is known now whose workspace it is."""
        self._config = config

    def begin(self) -> None:
        """Until `close`."""
        self._looking = [
            asyncio.create_task(self._look_at_memory()),
            asyncio.create_task(self._look_at_disk()),
        ]

    async def close(self) -> None:
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    def note(self, limit: Limit, kernel: str = "") -> None:
        """Remembers that a limit was reached."""
        self._number += 1
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._reached.append(Reached(self._number, kernel, limit, sentence(limit, self._config), now))

    def usage(self) -> Mapping[str, Any]:
        """What the panel shows."""
        limits = self._config.limits
        return {
            "memory": {"used": sum(self._memory.values()), "limit": limits.memory},
            "disk": {"used": self._disk, "limit": limits.disk, "held": self._held is not None},
            "processes": limits.processes,
            "cpus": limits.cpus,
            "cell_seconds": limits.cell_seconds,
            "together": self._confinement.is_shared,
            "reached": [asdict(one) for one in self._reached],
        }

    async def _look_at_memory(self) -> None:
        while True:
            working = self._working()
            await self._measure(working)
            self._tell_of_children(working)
            limit = self._config.limits.memory
            # Control groups hold the sum by themselves; elsewhere the largest kernel is ended here.
            if limit is not None and not self._confinement.is_shared and sum(self._memory.values()) > limit:
                self._end_largest(working)
            await asyncio.sleep(EVERY)

    async def _measure(self, working: Sequence[Working]) -> None:
        server = self._server()
        processes = [one.process for one in working] + ([] if server is None else [server])
        told = {process.name: self._confinement.memory(process.name) for process in processes}
        for process in processes:
            if told[process.name] is None:
                told[process.name] = await asyncio.to_thread(_resident, process.pid)
        self._memory = {name: value or 0 for name, value in told.items()}

    def _tell_of_children(self, working: Sequence[Working]) -> None:
        for one in working:
            name = one.process.name
            if name not in self._told and not one.process.ended.done() and self._confinement.starved(name):
                self._told.add(name)
                self.note(Limit.CHILD_MEMORY, one.kernel)

    def _end_largest(self, working: Sequence[Working]) -> None:
        if working:
            largest = max(working, key=lambda one: self._memory.get(one.process.name, 0))
            largest.process.end_for(Limit.MEMORY)

    async def _look_at_disk(self) -> None:
        while self._config.limits.disk is not None:
            began = time.monotonic()
            self._disk = await asyncio.to_thread(usage.disk, self._config.workspace)
            took = time.monotonic() - began
            self._free = self._free_on_host()
            self._hold_files()
            await self._rest(max(DISK_EVERY, took * DISK_SHARE))

    async def _rest(self, seconds: float) -> None:
        """Shorter when the disk fills suddenly: somebody writes, perhaps here."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._free - self._free_on_host() < SUDDEN:
            await asyncio.sleep(min(EVERY / 4, seconds))
            if self._held is not None:
                self._set_ceilings(0)  # of processes that have begun meanwhile

    def _free_on_host(self) -> int:
        try:
            told = os.statvfs(self._config.workspace)
        except OSError:
            return self._free
        return told.f_bavail * told.f_frsize

    def _hold_files(self) -> None:
        """At the limit a kernel's writes fail; well above it, somebody has lifted that, and the kernel ends."""
        limits = self._config.limits
        most = limits.disk or 0
        reason = (
            Limit.DISK_FULL if self._disk >= most
            else Limit.HOST_FULL if self._free < limits.disk_reserve
            else None
        )  # fmt: skip
        if reason is not None and self._held is None:
            self.note(reason)
        if reason is not None or self._held is not None:
            self._set_ceilings(0 if reason is not None else limits.file_size)
        self._held = reason
        if self._disk > most + max(most // 10, 64 * MEBIBYTE):
            for one in self._working():
                one.process.end_for(Limit.DISK)

    def _set_ceilings(self, soft: int) -> None:
        hard = self._config.limits.file_size
        for one in self._working():
            for pid in usage.processes_below(one.process.pid):
                with contextlib.suppress(OSError):
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def _resident(pid: int) -> int:
    return usage.resident(usage.processes_below(pid))
