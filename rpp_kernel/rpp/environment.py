"""Which packages are there, in which versions, and which version of the whole environment is this?"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

STAMP = "rpp-environment.json"


def packages() -> pandas.DataFrame:
    """Every package of this environment with its version; the frame's name is the environment's own version.

    Another package is asked for in the portal, under Environment.
    """
    import pandas

    found = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
    rows = sorted(found.items(), key=lambda row: row[0].lower())
    frame = pandas.DataFrame(rows, columns=["package", "version"]).set_index("package")
    frame.columns.name = f"environment {environment()}"
    return frame


def environment() -> str:
    """The environment's version, which is part of every cut, re-run and release; '' outside of a workspace."""
    try:
        return str(json.loads(Path(sys.prefix, STAMP).read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return ""
