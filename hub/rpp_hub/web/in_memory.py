"""A file that was sent, for a reader that wants a path: its bytes are in memory alone, and gone with this process.

While it comes in, what is larger than a megabyte lies in a file without a name, which is gone with the request.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rpp_hub.web.multipart import Upload


@contextmanager
def in_memory(upload: Upload) -> Iterator[Path]:
    """A path with the file's own name. Whoever dies meanwhile leaves a link that leads nowhere."""
    name = Path(upload.file_name.replace("\\", "/")).name[-100:].replace("\0", "") or "file"
    place = os.memfd_create("upload", os.MFD_CLOEXEC)
    try:
        with tempfile.TemporaryDirectory(prefix="rpp-upload-") as folder:
            _write(place, upload.content)
            path = Path(folder) / (name if name not in (".", "..") else "file")
            path.symlink_to(f"/proc/{os.getpid()}/fd/{place}")
            yield path
    finally:
        os.close(place)


def _write(place: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(place, left) :]
