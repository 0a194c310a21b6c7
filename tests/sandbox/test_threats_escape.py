"""What the other attack tests leave: the rest of the catalogue's ways out of a kernel, each beside its control."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rpp_hub.workspace import client

from tests.sandbox import attacks
from tests.sandbox.conftest import Place, Workspace, config_for, secrets_for
from tests.sandbox.kernel import Kernel, running_kernel, until
from tests.sandbox.small_hub import SmallHub

pytestmark = pytest.mark.sandbox

X86_64 = os.uname().machine == "x86_64"
CLONE_NEWUSER = 0x10000000


@pytest.fixture(scope="module")
def kernel(workspace: Workspace) -> Iterator[Kernel]:
    with running_kernel(workspace.place.root / "specs", workspace.place.run_dir) as started:
        yield started


def own_address() -> str:
    """An address of this machine other than loopback; '' where it has none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(s.getsockname()[0])


# --- the network (A2, A6, A7, A10)


def test_the_hosts_own_address_is_not_reached(kernel: Kernel) -> None:
    address = own_address() or "127.0.0.2"
    with socket.create_server((address, 0)) as listener:
        attack = attacks.tcp(listener.getsockname()[1], host=address)
        assert kernel.ask(attack) == "EAFNOSUPPORT"
        assert attacks.outside(attack) == "reached"


def test_no_ping_of_either_kind(kernel: Kernel) -> None:
    for kind in ("SOCK_RAW", "SOCK_DGRAM"):
        ping = f"socket.socket(socket.AF_INET, socket.{kind}, socket.IPPROTO_ICMP).close()"
        assert kernel.ask(attacks.statement(ping)) == "EAFNOSUPPORT"
        assert attacks.outside(attacks.statement(ping)) in (
            "reached",
            "EPERM",
            "EACCES",
        )  # the family is there


def test_the_clouds_metadata_service_is_not_reached(kernel: Kernel) -> None:
    assert kernel.ask(attacks.tcp(80, host="169.254.169.254")) == "EAFNOSUPPORT"
    assert attacks.outside(attacks.statement("socket.socket(socket.AF_INET).close()")) == "reached"


@pytest.mark.parametrize(
    "path",
    ["/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private", "/tmp/.X11-unix/X0"],
)
def test_no_well_known_socket_of_a_host_is_there(kernel: Kernel, path: str) -> None:
    assert kernel.ask(attacks.unix(path)) == "ENOENT"


def test_no_socket_that_somebody_leaves_in_tmp_is_there(kernel: Kernel, tmp_path: Path) -> None:
    path = Path("/tmp") / f"rpp-{os.getpid()}-{os.urandom(3).hex()}.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        try:
            assert kernel.ask(attacks.unix(str(path))) == "ENOENT"
            assert attacks.outside(attacks.unix(str(path))) == "reached"
        finally:
            path.unlink()


# --- files (A15, A16, A18, A26, A34)


def test_neither_times_nor_attributes_of_the_cut_are_changed(kernel: Kernel, workspace: Workspace) -> None:
    inside, outside = "/data/enrollment.parquet", str(workspace.place.data / "enrollment.parquet")
    for statement in ("os.utime({0!r})", "os.setxattr({0!r}, 'user.x', b'1')"):
        assert kernel.ask(attacks.statement(statement.format(inside))) == "EROFS"
    assert attacks.outside(attacks.statement(f"os.utime({outside!r})")) == "reached"


def test_the_cut_gets_no_second_name_in_the_workspace(kernel: Kernel, workspace: Workspace) -> None:
    link = "os.link({0!r}, {1!r}); os.unlink({1!r})"
    inside = link.format("/data/enrollment.parquet", "/workspace/second")
    outside = link.format(
        str(workspace.place.data / "enrollment.parquet"), str(workspace.place.workspace / "second")
    )
    assert kernel.ask(attacks.statement(inside)) == "EXDEV"
    assert attacks.outside(attacks.statement(outside)) == "reached"
    assert kernel.ask(attacks.statement(link.format("/usr/bin/passwd", "/workspace/second"))) == "EXDEV"


