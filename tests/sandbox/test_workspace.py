"""A whole workspace: what a browser gets, what the server sandbox holds, what leaves it, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.workspace import client, doctor
from rpp_hub.workspace.capability import Bearer, verify
from rpp_hub.workspace.config import MEBIBYTE, Limits, SupervisorConfig
from rpp_hub.workspace.launcher import Keeper, launch
from rpp_hub.workspace.leftovers import claim, holder, sweep
from rpp_hub.workspace.sandbox import PYTHON
from rpp_hub.workspace.server_sandbox import server_sandbox
from rpp_review.languages import offered

from tests.sandbox import attacks
from tests.sandbox.conftest import BASE, CAPABILITY_SECRET, Place, Workspace, config_for, secrets_for
from tests.sandbox.kernel import running_kernel, until
from tests.sandbox.small_hub import SERVER_TOKEN, SmallHub

pytestmark = pytest.mark.sandbox


@pytest.fixture
def second(hub: SmallHub) -> Iterator[Place]:
    """A workspace a test may end as it likes."""
    place = Place(hub.folder / os.urandom(2).hex())
    place.root.mkdir()
    place.fill()
    yield place
    asyncio.run(client.stop(place.run_dir, "the test is over"))


def _execute(code: str) -> str:
    header = {
        "msg_id": "m1",
        "msg_type": "execute_request",
        "session": "s",
        "username": "",
        "version": "5.3",
        "date": "",
    }
    content = {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
    }
    message = {
        "channel": "shell",
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "buffers": [],
    }
    return json.dumps(message)


async def _run(browser: Any, code: str) -> str:
    made = await browser.ask("POST", "api/kernels", json={"name": "rpp"})
    assert made.status == 201, await made.text()
    kernel = (await made.json())["id"]
    socket_ = await browser.websocket(f"api/kernels/{kernel}/channels?session_id=s")
    await socket_.send_str(_execute(code))
    printed = ""
    while True:
        message = json.loads((await socket_.receive(timeout=30)).data)
        if message["msg_type"] == "stream":
            printed += message["content"]["text"]
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle" and printed:
            break
    await socket_.close()
    assert (await browser.ask("DELETE", f"api/kernels/{kernel}")).status == 204
    return printed


def test_a_person_logs_in_opens_lab_and_runs_a_cell_on_the_cut(workspace: Workspace) -> None:
    async def go() -> None:
        async with workspace.browser() as browser:
            await browser.login()
            page = await browser.get("lab")
            assert page.status == 200
            assert "JupyterLab" in await page.text()
            assert await _run(browser, "import os; print(os.listdir('/data'))") == "['enrollment.parquet']\n"

    asyncio.run(go())


def test_without_a_login_nothing_is_told_even_after_somebody_has_logged_in(workspace: Workspace) -> None:
    async def go() -> None:
        async with workspace.browser() as alice, workspace.browser() as nobody:
            await alice.login()
            assert (await alice.get("api/kernels")).status == 200
            assert (await nobody.get("api/kernels")).status == 403
            assert (await nobody.get("lab")).status == 302

    asyncio.run(go())


@pytest.mark.parametrize(
    "path",
    [
        "files/x.ipynb",
        "nbconvert/html/x.ipynb",
        "api/nbconvert",
        "terminals/1",
        "api/terminals",
        "view/x",
        "lab/api/build",
    ],
)
def test_a_logged_in_person_still_does_not_get(workspace: Workspace, path: str) -> None:
    async def go() -> None:
        (workspace.place.workspace / "x.ipynb").write_text("{}")
        async with workspace.browser() as browser:
            await browser.login()
            assert (await browser.get(path)).status in (403, 404)

    asyncio.run(go())


def test_only_our_kernel_is_offered_whatever_lies_in_the_workspace(workspace: Workspace) -> None:
    planted = workspace.place.workspace / ".local/share/jupyter/kernels/evil"
    planted.mkdir(parents=True, exist_ok=True)
    (planted / "kernel.json").write_text('{"argv": ["true"], "display_name": "evil", "language": "python"}')

    async def go() -> None:
        async with workspace.browser() as browser:
            await browser.login()
            specs = await (await browser.get("api/kernelspecs")).json()
            assert set(specs["kernelspecs"]) == offered()
            for name in ("python3", "evil", "../../evil"):
                answer = await browser.ask("POST", "api/kernels", json={"name": name})
                assert answer.status in (400, 404, 500), await answer.text()
            assert await (await browser.get("api/kernels")).json() == []

    asyncio.run(go())


def test_labs_page_holds_no_token(workspace: Workspace) -> None:
    async def go() -> None:
        async with workspace.browser() as browser:
            await browser.login()
            page = await (await browser.get("lab")).text()
            assert "user-token-of-alice" not in page
            assert SERVER_TOKEN not in page

    asyncio.run(go())


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
    assert until(lambda: bool(_servers(workspace.pid)))
    servers = _servers(workspace.pid)
    for pid in servers:
        with pytest.raises(PermissionError):
            Path(f"/proc/{pid}/environ").read_bytes()
        with pytest.raises(PermissionError):
            Path(f"/proc/{pid}/mem").open("rb")


def test_no_secret_is_on_a_command_line(workspace: Workspace) -> None:
    lines = [_command(int(pid.name)) for pid in Path("/proc").iterdir() if pid.name.isdigit()]
    assert any("rpp_review.launch" in line for line in lines)
    assert not [line for line in lines if SERVER_TOKEN in line]


def _ask_gateway(
    workspace: Workspace, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, Any]]:
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(str(workspace.place.run_dir / "hub.sock"))
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{lines}\r\n"
        s.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: s.recv(65536), b""))
    head_, _, rest = answer.partition(b"\r\n\r\n")
    return int(head_.split()[1]), json.loads(rest or b"{}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/hub/api/users"),
        ("GET", "/hub/api/users/alice"),
        ("POST", "/hub/api/users/alice/tokens"),
        ("POST", "/hub/api/users/bob/activity"),
        ("DELETE", "/hub/api/users/alice/servers/gaps"),
        ("GET", "/hub/api/user?x=1"),
        ("GET", "//hub/api/user"),
        ("GET", "/hub/%61pi/user"),
        ("GET", "/hub/api/../api/user"),
        ("GET", "/hub/login"),
        ("GET", "/hub/metrics"),
        ("GET", "/services/rpp/"),
        ("GET", "/services/rpp/workspace/requests/1"),
        ("PUT", "/services/rpp/workspace/requests"),
    ],
)
def test_the_way_out_is_shut_for(workspace: Workspace, method: str, path: str) -> None:
    before = len(workspace.hub.seen)
    status, body = _ask_gateway(workspace, method, path)
    assert status == 403
    assert body["error"]["code"] == "closed"
    assert len(workspace.hub.seen) == before


def test_the_portal_learns_from_the_gateway_who_asks_and_from_nobody_else(workspace: Workspace) -> None:
    status, body = _ask_gateway(
        workspace,
        "POST",
        "/services/rpp/workspace/requests",
        b"{}",
        X_RPP_Workspace="forged",
        Cookie="a=b",
        Authorization="token x",
    )
    assert status == 200
    assert verify(CAPABILITY_SECRET, body["capability"]) == Bearer("alice", "gaps")
    _, _, headers = workspace.hub.seen[-1]
    assert not {"Cookie", "Authorization"} & headers.keys()


@pytest.mark.parametrize("declared", [True, False])
def test_a_submission_beyond_the_limit_is_refused_with_a_sentence(
    workspace: Workspace, declared: bool
) -> None:
    length = f"Content-Length: {81 * MEBIBYTE}" if declared else "Transfer-Encoding: chunked"
    head = f"POST /services/rpp/workspace/requests HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode()
    chunk = bytes(MEBIBYTE) if declared else b"100000\r\n" + bytes(MEBIBYTE) + b"\r\n"
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(str(workspace.place.run_dir / "hub.sock"))
        with contextlib.suppress(ConnectionError):
            s.sendall(head)
            for _ in range(81):
                s.sendall(chunk)
        answer = s.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 413")
    assert "smaller" in answer
    assert _resident(workspace.pid) < 150 * 1024


def test_a_descriptor_sent_along_is_never_received(workspace: Workspace) -> None:
    with socket.socket(socket.AF_UNIX) as s, Path(os.devnull).open() as file:
        s.connect(str(workspace.place.run_dir / "hub.sock"))
        socket.send_fds(
            s, [b"GET /hub/api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"], [file.fileno()]
        )
        assert s.recv(20).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "request_line",
    [
        b"\n",
        b"[]\n",
        b"{}\n",
        b'{"do": "start"}\n',
        b'{"do": "start", "kernel": "../../x", "key": "k"}\n',
        b'{"do": "signal", "kernel": "0a1b2c3d-0000-4000-8000-0123456789ab", "signal": 64}\n',
        b"[" * 20_000 + b"\n",
        b"x" * 100_000 + b"\n",
    ],
)
def test_the_control_socket_answers_nonsense_with_a_sentence(
    workspace: Workspace, request_line: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(15)
        s.connect(str(workspace.place.run_dir / "ctl.sock"))
        try:
            s.sendall(request_line)
            answer = s.recv(65536)
        except ConnectionError:
            answer = b""
        if answer:
            assert "error" in json.loads(answer)
    assert asyncio.run(client.status(workspace.place.run_dir)) is not None


def test_a_kernel_is_interrupted_restarted_and_its_death_noticed(workspace: Workspace) -> None:
    place = workspace.place
    with running_kernel(place.root / "specs", place.run_dir) as kernel:
        kernel.run("x = 5")
        kernel.client.execute("import time; time.sleep(60)")
        until(lambda: False, 0.5)
        kernel.manager.interrupt_kernel()
        assert kernel.client.get_shell_msg(timeout=10)["content"]["ename"] == "KeyboardInterrupt"
        assert until(lambda: kernel.run("print(x)") == "5")
        kernel.manager.restart_kernel()
        kernel.client.wait_for_ready(timeout=30)
        assert kernel.run("print('x' in globals())") == "False"
        kernel.client.execute("import os; os.kill(os.getpid(), 9)")
        assert until(lambda: not kernel.manager.is_alive())


def test_there_are_no_more_kernels_than_the_limit(tmp_path: Path, hub: SmallHub, second: Place) -> None:
    place = second
    limits = Limits(kernels=1, stop_grace=2.0)
    asyncio.run(client.start_supervisor(config_for(place, hub, limits=limits), secrets_for()))
    try:
        with (
            running_kernel(tmp_path, place.run_dir),
            pytest.raises(RuntimeError, match="runs 1 kernels already"),
            running_kernel(tmp_path, place.run_dir),
        ):
            pass
    finally:
        asyncio.run(client.stop(place.run_dir, "over"))


def test_a_stop_ends_every_process_and_leaves_no_folder(hub: SmallHub, tmp_path: Path, second: Place) -> None:
    place = second
    pid = asyncio.run(client.start_supervisor(config_for(place, hub), secrets_for()))
    with running_kernel(tmp_path, place.run_dir):
        processes = _descendants(pid)
        assert len(processes) >= 4
        status = asyncio.run(client.status(place.run_dir))
        assert status is not None
        assert (status.state, status.kernels, status.pid) == ("running", 1, pid)
        asyncio.run(client.stop(place.run_dir, "the test asks"))
        assert not [p for p in processes if _alive(p)]
    assert not place.run_dir.exists()
    assert asyncio.run(client.status(place.run_dir)) is None
    assert until(lambda: not _alive(pid))


def test_a_killed_supervisor_takes_everything_along_and_the_next_start_cleans_up(
    hub: SmallHub, tmp_path: Path, second: Place
) -> None:
    place = second
    pid = asyncio.run(client.start_supervisor(config_for(place, hub), secrets_for()))
    with running_kernel(tmp_path, place.run_dir) as kernel:
        kernel.run("import os; os.makedirs('/run/rpp/k/deep/er'); os.chmod('/run/rpp/k/deep', 0)")
        processes = _descendants(pid)
        os.kill(pid, signal.SIGKILL)
        assert until(lambda: not [p for p in processes if _alive(p)], 3.0)
    assert place.run_dir.exists()
    asyncio.run(client.start_supervisor(config_for(place, hub), secrets_for()))
    names = {path.name for path in place.run_dir.iterdir()}
    assert names == {"lock", "ipc", "in.sock", "adm.sock", "ctl.sock", "hub.sock", "srv.sock"}
    asyncio.run(client.stop(place.run_dir, "over"))


def test_a_dead_server_ends_the_workspace(hub: SmallHub, second: Place) -> None:
    place = second
    pid = asyncio.run(client.start_supervisor(config_for(place, hub), secrets_for()))
    assert until(lambda: bool(_servers(pid)))
    (server,) = _servers(pid)
    os.kill(server, signal.SIGKILL)
    assert until(lambda: not place.run_dir.exists())
    assert asyncio.run(client.status(place.run_dir)) is None


def test_a_supervisor_whose_folder_is_taken_away_does_not_live_on(hub: SmallHub, second: Place) -> None:
    pid = asyncio.run(client.start_supervisor(config_for(second, hub), secrets_for()))
    shutil.rmtree(second.run_dir)
    assert until(lambda: not _alive(pid), 20)


def test_a_supervisor_that_hangs_counts_as_running_and_is_killed_by_a_stop(
    hub: SmallHub, second: Place
) -> None:
    pid = asyncio.run(client.start_supervisor(config_for(second, hub), secrets_for()))
    below = _descendants(pid)
    os.kill(pid, signal.SIGSTOP)
    assert asyncio.run(client.status(second.run_dir, patience=0.5)) is None
    assert holder(second.run_dir) == pid
    asyncio.run(client.stop(second.run_dir, "it hangs", patience=0.5))
    assert until(lambda: not [p for p in (pid, *below) if _alive(p)], 3.0)
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


def test_the_log_names_no_token(workspace: Workspace) -> None:
    log = workspace.place.root / "log" / "workspace.log"
    assert SERVER_TOKEN not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    assert BASE in log.read_text()


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []


def _descendants(pid: int) -> list[int]:
    below = _children(pid)
    return [*below, *(deeper for child in below for deeper in _descendants(child))]


def _servers(pid: int) -> list[int]:
    return [
        p for p in _descendants(pid) if _command(p).startswith("/opt/rpp/bin/python -I -m rpp_review.launch")
    ]


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
