"""A workspace takes what it may and no more, whoever holds it; and the researcher reads why something ended."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.workspace import client
from rpp_hub.workspace.cgroups import CGROUPS, base_v1
from rpp_hub.workspace.config import MEBIBYTE, Limits
from rpp_hub.workspace.confinement import Means, means
from rpp_hub.workspace.usage import processes_below

from tests.execute_request import reply_to
from tests.sandbox.conftest import Place, config_for, secrets_for
from tests.sandbox.kernel import Kernel, running_kernel, until
from tests.sandbox.small_hub import SmallHub

pytestmark = pytest.mark.sandbox

SMALL = Limits(
    memory=700 * MEBIBYTE,
    cpus=0.5,
    processes=120,
    disk=64 * MEBIBYTE,
    disk_reserve=0,
    file_size=256 * MEBIBYTE,
    shared_memory=32 * MEBIBYTE,
    scratch=64 * MEBIBYTE,
    stop_grace=2.0,
)


@pytest.fixture(scope="module")
def small(hub: SmallHub) -> Iterator[Place]:
    """A workspace with little of everything."""
    place = Place(hub.folder / os.urandom(2).hex())
    place.root.mkdir()
    place.fill()
    asyncio.run(client.start_supervisor(config_for(place, hub, limits=SMALL), secrets_for()))
    yield place
    asyncio.run(client.stop(place.run_dir, "the test is over"))


@pytest.fixture
def kernel(small: Place, tmp_path: Path) -> Iterator[Kernel]:
    with running_kernel(tmp_path, small.run_dir) as started:
        yield started


def usage(place: Place) -> dict[str, Any]:
    """What the panel asks, as the Jupyter Server asks it."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(str(place.run_dir / "ctl.sock"))
        s.sendall(b'{"do": "usage"}\n')
        answer: dict[str, Any] = json.loads(s.makefile().readline())
    return answer


def reached(place: Place, kernel: Kernel) -> list[str]:
    return [
        one["limit"] for one in usage(place)["reached"] if one["kernel"] in ("", kernel.manager.kernel_id)
    ]


def test_a_memory_bomb_ends_its_kernel_and_a_sentence_says_why(small: Place, kernel: Kernel) -> None:
    asked = kernel.client.execute("x = []\nwhile True: x.append(bytearray(20 << 20))")
    if means() is Means.RLIMIT:  # each process is held: the cell fails, and the kernel lives
        assert reply_to(kernel.client, asked, 60)["ename"] == "MemoryError"
        return
    assert until(lambda: not kernel.manager.is_alive(), 60)
    assert until(lambda: "memory" in reached(small, kernel))
    (told,) = [one for one in usage(small)["reached"] if one["kernel"] == kernel.manager.kernel_id]
    assert "700 MiB of memory" in told["sentence"]
    assert "columns" in told["sentence"]


def test_processes_that_divide_a_bomb_between_them_are_held_together(small: Place, kernel: Kernel) -> None:
    """Control: a limit of single processes lets each of these pass."""
    code = """
import os, time
children = []
for _ in range(6):
    pid = os.fork()
    if pid == 0:
        held = bytearray(os.urandom(1)) * (180 << 20)
        time.sleep(20)
        os._exit(0)
    children.append(pid)
answer = [os.waitpid(pid, 0)[1] for pid in children]
"""
    kernel.client.execute(code)
    assert until(lambda: bool({"memory", "child-memory"} & set(reached(small, kernel))), 60)
    assert asyncio.run(client.status(small.run_dir)) is not None


def test_scratch_space_in_memory_is_counted_too(small: Place, kernel: Kernel) -> None:
    if means() not in (Means.CGROUP1, Means.CGROUP2):
        pytest.skip("only control groups count what lies in a file system in memory")
    until(lambda: False, 2.5)  # what earlier kernels held is no longer counted
    before = usage(small)["memory"]["used"]
    kernel.run("import os; open('/tmp/x', 'wb').write(os.urandom(48 << 20))")
    assert until(lambda: usage(small)["memory"]["used"] > before + (30 << 20))


def test_a_fork_bomb_ends_at_the_limit_of_the_whole_workspace(small: Place, kernel: Kernel) -> None:
    bomb = """
import os, signal
children = []
try:
    while len(children) < 1000:
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        children.append(pid)
except BlockingIOError:
    pass
for pid in children:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
answer = len(children)
"""
    assert 5 < kernel.ask(bomb) < 120
    assert kernel.ask("answer = 1") == 1


def test_a_busy_cell_gets_no_more_of_the_processors_than_its_share(small: Place, kernel: Kernel) -> None:
    if means() is Means.RLIMIT or ("cpu" not in base_v1() and means() is Means.CGROUP1):
        pytest.skip("nothing here holds processors")
    spin = """
import time
began, used = time.monotonic(), time.process_time()
while time.monotonic() - began < 2: pass
answer = (time.process_time() - used) / (time.monotonic() - began)
"""
    assert kernel.ask(spin) < 0.7


