"""What exactly is signed, and did this key sign it?

Ed25519 over the pre-authentication encoding of DSSE (ref: github.com/secure-systems-lab/dsse, protocol.md), so that a
signature of a release can never be taken for a signature of anything else. Where the key lies is the vault's matter.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

PAYLOAD_TYPE = "application/vnd.rpp.release+json"

Sign = Callable[[bytes], bytes]


def canonical_pem(public_key_pem: bytes) -> bytes | None:
    """The one way this public key is written, or None if it is no Ed25519 public key."""
    key = _public_key(public_key_pem)
    return None if key is None else key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id(public_key_pem: bytes) -> str:
    """The SHA-256 of the public key, by which people compare keys."""
    return hashlib.sha256(canonical_pem(public_key_pem) or b"").hexdigest()


def pre_authentication_encoding(payload: bytes) -> bytes:
    """DSSE's PAE: type and payload, each with its length before it."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_payload(payload: bytes, sign: Sign, public_key_pem: bytes) -> bytes:
    """The signature file for a payload that lies beside it."""
    return _signature_file(key_id(public_key_pem), sign(pre_authentication_encoding(payload)))


def is_signed(payload: bytes, signature_file: bytes, public_key_pem: bytes) -> bool:
    """True if the file is this key's signature of the payload, written the way we write it."""
    key, signature = _public_key(public_key_pem), _signature_in(signature_file)
    if (
        key is None
        or signature is None
        or signature_file != _signature_file(key_id(public_key_pem), signature)
    ):
        return False
    try:
        key.verify(signature, pre_authentication_encoding(payload))
    except InvalidSignature:
        return False
    return True


def _public_key(pem: bytes) -> Ed25519PublicKey | None:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def _signature_file(keyid: str, signature: bytes) -> bytes:
    signatures = [{"keyid": keyid, "sig": base64.b64encode(signature).decode("ascii")}]
    return (
        json.dumps({"payloadType": PAYLOAD_TYPE, "signatures": signatures}, indent=1, sort_keys=True).encode()
        + b"\n"
    )


def _signature_in(signature_file: bytes) -> bytes | None:
    try:
        return base64.b64decode(json.loads(signature_file)["signatures"][0]["sig"], validate=True)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, binascii.Error):
        return None
