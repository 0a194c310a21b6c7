"""How an error is told over HTTP: one table from error class to status, one JSON shape, one page."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted, RppError, Stale, Unavailable


class NotLoggedIn(RppError):
    """Nobody is logged in, or the hub no longer knows the session."""

    code = "not-logged-in"

    def __init__(self) -> None:
        super().__init__("You are not logged in any more. Log in again, then repeat what you did.")


class Forged(NotPermitted):
    """A state change that did not demonstrably come from one of our own pages."""

    code = "forged"

    def __init__(self) -> None:
        super().__init__(
            "This did not come from a page of the portal, so nothing was changed. Open the page again and repeat it."
        )


class NotLinked(NotPermitted):
    """Somebody the hub knows and the register of people does not."""

    code = "not-linked"


class TooLarge(Invalid):
    """More bytes than this door takes."""

    code = "too-large"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"This is larger than {limit // 1_000_000} MB, which is the most that is taken here. Send less."
        )


STATUS: Mapping[type[RppError], int] = MappingProxyType(
    {
        NotFound: 404,
        NotPermitted: 403,
        ActionRefused: 409,
        Stale: 409,
        Invalid: 422,
        Unavailable: 503,
        NotLoggedIn: 401,
        TooLarge: 413,
    }
)


def status_of(error: RppError) -> int:
    """The HTTP status of an error; the nearest class in the table decides."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def error_body(error: RppError) -> dict[str, Any]:
    """The one JSON shape of all errors."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "refusals": [{"code": r.code, "reason": r.reason} for r in error.refusals],
        }
    }
