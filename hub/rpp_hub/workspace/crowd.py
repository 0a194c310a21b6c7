"""Do more processes want a processor than there are? Then what nobody waits for yet is put off."""

from __future__ import annotations

import os
from pathlib import Path

LOAD = Path("/proc/loadavg")
EACH = 2  # as many as wait for each processor in an ordinary start, and one more


def is_crowded(load: str, processors: int) -> bool:
    """From the kernel's line '0.52 0.58 0.59 7/1234 5678': the fourth field begins with those that run or want to, now."""
    fields = load.split()
    wanting = fields[3].partition("/")[0] if len(fields) > 3 else ""
    return wanting.isdigit() and int(wanting) > EACH * processors + 1


def crowded() -> bool:
    """Here and now; nothing is put off where it cannot be told."""
    try:
        return is_crowded(LOAD.read_text(encoding="ascii"), len(os.sched_getaffinity(0)))
    except OSError:
        return False
