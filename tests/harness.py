"""A real installation for tests: real hub, proxy, portal, worker and sandboxes, in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
SAMPLE = CHECKOUT.parent / "shared" / "data" / "sdp_college_going"
_PATIENCE = 240.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def cannot_sandbox() -> str:
    """Why sandboxes cannot be started here; empty when they can."""
    from rpp_hub.workspace.doctor import probe

    if os.getuid() == 0:
        return "workspaces never run as root: `make test` runs the tests under an account of their own"
    return " ".join(f"{p.sentence} {p.remedy}" for p in probe())


@dataclass
class Running:
    """An installation under `rpp demo`."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    arguments: tuple[str, ...] = ()
    own_origins: bool = False  # each workspace below a wildcard domain, which browsers take *.localhost for
    workspace: str = ""  # settings of workspaces, as rpp.toml has them
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{'rpp.localhost' if self.own_origins else '127.0.0.1'}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "RPP_HOME": str(self.home), "RPP_BIND": f"127.0.0.1:{self.port}"}

    def start(self) -> None:
        """Start, and wait until people can log in."""
        if (self.own_origins or self.workspace) and not self.home.exists():
            self.rpp("demo", *self.arguments, "--prepare-only")
            self._write_settings()
        log = (self.home.parent / f"{self.home.name}.out").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rpp_hub.cli", "demo", *self.arguments],
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        deadline = time.monotonic() + _PATIENCE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the installation did not start:\n{self.output()[-4000:]}")
            time.sleep(0.2)
        accounts = json.loads((self.home / "demo.json").read_text())["accounts"]
        self.passwords = {a["name"]: a["password"] for a in accounts}

    def _write_settings(self) -> None:
        config = self.home / "rpp.toml"
        head, line, tail = config.read_text().partition(f'bind = "127.0.0.1:{self.port}"')
        assert line
        own = f'\norigin = "{self.url}"\nworkspace_domain = "w.rpp.localhost"' if self.own_origins else ""
        config.write_text(f"{head}{line}{own}{tail}\n[workspace]\n{self.workspace}\n")

    def answers(self) -> bool:
        for path in ("/hub/api", "/services/rpp/health"):
            # not every machine's resolver knows *.localhost, as browsers do
            host = {"Host": self.url.removeprefix("http://")}
            asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=host)
            try:
                with urllib.request.urlopen(asked, timeout=5):
                    pass
            except (OSError, ValueError):
                return False
        return True

    def output(self) -> str:
        logs = [self.home.parent / f"{self.home.name}.out", *sorted((self.home / "logs").glob("*.log"))]
        return "\n".join(f"--- {p.name}\n{p.read_text(errors='replace')[-3000:]}" for p in logs if p.exists())

    def rpp(
        self, *arguments: str, actor: str | None = None, expect: int | None = 0
    ) -> subprocess.CompletedProcess[str]:
        """The command line, as a person."""
        who = ("--actor", actor) if actor else ()
        done = subprocess.run(
            [sys.executable, "-m", "rpp_hub.cli", *who, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert expect is None or done.returncode == expect, (
            f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def pid_of(self, part: str) -> int:
        """The pid of the proxy, hub, portal or worker."""
        marks = {
            "hub": "jupyterhub_config.py",
            "portal": "rpp_hub.web",
            "worker": "rpp_hub.worker",
            "proxy": "configurable-http-proxy",
        }
        assert self.process is not None
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and marks[part] in (entry / "cmdline").read_bytes().decode():
                    return int(entry.name)
        raise LookupError(part)


@contextlib.contextmanager
def running(*arguments: str, own_origins: bool = False, workspace: str = "") -> Iterator[Running]:
    """An installation that is stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="rpp-test-"))
    installation = Running(
        folder / "instance", free_port(), arguments=arguments, own_origins=own_origins, workspace=workspace
    )
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder, read-only parts and all."""
    for root, folders, _files in os.walk(folder):
        for name in folders:
            with contextlib.suppress(OSError):
                (Path(root) / name).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
