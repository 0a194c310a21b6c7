"""The kernel runs a person's code, and none that lies planted in their folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.execute_request import reply_to
from tests.unit.kernel.conftest import CHECKOUT, kernel

PLANTED = "open({marker!r}, 'a').write('x')\n"
PLACES = (
    ".ipython/profile_default/ipython_config.py",
    ".ipython/profile_default/ipython_kernel_config.py",
    ".ipython/profile_default/startup/00-planted.py",
    ".ipython/profile_default/startup/01-planted.ipy",
    "ipython_config.py",
    "ipython_kernel_config.py",
    "sitecustomize.py",
    "start.py",
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home and working folder in which yesterday's code left something to run today."""
    home = tmp_path / "home"
    for place in PLACES:
        path = home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PLANTED.format(marker=str(home / "ran")), encoding="utf-8")
    return home


def planted_environment(home: Path) -> dict[str, str]:
    return {
        "IPYTHONDIR": str(home / ".ipython"),
        "PYTHONSTARTUP": str(home / "start.py"),
        "PYTHONPATH": str(home),
    }


def test_nothing_planted_in_a_home_runs(home: Path, tmp_path: Path) -> None:
    with kernel(tmp_path, ours=True, home=home, **planted_environment(home)) as running:
        assert running.run("print(6 * 7)")[0] == "42\n"
    assert not (home / "ran").exists()


def test_control_the_usual_kernel_runs_what_is_planted(home: Path, tmp_path: Path) -> None:
    with kernel(tmp_path, ours=False, home=home, **planted_environment(home)) as running:
        assert running.run("print(6 * 7)")[0] == "42\n"
    assert (home / "ran").exists()


def test_no_history_is_kept_and_nothing_is_written_into_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with kernel(tmp_path, ours=True, home=home) as running:
        running.run("secret = 'a value of a student'")
        assert "secret" in running.run("print(In[1])")[0]
        running.client.history(hist_access_type="tail", n=5, reply=True, timeout=10)
    assert [path.name for path in home.rglob("*")] == []


def test_control_the_usual_kernel_keeps_a_history(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with kernel(tmp_path, ours=False, home=home) as running:
        running.run("1")
    assert list(home.rglob("history.sqlite"))


def test_a_module_beside_the_notebook_can_be_used_but_shadows_no_package(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "own.py").write_text("ANSWER = 42\n", encoding="utf-8")
    (home / "pandas.py").write_text("raise RuntimeError('shadowed')\n", encoding="utf-8")
    with kernel(tmp_path, ours=True, home=home) as running:
        printed, _ = running.run(
            "import own, pandas; print(own.ANSWER, pandas.DataFrame({'a': [1]}).a.sum())"
        )
    assert printed == "42 1\n"


def test_a_figure_is_a_png_and_needs_no_writable_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with kernel(tmp_path, ours=True, home=home) as running:
        printed, shown = running.run("import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()")
    assert printed == ""
    assert "image/png" in shown[-1]
    assert "image/svg+xml" not in shown[-1]
    assert list(home.iterdir()) == []


def test_it_says_who_it_is_and_offers_no_debugger(tmp_path: Path) -> None:
    with kernel(tmp_path, ours=True, home=tmp_path) as running:
        reply = running.client.kernel_info(reply=True, timeout=20)["content"]
    assert reply["implementation"] == "rpp"
    assert not reply.get("debugger")
    assert "debugger" not in reply.get("supported_features", [])


def test_a_running_cell_is_interrupted_by_a_message(tmp_path: Path) -> None:
    with kernel(tmp_path, ours=True, home=tmp_path) as running:
        asked = running.client.execute(
            "import time; print('started', flush=True)\nfor _ in range(600): time.sleep(0.1)"
        )
        while running.client.get_iopub_msg(timeout=20)["msg_type"] != "stream":
            pass
        running.manager.interrupt_kernel()
        reply = reply_to(running.client, asked)
        assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
        running.client.kernel_info(
            reply=True, timeout=20
        )  # until then a kernel answers "aborted" to what comes
        assert running.run("print('still here')")[0] == "still here\n"


def test_the_kernelspec_names_our_provisioner_and_interrupts_by_message() -> None:
    spec = json.loads((CHECKOUT / "rpp_kernel/rpp_kernel/kernelspec/kernel.json").read_text(encoding="utf-8"))
    assert spec["interrupt_mode"] == "message"
    assert spec["metadata"]["kernel_provisioner"]["provisioner_name"] == "rpp-sandbox"
    assert spec["argv"][1:] == ["-I", "-m", "rpp_kernel", "-f", "{connection_file}"]
