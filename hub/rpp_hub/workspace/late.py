"""Gives a sandbox that already runs its folders: a warm one has none until it is known whose it will be.

Run as a program of its own (`python -I -S late.py PID JSON`), because whoever enters the sandbox's namespaces does not
come back. It needs no privilege: a sandbox's namespaces belong to the account that made it. Standard library only.

One process, in namespaces of its own, clones each folder as a mount that has no place yet, and takes from it what a
sandbox may not do with it. The other enters the sandbox and puts the mounts where they belong.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import socket
import struct
import sys

CLONE_NEWNS, CLONE_NEWUSER = 0x0002_0000, 0x1000_0000
NS_GET_USERNS = 0xB701
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC, AT_SYMLINK_NOFOLLOW = 1, os.O_CLOEXEC, 0x100
AT_EMPTY_PATH, AT_FDCWD, MOVE_MOUNT_F_EMPTY_PATH = 0x1000, -100, 4
RDONLY, NOSUID, NODEV = 1, 2, 4
MOST_FOLDERS = 16

Folder = tuple[str, str, bool]  # source on the host, target in the sandbox, whether it may be written to

libc = ctypes.CDLL(None, use_errno=True)


def mount(pid: int, folders: list[Folder]) -> None:
    """Puts each folder into the sandbox whose first process is `pid`, seen from here."""
    namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    owner = fcntl.ioctl(namespace, NS_GET_USERNS)
    trees = cloned(folders)
    _check(libc.setns(owner, CLONE_NEWUSER), "the sandbox's user namespace was not entered")
    _check(libc.setns(namespace, CLONE_NEWNS), "the sandbox's mounts were not entered")
    for tree, (_, target, _) in zip(trees, folders, strict=True):
        _call(MOVE_MOUNT, tree, b"", AT_FDCWD, target.encode(), MOVE_MOUNT_F_EMPTY_PATH)


def cloned(folders: list[Folder]) -> list[int]:
    """Each folder as a mount without a place, made by a child, because this process must still enter elsewhere."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        try:
            _check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS), "no namespace could be made")
            socket.send_fds(theirs, [b"x"], [_tree(source, writable) for source, _, writable in folders])
            os._exit(0)
        except OSError as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(1)
    theirs.close()
    _, trees, _, _ = socket.recv_fds(ours, 1, MOST_FOLDERS)
    os.waitpid(child, 0)
    if len(trees) != len(folders):
        raise OSError("the folders could not be cloned")
    return trees


def _tree(source: str, writable: bool) -> int:
    flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW
    tree = _call(OPEN_TREE, AT_FDCWD, source.encode(), flags)
    attributes = struct.pack("QQQQ", NOSUID | NODEV | (0 if writable else RDONLY), 0, 0, 0)
    _call(MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, attributes, len(attributes))
    return tree


def _call(number: int, *arguments: object) -> int:
    result: int = libc.syscall(number, *arguments)
    _check(result, f"system call {number} failed")
    return result


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def main() -> None:
    try:
        mount(int(sys.argv[1]), [(s, t, w) for s, t, w in json.loads(sys.argv[2])])
    except OSError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
