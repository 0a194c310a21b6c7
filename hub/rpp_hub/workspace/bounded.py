"""How a request's body is handed on without ever being held, and not beyond its limit."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import StreamReader

CHUNK = 64 * 1024


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
