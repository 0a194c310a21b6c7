"""A supervisor that is killed while a sandbox is being made leaves nothing of it behind."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.kernel import until

pytestmark = pytest.mark.sandbox

KILLS = 40
STARTS = """
import asyncio, subprocess, sys, os
from rpp_hub.workspace.launcher import Keeper, launch
from rpp_hub.workspace.sandbox import Ceilings, Sandbox

async def go():
    keeper = Keeper()
    box = Sandbox(("/usr/bin/sleep", sys.argv[2]), (), Ceilings(512, 1 << 30, 200), directory="/tmp")
    subprocess.Popen(["/bin/sh", "-c", f"sleep {sys.argv[1]}; kill -9 {os.getpid()}"], start_new_session=True)
    launch("probe", box, keeper)
    await asyncio.sleep(30)

asyncio.run(go())
"""


def test_a_kill_at_any_moment_of_a_start_leaves_no_sandbox() -> None:
    seed = random.randrange(1 << 30)
    moments = random.Random(seed)
    mark = f"{3600 + os.getpid()}.{seed % 1000:03d}"
    for _ in range(KILLS):
        after = moments.uniform(0, 0.03)
        done = subprocess.run([sys.executable, "-c", STARTS, f"{after:.4f}", mark], check=False)
        assert done.returncode == -9
        assert until(lambda: not _running(mark), 3.0), (
            f"seed {seed}, killed after {after:.4f} s: {_running(mark)}"
        )


def _running(mark: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                continue
            if mark in line and not dead and "kill -9" not in line:
                found.append(f"{entry.name} {line}")
    return found
