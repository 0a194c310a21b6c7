"""A person's folder, packed into one file and unpacked again: files and folders alone, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class Packed:
    """What was packed. Links, pipes and devices are left out: a kernel may have planted them."""

    sha256: str
    files: int
    size: int
    left_out: int


def pack(folder: Path, target: Path) -> Packed:
    """Writes `target` beside itself first. What is there already is replaced when the new one is whole."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = target.with_name(f".{target.name}.new")
    files = size = left_out = 0
    with tarfile.open(fresh, "w:gz", compresslevel=6) as archive:
        for path in _below(folder):
            info = path.lstat()
            if not (stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode)):
                left_out += 1
                continue
            archive.add(path, arcname=str(path.relative_to(folder)), recursive=False)
            if stat.S_ISREG(info.st_mode):
                files, size = files + 1, size + info.st_size
    with fresh.open("rb") as written:
        os.fsync(written.fileno())
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    fresh.replace(target)
    return Packed(digest, files, size, left_out)


def sha256_of(archive: Path) -> str:
    """Whether it is still what was packed."""
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(archive: Path, folder: Path) -> None:
    """Makes `folder`, which must not be there, from what was packed."""
    fresh = folder.with_name(f".{folder.name}.restoring")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    with tarfile.open(archive, "r:gz") as packed:
        for member in packed:
            _unpack(packed, member, fresh)
    fresh.rename(folder)


def _unpack(packed: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> None:
    """Only what `pack` writes: files and folders below. Whatever else an archive holds was not made here."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isreg() or member.isdir()):
        raise ValueError(f"the archive holds {member.name!r}, which was never packed")
    target = into / path
    if member.isdir():
        target.mkdir(mode=0o700)
        return
    content = packed.extractfile(member)
    with target.open("xb") as file:
        shutil.copyfileobj(content, file)  # type: ignore[arg-type]  # a regular member has content
    target.chmod(member.mode & 0o700 | 0o600)
    os.utime(target, (member.mtime, member.mtime))


def inventory(folder: Path) -> dict[str, int | str]:
    """How many files and bytes there are, and one hash over all names and contents: what a certificate says."""
    digest, files, size = hashlib.sha256(), 0, 0
    for path in _below(folder):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(folder)}\0{content}\n".encode("utf-8", "surrogateescape"))
        files, size = files + 1, size + path.stat().st_size
    return {"files": files, "bytes": size, "sha256": digest.hexdigest()}


def _below(folder: Path) -> Iterator[Path]:
    """Everything below, in a fixed order, links not followed."""
    for root, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted([*folders, *names]):
            yield Path(root, name)
