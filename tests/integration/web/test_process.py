"""The portal as a process: a private socket, an orderly end, a sentence when there is nothing to serve."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rpp_hub.bootstrap import initialise
from rpp_hub.up import write_secrets

CONFIG = '[districts.bayview]\ntitle = "Bayview"\n'


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """A folder with a short, lower-case name, as sockets want it."""
    place = Path(f"/tmp/rpp-web-{os.getpid()}")
    place.mkdir(mode=0o700)
    yield place
    shutil.rmtree(place)


def start(home: Path, run_dir: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "RPP_HOME": str(home), "RPP_RUN_DIR": str(run_dir)}
    return subprocess.Popen(
        [sys.executable, "-m", "rpp_hub.web"], env=environment, stderr=subprocess.PIPE, text=True
    )


def test_it_listens_on_a_private_socket_and_ends_in_order(tmp_path: Path, run_dir: Path) -> None:
    write_secrets(initialise(tmp_path / "instance", CONFIG))
    left = run_dir / "portal.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(left))  # what a killed process leaves behind
    process = start(tmp_path / "instance", run_dir)
    try:
        until_it_listens(left)
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(left)), base_url="http://portal") as client:
            assert client.get("/services/rpp/health").json() == {"ok": True}
            away = client.get("/services/rpp/requests", headers={"Host": "rpp.test"})
            assert away.headers["location"].startswith("/hub/api/oauth2/authorize?")
            assert "server" not in away.headers
        assert stat.S_IMODE(left.stat().st_mode) == 0o600
    finally:
        process.send_signal(signal.SIGTERM)
        errors = process.communicate(timeout=20)[1]
    assert process.returncode == 0, errors
    assert not left.exists()


def until_it_listens(path: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        with socket.socket(socket.AF_UNIX) as attempt:
            if attempt.connect_ex(str(path)) == 0:
                return
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_without_an_installation_it_says_what_to_do(tmp_path: Path, run_dir: Path) -> None:
    process = start(tmp_path / "nothing", run_dir)
    errors = process.communicate(timeout=30)[1]
    assert process.returncode == 3
    assert "rpp init" in errors
    assert "Traceback" not in errors
