"""One command, run to its end in a sandbox of its own: no network, nothing of the installation but what is bound."""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass

from rpp_hub.workspace import seccomp
from rpp_hub.workspace.client import HOST_VARIABLES
from rpp_hub.workspace.descriptors import memory_file
from rpp_hub.workspace.sandbox import Descriptors, Sandbox, arguments, command_line

LATE = 124


@dataclass(frozen=True, slots=True)
class Ran:
    """How it ended and what it said."""

    code: int
    out: str
    words: str


def run_once(sandbox: Sandbox, seconds: float) -> Ran:
    """Blocks. The sandbox ends with the thread that asked for it."""
    with ExitStack() as stack:
        status = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        stack.callback(os.close, status)
        synthetic = {
            path: stack.enter_context(memory_file("file", content))
            for path, content in sandbox.synthetic.items()
        }
        rules = stack.enter_context(memory_file("seccomp", seccomp.program(sandbox.loopback)))
        told = arguments(sandbox, Descriptors(rules, status, synthetic))
        listed = stack.enter_context(memory_file("arguments", told))
        try:
            done = subprocess.run(
                command_line(sandbox, listed),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=seconds,
                pass_fds=(rules, status, listed, *synthetic.values()),
                env=HOST_VARIABLES,
                cwd="/",
            )
        except subprocess.TimeoutExpired:
            return Ran(LATE, "", f"It was ended after {seconds:.0f} seconds.")
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), _tail(done.stderr))


def _tail(words: bytes) -> str:
    return words.decode("utf-8", "replace").strip()[-2000:]
