"""Whose are the processes of a workspace on this machine? An account's of its own, where root runs the broker.

The hub sends the broker open folders and a configuration; the broker starts the supervisor under the workspace's own
account, which sees of the installation these folders and nothing else.
"""

from __future__ import annotations

import json
import os
import re
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpp_hub.domain.errors import Unavailable
from rpp_hub.workspace.config import Secrets, SupervisorConfig, to_json
from rpp_hub.workspace.descriptors import memory_file

SOCKET = "RPP_ACCOUNTS"
KEY = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}/[a-z0-9][a-z0-9._@+-]{0,99}")
LINE = 64 * 1024
MOST_FOLDERS = 16


class NoAccount(Unavailable):
    """The broker would not start a supervisor; the message is the sentence it gave."""

    code = "no-account"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of the installation that a supervisor sees."""

    path: Path
    writable: bool


def broker() -> Path | None:
    """Where it listens; None where all workspaces share the hub's account."""
    told = os.environ.get(SOCKET, "")
    return Path(told) if told else None


def key(config: SupervisorConfig) -> str:
    """A workspace's name among the accounts: one for each person in each project."""
    return f"{config.project}/{config.person}".lower()


def places(config: SupervisorConfig) -> Iterator[Place]:
    """All that a supervisor needs of an installation."""
    yield Place(config.run_dir, True)
    yield Place(config.workspace, True)
    if config.shared is not None:
        yield Place(config.shared, True)
    if config.log is not None:
        yield Place(config.log.parent, True)
    if config.egress is not None:
        yield Place(config.egress.folder, True)
    if (
        not config.environment.stat().st_mode & stat.S_IXOTH
    ):  # a version of the installation's own, closed to others
        yield Place(config.environment, False)
    for read in (config.data, config.ingress):
        if read is not None:
            yield Place(read, False)


def start(listening: Path, config: SupervisorConfig, secrets: Secrets, answers: int) -> None:
    """Returns when the supervisor's process has begun; what it says goes to `answers`."""
    for place in places(config):
        if place.writable:
            place.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        told = stack.enter_context(memory_file("config", to_json(config, secrets).encode()))
        wanted = list(dict.fromkeys(places(config)))
        sockets = () if config.hub_socket is None else (Place(config.hub_socket.parent, False),)
        folders = [*sockets, *wanted]
        opened = [os.open(p.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) for p in folders]
        for descriptor in opened:
            stack.callback(os.close, descriptor)
        request = {
            "do": "start",
            "key": key(config),
            "folders": [[str(place.path), place.writable] for place in folders],
        }
        ask(listening, request, [told, answers, *opened])


def end(listening: Path, pid: int) -> None:
    """Ends every process of the account that this one runs under, if it is a workspace's."""
    ask(listening, {"do": "end", "pid": pid})


def ask(listening: Path, request: dict[str, Any], descriptors: list[int] | None = None) -> dict[str, Any]:
    """One line and its descriptors there, one line back."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(listening))
            socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], descriptors or [])
            answer: dict[str, Any] = json.loads(connection.makefile("rb").readline(LINE))
    except (OSError, ValueError) as error:
        raise NoAccount(
            f"The broker that gives each workspace an account does not answer ({error}). Start it as root again, or take"
            f" {SOCKET} out of the environment to run all workspaces under one account."
        ) from None
    if "error" in answer:
        raise NoAccount(str(answer["error"]))
    return answer
