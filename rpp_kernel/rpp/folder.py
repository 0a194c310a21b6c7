"""Where does the cut lie, and which tables are in it?"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

DEFAULT_FOLDER = "/data"
SUFFIX = ".parquet"


class CutError(ValueError):
    """What was asked for is not in the cut; the message names what is."""


def data_folder() -> Path:
    """RPP_DATA, which the re-run and the tests set, or the place where a kernel sandbox mounts the cut."""
    folder = Path(os.environ.get("RPP_DATA") or DEFAULT_FOLDER)
    if not folder.is_dir():
        raise CutError(
            f"There is no cut at {folder}. In a workspace it is always there: ask your data manager whether a cut "
            "was built for this project. Elsewhere, name its folder in the environment variable RPP_DATA."
        )
    return folder


def tables() -> list[str]:
    """The names of the tables, in alphabetical order."""
    return sorted(path.name.removesuffix(SUFFIX) for path in data_folder().glob(f"*{SUFFIX}"))


def table_path(table: str) -> Path:
    """The file of one table. A name is looked up, never joined to a path unseen."""
    there = tables()
    if table not in there:
        raise CutError(absent("table", [table], there, "this cut"))
    return data_folder() / f"{table}{SUFFIX}"


def absent(what: str, asked: Iterable[str], there: Iterable[str], where: str) -> str:
    """One sentence for names that are not there: the nearest, and all there are."""
    names = list(there)
    asked = list(asked)
    missing = ", ".join(repr(name) for name in asked)
    nearest = [match for name in asked for match in difflib.get_close_matches(str(name), names, n=1)]
    hint = f" Did you mean {', '.join(repr(name) for name in nearest)}?" if nearest else ""
    plural = "" if len(asked) == 1 else "s"
    return f"There is no {what}{plural} {missing} in {where}.{hint} There are: {', '.join(names) or 'none'}."
