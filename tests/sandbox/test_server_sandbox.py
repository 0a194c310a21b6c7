"""What does the server sandbox hold, and what of its secrets can be seen from anywhere else?"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.workspace.config import SupervisorConfig
from rpp_hub.workspace.launcher import Keeper, launch
from rpp_hub.workspace.sandbox import PYTHON
from rpp_hub.workspace.server_sandbox import server_sandbox

from tests.sandbox import attacks
from tests.sandbox.conftest import BASE, Workspace, config_for
from tests.sandbox.kernel import until
from tests.sandbox.processes import command, servers
from tests.sandbox.small_hub import SERVER_TOKEN

pytestmark = pytest.mark.sandbox


def _in_server_sandbox(config: SupervisorConfig, code: str) -> Any:
    async def go() -> str:
        box = dataclasses.replace(
            server_sandbox(config, ("x",), workspace=True), command=(PYTHON, "-I", "-c", code)
        )
        keeper = Keeper()
        process = launch("probe", box, keeper)
        await process.ended
        keeper.close()
        return process.tail

    return json.loads(asyncio.run(go()).splitlines()[-1])


def test_the_server_sandbox_holds_no_data_and_no_network(workspace: Workspace) -> None:
    config = config_for(workspace.place, workspace.hub)
    tell = "\nimport json; print(json.dumps(answer))"
    assert _in_server_sandbox(config, attacks.read("/data/enrollment.parquet") + tell) == "ENOENT"
    assert (
        _in_server_sandbox(config, attacks.read(str(workspace.place.data / "enrollment.parquet")) + tell)
        == "ENOENT"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert _in_server_sandbox(config, attacks.tcp(listener.getsockname()[1]) + tell) == "EAFNOSUPPORT"


def test_what_runs_in_the_server_sandbox_has_the_token_in_no_environment(workspace: Workspace) -> None:
    config = config_for(workspace.place, workspace.hub)
    names = _in_server_sandbox(config, "import json, os; print(json.dumps(dict(os.environ)))")
    assert SERVER_TOKEN not in names.values()
    assert names["HOME"] != "/workspace"
    assert not names["JUPYTER_CONFIG_DIR"].startswith("/workspace")
    assert "SECRET_OF_THE_HUB" not in names


def test_the_server_starts_no_process_beside_itself(workspace: Workspace) -> None:
    attempt = """
import json, subprocess
try:
    answer = subprocess.run(["/usr/bin/true"]).returncode
except PermissionError as error:
    answer = str(error)
print(json.dumps(answer))
"""
    config = config_for(workspace.place, workspace.hub)
    guarded = "from rpp_review.launch import start_no_process\nstart_no_process()\n" + attempt
    assert "No process is started" in _in_server_sandbox(config, guarded)
    assert _in_server_sandbox(config, attempt) == 0


def test_no_process_of_this_account_reads_the_supervisors_or_the_servers_memory(workspace: Workspace) -> None:
    if os.getuid() == 0:
        pytest.skip("root reads everything")
    assert not os.access(f"/proc/{workspace.pid}/environ", os.R_OK)
    assert until(lambda: bool(servers(workspace.pid)))
    for pid in servers(workspace.pid):
        with pytest.raises(PermissionError):
            Path(f"/proc/{pid}/environ").read_bytes()
        with pytest.raises(PermissionError):
            Path(f"/proc/{pid}/mem").open("rb")


def test_no_secret_is_on_a_command_line(workspace: Workspace) -> None:
    lines = [command(int(pid.name)) for pid in Path("/proc").iterdir() if pid.name.isdigit()]
    assert any("rpp_review.launch" in line for line in lines)
    assert not [line for line in lines if SERVER_TOKEN in line]


def test_the_log_names_no_token(workspace: Workspace) -> None:
    async def go() -> None:
        async with workspace.browser() as browser:
            await browser.login()
            assert (await browser.get("lab")).status == 200
            assert (await browser.get("files/starter.ipynb")).status >= 400

    asyncio.run(go())
    log = workspace.place.root / "log" / "workspace.log"
    assert SERVER_TOKEN not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    assert BASE in log.read_text()
