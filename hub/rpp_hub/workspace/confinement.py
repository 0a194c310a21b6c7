"""By what means are the processes of a workspace held to its limits on this machine? The best that is there.

A port with four implementations: control groups of version 2 and 1, systemd's scopes, and limits of single processes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from rpp_hub.workspace.cgroups import CGROUPS, CgroupV1, CgroupV2, base_v1, base_v2

RUNTIME = Path("/run/user")


class Means(StrEnum):
    """What holds a workspace to its limits."""

    CGROUP2 = "cgroup-v2"
    CGROUP1 = "cgroup-v1"
    SYSTEMD = "systemd-scope"
    RLIMIT = "rlimit"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What all processes of a workspace may take together. Bytes, a count, processors; None is no limit."""

    memory: int | None
    processes: int
    cpus: float | None


class Confinement(Protocol):
    """Where the sandboxes of one workspace run. Names are those of its sandboxes: 'server', 'kernel 3'."""

    @property
    def is_shared(self) -> bool:
        """The limits are those of all sandboxes together, not of each process."""

    def open(self) -> None:
        """Makes the place."""

    def entrance(self, name: str) -> tuple[str, ...]:
        """What to write before a command, so that it and its children are held."""

    def memory(self, name: str) -> int | None:
        """Bytes held by one sandbox; None where this means cannot tell."""

    def starved(self, name: str) -> bool:
        """Whether the kernel ended a process of this sandbox for want of memory."""

    def leave(self, name: str) -> None:
        """The sandbox has ended."""

    def close(self) -> None:
        """The workspace has ended."""


class Rlimits:
    """Nothing but the limits of single processes, which the launcher sets anyway."""

    is_shared = False

    def open(self) -> None:
        """Nothing to make."""

    def entrance(self, name: str) -> tuple[str, ...]:
        return ()

    def memory(self, name: str) -> int | None:
        return None

    def starved(self, name: str) -> bool:
        return False

    def leave(self, name: str) -> None:
        """Nothing to leave."""

    def close(self) -> None:
        """Nothing to remove."""


class SystemdScope(Rlimits):
    """A transient scope for each sandbox, from this account's own service manager."""

    is_shared = False

    def __init__(self, workspace: str, allowance: Allowance, runtime: Path) -> None:
        self._workspace, self._allowance, self._runtime = workspace, allowance, runtime

    def entrance(self, name: str) -> tuple[str, ...]:
        unit = f"rpp-{self._workspace}-{name.replace(' ', '-')}.scope"
        properties = (part for text in self._properties() for part in ("--property", text))
        return (
            *("/usr/bin/env", f"XDG_RUNTIME_DIR={self._runtime}"),
            *(
                "systemd-run",
                "--user",
                "--scope",
                "--quiet",
                "--collect",
                f"--unit={unit}",
                *properties,
                "--",
            ),
        )

    def _properties(self) -> tuple[str, ...]:
        allowed = self._allowance
        memory = () if allowed.memory is None else (f"MemoryMax={allowed.memory}", "MemorySwapMax=0")
        cpu = () if allowed.cpus is None else (f"CPUQuota={round(allowed.cpus * 100)}%",)
        return (*memory, f"TasksMax={allowed.processes}", *cpu)


def means(
    cgroups: Path = CGROUPS, runtime: Path | None = None, which: Callable[[str], str | None] = shutil.which
) -> Means:
    """What is there, without making anything."""
    if base_v2(cgroups) is not None:
        return Means.CGROUP2
    if base_v1(cgroups):
        return Means.CGROUP1
    if ((runtime or _runtime()) / "systemd" / "private").exists() and which("systemd-run"):
        return Means.SYSTEMD
    return Means.RLIMIT


def confinement(workspace: str, allowance: Allowance, cgroups: Path = CGROUPS) -> Confinement:
    """The best means there is, for the workspace of this name (letters, digits and hyphens)."""
    match means(cgroups):
        case Means.CGROUP2 if (base := base_v2(cgroups)) is not None:
            return CgroupV2(base, workspace, allowance.memory, allowance.processes, allowance.cpus)
        case Means.CGROUP1:
            return CgroupV1(
                base_v1(cgroups), workspace, allowance.memory, allowance.processes, allowance.cpus
            )
        case Means.SYSTEMD:
            return SystemdScope(workspace, allowance, _runtime())
    return Rlimits()


DESCRIPTIONS = {
    Means.CGROUP2: "Memory, processes and processors of a workspace are held together by control groups, version 2.",
    Means.CGROUP1: "Memory, processes and processors of a workspace are held together by control groups, version 1.",
    Means.SYSTEMD: "Memory, processes and processors of each kernel are held by a systemd scope.",
    Means.RLIMIT: "Memory is held for each process and measured for the workspace every second; processors are not held.",
}
REMEDY = (
    "For limits of a workspace as a whole, run the installation as a systemd service with 'Delegate=yes', or as root run"
    " 'scripts/delegate-cgroups ACCOUNT' before it starts."
)


def _runtime() -> Path:
    return RUNTIME / str(os.getuid())
