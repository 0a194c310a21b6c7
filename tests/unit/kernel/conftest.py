"""Real kernels of the workspace's environment, and a small cut for them to read."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

CHECKOUT = Path(__file__).parents[3]
WORKSPACE_PYTHON = CHECKOUT / ".workspace" / "bin" / "python"
OURS = "import sys; sys.path[:0] = {paths!r}; sys.argv[0] = 'rpp_kernel'; from rpp_kernel.kernel import main; main()"
PATHS = [str(CHECKOUT / "rpp_kernel"), str(CHECKOUT / "extensions")]
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Running:
    """A kernel and what it answers."""

    client: BlockingKernelClient
    manager: KernelManager

    def run(self, code: str) -> tuple[str, list[dict[str, Any]]]:
        """Printed text, and the data of what was displayed."""
        printed: list[str] = []
        shown: list[dict[str, Any]] = []

        def take(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                printed.append(content["text"])
            elif message["msg_type"] in ("display_data", "execute_result"):
                shown.append(content["data"])
            elif message["msg_type"] == "error":
                printed.append("\n".join(content["traceback"]))

        self.client.execute_interactive(code, timeout=60, output_hook=take)
        return "".join(printed), shown


@contextmanager
def kernel(folder: Path, *, ours: bool, home: Path, **environment: str) -> Iterator[Running]:
    """Our kernel, or as a control the one that ipykernel installs."""
    if not WORKSPACE_PYTHON.exists():
        pytest.skip("the workspace's environment is not there: make setup")
    start = ["-I", "-c", OURS.format(paths=PATHS)] if ours else ["-m", "ipykernel_launcher"]
    argv = [str(WORKSPACE_PYTHON), *start, "-f", "{connection_file}"]
    spec_folder = folder / "kernels" / "tried"
    spec_folder.mkdir(parents=True, exist_ok=True)
    spec = {"argv": argv, "display_name": "tried", "language": "python", "interrupt_mode": "message"}
    (spec_folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    specs = KernelSpecManager(kernel_dirs=[str(folder / "kernels")])
    manager = KernelManager(kernel_name="tried", kernel_spec_manager=specs)
    base = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    manager.start_kernel(env={**base, "HOME": str(home), **environment}, cwd=str(home))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=30)
        yield Running(client, manager)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
        manager.context.destroy(linger=0)


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,500 students over three years, and a table without a year."""
    folder = tmp_path_factory.mktemp("data")
    chance = random.Random(7)
    codes = [f"S-{''.join(chance.choices(SYMBOLS, k=9))}-{chance.choice(SYMBOLS)}" for _ in range(1500)]
    races = ["asian", "black", "hispanic", "white"]
    rows = [
        (code, year, "other" if number < 4 else chance.choice(races), chance.randint(0, 12))
        for year in (2016, 2017, 2018)
        for number, code in enumerate(codes)
    ]
    frame = pandas.DataFrame(rows, columns=["student", "school_year", "race", "grade"])
    frame.to_parquet(folder / "enrollment.parquet", index=False)
    pandas.DataFrame({"school": ["a", "b"], "level": ["high", "low"]}).to_parquet(
        folder / "schools.parquet", index=False
    )
    fields = [
        {"name": "student", "type": "string", "title": "Student", "description": "Code of the student"},
        {
            "name": "grade",
            "type": "integer",
            "title": "Grade",
            "rpp": {
                "labels": {"0": "kindergarten"},
                "notes": [{"on": "2026-11-24", "question": "What is 13?", "text": "Ungraded."}],
                "changes": [{"since": 2021, "meaning": "in autumn"}],
            },
        },
        {"name": "race", "type": "string", "constraints": {"enum": [*races, "other"]}},
    ]
    resources = [
        {
            "name": "enrollment",
            "path": "enrollment.parquet",
            "description": "A row a student and year",
            "schema": {"fields": fields},
        },
        {"name": "schools", "path": "schools.parquet"},
    ]
    (folder / "datapackage.json").write_text(json.dumps({"resources": resources}), encoding="utf-8")
    return folder
