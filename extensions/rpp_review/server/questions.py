"""A kernel shows a question about a field: how does it get to the data manager? By this server, which has a way out.

The kernel has none. Its output of one media type is taken as it passes; a notebook that is only opened asks nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rpp_review.server.gateway import Gateway
from rpp_review.server.refused import Refused

MEDIA_TYPE = "application/vnd.rpp.question.v1+json"
LONGEST_MESSAGE = 32_000
LONGEST_NAME, LONGEST_QUESTION = 63, 1000  # as the portal takes them
MOST_KEPT = 200
MOST_PENDING = 10
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Question:
    """About a field of a table."""

    table: str
    field: str
    question: str


def question_in(parts: Sequence[Any]) -> tuple[str, Question] | None:
    """The question in a message of a kernel, with the name that its output has; None for every other message."""
    if len(parts) < 4:
        return None
    content = bytes(getattr(parts[3], "bytes", parts[3]))
    if len(content) > LONGEST_MESSAGE or MEDIA_TYPE.encode() not in content:
        return None
    try:
        told = json.loads(content)["data"][MEDIA_TYPE]
        name, fields = told["id"], (told["table"], told["field"], told["question"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not all(isinstance(text, str) for text in (name, *fields)) or _ID.fullmatch(name) is None:
        return None
    limits = (LONGEST_NAME, LONGEST_NAME, LONGEST_QUESTION)
    if not all(0 < len(text) <= most for text, most in zip(fields, limits, strict=True)):
        return None
    return name, Question(*fields)


class Questions:
    """What was asked since this server began, and what became of it. The same question is asked once."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._names: dict[str, Question] = {}
        self._lines: dict[Question, dict[str, str]] = {}
        self._turn = asyncio.Lock()
        self._pending = 0

    def take(self, name: str, question: Question) -> asyncio.Task[None] | None:
        """A kernel has shown it."""
        _keep(self._names, name, question)
        line = self._lines.get(question)
        if line is not None and line["tone"] != "fail":
            return None
        if self._pending >= MOST_PENDING:
            self._say(
                question, "fail", f"was not sent: {MOST_PENDING} others wait to be sent. Run the cell again."
            )
            return None
        self._pending += 1
        self._say(question, "waiting", "is on its way to the data manager.")
        return asyncio.ensure_future(self._send(question))

    def line(self, shown: object) -> dict[str, str] | None:
        """What to say under the output; nothing where it was not asked here."""
        name = shown.get("id") if isinstance(shown, dict) else None
        question = self._names.get(name) if isinstance(name, str) else None
        return None if question is None else self._lines.get(question)

    async def _send(self, question: Question) -> None:
        try:
            async with self._turn:
                answer = await self._gateway.ask(asdict(question))
            if answer.status == 201:
                self._say(question, "sent", f"waits for the data manager as {answer.body.get('id')}.")
            else:
                self._say(question, "fail", f"was not sent. {_reason(answer.body)}")
        except Refused as refused:
            self._say(question, "fail", f"was not sent. {refused.message}")
        finally:
            self._pending -= 1

    def _say(self, question: Question, tone: str, words: str) -> None:
        text = f"Your question about {question.table}.{question.field} {words}"
        _keep(self._lines, question, {"tone": tone, "text": text[:600]})


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]


def _reason(body: dict[str, Any]) -> str:
    """Every reason, else the message, of the portal's one shape of errors."""
    error = body.get("error")
    error = error if isinstance(error, dict) else {}
    reasons = [str(one.get("reason", "")) for one in error.get("refusals") or [] if isinstance(one, dict)]
    return " ".join(reasons) or str(error.get("message") or "The portal did not say why.")
