"""Which system calls a sandbox may make: no network but UNIX sockets, no tracing, no namespaces, no kernel side doors."""

from __future__ import annotations

import errno
import functools
import socket
import tempfile
from collections.abc import Iterable

import pyseccomp as seccomp

# Each could reach another process, the kernel's own machinery or a socket past the rules below.
FORBIDDEN = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "process_madvise"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd"),
    *("keyctl", "add_key", "request_key", "name_to_handle_at", "open_by_handle_at"),
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "mknod", "mknodat"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"),
    *("swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "syslog", "uselib", "_sysctl", "nfsservctl"),
    *("iopl", "ioperm", "modify_ldt", "vm86", "vm86old", "personality", "lookup_dcookie"),
    *(
        "settimeofday",
        "clock_settime",
        "clock_settime64",
        "clock_adjtime",
        "clock_adjtime64",
        "adjtimex",
        "stime",
    ),
    *(
        "fanotify_init",
        "fanotify_mark",
        "move_pages",
        "mbind",
        "migrate_pages",
        "set_mempolicy",
        "get_mempolicy",
    ),
    *("sethostname", "setdomainname", "vhangup", "landlock_create_ruleset"),
)
# A program that finds these missing falls back to what the rules can see into; EPERM would make it give up.
ABSENT = (
    *("clone3", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"),
    *(
        457,
        458,
        467,
    ),  # statmount, listmount, open_tree_attr: newer than some libseccomp, the same number everywhere
)
NAMESPACE_FLAGS = (
    0x00000080,
    0x00020000,
    0x02000000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
LOW_32_BITS = 0xFFFFFFFF
INTERNET = frozenset({int(socket.AF_INET), int(socket.AF_INET6)})
TIOCSTI, TIOCLINUX = 0x5412, 0x541C


@functools.cache
def program(loopback: bool = False) -> bytes:
    """The compiled filter, as `bwrap --seccomp FD` reads it. `loopback` leaves the sandbox's own 127.0.0.1 to it."""
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    _refuse(rules, FORBIDDEN, errno.EPERM)
    _refuse(rules, ABSENT, errno.ENOSYS)
    for flag in NAMESPACE_FLAGS:
        rules.add_rule(_errno(errno.EPERM), "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    for request in (TIOCSTI, TIOCLINUX):  # the kernel looks at 32 bits, so the rule must too (CVE-2019-10063)
        rules.add_rule(_errno(errno.EPERM), "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, LOW_32_BITS, request))
    _only_local_sockets(rules, INTERNET if loopback else frozenset())
    with tempfile.TemporaryFile() as compiled:
        rules.export_bpf(compiled)
        compiled.seek(0)
        return compiled.read()


def _only_local_sockets(rules: seccomp.SyscallFilter, also: frozenset[int]) -> None:
    """`also` is harmless only in a network namespace with nothing in it but its own loopback."""
    for call in ("socket", "socketpair"):
        below = seccomp.Arg(0, seccomp.LT, socket.AF_UNIX)
        above = seccomp.Arg(0, seccomp.GT, socket.AF_NETLINK)
        between = set(range(socket.AF_UNIX + 1, socket.AF_NETLINK)) - also
        for condition in (below, above, *(seccomp.Arg(0, seccomp.EQ, family) for family in sorted(between))):
            rules.add_rule(_errno(errno.EAFNOSUPPORT), call, condition)
        # libzmq ends the process on any other errno for netlink.
        rules.add_rule(_errno(errno.EOPNOTSUPP), call, seccomp.Arg(0, seccomp.EQ, socket.AF_NETLINK))


def _refuse(rules: seccomp.SyscallFilter, calls: Iterable[str | int], error: int) -> None:
    for call in calls:
        rules.add_rule(_errno(error), call)


def _errno(error: int) -> int:
    return int(seccomp.ERRNO(error))
