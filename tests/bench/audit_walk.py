"""Walks an audit log once, by ours or by reading and hashing alone: `python -m tests.bench.audit_walk verify|hash URL ANCHORS`."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from rpp_hub.store.audit import COLUMNS
from rpp_hub.store.database import Store
from rpp_hub.store.engines import engine_for
from sqlalchemy import text

from tests.bench.registry import hashed


def verify(url: str, anchors: Path) -> None:
    store = Store(url, anchors)
    outcome = store.verify_audit()
    if not outcome.ok:
        raise SystemExit(outcome.problem)
    store.close()


def read_and_hash(url: str) -> None:
    """The rows by the driver, each hashed; nothing is compared."""
    columns = ", ".join(c for c in COLUMNS if c != "hash") + ", hash"
    engine = engine_for(url, writes=False)
    with engine.connect() as connection:
        query = text(f"SELECT {columns} FROM audit ORDER BY seq")
        for row in connection.execution_options(yield_per=2000).execute(query):
            hashed(tuple(row))
    engine.dispose()


def main(what: str, url: str, anchors: str) -> None:
    before = held("VmRSS")
    began = time.perf_counter()
    if what == "verify":
        verify(url, Path(anchors))
    else:
        read_and_hash(url)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "grown": held("VmHWM") - before}))


def held(what: str) -> int:
    """The bytes this process holds now, or held at most. Not getrusage's: that begins with the parent's own."""
    found = re.search(rf"^{what}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"/proc/self/status says nothing of {what}")
    return int(found[1]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