@pytest.mark.parametrize("way", ["/proc/1/root", "/proc/1/cwd", "/proc/self/root", "/proc/self/cwd/../../.."])
def test_no_magic_link_leads_to_the_hosts_root(kernel: Kernel, workspace: Workspace, way: str) -> None:
    assert kernel.ask(f"import os; answer = os.path.exists({way + str(workspace.place.root)!r})") is False
    assert workspace.place.root.exists()


def test_its_output_can_be_neither_read_back_nor_emptied(kernel: Kernel, tmp_path: Path) -> None:
    empty, read = "os.ftruncate(1, 0)", "open('/proc/self/fd/1').read(1)"
    assert kernel.ask(attacks.statement(empty)) == "EINVAL"
    log = tmp_path / "log"
    log.write_text("kept by the host")
    with log.open("a") as file:
        subprocess.run([sys.executable, "-c", f"import os; {empty}"], stdout=file, check=True)
    assert log.read_text() == ""  # control: with a file in a pipe's place it works
    assert kernel.ask("import os, stat; answer = stat.S_ISFIFO(os.stat('/proc/self/fd/1').st_mode)") is True
    assert read


# --- processes and privileges (A28, A30, A31, A32, A35, A36)


@pytest.mark.skipif(not X86_64, reason="the numbers are those of x86-64")
@pytest.mark.parametrize(
    ("name", "number", "arguments"),
    [
        ("add_key", 248, ("0", "0", "0", "0", "-3")),
        ("request_key", 249, ("0", "0", "0", "0")),
        ("name_to_handle_at", 303, ("-100", "0", "0", "0", "0")),
        ("open_by_handle_at", 304, ("-1", "0", "0")),
        ("modify_ldt", 154, ("0", "0", "0")),
        ("init_module", 175, ("0", "0", "0")),
        ("finit_module", 313, ("-1", "0", "0")),
        ("delete_module", 176, ("0", "0")),
        ("clock_settime", 227, ("0", "0")),
        ("settimeofday", 164, ("0", "0")),
        ("reboot", 169, ("0", "0", "0", "0")),
        ("swapon", 167, ("0", "0")),
        ("acct", 163, ("0",)),
        ("iopl", 172, ("3",)),
        ("fanotify_init", 300, ("0", "0")),
        ("umount2", 166, ("0", "0")),
        ("pivot_root", 155, ("0", "0")),
        ("move_mount", 429, ("0", "0", "0", "0", "0")),
        ("mount_setattr", 442, ("0", "0", "0", "0", "0")),
        ("process_vm_writev", 311, ("1", "0", "0", "0", "0", "0")),
        ("kcmp", 312, ("1", "1", "0", "0", "0")),
        ("quotactl", 179, ("0", "0", "0", "0")),
        ("syslog", 103, ("3", "0", "0")),
        ("io_uring_enter", 426, ("0", "0", "0", "0", "0", "0")),
        ("clone with a user namespace", 56, (f"{CLONE_NEWUSER} | 17", "0", "0", "0", "0")),
    ],
)
def test_the_rest_of_the_kernels_side_doors_is_shut(
    kernel: Kernel, name: str, number: int, arguments: tuple[str, ...]
) -> None:
    assert kernel.ask(attacks.syscall(number, *arguments)) in ("EPERM", "ENOSYS")


@pytest.mark.skipif(not X86_64, reason="the numbers are those of x86-64")
@pytest.mark.parametrize(
    ("number", "arguments"),
    [(248, ("0", "0", "0", "0", "-3")), (303, ("-100", "0", "0", "0", "0")), (154, ("0", "0", "0"))],
)
def test_control_outside_such_a_door_is_not_shut_by_a_filter(number: int, arguments: tuple[str, ...]) -> None:
    assert attacks.outside(attacks.syscall(number, *arguments)) not in ("EPERM", "ENOSYS")


