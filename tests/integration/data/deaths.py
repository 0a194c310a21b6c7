"""Processes that do one act on a copy of a home, and die of it: see `mortal.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def mortals(script: Path) -> Iterator[Any]:
    """Answers for each act which moments it had."""
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:

        def do(home: Path, name: str, subject: str, moment: int | None = None) -> dict[str, Any]:
            assert server.stdin is not None
            assert server.stdout is not None
            request = {"home": str(home), "name": name, "subject": subject, "moment": moment}
            server.stdin.write(json.dumps(request) + "\n")
            server.stdin.flush()
            answer: dict[str, Any] = json.loads(server.stdout.readline())
            assert answer["killed"] == (moment is not None), answer
            return answer

        yield do
        assert server.stdin is not None
        server.stdin.close()
