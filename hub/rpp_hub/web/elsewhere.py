"""Who answers on a workspace's own host while the workspace is closed? The portal, with nothing of its own.

There it forgets what the workspace's pages left in the browser, and sends a tab back to the project's page.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rpp_hub.domain.origins import Origins
from rpp_hub.web import BASE

# What JupyterLab's pages left in the browser: kept files, stored states, service workers. Log-ins are cookies and stay.
CLEARED = '"cache", "storage"'
_WORKSPACE = re.compile(r"/user/[^/]+/([^/]+)(?:/.*)?")
_CLOSED = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>This workspace is closed</title></head>
<body><main><h1>This workspace is closed</h1><p>What you saved is there. Open it again from its project's page.</p></main></body></html>
"""


class Elsewhere:
    """Lets a request through to the portal unless it came to a workspace's host."""

    def __init__(self, app: ASGIApp, origins: Origins | None) -> None:
        self._app, self._origins = app, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """On a workspace's host the answer is the same for all."""
        app: ASGIApp = self._app
        if self._origins is not None and scope["type"] == "http":
            headers = Headers(scope=scope)
            host = headers.get("host", "").partition(":")[0].lower()
            # any other host is a gateway's or the start's, which come by the socket; the proxy has no route for it
            if host == self._origins.domain or host.endswith(f".{self._origins.domain}"):
                app = closed(self._origins, scope["path"], headers.get("sec-fetch-dest", ""))
        await app(scope, receive, send)


def closed(origins: Origins, path: str, destination: str) -> Response:
    """What a browser gets on the host of a workspace that is not open."""
    found = _WORKSPACE.fullmatch(path)
    project = f"{BASE}/projects/{quote(unquote(found[1]), safe='')}" if found else f"{BASE}/"
    answer = (
        RedirectResponse(f"{origins.portal}{project}", status_code=303)
        if destination == "document"
        else HTMLResponse(_CLOSED, status_code=404)
    )
    answer.headers["Clear-Site-Data"] = CLEARED
    answer.headers["Cross-Origin-Resource-Policy"] = "same-site"
    answer.headers["Content-Security-Policy"] = f"default-src 'none'; frame-ancestors {origins.portal}"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
