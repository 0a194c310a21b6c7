"""How a kernel waits for its notebook: everything imported, then one line on a pipe says where to listen.

`python -I -m rpp_kernel.warm --pipe FD`. The end of the pipe without a line means that no kernel is wanted any more.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import select
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

LINE_LIMIT = 64 * 1024
CONNECTION_FILE = Path("/tmp/connection.json")  # noqa: S108 - a tmpfs of this sandbox alone
# Not matplotlib_inline: it must find the shell when it is imported, or no figure is ever shown.
WARMED = (
    *("numpy", "pyarrow", "pandas", "pyarrow.parquet"),
    *("matplotlib", "matplotlib.pyplot", "matplotlib.backends.backend_agg", "rpp"),
)


def main() -> None:
    """Waits, then becomes a kernel."""
    parser = argparse.ArgumentParser(prog="rpp_kernel.warm", allow_abbrev=False)
    parser.add_argument("--pipe", type=int, required=True)
    pipe = parser.parse_args().pipe
    run = prepare(lambda: is_wanted(pipe))
    order = wait_for_order(pipe)
    if order is None:
        return
    os.environ["JPY_SESSION_NAME"] = order["session"]
    with contextlib.suppress(OSError):  # a folder that has gone: the kernel starts where it is
        os.chdir(order["cwd"])
    CONNECTION_FILE.write_text(json.dumps(order["connection"]), encoding="utf-8")
    sys.argv = ["rpp_kernel"]
    run(["-f", str(CONNECTION_FILE)])


def prepare(hurry: Callable[[], bool]) -> Any:
    """Imports what nearly every notebook needs, until somebody waits. What is not installed is not warmed."""
    from rpp_kernel.kernel import main as run
    from rpp_kernel.kernel import prepare_matplotlib

    prepare_matplotlib(Path(tempfile.mkdtemp(prefix="rpp-warm-")))
    for module in WARMED:
        if hurry():
            break
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    return run


def is_wanted(pipe: int) -> bool:
    """Whether the line is there already, or never will be: a person who waits needs a kernel, not its libraries."""
    return bool(select.select((pipe,), (), (), 0)[0])


def wait_for_order(pipe: int) -> dict[str, Any] | None:
    """Blocks until there is a line; None when there will be none."""
    with os.fdopen(pipe, "rb") as reader:
        line = reader.readline(LINE_LIMIT)
    return json.loads(line) if line.endswith(b"\n") else None


if __name__ == "__main__":
    main()