OTHER_CALLS = """
import ctypes, mmap, os, signal
def dies(code):
    pid = os.fork()
    if pid == 0:
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(bytes.fromhex(code))
        ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "lived"
"""
GETPID_I386 = "b814000000cd80c3"  # mov eax, 20; int 0x80; ret
GETPID_X32 = "b8270000400f05c3"  # mov eax, 0x40000027; syscall; ret


@pytest.mark.skipif(not X86_64, reason="machine code of x86-64")
@pytest.mark.parametrize("code", [GETPID_I386, GETPID_X32])
def test_a_call_in_another_dress_ends_the_process(kernel: Kernel, code: str) -> None:
    attack = f"{OTHER_CALLS}answer = dies({code!r})"
    assert kernel.ask(attack) == "SIGSYS"
    assert attacks.outside(attack) == "lived"


@pytest.mark.parametrize(
    "path",
    [
        "/proc/sys/kernel/core_pattern",
        "/proc/sysrq-trigger",
        "/proc/sys/vm/drop_caches",
        "/proc/irq/default_smp_affinity",
    ],
)
def test_no_switch_of_the_host_is_turned(kernel: Kernel, path: str) -> None:
    attack = f"with open({path!r}, 'w') as f: f.write('0')"
    assert kernel.ask(attacks.statement(attack)) in ("EROFS", "EACCES", "EPERM", "ENOENT")
    own = "with open('/proc/self/comm', 'w') as f: f.write('mine')"
    assert kernel.ask(attacks.statement(own)) == "reached"  # control: what is its own can be written there


@pytest.mark.parametrize("path", ["/proc/kcore", "/proc/kmsg", "/proc/kpagecount", "/proc/1/mem"])
def test_no_memory_of_the_host_is_read(kernel: Kernel, path: str) -> None:
    assert kernel.ask(attacks.read(path)) != "reached"
    assert kernel.ask(attacks.read("/proc/self/status")) == "reached"


def test_a_program_that_lends_privileges_lends_none(kernel: Kernel) -> None:
    """Mounted without setuid, and no new privileges: two locks, either of which is enough."""
    flags = "import os; answer = [bool(os.statvfs(p).f_flag & os.ST_NOSUID) for p in ('/usr', '/workspace', '/tmp')]"
    assert kernel.ask(flags) == [True, True, True]
    assert attacks.outside("import os; answer = bool(os.statvfs('/usr').f_flag & os.ST_NOSUID)") is False
    lent = """
import glob, os, stat, subprocess
found = [p for p in glob.glob('/usr/bin/*') if os.path.isfile(p) and os.stat(p).st_mode & stat.S_ISUID]
answer = [bool(found), subprocess.run(['/usr/bin/su', '-c', 'id'], stdin=subprocess.DEVNULL, capture_output=True).returncode != 0]
"""
    assert kernel.ask(lent) == [True, True]


@pytest.mark.parametrize(
    "command",
    [["bwrap", "--ro-bind", "/", "/", "true"], ["unshare", "--user", "true"], ["unshare", "--mount", "true"]],
)
def test_no_sandbox_within_the_sandbox(kernel: Kernel, command: list[str]) -> None:
    nested = f"import subprocess; answer = subprocess.run({command!r}, capture_output=True).returncode"
    assert kernel.ask(nested) != 0
    if command != ["unshare", "--mount", "true"]:
        assert attacks.outside(nested) == 0


# --- limits (A41, A43)


def test_open_files_end_at_their_limit_and_no_core_is_written(kernel: Kernel) -> None:
    # in processes of their own: a kernel that cannot open a file any more, or was forked between two locks, may answer nobody
    opened = """
import errno, os
files = []
try:
    while len(files) < 5000: files.append(os.open('/dev/null', os.O_RDONLY))
    print('reached')
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    dumped = """
import os, resource
try:
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))
except ValueError:
    os.abort()
