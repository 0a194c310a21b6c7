"""How an R kernel starts in its sandbox: one line on a pipe says where to listen, then this process becomes R.

`python -I -m rpp_kernel.r_kernel --pipe FD`, as the Python kernel waits (`warm.py`). R is IRkernel, reads no profile and no
saved workspace, which code of yesterday could have left, and finds the functions of `r/rpp.R`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path

from rpp_kernel.warm import CONNECTION_FILE, wait_for_order

R = "/usr/bin/R"
START = Path(__file__).with_name("r") / "kernel.R"


def main() -> None:
    """Waits, then becomes R."""
    parser = argparse.ArgumentParser(prog="rpp_kernel.r_kernel", allow_abbrev=False)
    parser.add_argument("--pipe", type=int, required=True)
    order = wait_for_order(parser.parse_args().pipe)
    if order is None:
        return
    CONNECTION_FILE.write_text(json.dumps(order["connection"]), encoding="utf-8")
    with contextlib.suppress(OSError):  # a folder that has gone: the kernel starts where it is
        os.chdir(order["cwd"])
    os.environ.update(
        JPY_SESSION_NAME=order["session"], RPP_PYTHON=sys.executable, R_LIBS_USER="-", R_PROFILE_USER="-"
    )
    options = ("--no-echo", "--vanilla", "-e", f"source({json.dumps(str(START))})")
    os.execv(R, ("R", *options, "--args", str(CONNECTION_FILE)))  # noqa: S606 - one program, fixed


if __name__ == "__main__":
    main()
