"""By what a workspace is held on machines of every kind, told from folders that look like theirs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from rpp_hub.workspace.cgroups import CgroupV1, CgroupV2, base_v1, base_v2
from rpp_hub.workspace.confinement import Allowance, Means, Rlimits, SystemdScope, means
from rpp_hub.workspace.usage import disk

NOBODY = Path("/nonexistent")
ALLOWED = Allowance(memory=1 << 30, processes=99, cpus=1.5)


def version_1(root: Path) -> Path:
    for controller in ("memory", "pids", "cpu"):
        (root / controller / "rpp").mkdir(parents=True)
        (root / controller / "rpp" / "cgroup.procs").touch()
    return root


def version_2(root: Path, controllers: str = "cpu memory pids") -> Path:
    group = root / "system.slice" / "rpp.service"
    group.mkdir(parents=True)
    (root / "cgroup.controllers").write_text(controllers)
    (group / "cgroup.controllers").write_text(controllers)
    (group / "cgroup.procs").write_text("")
    return root


def test_version_1_is_used_where_this_account_has_a_folder(tmp_path: Path) -> None:
    assert means(version_1(tmp_path), NOBODY) is Means.CGROUP1


def test_a_folder_of_its_own_account_number_comes_first(tmp_path: Path) -> None:
    version_1(tmp_path)
    own = tmp_path / "memory" / "rpp" / f"u{os.getuid()}"
    own.mkdir()
    (own / "cgroup.procs").touch()
    assert base_v1(tmp_path)["memory"] == own


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    (version_1(tmp_path) / "memory" / "rpp" / "cgroup.procs").chmod(0o400)
    assert base_v1(tmp_path) == {}
    assert means(tmp_path, NOBODY) is Means.RLIMIT


def test_version_1_writes_what_the_workspace_may_take(tmp_path: Path) -> None:
    groups = CgroupV1(base_v1(version_1(tmp_path)), "abc", 1 << 30, 99, 1.5)
    groups.open()
    name = f"w{os.getpid()}-abc"
    written = {
        path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob(f"{name}/*.*")
    }
    assert written == {
        f"memory/rpp/{name}/memory.limit_in_bytes": str(1 << 30),
        f"memory/rpp/{name}/memory.memsw.limit_in_bytes": str(1 << 30),
        f"pids/rpp/{name}/pids.max": "99",
        f"cpu/rpp/{name}/cpu.cfs_period_us": "100000",
        f"cpu/rpp/{name}/cpu.cfs_quota_us": "150000",
    }


def test_version_2_is_used_where_a_service_was_given_its_group(tmp_path: Path) -> None:
    root = version_2(tmp_path)
    assert base_v2(root, "/system.slice/rpp.service") is not None
    assert base_v2(root, "/") is None
    assert base_v2(version_2(tmp_path / "b", "cpu"), "/system.slice/rpp.service") is None


def test_version_2_moves_out_of_the_way_and_writes_what_the_workspace_may_take(tmp_path: Path) -> None:
    base = version_2(tmp_path) / "system.slice" / "rpp.service"
    (base / "cgroup.procs").write_text("4711\n")
    groups = CgroupV2(base, "abc", 1 << 30, 99, 1.5)
    groups.open()
    held = base / f"w{os.getpid()}-abc"
    written = {path.name: path.read_text() for path in held.iterdir()}
    assert written == {
        "memory.max": str(1 << 30),
        "memory.swap.max": "0",
        "pids.max": "99",
        "cpu.max": "150000 100000",
        "cgroup.subtree_control": "+memory +pids",
    }
    assert (base / "rest" / "cgroup.procs").read_text() == "4711"


@pytest.mark.parametrize("version", [1, 2])
def test_what_the_kernel_tells_is_read(tmp_path: Path, version: int) -> None:
    if version == 1:
        groups: CgroupV1 | CgroupV2 = CgroupV1(base_v1(version_1(tmp_path)), "abc", None, 9, None)
        place, stat, events = (
            tmp_path / "memory" / "rpp",
            "total_rss 70\ntotal_shmem 5\ncache 9\n",
            "memory.oom_control",
        )
    else:
        place = version_2(tmp_path) / "system.slice" / "rpp.service"
        groups = CgroupV2(place, "abc", None, 9, None)
        stat, events = "anon 70\nshmem 5\nfile 9\n", "memory.events"
    groups.open()
    groups.entrance("kernel 3")
    group = place / f"w{os.getpid()}-abc" / "kernel-3"
    assert groups.memory("kernel 3") is None
    assert not groups.starved("kernel 3")
    (group / "memory.stat").write_text(stat)
    (group / events).write_text("under_oom 0\noom_kill 2\n")
    assert groups.memory("kernel 3") == 75
    assert groups.starved("kernel 3")


def test_the_entrance_moves_itself_and_then_runs_the_command(tmp_path: Path) -> None:
    groups = CgroupV1(base_v1(version_1(tmp_path)), "abc", None, 9, None)
    groups.open()
    done = subprocess.run(
        [*groups.entrance("server"), "echo", "a b", "--", "c"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "a b -- c\n"
    assert {path.read_text() for path in tmp_path.rglob("server/cgroup.procs")} == {"0\n"}


def test_what_cannot_be_entered_is_not_run(tmp_path: Path) -> None:
    groups = CgroupV1(base_v1(version_1(tmp_path)), "abc", None, 9, None)
    groups.open()
    entrance = groups.entrance("server")
    for folder in tmp_path.rglob("server"):
        folder.rmdir()
    done = subprocess.run([*entrance, "echo", "ran"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (125, "")


def test_groups_of_a_dead_supervisor_are_removed_by_the_next(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    left = version_1(tmp_path) / "memory" / "rpp" / f"w{gone.pid}-old" / "kernel-1"
    left.mkdir(parents=True)
    CgroupV1(base_v1(tmp_path), "abc", None, 9, None).open()
    assert not left.parent.exists()


def test_a_scope_is_used_where_a_service_manager_of_this_account_runs(tmp_path: Path) -> None:
    (tmp_path / "run" / "systemd" / "private").mkdir(parents=True)
    found = means(tmp_path, tmp_path / "run", lambda name: f"/usr/bin/{name}")
    assert found is Means.SYSTEMD
    assert means(tmp_path, tmp_path / "run", lambda name: None) is Means.RLIMIT


def test_a_scope_is_told_every_limit() -> None:
    line = " ".join(SystemdScope("abc", ALLOWED, Path("/run/user/7")).entrance("kernel 3"))
    assert line == (
        "/usr/bin/env XDG_RUNTIME_DIR=/run/user/7 systemd-run --user --scope --quiet --collect --unit=rpp-abc-kernel-3.scope "
        "--property MemoryMax=1073741824 --property MemorySwapMax=0 --property TasksMax=99 --property CPUQuota=150% --"
    )


def test_limits_of_processes_put_nothing_before_a_command() -> None:
    assert Rlimits().entrance("server") == ()


def test_files_are_counted_once_and_no_link_is_followed(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "a").write_bytes(os.urandom(100_000))
    (tmp_path / "large").write_bytes(os.urandom(1_000_000))
    alone = disk(folder)
    assert 100_000 <= alone < 200_000
    os.link(folder / "deep" / "er" / "a", folder / "again")
    (folder / "away").symlink_to(tmp_path)
    (folder / "large").symlink_to(tmp_path / "large")
    assert disk(folder) < alone + 20_000
    assert disk(tmp_path / "none") == 0
    assert disk(folder / "away") == 0
