"""Counting, slowing down and stopping, and what a restart, a kill and midnight do to the counts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.workspace.message_kind import kind_of_message
from rpp_hub.workspace.meter import Budget, Exhausted, Kind, Meter, day_file, read_count, today

MORNING = 1_795_510_800.0
BUDGET = Budget(1000, 1000, 1_000_000)


def passes(meter: Meter, size: int, kind: Kind = Kind.STREAM) -> bool:
    try:
        asyncio.run(meter.let_pass(kind, size))
    except Exhausted:
        return False
    return True


def test_the_budget_is_never_exceeded_and_static_files_do_not_count(tmp_path: Path) -> None:
    meter = Meter(tmp_path, BUDGET, lambda: MORNING)
    assert passes(meter, 900)
    assert passes(meter, 5_000_000, Kind.STATIC)
    assert not passes(meter, 101)
    assert (meter.spent, meter.is_stopped) == (900, True)
    assert not passes(meter, 1)  # the pause holds whatever comes
    assert passes(meter, 1, Kind.STATIC)


def test_a_restart_does_not_reset_the_counts_and_does_not_end_a_pause(tmp_path: Path) -> None:
    first = Meter(tmp_path, BUDGET, lambda: MORNING)
    assert passes(first, 900)
    assert not passes(first, 200)
    first.close()
    second = Meter(tmp_path, BUDGET, lambda: MORNING)
    assert (second.spent, second.counted["stream"], second.is_stopped) == (900, 900, True)
    assert read_count(day_file(tmp_path, today(MORNING))).stops == 1


def test_a_raise_holds_for_its_day_alone_and_ends_the_pause(tmp_path: Path) -> None:
    now = [MORNING]
    meter = Meter(tmp_path, BUDGET, lambda: now[0])
    assert not passes(meter, 1001)
    meter.raise_today("2020-01-01", 9999)
    assert meter.is_stopped
    meter.raise_today(today(MORNING), 2000)
    assert passes(meter, 1001)
    assert not passes(meter, 1000)
    assert read_count(day_file(tmp_path, today(MORNING))).stops == 2
    now[0] += 86_400
    assert (meter.spent, meter.is_stopped, meter.total) == (0, False, 1000)
    assert read_count(day_file(tmp_path, today(MORNING))).spent == 1001  # yesterday's stays


def test_a_killed_process_has_lost_no_count(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, pathlib, signal, sys\nfrom rpp_hub.workspace.meter import Kind, Meter\n"
        "m = Meter(pathlib.Path(sys.argv[1]))\n"
        "for _ in range(1000): asyncio.run(m.let_pass(Kind.IMAGE, 7))\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    (path,) = tmp_path.iterdir()
    assert read_count(path).by_kind["image"] == 7000


def test_a_file_that_was_cut_off_is_begun_anew_and_a_link_is_not_followed(tmp_path: Path) -> None:
    path = day_file(tmp_path, today(MORNING))
    path.write_bytes(b"rpp")
    assert passes(Meter(tmp_path, BUDGET, lambda: MORNING), 5)
    assert read_count(path).spent == 5
    path.unlink()
    os.symlink("/etc/passwd", path)
    with pytest.raises(OSError, match="symbolic"):
        passes(Meter(tmp_path, BUDGET, lambda: MORNING), 5)


@given(st.lists(st.tuples(st.sampled_from(list(Kind)), st.integers(0, 2000)), max_size=40))
def test_whatever_comes_the_sum_stays_within_the_budget(messages: list[tuple[Kind, int]]) -> None:
    meter = Meter(None, BUDGET, lambda: MORNING)
    for kind, size in messages:
        passes(meter, size, kind)
    assert meter.spent <= BUDGET.total
    assert meter.spent == sum(meter.counted.values()) - meter.counted["static"]


def binary(header: dict[str, str], content: bytes) -> bytes:
    parts = [b"iopub", json.dumps(header).encode(), b"{}", b"{}", content]
    offsets = [8 * (1 + len(parts) + 1)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return b"".join(struct.pack("<Q", n) for n in (len(offsets), *offsets)) + b"".join(parts)


@pytest.mark.parametrize(
    ("kind", "content", "counted"),
    [
        ("stream", b'{"text": "image/png"}', Kind.STREAM),
        ("error", b"{}", Kind.ERROR),
        ("display_data", b'{"data": {"text/plain": "x"}}', Kind.DISPLAY),
        ("execute_result", b'{"data": {"image/png": "x"}}', Kind.IMAGE),
        ("status", b"{}", Kind.KERNEL),
        ("comm_msg", b'{"data": "image/png"}', Kind.KERNEL),
    ],
)
def test_a_message_is_counted_as_what_its_header_says(kind: str, content: bytes, counted: Kind) -> None:
    header = {"msg_id": "1", "msg_type": kind}
    assert kind_of_message(binary(header, content)) is counted
    text = json.dumps({"header": header, "content": json.loads(content)}).encode()
    assert kind_of_message(text) is counted


@given(st.binary(max_size=300))
def test_any_bytes_are_some_kind(message: bytes) -> None:
    assert kind_of_message(message) in Kind
