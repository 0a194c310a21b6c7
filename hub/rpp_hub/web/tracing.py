"""Each request gets an id: in the answer's header, in the log's line and in the audit events of what it did."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rpp_hub.domain.tracing import traced

HEADER = "X-Request-Id"


class Tracing:
    """Outermost of all, so that an answer to what nobody expected has its id, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under an id of ours; one that the caller sent counts for nothing."""
        with traced("http") as request_id:

            async def send_with_id(message: Message) -> None:
                if message["type"] == "http.response.start":
                    MutableHeaders(scope=message)[HEADER] = request_id
                await send(message)

            await self._app(scope, receive, send_with_id)
