"""On a machine without each needed thing nothing starts, and the remedy is named. The machines are made, not imagined."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.workspace import doctor

pytestmark = pytest.mark.sandbox

ASK = (
    "import dataclasses, json; from rpp_hub.workspace import doctor;"
    " print(json.dumps([dataclasses.asdict(p) for p in doctor.probe()]))"
)
# The first machine is this one, seen from inside of one more namespace, in which everything is as it is outside.
SAME = ("bwrap", "--dev-bind", "/", "/", "--unshare-user")
NO_SECCOMP = """
import errno, os, sys
import pyseccomp as seccomp
rules = seccomp.SyscallFilter(seccomp.ALLOW)
rules.add_rule(seccomp.ERRNO(errno.EINVAL), "prctl", seccomp.Arg(0, seccomp.EQ, 22))
rules.load()
os.execv(sys.argv[1], sys.argv[1:])
"""


def asked(before: Sequence[str] = (), path: str | None = None) -> list[dict[str, Any]]:
    """What the doctor finds in a process that is started like this."""
    environment = {**os.environ, **({} if path is None else {"PATH": path})}
    done = subprocess.run(
        [*before, sys.executable, "-c", ASK],
        capture_output=True, text=True, check=True, timeout=60, env=environment,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def tools(folder: Path, **scripts: str) -> str:
    """A PATH with these programs in front; an empty text takes one away."""
    folder.mkdir()
    for name in ("bwrap", "prlimit"):
        found = Path("/usr/bin") / name
        if name not in scripts:
            (folder / name).symlink_to(found)
        elif scripts[name]:
            (folder / name).write_text(scripts[name])
            (folder / name).chmod(0o755)
    return str(folder)


def test_control_a_good_machine_has_no_problem_also_seen_from_inside() -> None:
    assert asked() == []
    assert asked(SAME) == []


def test_without_bubblewrap(tmp_path: Path) -> None:
    (problem,) = asked(path=tools(tmp_path / "bin", bwrap=""))
    assert problem["code"] == "bubblewrap"
    assert "apt-get install bubblewrap" in problem["remedy"]


def test_with_a_bubblewrap_that_is_too_old(tmp_path: Path) -> None:
    (problem,) = asked(path=tools(tmp_path / "bin", bwrap="#!/bin/sh\necho bubblewrap 0.7.0\n"))
    assert problem["code"] == "bubblewrap"
    assert "0.8.0" in problem["sentence"]


def test_without_prlimit(tmp_path: Path) -> None:
    (problem,) = asked(path=tools(tmp_path / "bin", prlimit=""))
    assert problem["code"] == "prlimit"
    assert "util-linux" in problem["remedy"]


def test_where_user_namespaces_are_switched_off() -> None:
    (problem,) = asked((*SAME, "--disable-userns"))
    assert problem["code"] == "userns"
    assert "sysctl" in problem["remedy"]


@pytest.mark.parametrize(
    ("switch", "value", "code", "word"),
    [
        ("apparmor_restrict_unprivileged_userns", "1", "apparmor", "apparmor_parser"),
        ("unprivileged_userns_clone", "0", "userns", "sysctl"),
    ],
)
def test_where_a_distribution_switched_them_off(switch: str, value: str, code: str, word: str) -> None:
    """The refusal is the kernel's; the switch that explains it is one that this kernel may lack, and so is laid in its place."""
    lay = f'echo {value} > /proc/sys/kernel/{switch}; exec "$@"'
    (problem,) = asked((*SAME, "--disable-userns", "--tmpfs", "/proc/sys/kernel", "sh", "-c", lay, "sh"))
    assert problem["code"] == code
    assert word in problem["remedy"]


def test_in_a_container_that_hides_parts_of_proc() -> None:
    (problem,) = asked((*SAME, "--unshare-pid", "--proc", "/proc", "--tmpfs", "/proc/irq"))
    assert problem["code"] == "proc"
    assert "unconfined" in problem["remedy"]


def test_where_the_kernel_takes_no_filter() -> None:
    (problem,) = asked((sys.executable, "-c", NO_SECCOMP))
    assert problem["code"] == "seccomp"
    assert "CONFIG_SECCOMP_FILTER" in problem["remedy"]


def test_without_libseccomp() -> None:
    libraries = [path for path in Path("/usr/lib").glob("*/libseccomp.so.2*") if not path.is_symlink()]
    assert libraries
    hidden = [word for path in libraries for word in ("--ro-bind", "/dev/null", str(path))]
    (problem,) = asked((*SAME, *hidden))
    assert problem["code"] == "libseccomp"
    assert "apt-get install libseccomp2" in problem["remedy"]


def test_a_supervisor_starts_nothing_there_and_says_the_same(tmp_path: Path) -> None:
    """Fail closed: not a sandbox without the missing part, but none."""
    config = {
        "run_dir": str(tmp_path / "run"), "environment": str(tmp_path), "workspace": str(tmp_path),
    }  # fmt: skip
    told = json.dumps({"config": config, "secrets": {"api_token": "", "capability": ""}})
    done = subprocess.run(
        [*SAME, "--disable-userns", sys.executable, "-I", "-m", "rpp_hub.workspace.supervisor"],
        input=told + "\n", capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "sysctl" in json.loads(done.stdout)["error"]
    assert not (tmp_path / "run").exists()


def test_what_holds_a_workspace_is_said_with_its_remedy() -> None:
    found = {note.code: note for note in doctor.notes()}
    limits = next(note for code, note in found.items() if code.startswith("limits-"))
    assert ("control groups" in limits.sentence) or "delegate-cgroups" in limits.remedy
