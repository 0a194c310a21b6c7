"""How does this server ask the workspace's supervisor? One line of JSON each way, over the socket it was given."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from rpp_review.server.refused import Refused

SOCKET = "RPP_CONTROL_SOCKET"
ANSWER_LIMIT = 256 * 1024
PATIENCE = 5.0


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
    if not isinstance(answer, dict) or "error" in answer:
        raise Refused(
            502, "no-supervisor", "What this workspace uses cannot be told just now. Try again in a minute."
        )
    return answer
