"""`make chaos KILLS=200`: kills parts of a running installation during work, fills its disk, and lets three workspaces misbehave
beside a fourth.

One JSON object a scenario. What is checked each time: the installation comes back by itself, and no notebook that was saved
before is lost.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from tests.chaos.bombs import bombs
from tests.chaos.disk import disk
from tests.chaos.kills import kills

SCENARIOS: dict[str, Callable[[int], dict[str, object]]] = {"kills": kills, "bombs": bombs, "disk": disk}


def main() -> int:
    """1 where anything was lost or did not come back."""
    parser = argparse.ArgumentParser(prog="tests.chaos", allow_abbrev=False)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--only", choices=SCENARIOS, help="one scenario only")
    given = parser.parse_args()
    good = True
    for name in [given.only] if given.only else SCENARIOS:
        found = SCENARIOS[name](given.kills)
        print(json.dumps({"name": name, **found}), flush=True)
        good = good and bool(found["good"])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
