"""How are a bundle's files packed, so that the same files give the same bytes?

A plain zip: sorted names, fixed times, nothing compressed. So verifying needs no decompression, and whoever verifies
can pack the files again and compare every byte, also those between the files that no hash covers.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

MOST_BYTES = 300_000_000
MOST_FILES = 10_000
NAME = re.compile(r"(?:(?:tables|figures|texts)/)?[a-z0-9][a-z0-9-]{0,60}\.[a-z]{3,5}")

_EPOCH = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o100644 << 16


class BadArchive(ValueError):
    """A file that is no bundle of ours; the message is a sentence."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """The zip of these files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = _READABLE
            archive.writestr(entry, files[name])
    return written.getvalue()


def unpack(path: Path) -> dict[str, bytes]:
    """The files of a bundle, in memory; nothing is extracted. Raises BadArchive for anything that `pack` did not write."""
    data = _read(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = _files(archive, len(data))
    except BadArchive:
        raise
    except Exception as error:  # a hostile archive makes zipfile raise nearly anything
        raise BadArchive(f"The file is not a whole zip archive ({type(error).__name__}).") from None
    if pack(files) != data:
        raise BadArchive(
            "The archive holds bytes that are part of no file, or was packed by another program."
        )
    return files


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadArchive(f"The file has more than {MOST_BYTES:,} bytes, which no bundle has.")
    return data


def _files(archive: zipfile.ZipFile, most: int) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > most:
        raise BadArchive("The archive holds more, or larger, files than a bundle does.")
    if len({entry.filename for entry in entries}) != len(entries):
        raise BadArchive("The archive holds two files of one name.")
    for entry in entries:
        if not NAME.fullmatch(entry.filename):
            raise BadArchive("The archive holds a file with a name that no bundle has.")
        if (
            entry.compress_type != zipfile.ZIP_STORED
            or entry.file_size != entry.compress_size
            or entry.flag_bits
        ):
            raise BadArchive("The archive holds a compressed or encrypted file; bundles hold none.")
    return {entry.filename: archive.read(entry) for entry in entries}
