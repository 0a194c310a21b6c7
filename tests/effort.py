"""What does a piece of work cost, told so that a busy machine does not change the answer?"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

QUADRATIC = 16  # what `growth` is for work that grows with the square of its size; about 4 for work that grows with it


def growth(work: Callable[[int], object], size: int) -> float:
    """How many times as long `work` keeps a processor busy for `size` as for a quarter of it."""
    return _busy(work, size) / _busy(work, size // 4)


def _busy(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began + 0.005  # so that what takes no time has no growth


def memory_for(expression: str, content: bytes, imports: str) -> int:
    """By how many MiB a fresh process' peak memory grows while it evaluates `expression` about `content`."""
    code = (
        f"import re, sys\n{imports}\ncontent = sys.stdin.buffer.read()\n"
        "def peak(): return int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
        f"before = peak()\n{expression}\nprint((peak() - before) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=content, capture_output=True, check=True)
    return int(done.stdout)
