"""How a request's body is handed on without ever being held, and not beyond its limit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import ClientError, StreamReader

CHUNK = 64 * 1024
SPILLED = 1024 * 1024


class BoundedBody:
    """Streams; ends with an error past `most` bytes. `overfull` then says why, whatever the client made of the error."""

    def __init__(self, content: StreamReader, most: int) -> None:
        self.overfull = False
        self._content, self._most = content, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        taken = 0
        async for chunk in self._content.iter_chunked(CHUNK):
            taken += len(chunk)
            if taken > self._most:
                self.overfull = True
                raise ConnectionAbortedError
            yield chunk


async def spill(content: StreamReader, most: int = SPILLED, patience: float = 2.0) -> None:
    """Reads what is left of a refused body and throws it away, as long as it is small and comes soon."""
    with contextlib.suppress(TimeoutError, ConnectionError, ClientError):
        async with asyncio.timeout(patience):
            while most > 0 and (chunk := await content.read(min(CHUNK, most))):
                most -= len(chunk)
