"""A submitted notebook runs again: clean, without a network, bounded, and leaving nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.workspace.rerun import RerunLimits, RerunOutcome, rerun_notebook

from tests.sandbox.conftest import ENVIRONMENT, Place
from tests.sandbox.kernel import until

pytestmark = pytest.mark.sandbox


def notebook(*cells: str) -> bytes:
    made: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for n, source in enumerate(cells)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}).encode()


def printed(result: bytes | None, cell: int) -> str:
    outputs = json.loads(result or b"{}")["cells"][cell]["outputs"]
    return "".join("".join(output.get("text", "")) for output in outputs)


def test_it_reads_the_cut_and_gives_the_outputs_back(place: Place) -> None:
    source = notebook("import os; print(os.listdir('/data'))", "1 + 1")
    result = rerun_notebook(source, place.data, ENVIRONMENT, place.root / "r")
    assert (result.outcome, result.message) == (RerunOutcome.COMPLETE, "")
    assert printed(result.notebook, 0) == "['enrollment.parquet']\n"
    assert list((place.root / "r").iterdir()) == []


def test_its_notebook_says_nothing_of_where_and_when_it_ran(place: Place) -> None:
    result = rerun_notebook(notebook("1"), place.data, ENVIRONMENT, place.root / "r")
    text = (result.notebook or b"").decode()
    assert "papermill" not in text
    assert "/tmp" not in text
    assert "iopub" not in text


def test_a_cell_that_raises_stops_it_and_what_came_before_is_kept(place: Place) -> None:
    source = notebook("print('before')", "1 / 0", "print('after')")
    result = rerun_notebook(source, place.data, ENVIRONMENT, place.root / "r")
    assert result.outcome is RerunOutcome.RAISED
    assert result.cell == "c1"
    assert "ZeroDivisionError" in result.message
    assert printed(result.notebook, 0) == "before\n"
    assert len(json.loads(result.notebook or b"{}")["cells"]) == 3
    assert printed(result.notebook, 2) == ""


def test_it_sees_neither_the_persons_workspace_nor_another_cut(place: Place) -> None:
    (place.workspace / "mine.txt").write_text("mine")
    hidden = str(place.others["the other project's cut"])
    source = notebook(f"import os; print(os.listdir('/workspace'), os.path.exists({hidden!r}))")
    result = rerun_notebook(source, place.data, ENVIRONMENT, place.root / "r")
    assert printed(result.notebook, 0) == "[] False\n"


def test_a_kernel_that_dies_is_a_failure_with_a_sentence(place: Place) -> None:
    result = rerun_notebook(notebook("import os; os._exit(1)"), place.data, ENVIRONMENT, place.root / "r")
    assert result.outcome is RerunOutcome.FAILED
    assert "kernel died" in result.message


def test_a_cell_and_a_whole_that_take_too_long_are_ended(place: Place) -> None:
    sleep = notebook("import time; time.sleep(60)")
    for limits in (RerunLimits(cell_seconds=2), RerunLimits(seconds=3)):
        result = rerun_notebook(sleep, place.data, ENVIRONMENT, place.root / "r", limits)
        assert result.outcome is RerunOutcome.FAILED
        assert "long" in result.message


def test_a_result_that_is_too_large_is_refused(place: Place) -> None:
    limits = RerunLimits(result_size=100_000)
    result = rerun_notebook(
        notebook("print('x' * 1_000_000)"), place.data, ENVIRONMENT, place.root / "r", limits
    )
    assert (result.outcome, result.notebook) == (RerunOutcome.FAILED, None)
    assert "too large" in result.message


@pytest.mark.parametrize("source", [b"", b"{", b"[]", b'{"cells": 5}', b"[" * 100_000])
def test_a_broken_notebook_fails_with_a_sentence(place: Place, source: bytes) -> None:
    result = rerun_notebook(source, place.data, ENVIRONMENT, place.root / "r")
    assert result.outcome is RerunOutcome.FAILED
    assert result.message


def test_when_its_caller_is_killed_everything_ends_and_nothing_stays(place: Place) -> None:
    folder = place.root / "killed"
    code = f"""
from pathlib import Path
from rpp_hub.workspace.rerun import rerun_notebook
rerun_notebook({notebook("import time; time.sleep(120)")!r}, None, Path({str(ENVIRONMENT)!r}), Path({str(folder)!r}))
"""
    caller = subprocess.Popen((sys.executable, "-c", code))
    assert until(lambda: bool(_running_in(folder)) and list(folder.glob("*/ipc/s1/k-1")), 20)
    processes = _running_in(folder)
    os.kill(caller.pid, signal.SIGKILL)
    caller.wait()
    assert until(
        lambda: not any(Path(f"/proc/{pid}").exists() and _state(pid) != "Z" for pid in processes), 15
    )
    assert until(lambda: list(folder.iterdir()) == [], 15)


def _running_in(folder: Path) -> list[int]:
    """Sandboxes whose mounts come from there."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and f"{folder.name}/" in (process / "mountinfo").read_text():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
