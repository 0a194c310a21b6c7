"""A real kernel in its sandbox, driven from the host by jupyter_client and our provisioner."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

PATIENCE = 60.0


def kernelspecs(folder: Path, run_dir: Path, language: str = "python") -> KernelSpecManager:
    """One kernelspec, whose provisioner asks this supervisor."""
    config = {"control_socket": str(run_dir / "ctl.sock"), "kernel_sockets": str(run_dir / "ipc")}
    spec = {
        "argv": ["python"],
        "display_name": "rpp",
        "language": language,
        "interrupt_mode": "message",
        "metadata": {"kernel_provisioner": {"provisioner_name": "rpp-sandbox", "config": config}},
    }
    home = folder / "kernels" / "rpp"
    home.mkdir(parents=True, exist_ok=True)
    (home / "kernel.json").write_text(json.dumps(spec))
    return KernelSpecManager(kernel_dirs=[str(folder / "kernels")], ensure_native_kernel=False)


class Kernel:
    """Runs code and gives back what it printed."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager, self.client = manager, client
        self.patience = PATIENCE

    def run(self, code: str) -> str:
        printed: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                printed.append(content["text"])
            if message["msg_type"] == "error":
                raise AssertionError("\n".join(content["traceback"]))

        self.client.execute_interactive(code, output_hook=hear, timeout=self.patience, store_history=False)
        return "".join(printed).strip()

    def ask(self, code: str) -> Any:
        """The value of `answer` after the code, through JSON."""
        return json.loads(
            self.run(f"{code}\nimport json as _json\nprint(_json.dumps(answer))").splitlines()[-1]
        )


@contextmanager
def running_kernel(folder: Path, run_dir: Path, cwd: str = "/workspace") -> Iterator[Kernel]:
    manager = KernelManager(kernel_name="rpp", kernel_spec_manager=kernelspecs(folder, run_dir))
    manager.start_kernel(cwd=cwd, kernel_id=str(uuid.uuid4()))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def until(condition: Any, patience: float = 10.0) -> bool:
    """Looks again and again, for as long as a person would wait."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())
