"""A workspace with an origin of its own is shown in the portal's frame alone: what of a request says that it is?

By itself in a tab a page could be led anywhere, with data in the address; in a frame of another origin it cannot be. A tab
that comes here passes through, to log in, and ends at the portal's page.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from rpp_hub.workspace.config import Framing
from rpp_hub.workspace.policy import is_local_redirect
from rpp_hub.workspace.routes import Barred, Kind, Passed

ELSEWHERE = Barred(421, "origin", "This workspace is not at this address.")
ALONE = Barred(
    403, "alone", "A workspace is shown in the portal's frame only. Open it from its project's page."
)
LOGGED_OUT = Barred(
    401,
    "logged-out",
    "Your log-in to this workspace has ended. Load the page again; what you saved is there.",
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def framing_refusal(framing: Framing, headers: Mapping[str, str], passed: Passed, base: str) -> Barred | None:
    """Before the server is asked. The hub's own look at `api` comes by the socket and names no host."""
    if headers.get("Host", "").lower() != framing.host and passed.target != f"{base}api":
        return ELSEWHERE
    if passed.kind is not Kind.PAGE and _destination(headers) in (
        "document",
        "frame",
        "iframe",
        "embed",
        "object",
    ):
        return ALONE
    return None


def is_framed(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that a frame asks. A browser that says nothing does not hold the frame's rules either."""
    return _destination(headers) == "iframe"


def may_redirect(framing: Framing | None, location: str, *, framed: bool) -> bool:
    """Within the workspace; and from a tab to the hub's log-in."""
    if is_local_redirect(location):
        return True
    return (
        framing is not None
        and not framed
        and location.isprintable()
        and location.startswith(f"{framing.portal}/hub/api/oauth2/authorize?")
    )


def leads_on(status: int, location: str) -> bool:
    """A step of the log-in, which a tab may take."""
    return status in _REDIRECTS and bool(location)


def wrapper(framing: Framing) -> str:
    """Where a tab ends. The moment says that it has just been here, so that it is not sent to and fro."""
    return f"{framing.portal}{framing.page}?at={int(time.time())}"


def _destination(headers: Mapping[str, str]) -> str:
    return headers.get("Sec-Fetch-Dest", "").lower()
