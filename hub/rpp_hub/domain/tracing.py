"""Which request or command an act belongs to, so that a line of a log and an event of the audit can be laid side by side."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar[str] = ContextVar("rpp_request_id", default="")


def request_id() -> str:
    """The id of what is under way; empty outside of any request or command."""
    return _CURRENT.get()


@contextmanager
def traced(prefix: str) -> Iterator[str]:
    """Give what follows, in this task or thread, an id of its own: never one that a caller sent."""
    made = f"{prefix}-{secrets.token_hex(8)}"
    token = _CURRENT.set(made)
    try:
        yield made
    finally:
        _CURRENT.reset(token)
