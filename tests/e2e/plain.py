"""JupyterLab of the same environment as it comes, for controls: what is closed in a workspace is open here."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.harness import CHECKOUT, free_port, remove

LOCKED = CHECKOUT / "extensions/rpp_review/server/prefix/etc/jupyter/labconfig/page_config.json"
SANITIZER = "lab/user-settings/@jupyterlab/apputils-extension/sanitizer.jupyterlab-settings"


class Plain:
    """JupyterLab of the same environment, as it comes."""

    def __init__(self, root: Path, port: int, token: str) -> None:
        self.root, self.url, self._token = root, f"http://127.0.0.1:{port}/", token

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"token {self._token}"}
        return requests.request(
            method, f"{self.url}{path}", headers=headers, timeout=60, allow_redirects=False, **more
        )

    def page_of(self, name: str) -> str:
        return f"{self.url}lab/workspaces/{secrets.token_hex(4)}/tree/{name}?token={self._token}"


@contextmanager
def plain_server() -> Iterator[Plain]:
    """With the switches of the sanitizer turned to what a person may turn them to."""
    folder, port, token = Path(tempfile.mkdtemp(prefix="rpp-plain-")), free_port(), secrets.token_hex(16)
    (folder / "root").mkdir()
    own = {
        name: str(folder / name)
        for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    # The environment's own page configuration is part of the lock-down: a person's own turns it back.
    config = json.loads(LOCKED.read_text())
    back = {kind: dict.fromkeys(names, False) for kind, names in config.items()}
    back["disabledExtensions"]["@rpp/lab"] = True
    (folder / "JUPYTER_CONFIG_DIR" / "labconfig").mkdir(parents=True)
    (folder / "JUPYTER_CONFIG_DIR" / "labconfig" / "page_config.json").write_text(json.dumps(back))
    switches = folder / "JUPYTER_CONFIG_DIR" / SANITIZER
    switches.parent.mkdir(parents=True)
    switches.write_text('{"allowCommandLinker": true, "allowNamedProperties": true}')
    command = (
        str(CHECKOUT / ".workspace" / "bin" / "python"), "-m", "jupyterlab", "--no-browser", f"--port={port}", "--ip=127.0.0.1",
        f"--ServerApp.root_dir={folder / 'root'}", f"--IdentityProvider.token={token}", "--LabApp.news_url=",
        "--ServerApp.log_level=ERROR",
    )  # fmt: skip
    process = subprocess.Popen(
        command, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **own}, cwd=folder
    )
    server = Plain(folder / "root", port, token)
    try:
        _answering(server)
        yield server
    finally:
        process.kill()
        process.wait()
        remove(folder)


def _answering(server: Plain) -> None:
    for _ in range(300):
        try:
            if server.ask("GET", "api/status").status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise RuntimeError("the plain server did not start")
