"""Where a browser may be sent: only to pages of our own."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

from rpp_hub.web import BASE

# one closed alphabet instead of a list of tricks: no `\\`, no control character, no `//`, no `..`, no `%` in the path
_OWN = re.compile(
    rf"{re.escape(BASE)}/(?:[A-Za-z0-9_~:-][A-Za-z0-9_.~:-]*/)*(?:[A-Za-z0-9_~:-][A-Za-z0-9_.~:-]*)?(?:\?[A-Za-z0-9_.~:&=%+/-]*)?"
)


def own_path(wanted: str) -> str:
    """The path itself if it is one of the portal's pages, else the portal's home."""
    return wanted if len(wanted) <= 1000 and _OWN.fullmatch(wanted) else f"{BASE}/"


def path(*parts: object) -> str:
    """A path of the portal from unquoted parts."""
    return "/".join((BASE, *(_quoted(str(p)) for p in parts)))


@lru_cache(8192)
def _quoted(part: str) -> str:
    return quote(part, safe=":")


def workspace_path(person: str, project: str) -> str:
    """Where a ready workspace is opened."""
    return f"/user/{quote(person, safe='')}/{quote(project, safe='')}/lab/tree/starter.ipynb"
