"""What code in a kernel cannot do: each attack beside a control that shows it works outside the sandbox."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.sandbox import attacks
from tests.sandbox.conftest import Workspace
from tests.sandbox.kernel import Kernel, running_kernel
from tests.sandbox.small_hub import SERVER_TOKEN

pytestmark = pytest.mark.sandbox

X86_64 = os.uname().machine == "x86_64"
FAMILIES = {
    "AF_INET": 2, "AF_AX25": 3, "AF_INET6": 10, "AF_KEY": 15, "AF_PACKET": 17, "AF_RDS": 21, "AF_CAN": 29, "AF_TIPC": 30,
    "AF_BLUETOOTH": 31, "AF_ALG": 38, "AF_VSOCK": 40, "AF_XDP": 44,
}  # fmt: skip


@pytest.fixture(scope="module")
def kernel(workspace: Workspace) -> Iterator[Kernel]:
    with running_kernel(workspace.place.root / "specs", workspace.place.run_dir) as started:
        yield started


@pytest.fixture(scope="module")
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def name_server() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def answer() -> None:
            while True:
                question, asker = server.recvfrom(100)
                if question == b"end":
                    return
                server.sendto(b"an answer", asker)

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        server.sendto(b"end", server.getsockname())
        thread.join(5)


def test_no_tcp(kernel: Kernel, listener: int) -> None:
    attack = attacks.tcp(listener)
    assert kernel.ask(attack) == "EAFNOSUPPORT"
    assert attacks.outside(attack) == "reached"


def test_no_tcp_over_ipv6(kernel: Kernel) -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback to serve as the control")
    with closing(server):
        attack = attacks.tcp(server.getsockname()[1], "AF_INET6", "::1")
        assert kernel.ask(attack) == "EAFNOSUPPORT"
        assert attacks.outside(attack) == "reached"


def test_no_udp_and_so_no_question_to_a_name_server(kernel: Kernel, name_server: int) -> None:
    attack = attacks.udp(name_server)
    assert kernel.ask(attack) == "EAFNOSUPPORT"
    assert attacks.outside(attack) == "reached"


def test_no_name_is_resolved_by_anybody_outside(kernel: Kernel) -> None:
    assert kernel.ask(attacks.resolve("example.org")) == "gaierror"
    assert kernel.ask(attacks.read("/etc/resolv.conf")) == "ENOENT"
    assert attacks.outside(attacks.resolve("localhost")) == "reached"


def test_no_abstract_socket_of_the_host(kernel: Kernel) -> None:
    name = f"rpp-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        attack = attacks.abstract(name)
        assert kernel.ask(attack) == "ECONNREFUSED"
        assert attacks.outside(attack) == "reached"


@pytest.mark.parametrize("name", ["adm.sock", "ctl.sock", "hub.sock", "in.sock"])
def test_no_socket_of_the_supervisor(kernel: Kernel, workspace: Workspace, name: str) -> None:
    on_host = str(workspace.place.run_dir / name)
    assert kernel.ask(attacks.unix(on_host)) == "ENOENT"
    assert kernel.ask(attacks.unix(f"/run/rpp/{name}")) == "ENOENT"
    assert attacks.outside(attacks.unix(on_host)) == "reached"


@pytest.mark.parametrize("name", FAMILIES)
def test_no_other_kind_of_socket(kernel: Kernel, name: str) -> None:
    assert kernel.ask(attacks.family(name, FAMILIES[name])) == "EAFNOSUPPORT"


def test_netlink_is_refused_in_the_one_way_that_zeromq_survives(kernel: Kernel) -> None:
    attack = attacks.family("AF_NETLINK", 16)
    assert kernel.ask(attack) in ("EOPNOTSUPP", "ENOTSUP")  # one number, two names
    assert attacks.outside(attack.replace("SOCK_STREAM", "SOCK_RAW")) == "reached"


def test_unix_sockets_of_its_own_work(kernel: Kernel) -> None:
    assert (
        kernel.ask("import socket; a, b = socket.socketpair(); a.send(b'x'); answer = b.recv(1).decode()")
        == "x"
    )


@pytest.mark.parametrize(
    "what",
    [
        "the other project's cut",
        "the other project's workspace",
        "the warehouse",
        "the vault",
        "the requests",
        "the releases",
        "the hub's state",
    ],
)
def test_it_does_not_see(kernel: Kernel, workspace: Workspace, what: str) -> None:
    path = str(workspace.place.others[what])
    assert kernel.ask(attacks.read(path)) == "ENOENT"
    assert kernel.ask(attacks.read(f"/proc/1/root{path}")) in ("ENOENT", "EACCES")
    assert attacks.outside(attacks.read(path)) == "reached"


@pytest.mark.parametrize(
    "path", ["/etc/shadow", "/root", "/home/other", "/var", "/sys", "/boot", "/work", "/srv"]
)
def test_it_does_not_see_the_hosts(kernel: Kernel, path: str) -> None:
    assert kernel.ask(f"import os; answer = os.path.exists({path!r})") is False


def test_the_cut_can_be_read_and_not_changed(kernel: Kernel, workspace: Workspace) -> None:
    assert kernel.ask(attacks.read("/data/enrollment.parquet")) == "reached"
    for attack in (
        attacks.write("/data/new"),
        attacks.write("/data/enrollment.parquet"),
        attacks.chmod("/data"),
    ):
        assert kernel.ask(attack) == "EROFS"
    assert attacks.outside(attacks.write(str(workspace.place.data / "new"))) == "reached"


@pytest.mark.parametrize(
    "path",
    ["/usr/bin/x", "/opt/rpp/lib/python3.11/site-packages/x.pth", "/etc/x", "/x", "/run/x", "/run/rpp/x"],
)
def test_nothing_of_the_system_can_be_written(kernel: Kernel, path: str) -> None:
    assert kernel.ask(attacks.write(path)) in ("EROFS", "ENOENT")
    assert kernel.ask(attacks.write("/workspace/x")) == "reached"


def test_no_token_is_anywhere_it_can_look(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    attack = attacks.search((SERVER_TOKEN, "v1.YWxpY2U"), ("/run", "/tmp", "/home", "/etc", "/workspace"))
    assert kernel.ask(attack) == []
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", SERVER_TOKEN)
    assert attacks.outside(attacks.search((SERVER_TOKEN,), ())) != []


def test_its_environment_names_nothing_of_the_hub(kernel: Kernel) -> None:
    names = kernel.ask("import os; answer = sorted(os.environ)")
    assert not [name for name in names if name.startswith(("JUPYTERHUB", "RPP_CONTROL")) or "TOKEN" in name]


def test_it_sees_no_process_but_its_own(kernel: Kernel) -> None:
    count = "import os; answer = len([n for n in os.listdir('/proc') if n.isdigit()])"
    assert kernel.ask(count) <= 4
    assert attacks.outside(count) > 4


def test_the_devices_are_the_harmless_ones(kernel: Kernel) -> None:
    allowed = {
        "null",
        "zero",
        "full",
        "random",
        "urandom",
        "tty",
        "pts",
        "ptmx",
        "shm",
        "fd",
        "stdin",
        "stdout",
        "stderr",
    }
    assert set(kernel.ask("import os; answer = os.listdir('/dev')")) <= allowed | {"core", "console"}


def test_it_has_no_privilege_and_can_gain_none(kernel: Kernel) -> None:
    status = kernel.ask(
        "answer = dict(l.split(':\\t') for l in open('/proc/self/status').read().splitlines() if ':\\t' in l)"
    )
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


@pytest.mark.skipif(not X86_64, reason="the numbers are those of x86-64")
@pytest.mark.parametrize(
    ("name", "number", "arguments", "works_outside"),
    [
        ("unshare a user namespace", 272, ("0x10000000",), True),
        ("ptrace itself to its parent", 101, ("0", "0", "0", "0"), True),
        ("keyctl", 250, ("0", "-3", "0"), True),
        ("personality", 135, ("0x0040000",), True),
        ("io_uring", 425, ("1", "0"), False),
        ("bpf", 321, ("0", "0", "0"), False),
        ("userfaultfd", 323, ("1",), False),
        ("perf events", 298, ("0", "0", "-1", "-1", "0"), False),
        ("process_vm_readv", 310, ("1", "0", "0", "0", "0", "0"), False),
        ("pidfd_getfd", 438, ("0", "0", "0"), False),
        ("clone3", 435, ("0", "0"), False),
        ("mount", 165, ("0", "0", "0", "0", "0"), False),
        ("fsopen", 430, ("0", "0"), False),
        ("open_tree", 428, ("-100", "0", "1"), False),
        ("setns", 308, ("0", "0"), False),
        ("chroot", 161, ("0",), False),
        ("kexec", 246, ("0", "0", "0", "0"), False),
    ],
)
def test_the_kernels_side_doors_are_shut(
    kernel: Kernel, name: str, number: int, arguments: tuple[str, ...], works_outside: bool
) -> None:
    attack = attacks.syscall(number, *arguments)
    assert kernel.ask(attack) in ("EPERM", "ENOSYS")
    if works_outside:
        assert attacks.outside(attack) == "reached"


def test_it_cannot_read_the_memory_of_the_sandboxs_first_process(kernel: Kernel) -> None:
    assert kernel.ask(attacks.read("/proc/1/mem")) != "reached"


def test_it_cannot_type_into_a_terminal_even_with_the_high_bits_set(kernel: Kernel) -> None:
    for request in (0x5412, 0x1_0000_5412):
        assert kernel.ask(attacks.syscall(16, "0", str(request), "0")) == "EPERM"


def test_its_output_is_a_pipe_and_not_a_file_it_could_read_or_empty(kernel: Kernel) -> None:
    assert kernel.ask("import os, stat; answer = [stat.S_ISFIFO(os.fstat(f).st_mode) for f in (1, 2)]") == [
        True,
        True,
    ]


def test_it_inherits_no_descriptor_of_the_supervisor(kernel: Kernel) -> None:
    code = "import os; answer = [os.readlink(f'/proc/self/fd/{f}') for f in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{f}')]"
    allowed = ("pipe:", "socket:", "anon_inode:", "/dev/", "/proc/", "/tmp/", "/opt/rpp", "/workspace")
    assert [path for path in kernel.ask(code) if not path.startswith(allowed)] == []


def test_a_fork_bomb_ends_at_the_limit(kernel: Kernel) -> None:
    bomb = """
