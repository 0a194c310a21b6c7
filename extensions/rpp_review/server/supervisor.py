"""How does this server ask the workspace's supervisor? One line of JSON each way, over the socket it was given."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from typing import Any

from rpp_review.server.refused import Refused

SOCKET = "RPP_CONTROL_SOCKET"
ANSWER_LIMIT = 256 * 1024
PATIENCE = 5.0
PATIENCE_NOW = 1.0  # while nothing else is done


async def ask(request: dict[str, Any]) -> dict[str, Any]:
    """The answer. Raises Refused where there is none."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_unix_connection(
                os.environ.get(SOCKET, ""), limit=ANSWER_LIMIT
            )
            try:
                writer.write(json.dumps(request).encode() + b"\n")
                await writer.drain()
                answer = json.loads(await reader.readline())
            finally:
                writer.close()
    except (OSError, ValueError, TimeoutError):
        answer = None
    return _checked(answer)


def ask_now(request: dict[str, Any]) -> dict[str, Any]:
    """The same where nothing may happen before the answer is there."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as connection:
            connection.settimeout(PATIENCE_NOW)
            connection.connect(os.environ.get(SOCKET, ""))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as reader:
                answer = json.loads(reader.readline(ANSWER_LIMIT))
    except (OSError, ValueError):
        answer = None
    return _checked(answer)


def _checked(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict) or "error" in answer:
        raise Refused(
            502, "no-supervisor", "What this workspace uses cannot be told just now. Try again in a minute."
        )
    return answer
