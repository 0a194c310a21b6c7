"""Which folders of the host a sandbox sees, and how one that runs already is given them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rpp_hub.workspace import late, sandbox
from rpp_hub.workspace.client import HOST_VARIABLES
from rpp_hub.workspace.config import Purpose, SupervisorConfig
from rpp_hub.workspace.sandbox import Bind

SHARED = f"{sandbox.WORKSPACE}/shared"
INGRESS = f"{sandbox.WORKSPACE}/ingress"
PATIENCE = 10.0


def server_folders(config: SupervisorConfig) -> tuple[Bind, ...]:
    """The person's own folder, and in it the project's and what was let in. No data."""
    if config.purpose is Purpose.WAITING:
        return ()
    private = Bind(config.workspace, sandbox.WORKSPACE, writable=not config.reading)
    shared = () if config.shared is None else (Bind(config.shared, SHARED, writable=not config.reading),)
    ingress = () if config.ingress is None else (Bind(config.ingress, INGRESS),)
    return (private, *shared, *ingress)


def kernel_folders(config: SupervisorConfig) -> tuple[Bind, ...]:
    """The same with the project's data, which nothing can write to."""
    data = () if config.data is None else (Bind(config.data, sandbox.DATA),)
    return (*data, *server_folders(config))


async def give(inner: int, folders: Sequence[Bind]) -> None:
    """Mounts them in the running sandbox whose first process is `inner`. Raises OSError where it cannot be done."""
    told = json.dumps([(str(bind.source), bind.target, bind.writable) for bind in folders])
    command = (sys.executable, "-I", "-S", str(Path(late.__file__)), str(inner), told)
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env=HOST_VARIABLES,
        cwd="/",
    )
    if done.returncode:
        raise OSError(f"A waiting sandbox was not given its folders: {done.stderr.strip()[-500:]}")
