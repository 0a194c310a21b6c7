"""What is lost when a part is killed, a condition ends, or the whole is stopped? Nothing; and the path can be finished."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from rpp_hub.bootstrap import Rpp, open_installation
from rpp_hub.domain.gate import GATE
from rpp_hub.domain.lifecycle import Status

from tests.e2e.losing import LOSSES, Loss
from tests.e2e.outcomes import (
    OWN,
    actor,
    acts,
    approve,
    closes,
    examined_or_not,
    released_or_not,
    seen,
    submit,
    verify_release,
    whole,
)
from tests.e2e.over_http import visiting
from tests.e2e.parts import (
    alive,
    back,
    below,
    eventually,
    kill,
    kill_worker_at_random,
    parts_of,
    run_dir,
    run_worker_until,
    supervisors,
    until,
)
from tests.factories import cell, notebook, printed
from tests.harness import Running, cannot_sandbox, free_port, remove

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(400)]

OTHER = "course-pathways"
TICK, PROMISED = (
    2,
    60.0,
)  # seconds between two looks at the gate here; within which a workspace closes anywhere
CONFIG = """\
[server]
bind = "127.0.0.1:{port}"

[workspace]
gate_interval = {gate}

[districts.bayview]
title = "Bayview Unified School District"
"""
SLOW = notebook(
    cell("import time\ntime.sleep(1.5)\nprint('n = 120')", [printed("n = 120\n")]),
    cell("print('m = 240')", [printed("m = 240\n")], "b"),
)


@pytest.fixture(scope="module")
def own() -> Iterator[Running]:
    """An installation that this module may break; its gate is asked every two seconds."""
    reason = cannot_sandbox()
    if reason:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="rpp-test-"))
    installation = Running(folder / "instance", free_port(), arguments=("--students", "500"))
    installation.home.mkdir(mode=0o700)
    (installation.home / "rpp.toml").write_text(CONFIG.format(port=installation.port, gate=TICK))
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()
        for pid in supervisors(installation).values():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(run_dir(installation), ignore_errors=True)
        remove(folder)


@pytest.fixture
def rpp(own: Running) -> Iterator[Rpp]:
    """The services of the running installation, in this process; started again where a test before stopped it."""
    if own.process is None:
        own.start()
    with services(own) as opened:
        yield opened


@pytest.fixture
def still(own: Running) -> Iterator[Rpp]:
    """The services of the installation while no part of it runs."""
    own.stop()
    with services(own) as opened:
        yield opened


@contextmanager
def services(own: Running) -> Iterator[Rpp]:
    opened = open_installation(own.home)
    try:
        yield opened
    finally:
        opened.store.close()


# --- killed parts of a running installation


def test_a_killed_hub_interrupts_no_cell_and_finds_the_workspace_again(own: Running, rpp: Rpp) -> None:
    with visiting(own, "rosa") as rosa:
        workspace = rosa.open_workspace(OWN)
        before = supervisors(own)
        with workspace.kernel() as kernel:
            heard: list[str] = []
            code = "import time\nfor n in range(20):\n    time.sleep(0.2)\n    print(n, flush=True)"
            running = threading.Thread(target=lambda: heard.append(kernel.run(code)))
            running.start()
            time.sleep(0.6)
            old = kill(own, "hub")
            running.join(30)
            assert heard == ["\n".join(map(str, range(20)))]
            back(own, "hub", old)
            assert kernel.run("print(n + 1)") == "20"
        assert workspace.ask("GET", "api/status").status == 200
        assert supervisors(own) == before
        with visiting(own, "rosa") as again:
            assert again.open_workspace(OWN).ask("GET", "api/contents").status == 200
        assert supervisors(own) == before
    whole(rpp)


def test_a_killed_supervisor_takes_its_sandboxes_along_and_the_workspace_opens_again(
    own: Running, rpp: Rpp
) -> None:
    with visiting(own, "rosa") as rosa:
        workspace = rosa.open_workspace(OWN)
        saved = json.loads(notebook(cell("print('kept')", [printed("kept\n")])))
        body = {"type": "notebook", "format": "json", "content": saved}
        assert workspace.save("kept.ipynb", body).status == 200
        ((folder, pid),) = supervisors(own).items()
        with workspace.kernel() as kernel:
            kernel.run("import subprocess; subprocess.Popen(['sleep', '1000'])")
            inside = below(pid)
            assert len(inside) >= 6
            os.kill(pid, signal.SIGKILL)
            assert until(lambda: not alive(inside), 1.0), alive(inside)
        eventually(lambda: not rosa.portal("GET", f"projects/{OWN}/workspace").json()["ready"])
        os.utime(folder, (1, 1))  # as if a minute had passed
        workspace = rosa.open_workspace(OWN)
        assert not folder.exists()
        assert workspace.ask("GET", "api/contents/kept.ipynb").json()["content"]["cells"][0]["id"] == "a"
        with workspace.kernel() as kernel:
            assert kernel.run("print(6 * 7)") == "42"
    assert closes(rpp)[-1] == "ended by itself"
    whole(rpp)


def test_a_killed_portal_is_back_and_nobody_has_to_log_in_again(own: Running, rpp: Rpp) -> None:
    with visiting(own, "rosa") as rosa:
        old = kill(own, "portal")
        back(own, "portal", old)
        assert rosa.portal("GET", f"projects/{OWN}").json()["name"] == OWN
    whole(rpp)


def test_a_killed_proxy_is_back_with_all_its_routes_within_seconds(own: Running, rpp: Rpp) -> None:
    with visiting(own, "rosa") as rosa:
        workspace = rosa.open_workspace(OWN)
        with workspace.kernel() as kernel:
            kernel.run("x = 42")
            old = kill(own, "proxy")
            back(own, "proxy", old)
            eventually(lambda: workspace.ask("GET", "api/status").status == 200, 15.0)
            assert kernel.run("print(x)") == "42"
    whole(rpp)


def test_a_kill_of_the_worker_in_the_middle_of_a_rerun_leaves_the_request_whole(
    own: Running, rpp: Rpp
) -> None:
    request = submit(rpp, SLOW)
    eventually(lambda: len(below(own.pid_of("worker"))) >= 4)
    inside = below(own.pid_of("worker"))
    kill(own, "worker")
    assert until(lambda: not alive(inside), 1.0), alive(inside)
    assert examined_or_not(rpp, request) is False
    eventually(lambda: examined_or_not(rpp, request), 60.0)
    approve(rpp, request)
    eventually(lambda: seen(rpp, request).status is Status.RELEASED, 60.0)
    verify_release(own, request)
    whole(rpp)


# --- a workspace that opens again on what a kernel has left there

PLANT = """
import json, os
def put(path):
    path = "/workspace/" + path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    mark = path.replace("/", "_")
    open(path, "w").write(f"try:\\n    open('/workspace/ran-{mark}', 'w').close()\\nexcept OSError: pass\\n")
