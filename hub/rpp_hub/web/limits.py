"""How many bytes a request may bring, counted while they come in."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rpp_hub.web import BASE
from rpp_hub.web.errors import TooLarge

FORM_LIMIT = 4_000_000
SUBMISSION_LIMIT = 30_000_000
SUBMISSIONS = f"{BASE}/workspace/requests"
# forms with an IRB's letter or a signed file
FILE_LIMIT = 22_000_000
_WITH_FILES = re.compile(
    rf"{re.escape(BASE)}/(projects/upload|projects/[a-z0-9-]+/(edit|extend)|agreements/a\d+/record"
    r"|api/projects/apply|api/projects/[a-z0-9-]+/(resubmit|irb|draft/irb-letter|linkages|returns)|api/agreements/a\d+/record)"
)


def limit_of(path: str) -> int:
    """How many bytes a door takes."""
    if path == SUBMISSIONS:
        return SUBMISSION_LIMIT
    return FILE_LIMIT if _WITH_FILES.fullmatch(path) else FORM_LIMIT


class BodyLimit:
    """Stops reading, and answers 413, once a body is larger than its door takes; whatever its length claims to be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = limit_of(scope["path"])
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise TooLarge(limit)
            return message

        await self._app(scope, counted, send)
