"""The one process that root runs: it starts a workspace's supervisor under an account of that workspace's own.

`python -I -m rpp_hub.workspace.broker --account rpp --home DIR --runs DIR --socket PATH`. It answers the installation's
account alone, takes two requests (start, end), runs one command, and mounts only open folders that are that account's, in a
namespace that nobody else sees. Numbers of accounts come from a range that is nobody's; each workspace keeps its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pwd
import select
import signal
import socket
import stat
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rpp_hub.whole import write_whole
from rpp_hub.workspace import idmapped
from rpp_hub.workspace.accounts import KEY, LINE, MOST_FOLDERS
from rpp_hub.workspace.cgroups import CGROUPS, OWN, V1_CONTROLLERS
from rpp_hub.workspace.client import COMMAND, HOST_VARIABLES

FIRST, ACCOUNTS = 1_900_000_000, 60_000
STANDARD = 2  # the configuration, and where to say that it is ready


class Refused(Exception):
    """The request is not one of the installation's own; the message says why."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Whom the broker serves, and where."""

    account: int
    group: int
    home: Path
    runs: Path
    table: Path


@dataclass(frozen=True, slots=True)
class Start:
    """A supervisor to be started, as it was asked for and found to be in order."""

    key: str
    folders: tuple[tuple[Path, bool, int], ...]
    config: int
    answers: int


def main() -> int:
    """Serves one request at a time until it is ended, or until whoever started it has ended."""
    grounds, listener, parent = _prepare()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        # A signal of the parent's death would not come: by then the parent has another account, which may not send it.
        ready, _, _ = select.select([listener.fileno(), *parent], [], [])
        if listener.fileno() not in ready:
            return 0
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            with contextlib.suppress(OSError):
                connection.sendall(json.dumps(_answer(connection, grounds)).encode() + b"\n")


def parse(request: object, descriptors: Sequence[int], grounds: Grounds) -> Start:
    """Refuses what is not exactly a start: a key of the known form, and folders of this account in its own places."""
    if not isinstance(request, dict) or request.keys() != {"do", "key", "folders"}:
        raise Refused("A start has a key and folders, and nothing else.")
    folders = request["folders"]
    if not isinstance(folders, list) or len(folders) != len(descriptors) - STANDARD or not folders:
        raise Refused("Each folder comes with its descriptor, after the two of the process.")
    found = [_folder(told, one, grounds) for told, one in zip(folders, descriptors[STANDARD:], strict=True)]
    return Start(check_key(request["key"]), tuple(found), descriptors[0], descriptors[1])


def check_key(key: object) -> str:
    """The name of a workspace among the accounts."""
    if not isinstance(key, str) or KEY.fullmatch(key) is None:
        raise Refused("A workspace's name is a project and a person.")
    return key


def number_of(key: str, grounds: Grounds) -> int:
    """The account of a workspace: the one it had before, or the next of the range."""
    known: dict[str, int] = json.loads(grounds.table.read_text()) if grounds.table.exists() else {}
    if key not in known:
        known[key] = max(known.values(), default=FIRST - 1) + 1
        if known[key] >= FIRST + ACCOUNTS:
            raise Refused("The range of accounts for workspaces is used up.")
        write_whole(grounds.table, json.dumps(known).encode())
    return known[key]


def account_of(pid: object) -> int:
    """The account that a process runs under, if that is a workspace's."""
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 1:
        raise Refused("An end has the number of a process.")
    told = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (account,) = {
        int(number) for line in told.splitlines() if line.startswith("Uid:") for number in line.split()[1:]
    }
    if not FIRST <= account < FIRST + ACCOUNTS:
        raise Refused("This process is not a workspace's.")
    return account


def _folder(told: object, descriptor: int, grounds: Grounds) -> tuple[Path, bool, int]:
    match told:
        case [str() as name, bool() as writable]:
            path = Path(name)
        case _:
            raise Refused("A folder is a path and whether it may be written to.")
    inside = any(path.is_relative_to(root) for root in (grounds.home, grounds.runs))
    if not path.is_absolute() or ".." in path.parts or not inside or path == grounds.home:
        raise Refused(f"{name} is not a place within the installation.")
    info = os.fstat(descriptor)
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != grounds.account:
        raise Refused(f"{name} is not a folder of the installation's account.")
    if path == grounds.runs and writable:
        raise Refused("The run folder of the whole is not written to by a workspace.")
    return path, writable, descriptor


