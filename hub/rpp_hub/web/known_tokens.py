"""Which sessions the hub vouched for a moment ago, so that not every request asks it anew."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic

_KEPT = 2000


class KnownTokens:
    """A short memory. A token the hub has revoked is out here when its entry ends: after `seconds` at the latest."""

    def __init__(self, ask: Callable[[str], str | None], seconds: float = 15.0) -> None:
        self._ask = ask
        self._seconds = seconds
        self._entries: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._lock = Lock()

    def person(self, token: str) -> str | None:
        """Whose token this is, or None. Only a yes is remembered."""
        mark = hashlib.sha256(token.encode()).digest()
        with self._lock:
            name, ends = self._entries.get(mark, ("", 0.0))
        if monotonic() < ends:
            return name
        asked = self._ask(token)
        with self._lock:
            self._entries.pop(mark, None)
            if asked is not None:
                self._entries[mark] = (asked, monotonic() + self._seconds)
                while len(self._entries) > _KEPT:
                    self._entries.popitem(last=False)
        return asked

    def forget(self, token: str) -> None:
        """After a log-out."""
        with self._lock:
            self._entries.pop(hashlib.sha256(token.encode()).digest(), None)
