"""What the browser keeps for us: sealed cookies that it can neither read nor make, and form tokens bound to them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SESSION_COOKIE = "rpp-session"
LONGEST_SESSION = timedelta(hours=12)
LONGEST_LOGIN = timedelta(minutes=10)
_NONCE = 12
_LONGEST_COOKIE = 4000


@dataclass(frozen=True, slots=True)
class Kept:
    """A cookie's name and path. With `__Host-` no other host of the same site can set it, and browsers ask for `/` then."""

    name: str
    path: str
    host_alone: bool

    @classmethod
    def of(cls, name: str, path: str, *, host_alone: bool) -> Kept:
        return cls(f"__Host-{name}", "/", True) if host_alone else cls(name, path, False)


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals small values with keys derived from the portal's own key. A seal is good for one purpose only."""

    key: bytes

    def seal(self, purpose: str, value: Mapping[str, Any], ends: datetime) -> str:
        """An opaque text that only `unseal` with the same purpose can read, until it ends."""
        plain = json.dumps({**value, "ends": ends.timestamp()}).encode()
        nonce = secrets.token_bytes(_NONCE)
        sealed = base64.urlsafe_b64encode(nonce + self._cipher().encrypt(nonce, plain, purpose.encode()))
        return sealed.decode().rstrip("=")

    def unseal(self, purpose: str, text: str, now: datetime) -> dict[str, Any] | None:
        """What was sealed; None if it is not ours, was for another purpose, or has ended."""
        if len(text) > _LONGEST_COOKIE:
            return None
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            plain = self._cipher().decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode())
        except (ValueError, InvalidTag):
            return None
        value: dict[str, Any] = json.loads(plain)
        return value if now.timestamp() < value["ends"] else None

    def form_token(self, session_token: str) -> str:
        """What a form must carry to show that a page of this very session made it."""
        return hmac.new(self._derived("form token"), session_token.encode(), hashlib.sha256).hexdigest()

    def _cipher(self) -> AESGCM:
        return AESGCM(self._derived("cookies"))

    def _derived(self, use: str) -> bytes:
        return _derived(self.key, use)


@cache
def _derived(key: bytes, use: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"rpp portal {use}".encode()).derive(key)