def _answer(connection: socket.socket, grounds: Grounds) -> Mapping[str, Any]:
    descriptors: list[int] = []
    try:
        _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid != grounds.account:
            raise Refused("The broker serves one account, and this is not it.")
        line, descriptors, _, _ = socket.recv_fds(connection, LINE, MOST_FOLDERS + STANDARD)
        request = json.loads(line)
        if isinstance(request, dict) and request.keys() == {"do", "pid"} and request["do"] == "end":
            _end(account_of(request["pid"]))
            return {"ended": True}
        return {"started": _start(parse(request, descriptors, grounds), grounds)}
    except (Refused, OSError, ValueError, RecursionError) as error:
        return {"error": str(error)}
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _start(wanted: Start, grounds: Grounds) -> int:
    account = number_of(wanted.key, grounds)
    _give_cgroups(account)
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            _arrange(wanted, account, grounds)
            _run(wanted, account)
        except BaseException as error:
            os.write(
                wanted.answers, json.dumps({"error": f"No account for this workspace: {error}"}).encode()
            )
        finally:
            os._exit(1)
    return child


def _arrange(wanted: Start, account: int, grounds: Grounds) -> None:
    """Of the installation, what was asked for is there, as this account's own, and nothing else."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    namespace = idmapped.mapping((grounds.account, grounds.group), account)
    trees = [(path, writable, idmapped.tree(one)) for path, writable, one in wanted.folders]
    idmapped.private_mounts()
    for _, writable, tree in trees:
        idmapped.belongs_to(tree, namespace, writable=writable)
    idmapped.empty(grounds.home)
    os.umask(0o066)  # the way to a place can be gone, and nothing else be seen on it
    for path, _, tree in sorted(trees, key=lambda each: len(each[0].parts)):
        if path != grounds.runs:
            path.mkdir(mode=0o711, parents=True, exist_ok=True)
        idmapped.put(tree, path)
        if path == grounds.runs:
            idmapped.empty(grounds.runs / "w")  # the sockets of others


def _run(wanted: Start, account: int) -> None:
    os.dup2(wanted.config, 0)
    os.dup2(wanted.answers, 1)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.closerange(3, 4096)
    os.chdir("/")
    idmapped.become(account)
    os.execve(COMMAND[0], list(COMMAND), dict(HOST_VARIABLES))  # noqa: S606 - one command, fixed


def _end(account: int) -> None:
    """Every process of the account: as that account, which reaches nobody else."""
    child = os.fork()
    if child == 0:
        try:
            idmapped.become(account)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)


def _give_cgroups(account: int) -> None:
    """A place among the control groups for the workspace's own account, below the installation's."""
    for controller in V1_CONTROLLERS:
        parent = CGROUPS / controller / OWN
        if parent.is_dir():
            group = parent / f"u{account}"
            group.mkdir(exist_ok=True)
            for path in (group, group / "cgroup.procs", group / "tasks"):
                os.chown(path, account, account)


def _prepare() -> tuple[Grounds, socket.socket, list[int]]:
    parser = argparse.ArgumentParser(prog="rpp_hub.workspace.broker", allow_abbrev=False)
    for name in ("--account", "--home", "--runs", "--socket", "--table"):
        parser.add_argument(name, required=True)
    parser.add_argument("--with-parent", action="store_true", help="end when the parent does")
    given = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("The broker is run by root; without root all workspaces share one account.")
    served = pwd.getpwnam(given.account)
    listening = Path(given.socket)
    listening.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    os.umask(0o177)
    listener.bind(given.socket)
    os.chown(given.socket, served.pw_uid, 0)
    os.umask(0o077)
    listener.listen(16)
    home, runs = Path(given.home).resolve(), Path(given.runs).resolve()
    parent = [os.pidfd_open(os.getppid())] if given.with_parent else []
    return Grounds(served.pw_uid, served.pw_gid, home, runs, Path(given.table)), listener, parent


if __name__ == "__main__":
    sys.exit(main())