"""
    run = "import subprocess, sys\ndone = subprocess.run([sys.executable, '-I', '-S', '-c', {!r}], capture_output=True, text=True)\n"
    assert kernel.ask(run.format(opened) + "answer = done.stdout.strip()") == "EMFILE"
    spawn = "import os, sys\npid = os.posix_spawn(sys.executable, [sys.executable, '-I', '-S', '-c', {!r}], os.environ)\n"
    ended = "status = os.waitpid(pid, 0)[1]\nanswer = [os.WTERMSIG(status), os.WCOREDUMP(status)]"
    assert kernel.ask(spawn.format(dumped) + ended) == [signal.SIGABRT, False]


# --- the supervisor (A54, A55, A56)


def test_a_supervisor_refuses_to_be_root(tmp_path: Path) -> None:
    """Bubblewrap's own numbers hide nothing: what root starts, however it is called inside, is root on the disk."""
    config = {"run_dir": str(tmp_path / "run"), "environment": str(tmp_path), "workspace": str(tmp_path)}
    told = json.dumps({"config": config, "secrets": {"api_token": "", "capability": ""}})
    as_root = ("bwrap", "--dev-bind", "/", "/", "--unshare-user", "--uid", "0", "--gid", "0")
    done = subprocess.run(
        [*as_root, sys.executable, "-I", "-m", "rpp_hub.workspace.supervisor"],
        input=told + "\n", capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "root" in json.loads(done.stdout)["error"]
    assert not (tmp_path / "run").exists()


def test_a_kernel_that_ends_all_it_can_ends_only_itself(workspace: Workspace, tmp_path: Path) -> None:
    with running_kernel(tmp_path, workspace.place.run_dir) as kernel:
        kernel.client.execute("import os\ntry: os.kill(-1, 9)\nfinally: os.kill(os.getpid(), 9)")
        assert until(lambda: not kernel.manager.is_alive())
    assert asyncio.run(client.status(workspace.place.run_dir)) is not None


def test_a_cut_or_a_folder_that_is_swapped_while_a_workspace_runs_is_not_shown(
    hub: SmallHub, tmp_path: Path
) -> None:
    place = Place(hub.folder / os.urandom(2).hex())
    place.root.mkdir()
    place.fill()
    asyncio.run(client.start_supervisor(config_for(place, hub, warm_kernel=False), secrets_for()))
    try:
        with running_kernel(tmp_path, place.run_dir) as kernel:  # control: unswapped, it is shown
            assert kernel.ask("import os; answer = os.listdir('/data')") == ["enrollment.parquet"]
        secret = place.others["the other project's cut"].parent
        shutil.move(place.data, place.data.with_name("moved"))
        place.data.symlink_to(secret)
        with pytest.raises(RuntimeError, match="not the one"), running_kernel(tmp_path, place.run_dir):
            pass
    finally:
        asyncio.run(client.stop(place.run_dir, "the test is over"))


# --- the host's paths (A34, which stays open: how far it reaches)

MOUNTS = "answer = open('/proc/self/mountinfo').read()"


def test_the_list_of_mounts_names_its_own_folders_and_nothing_of_others(
    kernel: Kernel, workspace: Workspace
) -> None:
    listed = kernel.ask(MOUNTS)
    shown = [line.split()[3] for line in listed.splitlines()]
    below = {path for path in shown if str(workspace.place.root.name) in path}
    own = (workspace.place.data, workspace.place.workspace, workspace.place.run_dir)
    assert all(any(str(folder).endswith(path) or str(folder) in path for folder in own) for path in below)
    for word in ("other", "bob", "vault", "warehouse", "requests", "releases"):
        assert f"/{word}/" not in listed, word


def test_control_what_it_is_mounted_from_is_in_the_list_of_mounts(
    kernel: Kernel, workspace: Workspace
) -> None:
    assert "/cuts/gaps/c0001/data /data " in kernel.ask(MOUNTS)
