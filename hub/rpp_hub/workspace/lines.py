"""The small protocol of the supervisor's own sockets: one JSON line in, one JSON line out, a fresh connection each."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

LINE = 16 * 1024
AT_ONCE = 128
PATIENCE = 10.0
BACKLOG = 128

Handler = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


def listen(path: Path) -> socket.socket:
    """A listening socket only this account can reach."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    listener.bind(str(path))
    os.chmod(path, 0o600)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


async def serve_lines(path: Path, handler: Handler) -> asyncio.Server:
    """Ancillary data is never received: StreamReader reads bytes alone."""
    room = asyncio.Semaphore(AT_ONCE)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if room.locked():
                writer.write(_line({"error": "Too many requests at once."}))
                return
            async with room:
                writer.write(_line(await answer_line(reader, handler)))
            await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    return await asyncio.start_unix_server(talk, sock=listen(path), limit=LINE)


async def answer_line(reader: asyncio.StreamReader, handler: Handler) -> Mapping[str, Any]:
    try:
        line = await asyncio.wait_for(reader.readline(), PATIENCE)
        request = json.loads(line)
    except (TimeoutError, ValueError, RecursionError):
        return {"error": "One JSON object on one line is wanted."}
    if not isinstance(request, dict):
        return {"error": "One JSON object on one line is wanted."}
    return await handler(request)


def _line(answer: Mapping[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"
