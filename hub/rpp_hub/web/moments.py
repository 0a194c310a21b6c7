"""Each page is read in one transaction: of one moment, and with one connection, given back before the answer is sent."""

from __future__ import annotations

from anyio import CapacityLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rpp_hub.store.engines import READERS
from rpp_hub.store.moments import one_moment

_READS = frozenset({"GET", "HEAD"})


class OneMoment:
    """Around what reads. Acts open their own sessions, and are read after with fresh ones.

    No more at once than the database's readers have connections: a page holds its own until its answer begins, and one that
    waited for a thread while the threads waited for connections would wait for ever.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._most: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within one moment."""
        if scope["type"] != "http" or scope["method"] not in _READS:
            await self._app(scope, receive, send)
            return
        if self._most is None:
            self._most = CapacityLimiter(READERS)
        limiter, place = self._most, object()
        await limiter.acquire_on_behalf_of(place)
        held = True

        def let_go() -> None:
            nonlocal held
            if held:
                held = False
                limiter.release_on_behalf_of(place)

        with one_moment() as shared:

            async def send_after(message: Message) -> None:
                if message["type"] == "http.response.start":
                    shared.end()
                    let_go()
                await send(message)

            try:
                await self._app(scope, receive, send_after)
            finally:
                shared.end()
                let_go()
