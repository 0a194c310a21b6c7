"""What the Jupyter Server may ask, over `ctl.sock`: start, poll, wait, signal, kill a kernel, end what is overdue, keep what ran, and what is used."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import Any

from rpp_hub.workspace.kernels import KERNEL_ID, KernelOrder, KernelRefused, Kernels
from rpp_hub.workspace.run_record import RunRecord

SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1})


class Control:
    """Answers one request at a time; unknown verbs and unknown kernels are refused in a sentence."""

    def __init__(
        self, kernels: Kernels, usage: Callable[[], Mapping[str, Any]], runs: Callable[[], RunRecord]
    ) -> None:
        self._kernels, self._usage, self._runs = kernels, usage, runs
        self._verbs = {
            "start": self._start,
            "poll": self._poll,
            "wait": self._wait,
            "signal": self._signal,
            "kill": self._kill,
            "overdue": self._overdue,
            "ran": self._ran,
        }

    async def __call__(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        verb, kernel = request.get("do"), request.get("kernel")
        if verb == "usage":
            return self._usage()
        if verb == "runs":
            start = request.get("from")
            return self._runs().page(start if type(start) is int and start >= 0 else 0)
        if not isinstance(verb, str) or verb not in self._verbs:
            return {
                "error": "start, poll, wait, signal, kill, overdue, ran, runs and usage are all there is."
            }
        if not isinstance(kernel, str) or KERNEL_ID.fullmatch(kernel) is None:
            return {"error": "The kernel's id is not of the known form."}
        try:
            return await self._verbs[verb](kernel, request)
        except (KernelRefused, OSError) as error:
            return {"error": str(error)}

    async def _start(self, kernel: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        await self._kernels.start(KernelOrder.parse(request))
        return {"started": kernel}

    async def _poll(self, kernel: str, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"code": self._kernels.code(kernel)}

    async def _wait(self, kernel: str, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"code": await self._kernels.wait(kernel)}

    async def _signal(self, kernel: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        number = request.get("signal")
        if not isinstance(number, int) or number not in SIGNALS:  # a list cannot even be looked up
            raise KernelRefused("This signal is not one that a kernel is sent.")
        return {"sent": self._kernels.signal(kernel, int(number))}

    async def _kill(self, kernel: str, _: Mapping[str, Any]) -> Mapping[str, Any]:
        self._kernels.kill(kernel)
        return {"code": await self._kernels.wait(kernel)}

    async def _overdue(self, kernel: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._kernels.overdue(kernel, end=request.get("end") is True)
        return {"noted": kernel}

    async def _ran(self, kernel: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        run = request.get("run")
        if not isinstance(run, dict):
            raise KernelRefused("What ran is told as an object.")
        runs = self._runs()
        runs.append({**run, "kernel": kernel})  # here, so that lines stay in the order in which they came
        await asyncio.to_thread(runs.settle)
        return {"kept": kernel}