def test_a_full_workspace_lets_no_more_be_written_until_there_is_room_and_loses_nothing(
    small: Place, kernel: Kernel
) -> None:
    code = """
import errno, os, time
kept, answer = 12345, "never"
for number in range(200):
    try:
        with open(f"/workspace/big-{number}", "wb") as f:
            f.write(os.urandom(1 << 20))
        time.sleep(0.1)
    except OSError as error:
        answer = errno.errorcode[error.errno]
        break
"""
    assert kernel.ask(code) == "EFBIG"
    told = usage(small)
    assert told["disk"]["held"]
    assert told["disk"]["used"] >= 64 * MEBIBYTE
    assert "disk-full" in reached(small, kernel)
    kernel.run("import glob\nfor name in glob.glob('/workspace/big-*'): os.unlink(name)")
    assert until(lambda: not usage(small)["disk"]["held"])
    assert kernel.ask("open('/workspace/again', 'w').write('x'); answer = kept") == 12345


def test_a_kernel_that_lifts_the_ceiling_and_goes_on_writing_is_ended(small: Place, kernel: Kernel) -> None:
    code = """
import os, resource
while True:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.getrlimit(resource.RLIMIT_FSIZE)[1],) * 2)
    try:
        with open(f"/workspace/hostile-{os.urandom(4).hex()}", "wb") as f:
            f.write(os.urandom(1 << 20))
    except OSError:
        pass
"""
    kernel.client.execute(code)
    assert until(lambda: not kernel.manager.is_alive(), 60)
    assert until(lambda: "disk" in reached(small, kernel))
    for left in small.workspace.glob("hostile-*"):
        left.unlink()
    assert until(lambda: not usage(small)["disk"]["held"])


def test_the_server_still_saves_while_the_workspace_is_full(small: Place) -> None:
    """What is held back is a notebook's code; a notebook itself can be saved, or work would be lost."""
    servers = [
        pid for pid in Path("/proc").iterdir() if pid.name.isdigit() and "rpp_review.launch" in _line(pid)
    ]
    assert servers
    filler = small.workspace / "filler"
    filler.write_bytes(os.urandom(66 * MEBIBYTE))
    assert until(lambda: bool(usage(small)["disk"]["held"]))
    limits = {_soft(pid) for pid in servers}
    filler.unlink()
    assert "0" not in limits
    assert until(lambda: not usage(small)["disk"]["held"])


def test_nothing_of_a_stopped_workspace_stays_among_the_control_groups(small: Place) -> None:
    if means() is not Means.CGROUP1:
        pytest.skip("there is no control group of version 1 here")
    status = asyncio.run(client.status(small.run_dir))
    assert status is not None
    groups = [base / f"w{status.pid}-{small.run_dir.name}" for base in base_v1().values()]
    assert all(group.is_dir() for group in groups)
    asyncio.run(client.stop(small.run_dir, "the test asks"))
    assert until(lambda: not any(group.exists() for group in groups))
    assert CGROUPS.is_dir()


def _line(pid: Path) -> str:
    try:
        return (pid / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def _soft(pid: Path) -> str:
    try:
        (line,) = [
            text for text in (pid / "limits").read_text().splitlines() if text.startswith("Max file size")
        ]
    except (OSError, ValueError):
        return ""
    return line.split()[3]


def test_a_kernel_that_waits_beside_one_at_work_leaves_and_another_can_still_be_had(
    hub: SmallHub, tmp_path: Path
) -> None:
    place = Place(hub.folder / os.urandom(2).hex())
    place.root.mkdir()
    place.fill()
    limits = Limits(spare=4.0, stop_grace=2.0)
    pid = asyncio.run(client.start_supervisor(config_for(place, hub, limits=limits), secrets_for()))
    try:
        with running_kernel(tmp_path, place.run_dir) as kernel:
            assert until(lambda: _kernels(pid) == 2, 20)  # the next one warms
            assert until(lambda: _kernels(pid) == 1, 20)
            assert kernel.ask("answer = 1") == 1
            kernel.manager.restart_kernel()
            kernel.client.wait_for_ready(timeout=60)
            assert kernel.ask("answer = 2") == 2
    finally:
        asyncio.run(client.stop(place.run_dir, "the test is over"))


def _kernels(supervisor: int) -> int:
    below = processes_below(supervisor)
    return sum(
        "-m rpp_kernel.warm" in _line(Path("/proc", str(pid)))
        and "bwrap" not in _line(Path("/proc", str(pid)))
        for pid in below
    )