import os, signal
children = []
try:
    while len(children) < 1000:
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        children.append(pid)
except BlockingIOError:
    pass
for pid in children:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
answer = len(children)
"""
    assert 10 < kernel.ask(bomb) < 220


def test_scratch_space_and_descriptors_end_at_their_limits(kernel: Kernel) -> None:
    fill = """
import errno, os
def fill(path):
    try:
        with open(path, "wb") as f:
            for _ in range(200):
                f.write(bytes(1024 * 1024))
    except OSError as error:
        return errno.errorcode[error.errno]
    finally:
        os.unlink(path)
answer = [fill("/tmp/x"), fill("/dev/shm/x")]
"""
    assert kernel.ask(fill) == ["ENOSPC", "ENOSPC"]
    assert kernel.ask("import resource; answer = resource.getrlimit(resource.RLIMIT_NOFILE)[1]") == 512
    assert kernel.ask("import resource; answer = resource.getrlimit(resource.RLIMIT_CORE)[1]") == 0


def test_plain_analysis_works(kernel: Kernel) -> None:
    code = """
import pandas, pyarrow.parquet, subprocess, matplotlib.pyplot
frame = pandas.DataFrame({"a": [1, 1, 2], "b": [1.0, 2.0, 3.0]})
frame.to_parquet("/workspace/x.parquet")
answer = [int(pandas.read_parquet("/workspace/x.parquet").groupby("a").b.sum()[1]), subprocess.run(["true"]).returncode]
"""
    assert kernel.ask(code) == [3, 0]


def test_a_planted_socket_of_a_kernel_leads_nowhere(workspace: Workspace) -> None:
    with running_kernel(workspace.place.root / "specs", workspace.place.run_dir) as kernel:
        kernel.run(
            "import os; os.rename('/run/rpp/k/k-1', '/run/rpp/k/old'); os.symlink('/run/rpp/ctl.sock', '/run/rpp/k/k-1')"
        )
        planted = workspace.place.run_dir / "ipc" / str(kernel.manager.kernel_id) / "k-1"
        assert planted.is_symlink()
        assert not planted.exists()
    assert not Path("/run/rpp/ctl.sock").exists()


def test_it_leads_a_session_of_its_own_and_so_reaches_no_process_group_outside(kernel: Kernel) -> None:
    assert kernel.ask("import os; answer = [os.getsid(0) > 0, os.getpgid(0) > 0, os.getsid(1), os.getpgid(1)]") == [
        True, True, 0, 0,
    ]  # fmt: skip
