"""How does a request reach the portal? Through the one socket that the supervisor put into this sandbox."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, UnixConnector

from rpp_review.server.refused import Refused

REQUESTS = "http://portal/services/rpp/workspace/requests"
QUESTIONS = "http://portal/services/rpp/workspace/questions"
ANSWER_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the portal said: a status and a JSON object, ours to hand on."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gateway:
    """One call a connection: submissions are rare, and a kept connection would outlive a supervisor."""

    socket: Path
    seconds: float = 60.0

    async def submit(self, submission: dict[str, Any]) -> Answer:
        return await self._call("POST", REQUESTS, submission)

    async def requests(self) -> Answer:
        return await self._call("GET", REQUESTS, None)

    async def ask(self, question: dict[str, Any]) -> Answer:
        return await self._call("POST", QUESTIONS, question)

    async def _call(self, method: str, address: str, body: dict[str, Any] | None) -> Answer:
        timeout = ClientTimeout(total=self.seconds, sock_connect=5)
        connector = UnixConnector(str(self.socket))
        try:
            async with (
                ClientSession(connector=connector, cookie_jar=DummyCookieJar(), timeout=timeout) as session,
                session.request(method, address, json=body, allow_redirects=False) as response,
            ):
                return Answer(response.status, await _object(response))
        except TimeoutError:
            raise Refused(
                504,
                "no-answer",
                "The portal did not answer in time. Your request may have arrived: look at the list below before you send it again.",
            ) from None
        except (ClientError, OSError):
            raise Refused(
                502,
                "unavailable",
                "The portal cannot be reached just now. Nothing was sent and your notebook is saved; try again in a minute.",
            ) from None


async def _object(response: ClientResponse) -> dict[str, Any]:
    """The answer's JSON object; anything else means that somebody other than the portal answered."""
    content = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > ANSWER_LIMIT:
            break
    try:
        if len(content) > ANSWER_LIMIT:
            raise ValueError
        answer = json.loads(content)
        if not isinstance(answer, dict) or 300 <= response.status < 400:
            raise ValueError
    except (ValueError, RecursionError):
        raise Refused(
            502,
            "misunderstood",
            "The portal's answer could not be understood. Look at the list below; if your request is not in it, tell the operator.",
        ) from None
    return answer
