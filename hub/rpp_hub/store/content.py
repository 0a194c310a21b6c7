"""Bytes under their own hash: written once, whole, and checked whenever they are read."""

from __future__ import annotations

import errno
import hashlib
import re
from pathlib import Path

from rpp_hub.domain.errors import NotFound, Unavailable
from rpp_hub.whole import write_whole

_SHA256 = re.compile(r"[0-9a-f]{64}")


class ContentStore:
    """A folder of immutable files named by their SHA-256."""

    def __init__(self, root: Path) -> None:
        self._root = root / "sha256"

    def put(self, content: bytes) -> str:
        """Keep the bytes; the answer is their SHA-256. Putting the same bytes again changes nothing."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        try:
            write_whole(path, content, mode=0o400)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise Unavailable(
                    "The disk is full. Nothing was kept; make room and try again.", code="disk-full"
                ) from None
            raise
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes. Raises NotFound if there are none, Unavailable if they are not what they were."""
        path = self._path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise NotFound(f"There is no content {digest[:12]}… here.") from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise Unavailable(
                f"The stored content {digest[:12]}… was damaged. Restore it from the backup.",
                code="content-damaged",
            )
        return content

    def _path(self, digest: str) -> Path:
        if not _SHA256.fullmatch(digest):
            raise NotFound("There is no such content here.")
        return self._root / digest[:2] / digest
