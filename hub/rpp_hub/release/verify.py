"""Is this bundle whole and signed? Answered from the bundle and a public key alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rpp_hub.release.archive import BadArchive, unpack
from rpp_hub.release.bundle import MANIFEST, PUBLIC_KEY, SIGNATURE
from rpp_hub.release.signing import canonical_pem, is_signed, key_id

_APART = frozenset({MANIFEST, SIGNATURE, PUBLIC_KEY})


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying found. `key` is the SHA-256 of the key it was verified with.

    Verified without a key of one's own, `ok` says only that the bundle agrees with the key inside it; compare `key`
    with the one that the partnership has published.
    """

    ok: bool
    problems: tuple[str, ...]
    manifest: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""


def verify_bundle(path: Path, public_key_pem: bytes | None) -> Verification:
    """Check signature, files and every byte between them. Extracts nothing and never raises on a hostile file."""
    try:
        files = unpack(path)
    except BadArchive as error:
        return Verification(False, (f"{error} Ask for the bundle again, from the portal.",))
    except OSError as error:
        return Verification(False, (f"The bundle cannot be read: {error.strerror}.",))
    missing = sorted(_APART - files.keys())
    if missing:
        return Verification(False, tuple(f"{name} is missing, so this is no release." for name in missing))
    pem = files[PUBLIC_KEY] if public_key_pem is None else public_key_pem
    if canonical_pem(pem) is None:
        return Verification(
            False, ("The public key is not an Ed25519 key in PEM form. Name the right file.",)
        )
    problems = tuple(_signature_problems(files, pem)) or tuple(_file_problems(files))
    return Verification(not problems, problems, {} if problems else json.loads(files[MANIFEST]), key_id(pem))


def _signature_problems(files: Mapping[str, bytes], pem: bytes) -> Iterator[str]:
    if not is_signed(files[MANIFEST], files[SIGNATURE], pem):
        yield "The manifest is not signed by this key: it was changed, or another installation made the bundle."
    if files[PUBLIC_KEY] != canonical_pem(pem):
        yield "The public key in the bundle is not the one it is verified with."


def _file_problems(files: Mapping[str, bytes]) -> Iterator[str]:
    """The manifest is ours here, for its signature is right."""
    listed: Mapping[str, Mapping[str, object]] = json.loads(files[MANIFEST])["files"]
    for name in sorted(listed.keys() - files.keys()):
        yield f"{name} is missing."
    for name in sorted(files.keys() - listed.keys() - _APART):
        yield f"{name} is not part of the release."
    for name in sorted(listed.keys() & files.keys()):
        if hashlib.sha256(files[name]).hexdigest() != listed[name]["sha256"]:
            yield f"{name} was changed."
