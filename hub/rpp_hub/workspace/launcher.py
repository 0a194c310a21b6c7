"""How a sandbox becomes a process: descriptors in, one bubblewrap started, its end and its words noticed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from rpp_hub.workspace import seccomp
from rpp_hub.workspace.client import HOST_VARIABLES
from rpp_hub.workspace.confinement import Confinement, Rlimits
from rpp_hub.workspace.descriptors import memory_file
from rpp_hub.workspace.sandbox import Descriptors, Sandbox, arguments, command_line

Take = Callable[[bytes], None]
CHUNK = 64 * 1024
TAIL = 16 * 1024
LOOK_AGAIN = 0.01
LOOKS = 300
LOGGED = 1024 * 1024

log = logging.getLogger("rpp.workspace")


class Keeper:
    """Ends the sandboxes of a supervisor that was killed while one of them was being made.

    Bubblewrap binds a sandbox's life to its parent's only when the sandbox is nearly finished, some ten milliseconds
    after its start. Until then what runs is a member of this process's group, and this process kills its own group as
    soon as the other end of its standard input is gone. Where the sandboxes are held to their limits is known here too.
    """

    def __init__(self, confinement: Confinement | None = None) -> None:
        self.confinement = confinement or Rlimits()
        self._process = subprocess.Popen(
            ("/bin/sh", "-c", "read -r _; kill -9 0"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=HOST_VARIABLES,
            cwd="/",
            process_group=0,
        )

    @property
    def group(self) -> int:
        """The process group in which sandboxes are made."""
        return self._process.pid

    def close(self) -> None:
        """Lets go of it; whatever is still in the group ends."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


