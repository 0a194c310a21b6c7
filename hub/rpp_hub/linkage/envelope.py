"""How does a file reach the district so that nobody on the way can read it?

Encrypted to the district's public key (X25519 with an ephemeral key, HKDF-SHA-256, AES-256-GCM) or under a passphrase
(scrypt, AES-256-GCM). One file is one box: a line of JSON that says how, then nonce and ciphertext; the line is
authenticated with it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from rpp_hub.domain.errors import Invalid

FORMAT = "rpp-return/1"
PUBLIC_PREFIX, PRIVATE_PREFIX = "rpp-return-public:", "rpp-return-private:"
SHORTEST_PASSPHRASE = 12
_NONCE = 12
_HEADER_LIMIT = 4096
_SCRYPT = {"n": 2**16, "r": 8, "p": 1}  # 64 MB and a fifth of a second


@dataclass(frozen=True, slots=True)
class Key:
    """Whom a box is for: a public key, or a passphrase that both sides know."""

    public: X25519PublicKey | None = None
    passphrase: str = ""

    @property
    def recipient(self) -> str:
        """How the log names them; nothing secret."""
        if self.public is None:
            return "passphrase"
        return "key " + hashlib.sha256(_raw(self.public)).hexdigest()[:16]


def to_district(text: str) -> Key:
    """The district's key as rpp.toml has it."""
    return Key(public=X25519PublicKey.from_public_bytes(_decoded(text, PUBLIC_PREFIX, "public")))


def with_passphrase(passphrase: str) -> Key:
    """A passphrase that is long enough."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise Invalid(
            f"The passphrase is too short; take at least {SHORTEST_PASSPHRASE} characters, such as five random words.",
            code="short-passphrase",
        )
    return Key(passphrase=passphrase)


def draw_keys() -> tuple[str, str]:
    """A district's private and public key, as text."""
    private = X25519PrivateKey.generate()
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return _encoded(PRIVATE_PREFIX, raw), _encoded(PUBLIC_PREFIX, _raw(private.public_key()))


def close_box(plain: bytes, key: Key) -> bytes:
    """Encrypt."""
    if key.public is not None:
        ephemeral = X25519PrivateKey.generate()
        sent = _raw(ephemeral.public_key())
        header = {"format": FORMAT, "for": "key", "ephemeral": base64.b64encode(sent).decode()}
        secret = _agreed(ephemeral.exchange(key.public), sent, _raw(key.public))
    else:
        salt = secrets.token_bytes(16)
        header = {"format": FORMAT, "for": "passphrase", "salt": base64.b64encode(salt).decode()}
        secret = _stretched(key.passphrase, salt)
    line = json.dumps(header).encode() + b"\n"
    nonce = secrets.token_bytes(_NONCE)
    return line + nonce + AESGCM(secret).encrypt(nonce, plain, line)


def open_box(box: bytes, *, private: str = "", passphrase: str = "") -> bytes:
    """Decrypt. Raises Invalid with what is missing or wrong."""
    line, header = _header(box)
    if header["for"] == "key":
        secret = _secret_of(private, base64.b64decode(header["ephemeral"]))
    elif passphrase:
        secret = _stretched(passphrase, base64.b64decode(header["salt"]))
    else:
        raise Invalid(
            "This file was encrypted with a passphrase. Give the passphrase.", code="needs-passphrase"
        )
    sealed = box[len(line) :]
    try:
        return AESGCM(secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], line)
    except (InvalidTag, ValueError):
        raise Invalid(
            "The file cannot be opened: the key or passphrase is another one's, or the file was damaged on the way.",
            code="cannot-open",
        ) from None


def _header(box: bytes) -> tuple[bytes, dict[str, Any]]:
    end = box[:_HEADER_LIMIT].find(b"\n") + 1
    try:
        header = json.loads(box[:end])
        if header["format"] == FORMAT and header["for"] in ("key", "passphrase"):
            base64.b64decode(header["ephemeral" if header["for"] == "key" else "salt"], validate=True)
            return box[:end], header
    except (ValueError, KeyError, TypeError):
        pass
    raise Invalid("This is not a file that `rpp return` has written.", code="not-a-return")


def _secret_of(private: str, ephemeral: bytes) -> bytes:
    if not private:
        raise Invalid(
            "This file was encrypted to the district's key. Give the private key's file.", code="needs-key"
        )
    key = X25519PrivateKey.from_private_bytes(_decoded(private, PRIVATE_PREFIX, "private"))
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
    except ValueError:
        raise Invalid("The file was damaged on the way. Ask for it again.", code="cannot-open") from None
    return _agreed(shared, ephemeral, _raw(key.public_key()))


def _agreed(shared: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, ephemeral + recipient, FORMAT.encode()).derive(shared)


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, **_SCRYPT).derive(passphrase.encode())


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _encoded(prefix: str, raw: bytes) -> str:
    return prefix + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str, prefix: str, what: str) -> bytes:
    body = text.strip().removeprefix(prefix)
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except ValueError:
        raw = b""
    if not text.strip().startswith(prefix) or len(raw) != 32:
        raise Invalid(
            f"This is not a district's {what} key; one begins with {prefix!r} and comes from `rpp return keygen`.",
            code="bad-return-key",
        )
    return raw
