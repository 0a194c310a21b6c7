"""Keys for tests; an installation's own lies in its vault."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from rpp_hub.release.signing import Sign


def generate_key() -> bytes:
    """A new private key, PEM, not encrypted: whoever keeps it encrypts it."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def signer(private_key_pem: bytes) -> Sign:
    """The function that signs with this key."""
    key = load_pem_private_key(private_key_pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("A release is signed with an Ed25519 key.")
    return key.sign


def public_pem(private_key_pem: bytes) -> bytes:
    """The public half of a private key."""
    key = load_pem_private_key(private_key_pem, password=None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
