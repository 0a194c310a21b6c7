"""What leaves a workspace by its own sockets: the gateway to hub and portal, and the control socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from rpp_hub.workspace import client
from rpp_hub.workspace.capability import Bearer, verify
from rpp_hub.workspace.config import MEBIBYTE

from tests.sandbox.conftest import CAPABILITY_SECRET, Workspace
from tests.sandbox.processes import resident

pytestmark = pytest.mark.sandbox


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
    assert resident(workspace.pid) < 150 * 1024


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
