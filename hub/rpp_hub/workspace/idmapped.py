"""How a folder of one account is shown to another as if it were its own, without a change on the disk (Linux 5.12).

Only root may; used by the broker (`broker.py`) in a mount namespace of its own.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUSER = 0x0002_0000, 0x1000_0000
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442
OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH = 1, 4
AT_EMPTY_PATH, AT_FDCWD = 0x1000, -100
RDONLY, NOSUID, NODEV, IDMAP = 0x1, 0x2, 0x4, 0x0010_0000
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x4000, 0x4_0000
PR_SET_NO_NEW_PRIVS = 38

libc = ctypes.CDLL(None, use_errno=True)


def private_mounts() -> None:
    """From here on this process's mounts are nobody else's."""
    _check(libc.unshare(CLONE_NEWNS), "no namespace of mounts")
    _check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mounts could not be made private")


def empty(place: Path) -> None:
    """Nothing of what lies there is seen any more."""
    options = b"mode=0711,size=1m"
    done = libc.mount(b"none", os.fsencode(place), b"tmpfs", MS_NOSUID | MS_NODEV, options)
    _check(done, f"{place} could not be emptied")


def tree(folder: int) -> int:
    """An open folder as a mount that has no place yet."""
    flags = OPEN_TREE_CLONE | os.O_CLOEXEC | AT_EMPTY_PATH
    return _call("a folder could not be cloned", OPEN_TREE, folder, b"", flags)


def belongs_to(mount: int, namespace: int, *, writable: bool) -> None:
    """What the disk says is one account's is another's in this mount."""
    attributes = IDMAP | NOSUID | NODEV | (0 if writable else RDONLY)
    told = struct.pack("=QQQQ", attributes, 0, 0, namespace)
    _call("this file system cannot show its files as another account's", MOUNT_SETATTR, mount, b"", AT_EMPTY_PATH, told, len(told))  # fmt: skip


def put(mount: int, place: Path) -> None:
    """Gives a mount its place."""
    _call(f"nothing could be mounted at {place}", MOVE_MOUNT, mount, b"", AT_FDCWD, os.fsencode(place), MOVE_MOUNT_F_EMPTY_PATH)  # fmt: skip


def mapping(on_disk: tuple[int, int], shown: int) -> int:
    """A user namespace in which one account and group (on the disk) are another (as shown). Its descriptor."""
    ready, told = os.pipe2(os.O_CLOEXEC)
    stay, go = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        try:
            _check(libc.unshare(CLONE_NEWUSER), "no user namespace")
            os.write(told, b"x")
            os.close(go)
            os.read(stay, 1)
        finally:
            os._exit(0)
    try:
        os.close(told)
        if os.read(ready, 1) != b"x":
            raise OSError("no user namespace could be made")
        Path(f"/proc/{child}/uid_map").write_text(f"{on_disk[0]} {shown} 1")
        Path(f"/proc/{child}/gid_map").write_text(f"{on_disk[1]} {shown} 1")
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        for end in (ready, stay, go):
            os.close(end)
        os.waitpid(child, 0)


def become(account: int) -> None:
    """Another account for good: no group, no way back, no program that lends privileges."""
    os.setgroups([])
    os.setresgid(account, account, account)
    os.setresuid(account, account, account)
    _check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "privileges could not be given up")


def _call(complaint: str, number: int, *arguments: int | bytes) -> int:
    given = [ctypes.c_long(a) if isinstance(a, int) else ctypes.c_char_p(a) for a in arguments]
    found = int(libc.syscall(ctypes.c_long(number), *given))
    _check(found, complaint)
    return found


def _check(result: int, complaint: str) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{complaint}: {os.strerror(error)}")