configs = [f"{n}_config.py" for n in ("jupyter", "jupyter_server", "jupyter_lab", "jupyterhub_singleuser", "ipython", "ipython_kernel")]
modules = ["sitecustomize.py", "usercustomize.py", "rpp_review/__init__.py", "rpp_kernel/__init__.py", "tornado.py", "socket.py", "json.py"]
for name in configs + modules:
    put(name)
for folder in (".jupyter", ".config/jupyter", ".local/share/jupyter", "etc/jupyter", ".ipython/profile_default", ".ipython/profile_default/startup"):
    for name in configs:
        put(f"{folder}/{name}")
os.makedirs("/workspace/.local/share/jupyter/kernels/rpp")
spec = {"argv": ["/usr/bin/touch", "/workspace/ran-kernel"], "display_name": "x", "language": "python"}
json.dump(spec, open("/workspace/.local/share/jupyter/kernels/rpp/kernel.json", "w"))
"""


def test_what_a_kernel_plants_runs_nowhere_and_leads_the_hub_nowhere_when_the_workspace_opens_again(
    own: Running, rpp: Rpp
) -> None:
    folder, victim = own.home / "workspaces" / OTHER / "members" / "remy", own.home / "hub" / "victim"
    with visiting(own, "remy") as remy:
        with remy.open_workspace(OTHER).kernel() as kernel:
            kernel.run(PLANT)
            links = "import os; os.unlink('/workspace/starter.ipynb')"
            for name in (".starter.ipynb.new", ".starter.ipynb", "starter.ipynb.tmp"):
                links += f"; os.symlink({str(victim)!r}, '/workspace/{name}')"
            kernel.run(links)
        remy.close_workspace(OTHER)
        with remy.open_workspace(OTHER).kernel() as kernel:
            assert kernel.run("import json, socket; print(json.__file__)").startswith("/usr/lib/")
        remy.close_workspace(OTHER)
    assert [p.name for p in folder.glob("ran-*")] == []
    assert not victim.exists()
    assert json.loads((folder / "starter.ipynb").read_text())["cells"]


# --- a condition that is lost


def test_each_rule_of_the_gate_is_lost_below() -> None:
    assert [loss.rule for loss in LOSSES] == [rule.name for rule in GATE]


@pytest.mark.parametrize("loss", LOSSES, ids=[loss.rule for loss in LOSSES])
def test_a_running_workspace_closes_soon_after_a_condition_is_lost_and_loses_no_work(
    own: Running, rpp: Rpp, loss: Loss
) -> None:
    code = loss.code
    with visiting(own, "rosa") as rosa:
        workspace = rosa.open_workspace(OWN)
        name = f"{code}.ipynb"
        body = {"type": "notebook", "format": "json", "content": json.loads(notebook())}
        assert workspace.save(name, body).status == 200
        (pid,) = supervisors(own).values()
        inside = below(pid)
        try:
            loss.lose(own)
            assert until(lambda: not supervisors(own), PROMISED)
            assert until(lambda: not alive([pid, *inside]), PROMISED)
            assert code in closes(rpp)[-1]
            refused = rosa.portal("POST", f"projects/{OWN}/workspace") if code != "person-inactive" else None
            assert refused is None or refused.status in (403, 404, 409)
            assert not supervisors(own)
            assert json.loads((own.home / "workspaces" / OWN / "members" / "rosa" / name).read_text())[
                "cells"
            ]
        finally:
            loss.restore(own)
    assert until(lambda: not rpp.living.refusals("rosa", OWN), TICK)  # the worker thaws what it had frozen
    with visiting(own, "rosa") as rosa:
        assert rosa.open_workspace(OWN).ask("GET", f"api/contents/{name}").status == 200
    whole(rpp)


# --- the end of the whole


def test_a_kill_of_the_whole_leaves_no_part_behind_and_the_next_life_takes_the_workspaces_over(
    own: Running, rpp: Rpp
) -> None:
    with visiting(own, "rosa") as rosa:
        workspace = rosa.open_workspace(OWN)
        with workspace.kernel() as kernel:
            kernel.run("x = 42")
            before, parts = supervisors(own), parts_of(own)
            assert own.process is not None
            own.process.kill()
            own.process.wait()
            own.start()  # at once: it waits for the parts of the old life
            assert alive(parts) == []
            assert supervisors(own) == before
            eventually(lambda: workspace.ask("GET", "api/status").status == 200)
            assert kernel.run("print(x)") == "42"
        rosa.close_workspace(OWN)  # and so they can be closed
    assert not supervisors(own)
    whole(rpp)


def test_a_second_start_beside_a_running_one_is_refused(own: Running, rpp: Rpp) -> None:
    done = own.rpp("up", expect=1)
    assert "is running already" in done.stderr
    assert own.answers()


def test_ctrl_c_ends_every_process_and_a_second_start_goes_on_where_it_was(own: Running, rpp: Rpp) -> None:
    request = submit(rpp, SLOW)
    with visiting(own, "rosa") as rosa, visiting(own, "remy") as remy:
        for workspace in (rosa.open_workspace(OWN), remy.open_workspace(OTHER)):
            workspace.ask("POST", "api/kernels", json={"name": "rpp"})
        known = [*parts_of(own), *supervisors(own).values()]
        known += [pid for parent in known for pid in below(parent)]
        assert len(supervisors(own)) == 2
        accounts, releases = own.passwords, [r.name for r in rpp.releasing.list(actor("rosa"))]
        own.stop()
        assert until(lambda: not alive(known), 5.0), alive(known)
        assert not list((run_dir(own) / "w").iterdir())
    assert closes(rpp)[-2:] == ["the installation was stopped"] * 2
    own.start()
    assert own.passwords == accounts
    assert [r.name for r in rpp.releasing.list(actor("rosa"))] == releases
    eventually(lambda: examined_or_not(rpp, request), 60.0)
    with visiting(own, "rosa") as rosa:
        assert rosa.open_workspace(OWN).ask("GET", "api/contents/starter.ipynb").status == 200
    whole(rpp)


# --- the worker alone, killed at random moments


def test_a_rerun_killed_at_random_moments_is_whole_each_time_and_finishes(own: Running, still: Rpp) -> None:
    request = submit(still, SLOW)
    seed = kill_worker_at_random(own, lambda: examined_or_not(still, request), longest=4.0, kills=5)
    view = seen(still, request)
    assert {i.reproduction for i in view.items if i.identity != "source"} == {"reproduced"}, f"seed {seed}"
    assert acts(still, f"request:{request}").count("request:examine") == 1


def test_a_release_killed_at_random_moments_happens_once_and_verifies(own: Running, still: Rpp) -> None:
    requests = [
        submit(still, notebook(cell(f"print('n = {n}0')", [printed(f"n = {n}0\n")]))) for n in (12, 34)
    ]
    for request in requests:
        run_worker_until(own, partial(examined_or_not, still, request))
        approve(still, request)
    for request in requests:
        kill_worker_at_random(own, partial(released_or_not, own, still, request), longest=1.8, kills=6)
        assert acts(still, f"request:{request}").count("request:release") == 1
        assert sum(r.request == request for r in still.releasing.list(actor("rosa"))) == 1
        verify_release(own, request)
    assert still.store.verify_audit().ok
