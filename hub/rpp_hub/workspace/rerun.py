"""Does a submitted notebook give the same outputs again? It is run once more, clean, on the same cut."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from rpp_hub.workspace.client import COMMAND, HOST_VARIABLES
from rpp_hub.workspace.config import MEBIBYTE, Limits, Purpose, RerunOrder, Secrets, SupervisorConfig, to_json
from rpp_hub.workspace.descriptors import memory_file
from rpp_hub.workspace.leftovers import remove, sweep

CHUNK = 1024 * 1024
HEAD_LIMIT = 64 * 1024
LEAVE = 15.0


class RerunOutcome(StrEnum):
    """How it ended."""

    COMPLETE = "complete"
    RAISED = "raised"  # a cell raised; the outputs up to there are in the notebook
    FAILED = "failed"  # the kernel died, a cell or the whole took too long, the notebook is broken


@dataclass(frozen=True, slots=True)
class RerunLimits:
    """What a re-run may take."""

    seconds: float = 3600.0
    cell_seconds: float = 900.0
    result_size: int = 128 * MEBIBYTE
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Rerun:
    """`notebook` is None where there is nothing to compare with. `cell` is the id of the cell that stopped it."""

    outcome: RerunOutcome
    notebook: bytes | None
    message: str
    cell: str
    seconds: float


def rerun_notebook(
    notebook: bytes,
    cut_data: Path | None,
    environment: Path,
    run_dir: Path,
    limits: RerunLimits | None = None,
    log: Path | None = None,
    told: Mapping[str, str] = MappingProxyType({}),
) -> Rerun:
    """Blocks until it is done. `told` is what the kernel's environment says of the partnership. `run_dir` is the folder of all re-runs; each has its own below it and leaves nothing.

    When this process is killed, the supervisor notices its standard input's end and takes everything with it; what
    a killed supervisor left is removed by the next re-run.
    """
    limits = limits or RerunLimits()
    started = time.monotonic()
    sweep(run_dir)
    home = run_dir / secrets.token_hex(4)
    try:
        with ExitStack() as stack:
            source = stack.enter_context(memory_file("notebook", notebook))
            result, result_end = os.pipe2(os.O_CLOEXEC)
            stack.callback(os.close, result)
            try:
                config = _config(
                    home,
                    cut_data,
                    environment,
                    limits,
                    RerunOrder(source, result_end, limits.seconds, limits.cell_seconds),
                    log,
                    told,
                )
                process = stack.enter_context(_started(config, (source, result_end)))
            finally:
                os.close(result_end)
            stack.callback(process.kill)
            answer = _read(result, limits.result_size, started + limits.seconds + LEAVE)
            return _finish(process, answer, started)
    finally:
        remove(home)


def _config(
    home: Path,
    data: Path | None,
    environment: Path,
    limits: RerunLimits,
    order: RerunOrder,
    log: Path | None,
    told: Mapping[str, str],
) -> SupervisorConfig:
    return SupervisorConfig(
        run_dir=home,
        environment=environment,
        workspace=home / "desk",
        data=data,
        purpose=Purpose.RERUN,
        log=log,
        rerun=order,
        # Whom each cell stands for, and of which records it is made: seen by the trusted side alone.
        kernel_environment={**told, "RPP_EVIDENCE_SETS": "1"},
        limits=Limits(kernels=1, stop_grace=1.0, memory=limits.memory),
    )


def _started(config: SupervisorConfig, passed: tuple[int, ...]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=passed,
        start_new_session=True,
        env=HOST_VARIABLES,
        cwd="/",
    )
    if process.stdin is None:
        raise ValueError("a supervisor is told by a pipe")
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(to_json(config, Secrets()).encode())
        process.stdin.flush()
    return process


def _read(result: int, most: int, deadline: float) -> bytes | None:
    """Everything up to the end; None for too much or too late."""
    taken = bytearray()
    while (left := deadline - time.monotonic()) > 0:
        if not select.select((result,), (), (), left)[0]:
            break
        chunk = os.read(result, CHUNK)
        if not chunk:
            return bytes(taken)
        taken += chunk
        if len(taken) > most:
            return None
    return None


def _finish(process: subprocess.Popen[bytes], answer: bytes | None, started: float) -> Rerun:
    seconds = time.monotonic() - started
    if answer is None:
        process.kill()
        return Rerun(
            RerunOutcome.FAILED, None, "The re-run's result is too large, or it took too long.", "", seconds
        )
    head, _, body = answer.partition(b"\n")
    if not body and not head:
        return Rerun(RerunOutcome.FAILED, None, _last_words(process), "", seconds)
    try:
        told = json.loads(head[:HEAD_LIMIT])
        outcome, message, cell = RerunOutcome(told["outcome"]), str(told["message"]), str(told["cell"])
    except (ValueError, KeyError, TypeError):
        return Rerun(RerunOutcome.FAILED, None, "The re-run's result cannot be read.", "", seconds)
    return Rerun(outcome, body or None, message, cell, seconds)


def _last_words(process: subprocess.Popen[bytes]) -> str:
    if process.stdin is not None:
        process.stdin.close()
        process.stdin = None
    try:
        out, _ = process.communicate(timeout=LEAVE)
    except (subprocess.TimeoutExpired, ValueError):
        return "The re-run ended without a result."
    for line in reversed(out[-HEAD_LIMIT:].splitlines()):
        with contextlib.suppress(ValueError, AttributeError):
            told = json.loads(line)
            if found := told.get("error") or told.get("ended"):
                return f"The re-run ended without a result: {found} {told.get('words', '')[-500:]}".strip()
    return "The re-run ended without a result."
