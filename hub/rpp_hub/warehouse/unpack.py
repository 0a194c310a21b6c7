"""What is in a zipped file of a delivery, and is it safe to unpack?

Only plain files go in, each under its own name beside the archive; what an archive claims of itself is checked again
while it is unpacked.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.names import printable

_CHUNK = 1 << 20
# CSV packs 10 to 50 times; a bomb a thousand times. Small files may be as repetitive as they like.
_MOST_TIMES, _SMALL = 300, 64 << 20
_MOST_FILES = 500
_MOST_BYTES = 200 << 30
_WORKBOOK_BYTES = 4 << 30
_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db")


def unpack(archive: Path, folder: Path) -> list[Path]:
    """Unpack a zip file into `folder`; the files. Raises Invalid for whatever could write elsewhere or fill the disk."""
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [m for m in packed.infolist() if not m.is_dir() and not _is_junk(m.filename)]
            _check(archive, members)
            return [_unpack_one(archive, packed, m, folder / PurePosixPath(m.filename).name) for m in members]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, ValueError):
        raise Invalid(
            f"{printable(archive.name)} is damaged or no zip file. Pack it again, or send the files themselves.",
            code="bad-archive",
        ) from None


def check_workbook(path: Path) -> None:
    """An Excel file is a zip file, too, and is unpacked in memory. Raises Invalid for one that would fill it."""
    if not zipfile.is_zipfile(path):
        return  # the old binary format; its reader says what is wrong with anything else
    with zipfile.ZipFile(path) as packed:
        members = packed.infolist()
    if sum(m.file_size for m in members) > _WORKBOOK_BYTES or _is_bomb(members):
        raise _bomb(path)


def _is_junk(name: str) -> bool:
    return name.startswith(_JUNK[0]) or PurePosixPath(name).name in _JUNK


def _check(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    shown = printable(archive.name)
    names = [PurePosixPath(m.filename).name for m in members]
    if not members:
        raise Invalid(f"{shown} holds no file. Ask the district for it again.", code="file-empty")
    if any(_leads_elsewhere(m) for m in members):
        raise Invalid(
            f"{shown} holds a link, or a name that leads out of its folder. Pack the plain files again.",
            code="unsafe-archive",
        )
    if any(m.flag_bits & 1 for m in members):
        raise Invalid(
            f"{shown} is locked with a password. Unlock it, and receive the files themselves.",
            code="locked-archive",
        )
    if len({n.lower() for n in names}) < len(names):
        raise Invalid(f"{shown} holds two files of one name. Pack them as two drops.", code="bad-archive")
    if len(members) > _MOST_FILES or sum(m.file_size for m in members) > _MOST_BYTES or _is_bomb(members):
        raise _bomb(archive)


def _leads_elsewhere(member: zipfile.ZipInfo) -> bool:
    # the name as it was written: zipfile itself cuts at NUL and turns backslashes only on Windows
    name = member.orig_filename
    path = PurePosixPath(name.replace("\\", "/"))
    kind = stat.S_IFMT(member.external_attr >> 16)
    strange = path.is_absolute() or ".." in path.parts or "\0" in name or ":" in name or not path.name
    return strange or kind not in (0, stat.S_IFREG) or path.name.startswith(".")


def _is_bomb(members: list[zipfile.ZipInfo]) -> bool:
    whole, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    return whole > _SMALL and whole > _MOST_TIMES * packed


def _unpack_one(archive: Path, packed: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> Path:
    if target.exists():
        raise Invalid(
            f"{printable(archive.name)} holds a file {printable(target.name)}, and so does the drop. Take one of them out.",
            code="bad-archive",
        )
    written = 0
    with packed.open(member) as source, target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > member.file_size:
                raise _bomb(archive)
            file.write(chunk)
    return target


def _bomb(path: Path) -> Invalid:
    return Invalid(
        f"{printable(path.name)} would unpack to far more than tables do. If it is what the district sent, unpack it "
        "yourself and receive the files.",
        code="archive-too-large",
    )
