"""How long may one cell run? It is interrupted when it has taken too long, and its kernel ended if that does not help.

The clock is this server's, which sees a kernel become busy and idle; ending it is the supervisor's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Float, default

from rpp_review.server.refused import Refused
from rpp_review.server.supervisor import ask

SECONDS = "RPP_CELL_SECONDS"
GRACE = 5.0


class TimedKernels(AsyncMappingKernelManager):
    """Kernels whose cells end."""

    cell_seconds = Float(help="Seconds that one cell may run; 0 is no limit.").tag(config=True)
    grace_seconds = Float(GRACE, help="Seconds between an interrupt and the kernel's end.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._clocks: dict[str, asyncio.Task[None]] = {}

    @default("cell_seconds")
    def _default_cell_seconds(self) -> float:
        return float(os.environ.get(SECONDS) or 0)

    def start_watching_activity(self, kernel_id: str) -> None:
        super().start_watching_activity(kernel_id)
        if self.cell_seconds > 0:
            self._kernels[kernel_id].observe(
                lambda change: self._changed(kernel_id, change["new"]), "execution_state"
            )

    def stop_watching_activity(self, kernel_id: str) -> None:
        self._stop_clock(kernel_id)
        super().stop_watching_activity(kernel_id)

    def _changed(self, kernel_id: str, state: str) -> None:
        self._stop_clock(kernel_id)
        if state == "busy":
            self._clocks[kernel_id] = asyncio.ensure_future(self._end_in_time(kernel_id))

    def _stop_clock(self, kernel_id: str) -> None:
        clock = self._clocks.pop(kernel_id, None)
        if clock is not None and clock is not _current():
            clock.cancel()

    async def _end_in_time(self, kernel_id: str) -> None:
        began = time.monotonic()
        await asyncio.sleep(self.cell_seconds)
        self.log.warning("A cell of kernel %s has run for %.0f seconds", kernel_id, time.monotonic() - began)
        with contextlib.suppress(Refused):
            await ask({"do": "overdue", "kernel": kernel_id})
        await self.interrupt_kernel(kernel_id)
        await asyncio.sleep(self.grace_seconds)
        with contextlib.suppress(Refused):
            await ask({"do": "overdue", "kernel": kernel_id, "end": True})


def _current() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
