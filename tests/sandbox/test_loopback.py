"""A project that needs 127.0.0.1 among its own processes gets one, and it leads nowhere else."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from rpp_hub.workspace import client

from tests.sandbox import attacks
from tests.sandbox.conftest import Place, Workspace, config_for, secrets_for
from tests.sandbox.kernel import Kernel, running_kernel
from tests.sandbox.small_hub import SmallHub

pytestmark = pytest.mark.sandbox

TALK = """
import socket, threading
def talk():
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            connection, _ = server.accept()
            with connection:
                connection.sendall(connection.recv(100).upper())
        thread = threading.Thread(target=serve)
        thread.start()
        with socket.create_connection(server.getsockname(), timeout=5) as s:
            s.sendall(b"among ourselves")
            said = s.recv(100).decode()
        thread.join()
        return said
"""


@pytest.fixture(scope="module")
def kernel(hub: SmallHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    place = Place(hub.folder / os.urandom(2).hex())
    place.root.mkdir()
    place.fill()
    asyncio.run(client.start_supervisor(config_for(place, hub, loopback=True), secrets_for()))
    with running_kernel(tmp_path_factory.mktemp("specs"), place.run_dir) as started:
        yield started
    asyncio.run(client.stop(place.run_dir, "the test is over"))


def test_processes_of_one_kernel_talk_to_each_other(kernel: Kernel) -> None:
    assert kernel.ask(f"{TALK}answer = talk()") == "AMONG OURSELVES"


def test_joblib_divides_work_among_processes(kernel: Kernel) -> None:
    code = "from joblib import Parallel, delayed\nanswer = Parallel(n_jobs=2)(delayed(pow)(n, 2) for n in range(5))"
    assert kernel.ask(code) == [0, 1, 4, 9, 16]


def test_control_without_the_choice_there_is_no_loopback(workspace: Workspace, tmp_path: Path) -> None:
    with running_kernel(tmp_path, workspace.place.run_dir) as plain:
        assert plain.ask(attacks.family("AF_INET", 2)) == "EAFNOSUPPORT"


def test_the_hosts_loopback_is_another(kernel: Kernel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        attack = attacks.tcp(listener.getsockname()[1])
        assert kernel.ask(attack) == "ECONNREFUSED"
        assert attacks.outside(attack) == "reached"


@pytest.mark.parametrize("address", ["8.8.8.8", "169.254.169.254", "10.0.0.1"])
def test_nothing_else_is_reached(kernel: Kernel, address: str) -> None:
    assert kernel.ask(attacks.tcp(53, host=address)) == "ENETUNREACH"
    connect = f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(({address!r}, 53))"
    assert kernel.ask(attacks.statement(connect)) == "ENETUNREACH"


def test_the_only_device_is_its_own_loopback(kernel: Kernel) -> None:
    devices = "answer = [l.split(':')[0].strip() for l in open('/proc/net/dev').read().splitlines()[2:]]"
    routes = "answer = sorted({l.split()[-1] for l in open('/proc/net/ipv6_route').read().splitlines()})"
    assert kernel.ask(devices) == ["lo"]
    assert kernel.ask(routes) in (["lo"], [])
    assert kernel.ask("answer = len(open('/proc/net/route').read().splitlines())") <= 1


@pytest.mark.parametrize(("name", "number"), [("AF_PACKET", 17), ("AF_VSOCK", 40), ("AF_ALG", 38)])
def test_every_other_kind_of_socket_stays_refused(kernel: Kernel, name: str, number: int) -> None:
    assert kernel.ask(attacks.family(name, number)) == "EAFNOSUPPORT"


def test_no_ping(kernel: Kernel) -> None:
    for kind in ("SOCK_RAW", "SOCK_DGRAM"):
        ping = f"socket.socket(socket.AF_INET, socket.{kind}, socket.IPPROTO_ICMP)"
        assert kernel.ask(attacks.statement(ping)) in ("EPERM", "EACCES")


def test_an_abstract_socket_of_the_host_stays_out_of_reach(kernel: Kernel) -> None:
    name = f"rpp-loop-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        assert kernel.ask(attacks.abstract(name)) == "ECONNREFUSED"
        assert attacks.outside(attacks.abstract(name)) == "reached"
