"""Did this state change come from a page of our own? The browser's word is asked for, and must be there."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from rpp_hub.web.errors import Forged


def check_same_origin(headers: Mapping[str, str]) -> None:
    """Raises Forged for a request of another site, or of a browser that says nothing of where it comes from.

    `no-cors` is refused whatever else is said: no form and no script of ours asks that way.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        raise Forged
    if site not in (None, "same-origin") or headers.get("sec-fetch-mode") == "no-cors":
        raise Forged
    if origin is not None and not _is_host(origin, headers.get("host", "")):
        raise Forged


def _is_host(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and parts.netloc == host