class SandboxProcess:
    """One running sandbox. `ended` resolves to the exit code; everything inside dies with this process."""

    def __init__(
        self, name: str, process: subprocess.Popen[bytes], status: int, confinement: Confinement
    ) -> None:
        self.name = name
        self.ended_for = ""  # the limit it was ended for, by us or by the kernel
        self._confinement = confinement
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._process = process
        self._tail = bytearray()
        self._logged = 0
        self._status = bytearray()
        self._inner: int | None = None
        self._inner_pidfd = -1
        if process.stdout is None:
            raise ValueError("a sandbox writes into a pipe")
        self._output = process.stdout.fileno()
        self._status_descriptor = status
        self._watch(self._output, self._take_output)
        self._watch(status, self._take_status)
        self._pidfd = os.pidfd_open(process.pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._reap)

    @property
    def pid(self) -> int:
        """The outer bubblewrap, on the host."""
        return self._process.pid

    @property
    def inner(self) -> int:
        """The first process inside, seen from the host. Raises OSError while there is none."""
        if self._inner is None or self.ended.done():
            raise OSError("The sandbox is not ready, or has ended.")
        return self._inner

    @property
    def tail(self) -> str:
        """The last words: what a person needs when it would not start."""
        return bytes(self._tail).decode("utf-8", "replace")

    def signal_command(self, number: int) -> bool:
        """Sends a signal to the command in the sandbox; False when there is none (yet)."""
        sent = False
        for pid in self._command_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                sent = True
        return sent

    def kill(self) -> None:
        """Ends everything in the sandbox; the kernel takes the whole pid namespace with it."""
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def end_for(self, limit: str) -> None:
        """Ends it because it reached a limit; the first one counts."""
        self.ended_for = self.ended_for or limit
        self.kill()

    async def stop(self, grace: float) -> None:
        """Asks the command to end, then ends it. Returns when the last process inside is gone."""
        if self.signal_command(signal.SIGTERM):
            await asyncio.wait((self.ended,), timeout=grace)
        self.kill()
        await asyncio.wait((self.ended,))
        await self._emptied()

    async def _emptied(self) -> None:
        """The first process inside ends after all the others; the outer bubblewrap may have ended before it."""
        for _ in range(LOOKS):
            if self._inner_pidfd < 0 or select.select((self._inner_pidfd,), (), (), 0)[0]:
                break
            await asyncio.sleep(LOOK_AGAIN)
        if self._inner_pidfd >= 0:
            os.close(self._inner_pidfd)
            self._inner_pidfd = -1

    def _command_pids(self) -> tuple[int, ...]:
        if self._inner is None or self.ended.done():
            return ()
        try:
            children = Path(f"/proc/{self._inner}/task/{self._inner}/children").read_text(encoding="ascii")
        except OSError:
            return ()
        return tuple(int(child) for child in children.split())[:1]

    def _watch(self, descriptor: int, take: Take) -> None:
        os.set_blocking(descriptor, False)
        asyncio.get_running_loop().add_reader(descriptor, self._read, descriptor, take)

    def _read(self, descriptor: int, take: Take) -> None:
        try:
            chunk = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return
        if chunk:
            take(chunk)
        else:
            asyncio.get_running_loop().remove_reader(descriptor)

    def _take_output(self, chunk: bytes) -> None:
        self._tail += chunk
        del self._tail[:-TAIL]
        if self._logged < LOGGED:
            self._logged += len(chunk)
            for line in chunk.decode("utf-8", "replace").splitlines():
                log.info("%s | %s", self.name, printable(line))

    def _take_status(self, chunk: bytes) -> None:
        # bubblewrap's documents come in pieces: only a whole line is one.
        self._status += chunk
        *lines, rest = bytes(self._status).split(b"\n")
        self._status = bytearray(rest[-TAIL:])
        for line in filter(None, lines):
            with contextlib.suppress(ValueError, ProcessLookupError):
                told = json.loads(line)
                if self._inner is None and "child-pid" in told:
                    self._inner = int(told["child-pid"])
                    self._inner_pidfd = os.pidfd_open(self._inner)

    def _reap(self) -> None:
        loop = asyncio.get_running_loop()
        self._read(self._output, self._take_output)
        for descriptor in (self._pidfd, self._output, self._status_descriptor):
            loop.remove_reader(descriptor)
        code = self._process.wait()
        if not self.ended_for and code and self._confinement.starved(self.name):
            self.ended_for = "memory"
        self._confinement.leave(self.name)
        os.close(self._pidfd)
        os.close(self._status_descriptor)
        if self._process.stdout is not None:
            self._process.stdout.close()
        if not self.ended.done():
            self.ended.set_result(code)


def launch(
    name: str, sandbox: Sandbox, keeper: Keeper, passed: Iterable[int] = (), stdin: int = subprocess.DEVNULL
) -> SandboxProcess:
    """Starts it from the main thread, whose end is the sandbox's end (`--die-with-parent`)."""
    with ExitStack() as stack:
        status, status_end = os.pipe2(os.O_CLOEXEC)
        stack.callback(os.close, status_end)
        try:
            descriptors = Descriptors(
                seccomp=stack.enter_context(memory_file("seccomp", seccomp.program(sandbox.loopback))),
                status=status_end,
                synthetic={
                    path: stack.enter_context(memory_file("file", content))
                    for path, content in sandbox.synthetic.items()
                },
            )
            listed = stack.enter_context(memory_file("arguments", arguments(sandbox, descriptors)))
            process = subprocess.Popen(
                [*keeper.confinement.entrance(name), *command_line(sandbox, listed)],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=HOST_VARIABLES,
                cwd="/",
                umask=0o077,
                process_group=keeper.group,
                pass_fds=(listed, descriptors.seccomp, status_end, *descriptors.synthetic.values(), *passed),
            )
        except BaseException:
            os.close(status)
            keeper.confinement.leave(name)
            raise
        return SandboxProcess(name, process, status, keeper.confinement)


def printable(line: str) -> str:
    """A line of a log stays one line, whatever a sandbox writes."""
    return "".join(character if character.isprintable() else "�" for character in line[:2000])
