"""With root, each workspace's processes are an account's of its own. Run by hand: `sudo .venv/bin/python -m pytest tests/root`.

A real broker, real supervisors; everything but the broker is done as the account rpp.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.workspace.broker import FIRST

from tests.harness import CHECKOUT

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root gives workspaces accounts of their own")

DRIVER = """
import asyncio, json, os, signal, sys, time
from pathlib import Path
from tests.sandbox.conftest import Place, config_for, secrets_for
from tests.sandbox.kernel import running_kernel, until
from tests.sandbox.small_hub import SmallHub
from rpp_hub.workspace import client
from rpp_hub.workspace.leftovers import sweep

told, homes, pids = {}, [], []
for name in ("one", "two"):
    place = Place(Path(sys.argv[1]) / name)
    place.root.mkdir(); place.fill()
    hub = SmallHub(place.root)
    homes.append((place, hub))
    config = config_for(place, hub, person=name)
    pids.append(asyncio.run(client.start_supervisor(config, secrets_for(), 60)))
def uids(pid):
    return {int(n) for l in open(f"/proc/{pid}/status") if l.startswith("Uid:") for n in l.split()[1:]}
told["uids"] = [sorted(uids(pid)) for pid in pids]
(place, hub), (other, _) = homes
with running_kernel(place.root / "specs", place.run_dir) as kernel:
    told["inside"] = kernel.ask("import os; open('/workspace/made', 'w').write('x'); answer = [os.getuid(), os.stat('/workspace/made').st_uid]")
    told["data"] = kernel.ask("import os; answer = os.listdir('/data')")
    told["write"] = kernel.ask("answer = 'EROFS'\\ntry: open('/data/x', 'w')\\nexcept OSError as e: answer = __import__('errno').errorcode[e.errno]")
    kernels = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and b"rpp_kernel.warm" in (p / "cmdline").read_bytes()]
    told["kernels"] = sorted({u for pid in kernels for u in uids(pid)})
told["on disk"] = (place.workspace / "made").stat().st_uid == os.getuid()
seen = Path(f"/proc/{pids[0]}/root")
told["status"] = asyncio.run(client.status(place.run_dir)).state
asyncio.run(client.stop(place.run_dir, "over"))
told["stopped"] = until(lambda: not Path(f"/proc/{pids[0]}").exists())
try:
    os.kill(pids[1], 0); told["killable"] = True
except PermissionError:
    told["killable"] = False
client._kill(pids[1])
told["ended"] = until(lambda: not Path(f"/proc/{pids[1]}").exists())
for _, hub in homes: hub.close()
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> Iterator[dict[str, Any]]:
    account = pwd.getpwnam("rpp")
    folder = Path(f"/run/rpp-test-{os.getpid()}")
    for name in ("home", "runs"):
        (folder / name).mkdir(parents=True)
        os.chown(folder / name, account.pw_uid, account.pw_gid)
    listening = folder / "broker.sock"
    broker = subprocess.Popen(
        [sys.executable, "-I", "-m", "rpp_hub.workspace.broker", "--account", "rpp", "--home", str(folder / "home"),
         "--runs", str(folder / "runs"), "--socket", str(listening), "--table", str(folder / "table.json")], cwd="/",
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not listening.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    as_rpp = ("setpriv", "--reuid", "rpp", "--regid", "rpp", "--init-groups", "--inh-caps=-all")
    environment = {
        **os.environ,
        "HOME": "/var/lib/rpp",
        "RPP_ACCOUNTS": str(listening),
        "PYTHONPATH": str(CHECKOUT),
    }
    try:
        done = subprocess.run(
            [*as_rpp, sys.executable, "-c", DRIVER, str(folder / "home")],
            cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        yield json.loads(done.stdout.splitlines()[-1])
        stranger = subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", sys.executable, "-c",
             f"import socket; socket.socket(socket.AF_UNIX).connect({str(listening)!r})"],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        assert "PermissionError" in stranger.stderr
    finally:
        broker.terminate()
        broker.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def test_two_workspaces_are_two_accounts_and_neither_is_the_hubs(told: dict[str, Any]) -> None:
    (one,), (two,) = told["uids"]
    assert one != two
    assert min(one, two) >= FIRST
    assert one in told["kernels"]


def test_its_files_are_its_own_inside_and_the_installations_on_the_disk(told: dict[str, Any]) -> None:
    assert told["inside"] == [1000, 1000]
    assert told["on disk"] is True


def test_its_cut_can_be_read_and_not_changed(told: dict[str, Any]) -> None:
    assert (told["data"], told["write"]) == (["enrollment.parquet"], "EROFS")


def test_the_hub_asks_it_stops_it_and_ends_it_through_the_broker_alone(told: dict[str, Any]) -> None:
    assert told["status"] == "running"
    assert told["stopped"] is True
    assert told["killable"] is False
    assert told["ended"] is True
