"""The disk that everything lies on is filled to its last byte during work: is anything lost that was saved, and does work go on?

Run inside of a namespace with a small disk of its own, so that it is really full.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rpp_hub.workspace import client
from rpp_hub.workspace.config import MEBIBYTE, Limits

from tests.sandbox.browser import Browser
from tests.sandbox.conftest import BASE, Place, config_for, secrets_for
from tests.sandbox.kernel import Kernel, running_kernel
from tests.sandbox.small_hub import SmallHub

SIZE = 192 * MEBIBYTE
INSIDE = "RPP_CHAOS_SMALL_DISK"
NOTEBOOKS, AGAIN = tuple(f"n{number}.ipynb" for number in range(12)), "again.ipynb"
ROUNDS = 10
LIMITS = Limits(disk=SIZE, disk_reserve=4 * MEBIBYTE, shared_memory=32 * MEBIBYTE, scratch=64 * MEBIBYTE)
WRITE = """
try:
    answer = open('/workspace/from-a-kernel', 'wb').write(bytes(1 << 20))
except OSError:
    answer = 0
"""


def disk(_kills: int) -> dict[str, object]:
    """Fills and empties a small disk again and again."""
    if os.environ.get(INSIDE):
        return asyncio.run(_filled(Path(os.environ[INSIDE])))
    with tempfile.TemporaryDirectory() as folder:
        small = f"{folder}/d{secrets.token_hex(2)}"
        os.mkdir(small)
        inside = ("bwrap", "--dev-bind", "/", "/", "--size", str(SIZE), "--tmpfs", small)
        done = subprocess.run(
            [*inside, sys.executable, "-m", "tests.chaos", "--only", "disk"],
            env={**os.environ, INSIDE: small, "TMPDIR": small},
            stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    told: dict[str, object] = json.loads(done.stdout) if done.stdout else {"good": False}
    told.pop("name", None)
    return told


async def _filled(small: Path) -> dict[str, object]:
    place = Place(small / "p")
    place.root.mkdir(mode=0o700)
    place.fill()
    for name in (*NOTEBOOKS, AGAIN):  # a notebook that nobody made in the workspace is not taken
        (place.workspace / name).write_text(json.dumps(_book("")), encoding="utf-8")
    hub = SmallHub(place.root)
    await client.start_supervisor(config_for(place, hub, limits=LIMITS), secrets_for())
    try:
        with running_kernel(place.root / "specs", place.run_dir) as kernel:
            async with Browser(place.run_dir / "in.sock", BASE) as browser:
                await browser.login()
                return await _rounds(place, kernel, browser)
    finally:
        await client.stop(place.run_dir, "the scenario is over")
        hub.close()


async def _rounds(place: Place, kernel: Kernel, browser: Browser) -> dict[str, object]:
    saved: dict[str, str] = {}
    lost, refused, back = 0, 0, 0
    for number in range(ROUNDS):
        for name in NOTEBOOKS:
            if await _save(browser, name, f"round {number} {name}"):
                saved[name] = f"round {number} {name}"
        filler = _fill(place.root / "filler")
        for name in list(saved):
            if await _save(browser, name, f"full {number} " + "x" * 4000):
                saved[name] = f"full {number} " + "x" * 4000
            else:
                refused += 1
        refused += not await asyncio.to_thread(kernel.ask, WRITE)
        lost += sum(not _holds(place.workspace / name, text) for name, text in saved.items())
        filler.unlink()
        back += await _works_again(place, kernel, browser)
    good = lost == 0 and back == ROUNDS and refused > 0
    return {"good": good, "rounds": ROUNDS, "refused": refused, "lost": lost, "came_back": back}


def _fill(path: Path) -> Path:
    """Everything that is left, to the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (MEBIBYTE, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    return path


async def _save(browser: Browser, name: str, text: str) -> bool:
    """As JupyterLab does; whether it was answered that it is saved."""
    body = {"type": "notebook", "format": "json", "content": _book(text)}
    return (await browser.ask("PUT", f"api/contents/{name}", json=body)).status == 200


def _book(text: str) -> dict[str, Any]:
    cell = {"cell_type": "raw", "id": "a", "metadata": {}, "source": text}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}


def _holds(path: Path, text: str) -> bool:
    try:
        return "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]) == text
    except (OSError, ValueError, LookupError):
        return False


async def _works_again(place: Place, kernel: Kernel, browser: Browser) -> bool:
    """Once there is room: a notebook is saved and a kernel writes, within what the watch takes to notice."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        wrote = await asyncio.to_thread(kernel.ask, WRITE)
        if wrote and await _save(browser, AGAIN, "again"):
            (place.workspace / "from-a-kernel").unlink()
            return True
        await asyncio.sleep(0.5)
    return False
