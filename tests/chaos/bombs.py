"""Three workspaces misbehave at once, each in its own way: how fast does a fourth answer meanwhile?"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rpp_hub.workspace import client
from rpp_hub.workspace.config import MEBIBYTE, Limits

from tests.sandbox.conftest import Place, config_for, secrets_for
from tests.sandbox.kernel import Kernel, running_kernel
from tests.sandbox.small_hub import SmallHub

SECONDS = 20.0
ASKED = 150
MOST = 2.0
LIMITS = Limits(memory=700 * MEBIBYTE, processes=200, scratch=64 * MEBIBYTE, shared_memory=32 * MEBIBYTE)
BOMBS = {
    "fork": "import os, signal\nwhile True:\n    try:\n        if os.fork() == 0:\n            signal.pause()\n    except OSError:\n        pass",
    "memory": "held = []\nwhile True: held.append(bytearray(16 << 20))",
    "output": "while True: print('x' * 100_000)",
}


def bombs(_kills: int) -> dict[str, object]:
    """The median time of a small cell: quiet, and beside the three."""
    with ExitStack() as stack:
        kernels = {name: stack.enter_context(_workspace()) for name in ("quiet", *BOMBS)}
        _asked(kernels["quiet"], 30)
        quiet = _asked(kernels["quiet"], ASKED)
        stop = threading.Event()
        at_it = [
            threading.Thread(target=_bomb, args=(kernels[name], code, stop)) for name, code in BOMBS.items()
        ]
        for one in at_it:
            one.start()
        time.sleep(2.0)
        loud = _asked(kernels["quiet"], ASKED)
        stop.set()
        for one in at_it:
            one.join(SECONDS + 60)
    ratio = loud / quiet
    told = {"quiet_ms": round(quiet * 1e3, 1), "loud_ms": round(loud * 1e3, 1), "ratio": round(ratio, 2)}
    return {"good": ratio <= MOST, **told, "most": MOST}


def _asked(kernel: Kernel, times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        kernel.run("1")
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _bomb(kernel: Kernel, code: str, stop: threading.Event) -> None:
    """Again as soon as it has been stopped by a limit."""
    while not stop.is_set():
        kernel.patience = 5.0
        with contextlib.suppress(Exception):
            kernel.run(code)
        with contextlib.suppress(Exception):
            kernel.manager.restart_kernel(now=True)
            kernel.client.wait_for_ready(timeout=10)


@contextmanager
def _workspace() -> Iterator[Kernel]:
    root = Path(tempfile.gettempdir()) / f"rpp-{secrets.token_hex(3)}"
    root.mkdir(mode=0o700)
    place = Place(root)
    place.fill()
    hub = SmallHub(root)
    try:
        asyncio.run(client.start_supervisor(config_for(place, hub, limits=LIMITS), secrets_for()))
        with running_kernel(root / "specs", place.run_dir) as kernel:
            yield kernel
    finally:
        asyncio.run(client.stop(place.run_dir, "the scenario is over"))
        hub.close()
        shutil.rmtree(root, ignore_errors=True)
