"""Why not? One exception for all that this extension refuses; the handlers turn it into one JSON shape."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A status, a stable code, and a sentence with the next step. The message names no path of the machine."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message, "refusals": []}}
