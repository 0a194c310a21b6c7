"""Warm workspaces that are nobody's yet: one is always waiting, is given to a person once, and is never used again.

Each is a supervisor with a server sandbox and a kernel sandbox that have imported everything and read a pipe. They have
no folder of anybody, no data and no token until they are given; their mounts come with the person (`folders.give`).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from rpp_hub.domain.errors import RppError
from rpp_hub.workspace import client
from rpp_hub.workspace.config import Limits, Purpose, Secrets, SupervisorConfig

LOOK_AGAIN = 2.0
REST = 10.0  # a workspace that has just been opened needs the processors more than the next one does
STATUS_PATIENCE = 1.0

log = logging.getLogger("rpp.pool")


def waiting_config(
    run_dir: Path, environment: Path, limits: Limits, told: Mapping[str, str] = MappingProxyType({})
) -> SupervisorConfig:
    """What waits: made as workspaces are, and nobody's."""
    return SupervisorConfig(
        run_dir=run_dir,
        environment=environment,
        workspace=run_dir / "nobody",
        purpose=Purpose.WAITING,
        kernel_environment=dict(told),
        limits=limits,
    )


async def waiting(runs: Path) -> dict[Path, str]:
    """The run folders in which somebody could be let in, and how their sandboxes are made."""
    folders = sorted(runs.iterdir()) if runs.is_dir() else []
    answers = await asyncio.gather(*(client.status(folder, STATUS_PATIENCE) for folder in folders))
    return {
        folder: answer.key
        for folder, answer in zip(folders, answers, strict=True)
        if answer is not None and answer.state == "waiting"
    }


class Pool:
    """Keeps as many waiting as are wanted. The supervisors outlive this process; another one finds them."""

    def __init__(
        self, runs: Path, size: int, wanted: Callable[[Path], SupervisorConfig], key: Callable[[], str]
    ) -> None:
        self._runs, self._size, self._wanted, self._key = runs, size, wanted, key

    async def keep(self, stopping: asyncio.Event) -> None:
        """Until told to stop."""
        while not stopping.is_set():
            try:
                await self.fill()
            except (RppError, OSError) as error:  # without a warm one, workspaces start cold
                log.warning("No workspace could be warmed: %s", error)
            try:
                await asyncio.wait_for(stopping.wait(), LOOK_AGAIN)
            except TimeoutError:
                continue

    async def fill(self) -> None:
        """One step: ends what was made for an environment or limits of before, makes one that is missing."""
        found = await waiting(self._runs)
        key = self._key()
        for folder in [folder for folder, made in found.items() if made != key]:
            await client.stop(folder, "The environment or the limits are others now.")
            del found[folder]
        if len(found) < self._size and not self._is_opening():
            self._runs.mkdir(mode=0o700, exist_ok=True)
            await client.start_supervisor(self._wanted(self._runs / secrets.token_hex(4)), Secrets())

    def _is_opening(self) -> bool:
        """Whether a workspace was opened a moment ago: its supervisor's folder changes then."""
        now = time.time()
        return any(now - folder.stat().st_mtime < REST for folder in self._folders())

    def _folders(self) -> list[Path]:
        return [folder for folder in self._runs.iterdir() if folder.is_dir()] if self._runs.is_dir() else []
