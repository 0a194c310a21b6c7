"""What bubblewrap is told, without telling it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from rpp_hub.workspace.doctor import APPARMOR, USERNS_CLONE, diagnose, version_of
from rpp_hub.workspace.gateway import exits
from rpp_hub.workspace.sandbox import (
    Bind,
    Ceilings,
    Descriptors,
    Sandbox,
    arguments,
    command_line,
    environment_binds,
)

BOX = Sandbox(
    command=("/opt/rpp/bin/python", "-I"),
    binds=(Bind(Path("/cut"), "/data"),),
    ceilings=Ceilings(open_files=100, file_size=200, processes=50),
    variables={"TOKEN_LIKE": "in the arguments only"},
)
TOLD = arguments(BOX, Descriptors(seccomp=5, status=6, synthetic={"/etc/passwd": 7})).decode().split("\0")


@pytest.mark.parametrize(
    "switch",
    [
        "--unshare-all",
        "--disable-userns",
        "--assert-userns-disabled",
        "--die-with-parent",
        "--clearenv",
    ],
)
def test_each_lock_is_there(switch: str) -> None:
    assert switch in TOLD


def test_nothing_shares_the_hosts_network() -> None:
    assert "--share-net" not in TOLD


def test_the_data_is_bound_for_reading_only() -> None:
    assert TOLD[TOLD.index("/cut") - 1 : TOLD.index("/cut") + 2] == ["--ro-bind", "/cut", "/data"]


def test_the_root_is_closed_after_everything_is_mounted() -> None:
    last_mount = max(
        i for i, word in enumerate(TOLD) if word in ("--ro-bind", "--bind", "--tmpfs", "--ro-bind-data")
    )
    assert TOLD.index("--remount-ro") > last_mount


def test_the_command_line_that_everybody_can_read_has_no_variable_in_it() -> None:
    line = " ".join(command_line(BOX, 9))
    assert "TOKEN_LIKE" not in line
    assert line.startswith(
        "prlimit --core=0 --nofile=100 --fsize=200 -- bwrap --args 9 -- /usr/bin/setsid /usr/bin/prlimit --nproc=50"
    )


def test_an_interpreter_outside_of_usr_is_bound_too(tmp_path: Path) -> None:
    base, environment = tmp_path / "pythons" / "3.11", tmp_path / "env"
    (base / "bin").mkdir(parents=True)
    (environment / "bin").mkdir(parents=True)
    (base / "bin" / "python3.11").touch()
    (environment / "bin" / "python").symlink_to(base / "bin" / "python3.11")
    (environment / "pyvenv.cfg").write_text(f"home = {base}/bin\n")
    assert Bind(base, str(base)) in environment_binds(environment)


@pytest.mark.skipif(
    not str(Path(sys.executable).resolve()).startswith("/usr/"), reason="this interpreter lies elsewhere"
)
def test_an_interpreter_in_usr_needs_no_bind(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    assert len(environment_binds(tmp_path)) == 1


def test_the_way_out_is_a_short_list_and_the_activity_is_of_this_person_alone() -> None:
    table = exits(Path("/h"), Path("/p"), "/hub/api", "alice", "cap", 10)
    assert set(table) == {
        ("GET", "/hub/api"),
        ("GET", "/hub/api/"),
        ("GET", "/hub/api/user"),
        ("POST", "/hub/api/oauth2/token"),
        ("POST", "/hub/api/users/alice/activity"),
        ("GET", "/services/rpp/workspace/requests"),
        ("POST", "/services/rpp/workspace/requests"),
        ("POST", "/services/rpp/workspace/questions"),
    }


@pytest.mark.parametrize(
    ("switches", "code", "word"),
    [
        ({APPARMOR: "1"}, "apparmor", "bwrap-userns-restrict"),
        ({USERNS_CLONE: "0"}, "userns", "sysctl"),
        ({}, "sandbox", "bwrap"),
    ],
)
def test_the_doctor_names_the_remedy(switches: dict[Path, str], code: str, word: str) -> None:
    problem = diagnose("bwrap: No permissions", lambda path: switches.get(path, ""))
    assert problem.code == code
    assert word in problem.remedy


@pytest.mark.parametrize(
    ("text", "version"), [("bubblewrap 0.8.0", (0, 8, 0)), ("bubblewrap 0.11", (0, 11, 0)), ("", ())]
)
def test_a_version_is_read(text: str, version: tuple[int, ...]) -> None:
    assert version_of(text) == version
