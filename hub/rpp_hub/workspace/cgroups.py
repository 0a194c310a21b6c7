"""How much may the processes of a workspace take together? One group a workspace, below it one a sandbox.

An account may make groups where somebody has given it a folder: systemd with `Delegate=yes`, or `scripts/delegate-cgroups`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN = "rpp"
PERIOD = 100_000
PATIENCE = 1.0
LOOK_AGAIN = 0.02
V1_CONTROLLERS = ("memory", "pids", "cpu")
V2_CONTROLLERS = "+memory +pids +cpu"
# A process that writes 0 moves itself. What cannot be entered is not run.
ENTER = 'while [ "$1" != -- ]; do echo 0 >"$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"'


def base_v1(root: Path = CGROUPS) -> Mapping[str, Path]:
    """The folder of each controller in which this account may make groups; {} when memory or processes have none."""
    found = {}
    for controller in V1_CONTROLLERS:
        for folder in (root / controller / OWN / f"u{os.getuid()}", root / controller / OWN):
            if os.access(folder / "cgroup.procs", os.W_OK) and os.access(folder, os.W_OK):
                found[controller] = folder
                break
    return found if {"memory", "pids"} <= found.keys() else {}


def base_v2(root: Path = CGROUPS, own: str | None = None) -> Path | None:
    """The topmost group above this process that is this account's."""
    if not (root / "cgroup.controllers").exists():
        return None
    told = _own_group() if own is None else own
    group = root / told.lstrip("/")
    mine = None
    while group != root and group.is_relative_to(root):
        if os.access(group, os.W_OK) and os.access(group / "cgroup.procs", os.W_OK):
            mine = group
        group = group.parent
    if mine is None or "memory" not in _read(mine / "cgroup.controllers").split():
        return None
    return mine


class _Groups:
    """What both versions share: names, entering, leaving, and what a killed supervisor left."""

    is_shared = True

    def __init__(self, bases: Iterable[Path], workspace: str) -> None:
        self._bases = tuple(bases)
        self._name = f"w{os.getpid()}-{workspace}"
        self._known: set[str] = set()

    def entrance(self, name: str) -> tuple[str, ...]:
        folder = self._folder(name)
        groups = [base / self._name / folder for base in self._bases]
        for group in groups:
            group.mkdir(exist_ok=True)
        self._known.add(folder)
        return ("/bin/sh", "-c", ENTER, "enter", *map(str, groups), "--")

    def leave(self, name: str) -> None:
        """Groups whose last process is not quite gone are removed at the end."""
        for base in self._bases:
            with contextlib.suppress(OSError):
                (base / self._name / self._folder(name)).rmdir()

    def close(self) -> None:
        deadline = time.monotonic() + PATIENCE
        for base in self._bases:
            while not _removed(base / self._name) and time.monotonic() < deadline:
                time.sleep(LOOK_AGAIN)

    def _sweep(self) -> None:
        for base in self._bases:
            for group in base.glob("w[0-9]*-*"):
                pid = group.name[1:].partition("-")[0]
                if pid.isdigit() and not Path("/proc", pid).exists():
                    _removed(group)

    def _group(self, base: Path, name: str) -> Path:
        return base / self._name / self._folder(name)

    @staticmethod
    def _folder(name: str) -> str:
        return name.replace(" ", "-")


class CgroupV1(_Groups):
    """One hierarchy a controller."""

    def __init__(
        self,
        bases: Mapping[str, Path],
        workspace: str,
        memory: int | None,
        processes: int,
        cpus: float | None,
    ) -> None:
        super().__init__(bases.values(), workspace)
        self._of = dict(bases)
        self._memory, self._processes, self._cpus = memory, processes, cpus

    def open(self) -> None:
        self._sweep()
        for base in self._bases:
            (base / self._name).mkdir(exist_ok=True)
        held = self._of["memory"] / self._name
        if self._memory is not None:
            (held / "memory.limit_in_bytes").write_text(str(self._memory))
            with contextlib.suppress(OSError):  # there is no swap to be counted
                (held / "memory.memsw.limit_in_bytes").write_text(str(self._memory))
        (self._of["pids"] / self._name / "pids.max").write_text(str(self._processes))
        if self._cpus is not None and "cpu" in self._of:
            shares = self._of["cpu"] / self._name
            (shares / "cpu.cfs_period_us").write_text(str(PERIOD))
            (shares / "cpu.cfs_quota_us").write_text(str(round(self._cpus * PERIOD)))

    def memory(self, name: str) -> int | None:
        group = self._group(self._of["memory"], name)
        told = _table(group / "memory.stat")
        # What the kernel keeps of files it could drop is nobody's need.
        return told.get("total_rss", 0) + told.get("total_shmem", 0) if told else None

    def starved(self, name: str) -> bool:
        return _table(self._group(self._of["memory"], name) / "memory.oom_control").get("oom_kill", 0) > 0


class CgroupV2(_Groups):
    """One hierarchy for all."""

    def __init__(
        self, base: Path, workspace: str, memory: int | None, processes: int, cpus: float | None
    ) -> None:
        super().__init__((base,), workspace)
        self._base = base
        self._memory, self._processes, self._cpus = memory, processes, cpus

    def open(self) -> None:
        self._sweep()
        self._make_room()
        held = self._base / self._name
        held.mkdir(exist_ok=True)
        (held / "memory.max").write_text("max" if self._memory is None else str(self._memory))
        with contextlib.suppress(OSError):
            (held / "memory.swap.max").write_text("0")
        (held / "pids.max").write_text(str(self._processes))
        cpu = "max" if self._cpus is None else str(round(self._cpus * PERIOD))
        with contextlib.suppress(OSError):  # the controller of processors is not always given
            (held / "cpu.max").write_text(f"{cpu} {PERIOD}")
        (held / "cgroup.subtree_control").write_text("+memory +pids")

    def memory(self, name: str) -> int | None:
        told = _table(self._group(self._base, name) / "memory.stat")
        return told.get("anon", 0) + told.get("shmem", 0) if told else None

    def starved(self, name: str) -> bool:
        return _table(self._group(self._base, name) / "memory.events").get("oom_kill", 0) > 0

    def _make_room(self) -> None:
        """A group with processes of its own may not hand controllers on: they move into one beside."""
        inhabitants = _read(self._base / "cgroup.procs").split()
        if inhabitants:
            rest = self._base / "rest"
            rest.mkdir(exist_ok=True)
            for pid in inhabitants:
                with contextlib.suppress(OSError):  # it has ended
                    (rest / "cgroup.procs").write_text(pid)
        for controller in V2_CONTROLLERS.split():
            with contextlib.suppress(OSError):
                (self._base / "cgroup.subtree_control").write_text(controller)


def _removed(group: Path) -> bool:
    for child in group.iterdir() if group.is_dir() else ():
        if child.is_dir():
            _removed(child)
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()


def _own_group() -> str:
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        if line.startswith("0::"):
            return line[3:]
    return "/"


def _table(path: Path) -> dict[str, int]:
    """Lines of a name and a number."""
    pairs = (line.split() for line in _read(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
