"""Can this machine make a sandbox? If not: what is missing, and what to type. If so: what holds it, and what could hold it better."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from rpp_review.languages import DEBIAN, r_lacks

from rpp_hub.workspace import accounts, confinement

OLDEST = (0, 8, 0)
APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
USERNS_CLONE = Path("/proc/sys/kernel/unprivileged_userns_clone")
MAX_NAMESPACES = Path("/proc/sys/user/max_user_namespaces")
TRIAL = (
    *(
        "bwrap",
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--assert-userns-disabled",
        "--die-with-parent",
    ),
    *("--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
    *("--proc", "/proc", "--dev", "/dev"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is missing, and the way to have it."""

    code: str
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something that works here, and how; `remedy` is empty where there is nothing better."""

    code: str
    sentence: str
    remedy: str = ""


def notes() -> list[Note]:
    """By what a workspace is held on this machine, and whose its processes are."""
    return [_limits(), _accounts(), _r()]


def probe() -> list[Problem]:
    """Empty when a sandbox can be made. Costs some ten milliseconds."""
    problems = [
        found for check in (_ordinary_account, _bubblewrap, _prlimit, _libseccomp) if (found := check())
    ]
    if not problems and (found := _trial()):
        problems.append(found)
    return problems


def version_of(text: str) -> tuple[int, ...]:
    """'bubblewrap 0.8.0' → (0, 8, 0); () when there is none."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def diagnose(complaint: str, read: Callable[[Path], str]) -> Problem:
    """Why bubblewrap could not make its namespaces, from its words and the kernel's switches."""
    if read(APPARMOR) == "1":
        return Problem(
            "apparmor",
            "AppArmor keeps ordinary accounts from making user namespaces, so no sandbox can be started.",
            "Install the profile that allows it for bubblewrap: 'apt-get install apparmor-profiles && cp"
            " /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && apparmor_parser -r"
            " /etc/apparmor.d/bwrap-userns-restrict'.",
        )
    exhausted = "namespaces exceeded" in complaint
    if exhausted or read(USERNS_CLONE) == "0" or read(MAX_NAMESPACES) == "0":
        return Problem(
            "userns",
            "User namespaces are switched off or used up on this machine, so no sandbox can be started.",
            "Switch them on: 'sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000', and the same"
            " in /etc/sysctl.d/.",
        )
    if "seccomp" in complaint.lower():
        return Problem(
            "seccomp",
            "The kernel takes no filter of system calls here, so no sandbox can be started.",
            "Use a kernel with CONFIG_SECCOMP_FILTER; inside a container, let its own seccomp profile allow 'prctl' and"
            " 'seccomp'.",
        )
    if "mount proc" in complaint.lower():
        return Problem(
            "proc",
            "This container hides parts of /proc, and so the kernel lets nobody mount another one for a sandbox.",
            "Start the container with an unmasked /proc: 'docker run --security-opt systempaths=unconfined', in Kubernetes"
            " 'procMount: Unmasked'.",
        )
    return Problem(
        "sandbox",
        f"bubblewrap could not make a sandbox here: {complaint.strip()[:300] or 'it gave no reason'}.",
        "Inside a container, allow it user namespaces and an unmasked /proc; else run 'bwrap --unshare-all --ro-bind / /"
        " true' as this account and follow what it says.",
    )


def _ordinary_account() -> Problem | None:
    """What root starts is root on the disk, whatever number it has inside of a sandbox."""
    if os.geteuid() != 0:
        return None
    return Problem(
        "root",
        "Workspaces are not run by root: whoever got out of one would be root.",
        "Start the installation under an account of its own, as 'scripts/as-account' does.",
    )


def _bubblewrap() -> Problem | None:
    install = "Install it: 'apt-get install bubblewrap'."
    if shutil.which("bwrap") is None:
        return Problem("bubblewrap", "bubblewrap, which makes the sandboxes, is not installed.", install)
    said = subprocess.run(("bwrap", "--version"), capture_output=True, text=True, check=False).stdout
    if version_of(said) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        return Problem(
            "bubblewrap", f"bubblewrap {wanted} or newer is needed; here is {said.strip()!r}.", install
        )
    return None


def _prlimit() -> Problem | None:
    if shutil.which("prlimit") is None:
        return Problem(
            "prlimit",
            "prlimit, which limits a sandbox, is not there.",
            "Install it: 'apt-get install util-linux'.",
        )
    return None


def _libseccomp() -> Problem | None:
    try:
        from rpp_hub.workspace.seccomp import program

        program()
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        return Problem(
            "libseccomp",
            f"libseccomp cannot be used here: {error}.",
            "Install it: 'apt-get install libseccomp2'.",
        )
    return None


def _trial() -> Problem | None:
    from rpp_hub.workspace.seccomp import program

    try:
        with TemporaryFile() as rules:
            rules.write(program())
            rules.seek(0)
            command = (*TRIAL, "--seccomp", str(rules.fileno()), "--", "/usr/bin/true")
            tried = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=20, pass_fds=(rules.fileno(),)
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        return diagnose(str(error), _read)
    return diagnose(tried.stderr, _read) if tried.returncode else None


def _limits() -> Note:
    found = confinement.means()
    whole = found in (confinement.Means.CGROUP1, confinement.Means.CGROUP2)
    return Note(f"limits-{found}", confinement.DESCRIPTIONS[found], "" if whole else confinement.REMEDY)


def _accounts() -> Note:
    if accounts.broker() is not None:
        return Note("own-accounts", "Each workspace runs under a host account of its own.")
    return Note(
        "one-account",
        f"All workspaces run under the one account {_account()}: namespaces and the filter of system calls keep them apart.",
        "To give each an account of its own, let root start the installation with 'scripts/with-accounts'.",
    )


def _r() -> Note:
    lacking = r_lacks()
    if not lacking:
        return Note("r", "Workspaces offer R notebooks beside Python's.")
    return Note(
        "no-r",
        f"Workspaces offer no R notebooks: {' and '.join(lacking)} is not installed.",
        f"To offer them: 'apt-get install --no-install-recommends {DEBIAN}'.",
    )


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
