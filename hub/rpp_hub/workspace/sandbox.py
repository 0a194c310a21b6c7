"""What a sandbox is made of: bubblewrap's arguments, and nothing that touches the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MEBIBYTE = 1024 * 1024
ENVIRONMENT = "/opt/rpp"
PYTHON = f"{ENVIRONMENT}/bin/python"
WORKSPACE = "/workspace"
DATA = "/data"
HOME = "/home/researcher"
RUN = "/run/rpp"
KERNEL_IPC = f"{RUN}/k"
UID = 1000

# Files every program expects, with nothing of the host in them.
SYNTHETIC: Mapping[str, bytes] = {
    "/etc/passwd": b"researcher:x:1000:1000:researcher:/home/researcher:/bin/sh\n",
    "/etc/group": b"researcher:x:1000:\n",
    "/etc/hosts": b"127.0.0.1 localhost workspace\n::1 localhost\n",
    "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
}

BASE_VARIABLES: Mapping[str, str] = {
    "PATH": f"{ENVIRONMENT}/bin:/usr/bin:/bin",
    "HOME": HOME,
    "USER": "researcher",
    "LOGNAME": "researcher",
    "SHELL": "/bin/sh",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True, slots=True)
class Bind:
    """One path of the host, and where the sandbox sees it."""

    source: Path
    target: str
    writable: bool = False

    def arguments(self) -> tuple[str, str, str]:
        return ("--bind" if self.writable else "--ro-bind", str(self.source), self.target)


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Limits of every process of the sandbox (bytes), set by prlimit before bubblewrap starts."""

    open_files: int
    file_size: int
    processes: int
    address_space: int | None = None


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Everything that distinguishes one sandbox from another."""

    command: tuple[str, ...]
    binds: tuple[Bind, ...]
    ceilings: Ceilings
    variables: Mapping[str, str] = field(default_factory=dict)
    directory: str = HOME
    shared_memory: int = 256 * MEBIBYTE
    scratch: int = 512 * MEBIBYTE
    loopback: bool = False
    directories: tuple[str, ...] = ()  # empty ones, where something is mounted later
    synthetic: Mapping[str, bytes] = field(default_factory=lambda: SYNTHETIC)


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Numbers of the open files that bubblewrap reads before it runs the command."""

    seccomp: int
    status: int
    synthetic: Mapping[str, int]


def environment_binds(environment: Path) -> tuple[Bind, ...]:
    """The Python environment, and its base interpreter where that lies outside /usr."""
    interpreter = (environment / "bin" / "python").resolve(strict=True)
    homes = {interpreter.parent.parent, *_configured_homes(environment / "pyvenv.cfg")}
    outside = sorted(home for home in homes if not home.is_relative_to("/usr") and home != environment)
    return (Bind(environment, ENVIRONMENT), *(Bind(home, str(home)) for home in outside))


def command_line(sandbox: Sandbox, arguments_descriptor: int) -> list[str]:
    """What is started on the host. Nothing secret: a command line is there for every process to read."""
    limits = sandbox.ceilings
    outer = ["prlimit", "--core=0", f"--nofile={limits.open_files}", f"--fsize={limits.file_size}"]
    if limits.address_space is not None:
        outer.append(f"--as={limits.address_space}")
    # The count of processes is set inside, where it counts those of this user namespace alone.
    # The session begins here and not by bubblewrap's `--new-session`: until its last step, the sandbox's first process
    # must be in the group that the supervisor's keeper ends.
    inner = ["/usr/bin/setsid", "/usr/bin/prlimit", f"--nproc={limits.processes}", "--", *sandbox.command]
    return [*outer, "--", "bwrap", "--args", str(arguments_descriptor), "--", *inner]


def arguments(sandbox: Sandbox, descriptors: Descriptors) -> bytes:
    """Bubblewrap's arguments as `--args` reads them: NUL after each."""
    return b"".join(argument.encode() + b"\0" for argument in _arguments(sandbox, descriptors))


def _arguments(sandbox: Sandbox, descriptors: Descriptors) -> Iterator[str]:
    yield from _isolation()
    yield from _system()
    yield from _scratch(sandbox)
    for path, descriptor in descriptors.synthetic.items():
        yield from ("--ro-bind-data", str(descriptor), path)
    for bind in sandbox.binds:
        yield from bind.arguments()
    yield from _variables({**BASE_VARIABLES, **sandbox.variables})
    yield from ("--chdir", sandbox.directory, "--remount-ro", "/")
    yield from ("--json-status-fd", str(descriptors.status), "--seccomp", str(descriptors.seccomp))


def _isolation() -> Sequence[str]:
    return (
        *("--unshare-all", "--unshare-user", "--disable-userns", "--assert-userns-disabled"),
        *("--uid", str(UID), "--gid", str(UID), "--hostname", "workspace"),
        *("--die-with-parent", "--cap-drop", "ALL", "--clearenv"),
    )


def _system() -> Sequence[str]:
    links = (("usr/bin", "/bin"), ("usr/sbin", "/sbin"), ("usr/lib", "/lib"), ("usr/lib64", "/lib64"))
    return (
        *("--ro-bind", "/usr", "/usr"),
        *(part for source, target in links for part in ("--symlink", source, target)),
        *("--proc", "/proc", "--dev", "/dev", "--dir", "/etc"),
        *("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"),
        *("--ro-bind-try", "/etc/alternatives", "/etc/alternatives"),
    )


def _scratch(sandbox: Sandbox) -> Sequence[str]:
    return (
        *("--size", str(sandbox.shared_memory), "--tmpfs", "/dev/shm"),  # noqa: S108 - the sandbox's own
        *("--size", str(sandbox.scratch), "--tmpfs", "/tmp"),  # noqa: S108 - the same
        *("--size", str(64 * MEBIBYTE), "--perms", "0700", "--tmpfs", HOME),
        *("--dir", RUN, "--dir", WORKSPACE),
        *(part for path in sandbox.directories for part in ("--dir", path)),
    )


def _variables(variables: Mapping[str, str]) -> Iterator[str]:
    for name, value in sorted(variables.items()):
        yield from ("--setenv", name, value)


def _configured_homes(pyvenv: Path) -> Iterator[Path]:
    for line in pyvenv.read_text(encoding="utf-8").splitlines() if pyvenv.exists() else ():
        name, _, value = line.partition("=")
        if name.strip() == "home" and value.strip().endswith("/bin"):
            yield Path(value.strip()).parent
