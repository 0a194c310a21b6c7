"""How many bytes a request may bring, counted while they come in."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rpp_hub.web import BASE
from rpp_hub.web.errors import TooLarge

FORM_LIMIT = 4_000_000
SUBMISSION_LIMIT = 30_000_000
SUBMISSIONS = f"{BASE}/workspace/requests"


class BodyLimit:
    """Stops reading, and answers 413, once a body is larger than its door takes; whatever its length claims to be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = SUBMISSION_LIMIT if scope["path"] == SUBMISSIONS else FORM_LIMIT
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise TooLarge(limit)
            return message

        await self._app(scope, counted, send)
