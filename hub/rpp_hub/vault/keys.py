"""Which key opens what: one master key, and under it one key for each project.

Every ciphertext is AES-256-GCM with associated data that names its purpose, so that one blob cannot be put in the place
of another. Blob = 12 bytes nonce + ciphertext with tag.
"""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rpp_hub.domain.errors import Unavailable
from rpp_hub.whole import write_whole

KEY_BYTES = 32
CREDENTIAL = "rpp-master-key"
_NONCE = 12


@dataclass(frozen=True, slots=True)
class MasterKey:
    """32 bytes that open the vault. `source` says in messages where they came from."""

    secret: bytes = field(repr=False)
    source: str


def master_key(vault_dir: Path, key_file: Path | None = None) -> MasterKey:
    """The master key: `key_file`, else RPP_MASTER_KEY, RPP_MASTER_KEY_FILE, systemd's credential, the vault's own folder.

    The first of these that is set counts, readable or not: a key that was named and lost is told, never passed over.
    """
    path = key_path(vault_dir, key_file)
    if path is None:
        return _checked(_from_text(os.environ["RPP_MASTER_KEY"]), "in RPP_MASTER_KEY")
    try:
        secret = path.read_bytes()
    except OSError:
        raise Unavailable(
            f"The vault's master key {path} cannot be read. Put the key file back from its backup, or name it with "
            "RPP_MASTER_KEY_FILE. Nothing was changed.",
            code="master-key-missing",
        ) from None
    return _checked(secret, str(path))


def key_path(vault_dir: Path, key_file: Path | None = None) -> Path | None:
    """The file that the master key is read from; None where it is given in RPP_MASTER_KEY."""
    if key_file is None and os.environ.get("RPP_MASTER_KEY"):
        return None
    return key_file or _named_file() or vault_dir / "master.key"


def named_elsewhere(key_file: Path | None = None) -> bool:
    """Whether somebody said where the master key is, so that none may be drawn into the vault's own folder."""
    return key_file is not None or "RPP_MASTER_KEY" in os.environ or _named_file() is not None


def _named_file() -> Path | None:
    named = os.environ.get("RPP_MASTER_KEY_FILE")
    if named:
        return Path(named)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")  # ref: systemd.exec(5), LoadCredential=
    credential = Path(folder) / CREDENTIAL if folder else None
    return credential if credential and credential.exists() else None


def _from_text(written: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except ValueError:
        return b""


def _checked(secret: bytes, source: str) -> MasterKey:
    if len(secret) != KEY_BYTES:
        raise Unavailable(
            f"The master key {source} has {len(secret)} bytes instead of {KEY_BYTES} (as a variable: in base64). Put the "
            "right key back. Nothing was changed.",
            code="master-key-damaged",
        )
    return MasterKey(secret, source)


def write_master_key(path: Path) -> None:
    """Draw a new master key. Never over an old one."""
    if path.exists():
        raise Unavailable(
            f"There is a master key at {path} already; it was left as it is.", code="master-key-exists"
        )
    write_whole(path, secrets.token_bytes(KEY_BYTES))


def encrypt(key: bytes, plain: bytes | memoryview, purpose: str) -> bytes:
    """Plain bytes to a blob that opens only with this key and for this purpose."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, purpose.encode())


def decrypt(key: bytes, blob: bytes, purpose: str) -> bytes | None:
    """The plain bytes, or None if the key, the purpose or the blob is wrong."""
    try:
        return AESGCM(key).decrypt(blob[:_NONCE], blob[_NONCE:], purpose.encode())
    except (InvalidTag, ValueError):
        return None
