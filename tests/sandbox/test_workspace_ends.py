"""How does a workspace end, and what is left when it, or what it needs, is gone?"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from rpp_hub.workspace import client, doctor
from rpp_hub.workspace.leftovers import claim, holder, sweep

from tests.sandbox.conftest import Place, Workspace, config_for, secrets_for
from tests.sandbox.kernel import running_kernel, until
from tests.sandbox.processes import alive, descendants, servers
from tests.sandbox.small_hub import SmallHub

pytestmark = pytest.mark.sandbox


def test_a_stop_ends_every_process_and_leaves_no_folder(hub: SmallHub, tmp_path: Path, second: Place) -> None:
    place = second
    pid = asyncio.run(client.start_supervisor(config_for(place, hub), secrets_for()))
    with running_kernel(tmp_path, place.run_dir):
        processes = descendants(pid)
        assert len(processes) >= 4
        status = asyncio.run(client.status(place.run_dir))
        assert status is not None
        assert (status.state, status.kernels, status.pid) == ("running", 1, pid)
        asyncio.run(client.stop(place.run_dir, "the test asks"))
        assert not [p for p in processes if alive(p)]
    assert not place.run_dir.exists()
    assert asyncio.run(client.status(place.run_dir)) is None
    assert until(lambda: not alive(pid))


def test_a_killed_supervisor_takes_everything_along_and_the_next_start_cleans_up(
    hub: SmallHub, tmp_path: Path, second: Place
) -> None:
    place = second
    pid = asyncio.run(client.start_supervisor(config_for(place, hub), secrets_for()))
    with running_kernel(tmp_path, place.run_dir) as kernel:
        kernel.run("import os; os.makedirs('/run/rpp/k/deep/er'); os.chmod('/run/rpp/k/deep', 0)")
        processes = descendants(pid)
        os.kill(pid, signal.SIGKILL)
        assert until(lambda: not [p for p in processes if alive(p)], 3.0)
    assert place.run_dir.exists()
    asyncio.run(client.start_supervisor(config_for(place, hub), secrets_for()))
    names = {path.name for path in place.run_dir.iterdir()}
    assert names == {"lock", "ipc", "in.sock", "adm.sock", "ctl.sock", "hub.sock", "srv.sock"}
    asyncio.run(client.stop(place.run_dir, "over"))


def test_a_dead_server_ends_the_workspace(hub: SmallHub, second: Place) -> None:
    place = second
    pid = asyncio.run(client.start_supervisor(config_for(place, hub), secrets_for()))
    assert until(lambda: bool(servers(pid)))
    (server,) = servers(pid)
    os.kill(server, signal.SIGKILL)
    assert until(lambda: not place.run_dir.exists())
    assert asyncio.run(client.status(place.run_dir)) is None


def test_a_supervisor_whose_folder_is_taken_away_does_not_live_on(hub: SmallHub, second: Place) -> None:
    pid = asyncio.run(client.start_supervisor(config_for(second, hub), secrets_for()))
    shutil.rmtree(second.run_dir)
    assert until(lambda: not alive(pid), 20)


def test_a_supervisor_that_hangs_counts_as_running_and_is_killed_by_a_stop(
    hub: SmallHub, second: Place
) -> None:
    pid = asyncio.run(client.start_supervisor(config_for(second, hub), secrets_for()))
    below = descendants(pid)
    os.kill(pid, signal.SIGSTOP)
    assert asyncio.run(client.status(second.run_dir, patience=0.5)) is None
    assert holder(second.run_dir) == pid
    asyncio.run(client.stop(second.run_dir, "it hangs", patience=0.5))
    assert until(lambda: not [p for p in (pid, *below) if alive(p)], 3.0)
    assert holder(second.run_dir) is None


def test_a_second_supervisor_in_the_same_folder_is_refused(workspace: Workspace) -> None:
    with pytest.raises(client.SupervisorFailed, match="already runs"):
        asyncio.run(client.start_supervisor(config_for(workspace.place, workspace.hub), secrets_for()))


def test_a_configuration_that_cannot_be_understood_is_refused_with_its_sentence(workspace: Workspace) -> None:
    done = subprocess.run(
        client.COMMAND,
        input=b'{"config": {}, "secrets": {"x": 1}}\n',
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert "error" in json.loads(done.stdout)


def test_without_bubblewrap_nothing_starts_and_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert doctor.probe() == []
    monkeypatch.setenv("PATH", "/nonexistent")
    (problem, *_) = doctor.probe()
    assert problem.code == "bubblewrap"
    assert "apt-get install bubblewrap" in problem.remedy


def test_a_sweep_removes_the_dead_and_spares_the_living(tmp_path: Path) -> None:
    living, dead, young = (tmp_path / name for name in ("living", "dead", "young"))
    lock = claim(living)
    os.close(claim(dead))
    os.close(claim(young))
    for folder in (living, dead):
        os.utime(folder, (1, 1))
    assert sweep(tmp_path) == (dead,)
    assert living.exists()
    assert young.exists()
    os.close(lock)
