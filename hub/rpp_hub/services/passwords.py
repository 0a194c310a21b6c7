"""Passwords of local accounts: scrypt with a salt each (RFC 7914, N=2^14, r=8, p=1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

_N, _R, _P = 2**14, 8, 1


def hash_password(password: str) -> str:
    """A string to keep: scheme, salt and hash."""
    salt = secrets.token_bytes(16)
    return f"scrypt${_b64(salt)}${_b64(_scrypt(password, salt))}"


def is_password(password: str, kept: str | None) -> bool:
    """Whether the password is the one behind the kept string; takes as long for a stranger as for anybody."""
    scheme, salt, wanted = (kept or "scrypt$AAAA$AAAA").split("$")
    given = _scrypt(password, base64.b64decode(salt))
    return hmac.compare_digest(given, base64.b64decode(wanted)) and scheme == "scrypt" and kept is not None


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, n=_N, r=_R, p=_P)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
