"""Which kernels a workspace runs: one sandbox each, and one kept warm for the next."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpp_review.languages import Kernel, r_lacks

from rpp_hub.workspace import sandbox
from rpp_hub.workspace.config import Purpose, SupervisorConfig
from rpp_hub.workspace.crowd import crowded
from rpp_hub.workspace.folders import give, kernel_folders
from rpp_hub.workspace.launcher import Keeper, SandboxProcess, launch
from rpp_hub.workspace.leftovers import remove
from rpp_hub.workspace.sandbox import Bind, Ceilings, Sandbox, environment_binds
from rpp_hub.workspace.watch import Limit, Working

KERNEL_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
KEY = re.compile(r"[A-Za-z0-9_-]{1,200}")
PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
LOOK_AGAIN = 0.004
MOST_PUT_OFF = 8  # times, each as long as REST
REST = 2.0  # before the next kernel is warmed, so that its imports do not compete with the first cell
REMEMBERED = 64
MODULES = {Kernel.PYTHON: "rpp_kernel.warm", Kernel.R: "rpp_kernel.r_kernel"}
R_SETTINGS = Path("/etc/R")
OTHERS: Mapping[Kernel, tuple[Bind, ...]] = {
    Kernel.PYTHON: (),
    Kernel.R: (Bind(R_SETTINGS, str(R_SETTINGS)),) if R_SETTINGS.is_dir() else (),
}

log = logging.getLogger("rpp.workspace")


class KernelRefused(Exception):
    """The kernel cannot be had; the message is a sentence for the person waiting for it."""


@dataclass(frozen=True, slots=True)
class KernelOrder:
    """All that a Jupyter Server may say about a kernel it wants. Command and environment are ours."""

    kernel: str
    key: str
    directory: str
    session: str
    kind: Kernel = Kernel.PYTHON

    @classmethod
    def parse(cls, request: Mapping[str, Any]) -> KernelOrder:
        texts = {name: request.get(name, "") for name in ("kernel", "key", "cwd", "session")}
        if not all(isinstance(text, str) and len(text) <= 4096 for text in texts.values()):
            raise KernelRefused("kernel, key, cwd and session are text.")
        if KERNEL_ID.fullmatch(texts["kernel"]) is None or KEY.fullmatch(texts["key"]) is None:
            raise KernelRefused("The kernel's id or key is not of the known form.")
        kind = Kernel.R if request.get("language") == "R" else Kernel.PYTHON
        return cls(texts["kernel"], texts["key"], _inside(texts["cwd"]), texts["session"][:1000], kind)

    def document(self) -> bytes:
        """What the waiting process reads from its pipe: where to listen, and where to be."""
        connection = {
            "transport": "ipc",
            "ip": f"{sandbox.KERNEL_IPC}/k",
            **{name: number for number, name in enumerate(PORTS, start=1)},
            "key": self.key,
            "signature_scheme": "hmac-sha256",
            "kernel_name": str(self.kind),
        }
        whole = {"connection": connection, "cwd": self.directory, "session": self.session}
        return json.dumps(whole).encode() + b"\n"


@dataclass(slots=True)
class Slot:
    """One kernel sandbox, waiting or at work, and the folder it listens in."""

    folder: Path
    process: SandboxProcess
    writer: int | None

    def begin(self, document: bytes) -> None:
        """Tells the waiting process what to be. Its pipe is then gone."""
        if self.writer is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self.writer, document)
            self.close()

    def close(self) -> None:
        if self.writer is not None:
            os.close(self.writer)
            self.writer = None


class Kernels:
    """Every kernel of one supervisor."""

    def __init__(
        self, config: SupervisorConfig, keeper: Keeper, note: Callable[[Limit, str], None] = lambda *_: None
    ) -> None:
        self._config, self._keeper, self._note = config, keeper, note
        self._ipc = config.run_dir / "ipc"
        self._ipc.mkdir(mode=0o700)
        self._binds = environment_binds(config.environment)
        self._places: dict[Path, tuple[int, int] | None] = {}
        self._running: dict[str, Slot] = {}
        self._codes: dict[str, int] = {}
        self._warm: Slot | None = None
        self._warming: asyncio.TimerHandle | None = None
        self._put_off = 0
        self._count = 0
        self._closing = False

    def __len__(self) -> int:
        return len(self._running)

    async def adopt(self, config: SupervisorConfig) -> None:
        """It is known now whose they are: the kernel that waits is given the folders, or is not used."""
        self._config = config
        waiting, self._warm = self._warm, None
        if waiting is None:
            return
        try:
            await give(waiting.process.inner, kernel_folders(config))
            self._warm = waiting
        except OSError as error:
            log.warning("%s", error)
            waiting.process.kill()

    def working(self) -> list[Working]:
        """Those that run for somebody."""
        return [Working(kernel, slot.process) for kernel, slot in self._running.items()]

    def overdue(self, kernel: str, *, end: bool) -> None:
        """A cell took longer than one may: it was interrupted, and where that did not help its kernel ends."""
        slot = self._running.get(kernel)
        if slot is None:
            raise KernelRefused("There is no such kernel.")
        if end:
            slot.process.end_for(Limit.TIME)
        else:
            self._note(Limit.TIME_INTERRUPTED, kernel)

    def warm(self) -> None:
        """Starts the next kernel's process ahead, unless one waits already. Where it cannot, kernels start cold."""
        self._warming = None
        if not self._config.warm_kernel or self._config.reading or self._closing or self._warm is not None:
            return
        if (
            self._put_off < MOST_PUT_OFF and crowded()
        ):  # many start at once: whoever waits for a page comes first
            self._put_off += 1
            self._warming = asyncio.get_running_loop().call_later(REST, self.warm)
            return
        self._put_off = 0
        try:
            self._warm = self._launch()
            self._let_go_later(self._warm)
        except (OSError, KernelRefused) as error:
            log.warning("No kernel could be warmed: %s", error)

    def _let_go_later(self, slot: Slot) -> None:
        asyncio.get_running_loop().call_later(self._config.limits.spare, self._let_go, slot)

    def _let_go(self, slot: Slot) -> None:
        """Whoever has a kernel and has long not asked for another pays for none that waits: it holds much memory."""
        if self._warm is not slot or self._closing:
            return
        if self._running:
            self._warm = None
            slot.close()  # the end of its pipe tells it to leave
        else:
            self._let_go_later(slot)

    async def start(self, order: KernelOrder) -> None:
        """Returns when the kernel's five sockets are there: earlier, a client's first message would be late."""
        self._check_room(order)
        slot = self._take_slot() if order.kind is Kernel.PYTHON else self._launch(order.kind)
        self._running[order.kernel] = slot
        self._codes.pop(order.kernel, None)
        slot.process.ended.add_done_callback(lambda ended: self._forget(order.kernel, slot, ended.result()))
        self._publish(order.kernel, slot)
        slot.begin(order.document())
        await self._listening(slot)
        self._warm_later()

    def signal(self, kernel: str, number: int) -> bool:
        """False when no such kernel runs."""
        slot = self._running.get(kernel)
        return slot is not None and slot.process.signal_command(number)

    def kill(self, kernel: str) -> None:
        """Ends it at once; killing what has ended is no error."""
        if slot := self._running.get(kernel):
            slot.process.kill()

    def code(self, kernel: str) -> int | None:
        """None while it runs; an unknown kernel counts as ended."""
        return None if kernel in self._running else self._codes.get(kernel, 1)

    async def wait(self, kernel: str) -> int:
        """The exit code, when it is there."""
        if slot := self._running.get(kernel):
            return await asyncio.shield(slot.process.ended)
        return self._codes.get(kernel, 1)

    async def close(self, grace: float) -> None:
        """Ends every kernel: first politely, then not."""
        self._closing = True
        if self._warming is not None:
            self._warming.cancel()
        if self._warm is not None:
            self._warm.close()
            self._warm.process.kill()
        slots = [*self._running.values(), *([self._warm] if self._warm else [])]
        await asyncio.gather(*(slot.process.stop(grace) for slot in slots))

    def _check_room(self, order: KernelOrder) -> None:
        if self._closing:
            raise KernelRefused("The workspace is being stopped.")
        if self._config.reading:
            raise KernelRefused("This workspace was opened for reading only: nothing runs in it.")
        if order.kind is Kernel.R and (lacking := r_lacks()):
            raise KernelRefused(f"This machine runs no R notebooks: it lacks {' and '.join(lacking)}.")
        if order.kernel in self._running:
            raise KernelRefused("This kernel is running already.")
        if len(self._running) >= self._config.limits.kernels:
            raise KernelRefused(
                f"This workspace runs {self._config.limits.kernels} kernels already; shut one down first."
            )

    def _take_slot(self) -> Slot:
        waiting, self._warm = self._warm, None
        if waiting is not None and not waiting.process.ended.done():
            return waiting
        return self._launch()

    def _launch(self, kind: Kernel = Kernel.PYTHON) -> Slot:
        self._check_places()
        self._count += 1
        folder = self._ipc / f"s{self._count}"
        folder.mkdir(mode=0o700)
        reader, writer = os.pipe2(os.O_CLOEXEC)
        try:
            process = launch(
                f"kernel {self._count}", self._sandbox(folder, reader, kind), self._keeper, (reader,)
            )
        except BaseException:
            os.close(writer)
            remove(folder)
            raise
        finally:
            os.close(reader)
        slot = Slot(folder, process, writer)
        process.ended.add_done_callback(lambda _: self._discard(slot))
        return slot

    def _check_places(self) -> None:
        """The folders are the ones that the first kernel got, and not what has been put in their place since."""
        for path in (self._config.workspace, self._config.data):
            if path is not None and _identity(path) != self._places.setdefault(path, _identity(path)):
                raise KernelRefused(
                    "A folder of this workspace is not the one it was opened with. Close the workspace and open it again."
                )

    def _sandbox(self, folder: Path, pipe: int, kind: Kernel) -> Sandbox:
        config, limits = self._config, self._config.limits
        binds = (
            *self._binds,
            *kernel_folders(config),
            *OTHERS[kind],
            Bind(folder, sandbox.KERNEL_IPC, writable=True),
        )
        return Sandbox(
            command=(sandbox.PYTHON, "-I", "-m", MODULES[kind], "--pipe", str(pipe)),
            binds=binds,
            ceilings=Ceilings(limits.open_files, limits.file_size, limits.processes, limits.address_space),
            variables={"IPYTHONDIR": f"{sandbox.HOME}/.ipython", **config.kernel_environment},
            directory=sandbox.WORKSPACE,
            shared_memory=limits.shared_memory,
            scratch=limits.scratch,
            loopback=config.loopback,
            directories=(sandbox.DATA,) if config.purpose is Purpose.WAITING else (),
        )

    def _publish(self, kernel: str, slot: Slot) -> None:
        name = self._ipc / kernel
        name.unlink(missing_ok=True)
        name.symlink_to(slot.folder.name)

    async def _listening(self, slot: Slot) -> None:
        sockets = tuple(slot.folder / f"k-{number}" for number in range(1, len(PORTS) + 1))
        deadline = asyncio.get_running_loop().time() + self._config.limits.kernel_start
        while not all(map(_is_socket, sockets)):
            if slot.process.ended.done():
                raise KernelRefused(
                    f"The kernel ended before it listened. Its last words: {slot.process.tail[-2000:]}"
                )
            if asyncio.get_running_loop().time() > deadline:
                slot.process.kill()
                raise KernelRefused(
                    "The kernel did not listen in time. Its last words: " + slot.process.tail[-2000:]
                )
            await asyncio.sleep(LOOK_AGAIN)

    def _warm_later(self) -> None:
        if self._warming is None and not self._closing:
            self._warming = asyncio.get_running_loop().call_later(REST, self.warm)

    def _forget(self, kernel: str, slot: Slot, code: int) -> None:
        if self._running.get(kernel) is slot:
            del self._running[kernel]
            self._codes[kernel] = code
            if slot.process.ended_for:
                self._note(Limit(slot.process.ended_for), kernel)
            while len(self._codes) > REMEMBERED:
                del self._codes[next(iter(self._codes))]
            (self._ipc / kernel).unlink(missing_ok=True)

    def _discard(self, slot: Slot) -> None:
        slot.close()
        if self._warm is slot:
            self._warm = None
        remove(slot.folder)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which folder this is, not following a link that was put in its place."""
    try:
        info = path.lstat()
    except OSError:
        return None
    return (info.st_dev, info.st_ino) if stat.S_ISDIR(info.st_mode) else None


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except OSError:
        return False


def _inside(directory: str) -> str:
    """The working folder, if it is one of the workspace's; else its root."""
    parts = Path(directory or sandbox.WORKSPACE).parts
    root = Path(sandbox.WORKSPACE).parts
    return str(Path(*parts)) if parts[: len(root)] == root and ".." not in parts else sandbox.WORKSPACE
