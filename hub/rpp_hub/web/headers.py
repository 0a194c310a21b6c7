"""What every answer tells the browser: run nothing, frame nothing, keep nothing that is not ours to allow."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rpp_hub.web import BASE

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src {script}; img-src 'self' data:; form-action 'self'; "
    "connect-src {connect}; frame-src {frame}; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_POLICY = _POLICY.format(script="'self'", connect="'self'", frame="'none'")
STATIC_CACHE = "public, max-age=3600"
# a host and port as they may stand in a policy
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?", re.IGNORECASE)

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    # not `no-referrer`: with that a browser sends `Origin: null` with our own forms
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), clipboard-read=(), display-capture=(), geolocation=(), microphone=(), usb=()",
}
_UNLESS_SET = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


def review_policy(host: str) -> str:
    """The policy of pages that show items of a notebook: one script of ours, by its path, and frames of our own.

    A host that cannot stand in a policy (an IPv6 address) falls back to our own origin.
    """
    script = f"{host}{BASE}/static/review.js" if _HOST.fullmatch(host) else "'self'"
    return _POLICY.format(script=script, connect="'none'", frame="'self'")


def frame_policy(origin: str) -> str:
    """The policy of the page that holds a workspace: a frame of that one origin and no other, whatever the frame wants."""
    return (
        f"default-src 'none'; style-src 'self'; img-src 'self' data: {origin}; frame-src {origin}; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def item_policy(style_hash: str) -> str:
    """The policy of one item's own document, framed or opened alone: nothing runs, nothing loads, nothing leads away."""
    return (
        f"sandbox; default-src 'none'; img-src data:; style-src '{style_hash}'; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'self'"
    )


class Headers:
    """Sets the headers above on every answer; a page may replace only those of `_UNLESS_SET`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                for name, value in _UNLESS_SET.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
