"""How is a file reached that code in a kernel may be changing at this moment? Without ever following a link.

A kernel writes the same folder, so a name checked now may be a link a moment later. Every step therefore goes from
an open folder to the next by descriptor, with O_NOFOLLOW, and what is decided is decided on what was opened.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rpp_review.server.refused import Refused

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
NAME_LIMIT = 255
DEPTH_LIMIT = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder as a person sees it; anything else has none."""

    name: str
    is_folder: bool
    size: int
    modified: float
    changed: float


class Folder:
    """Everything below one root, and nothing else."""

    def __init__(self, root: str | Path) -> None:
        self._root = os.fspath(root)

    def look(self, path: str) -> Entry:
        """The file or folder at `path`; the root is the folder ''."""
        if not split(path):
            with self._open([]) as folder:
                return _entry("", os.fstat(folder))
        with self._parent(path) as (folder, name):
            return _entry(name, _look(folder, name, path))

    def read(self, path: str, limit: int) -> tuple[bytes, Entry]:
        """The bytes of a regular file that has one name and did not change while it was read."""
        with self._parent(path) as (folder, name):
            _check_readable(_look(folder, name, path), path, limit)
            with _opened(folder, name, path) as descriptor:
                before = os.fstat(descriptor)
                _check_readable(before, path, limit)
                content = _read_up_to(descriptor, limit + 1)
                after = os.fstat(descriptor)
        _check_readable(after, path, limit)
        if len(content) != after.st_size or _version(before) != _version(after):
            raise Refused(
                409, "changed", f"{path!r} changed while it was read. Wait until it is written; try again."
            )
        return content, _entry(name, after)

    def listing(self, path: str) -> list[Entry]:
        """Files and folders in a folder. Hidden ones, links, pipes and devices are not shown."""
        found: list[Entry] = []
        with self._open(split(path), path) as folder:
            for name in sorted(os.listdir(folder)):
                if is_name(name):
                    found.extend(_entries(folder, name))
        return found

    def write(self, path: str, content: bytes) -> None:
        """Whole or not at all, as a new file in the old one's place, so that no link is written through."""
        with self._parent(path) as (folder, name):
            _check_replaceable(folder, name, path)
            temporary = f".rpp-{secrets.token_hex(8)}.tmp"
            try:
                _write_new(folder, temporary, content)
                os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError as error:
                _discard(folder, temporary)
                raise _unwritable(error, path) from None

    def make_folder(self, path: str) -> None:
        with self._parent(path) as (folder, name):
            try:
                os.mkdir(name, dir_fd=folder)
            except FileExistsError:
                raise Refused(
                    409, "exists", f"There is already something called {path!r}. Choose another name."
                ) from None
            except OSError as error:
                raise _unwritable(error, path) from None

    def move(self, old: str, new: str) -> None:
        """Gives a file or folder another name; never replaces anything."""
        with self._parent(old) as (source, old_name), self._parent(new) as (target, new_name):
            _look(source, old_name, old)
            if _lstat(target, new_name) is not None:
                raise Refused(
                    409, "exists", f"There is already something called {new!r}. Choose another name."
                )
            try:
                os.rename(old_name, new_name, src_dir_fd=source, dst_dir_fd=target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise _unwritable(error, new) from None
                _carry(source, old_name, target, new_name, old)

    def remove(self, path: str) -> None:
        """One file, or a folder with nothing in it."""
        with self._parent(path) as (folder, name):
            found = _look(folder, name, path)
            try:
                if stat.S_ISDIR(found.st_mode):
                    os.rmdir(name, dir_fd=folder)
                else:
                    os.unlink(name, dir_fd=folder)
            except OSError as error:
                raise _unwritable(error, path) from None

    @contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        parts = split(path)
        if not parts:
            raise Refused(400, "path", "This is the workspace itself, not a file in it.")
        with self._open(parts[:-1], path) as folder:
            yield folder, parts[-1]

    @contextmanager
    def _open(self, parts: list[str], path: str = "") -> Iterator[int]:
        # The root is named by whoever started the server, so a link in *its* path is no matter.
        folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts:
                folder = _step(folder, part, path)
            yield folder
        finally:
            os.close(folder)


def split(path: str) -> list[str]:
    """The names on the way from the root to `path`; hidden ones, '..' and the like lead nowhere."""
    parts = path.strip("/").split("/") if path.strip("/") else []
    if len(parts) > DEPTH_LIMIT or not all(is_name(part) for part in parts):
        raise Refused(
            404, "path", "There is no such file in this workspace. Hidden files and '..' are not opened."
        )
    return parts


def is_name(name: str) -> bool:
    """A visible name in one folder."""
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return False
    return 0 < size <= NAME_LIMIT and not name.startswith(".") and "\0" not in name and "/" not in name


def _step(folder: int, part: str, path: str) -> int:
    try:
        _refuse_kinds(os.stat(part, dir_fd=folder, follow_symlinks=False), path)
        inner = os.open(part, FOLDER_FLAGS, dir_fd=folder)
    except OSError as error:
        raise _unreadable(error, path) from None
    os.close(folder)
    return inner


@contextmanager
def _opened(folder: int, name: str, path: str) -> Iterator[int]:
    try:
        descriptor = os.open(name, FILE_FLAGS, dir_fd=folder)
    except OSError as error:
        raise _unreadable(error, path) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _lstat(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _look(folder: int, name: str, path: str) -> os.stat_result:
    found = _lstat(folder, name)
    if found is None:
        raise Refused(
            404,
            "absent",
            f"There is no {path!r} in this workspace. Look in the file browser whether it was renamed.",
        )
    _refuse_kinds(found, path)
    return found


def _refuse_kinds(found: os.stat_result, path: str) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise Refused(
            400,
            "link",
            f"{path!r} is, or lies behind, a link; links are not followed. Copy the file instead.",
        )
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise Refused(
            400, "special", f"{path!r} is a pipe, a socket or a device, not a file. Choose a notebook."
        )


def _check_readable(found: os.stat_result, path: str, limit: int) -> None:
    _refuse_kinds(found, path)
    if stat.S_ISDIR(found.st_mode):
        raise Refused(400, "folder", f"{path!r} is a folder. Choose a file in it.")
    if found.st_nlink != 1:
        raise Refused(
            400,
            "hard-link",
            f"{path!r} has a second name (a hard link), so it could change under review. Copy it, and use the copy.",
        )
    if found.st_size > limit:
        raise Refused(
            413,
            "too-large",
            f"{path!r} has {_megabytes(found.st_size)}; at most {_megabytes(limit)} can be opened here. "
            "Clear outputs that are not needed, or read the file in a notebook.",
        )


def _check_replaceable(folder: int, name: str, path: str) -> None:
    found = _lstat(folder, name)
    if found is None:
        return
    _refuse_kinds(found, path)
    if stat.S_ISDIR(found.st_mode):
        raise Refused(400, "folder", f"{path!r} is a folder. Choose another name.")


def _entries(folder: int, name: str) -> Iterator[Entry]:
    found = _lstat(folder, name)
    if found is not None and (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        yield _entry(name, found)


def _entry(name: str, found: os.stat_result) -> Entry:
    is_folder = stat.S_ISDIR(found.st_mode)
    return Entry(name, is_folder, 0 if is_folder else found.st_size, found.st_mtime, found.st_ctime)


def _version(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _read_up_to(descriptor: int, most: int) -> bytes:
    pieces: list[bytes] = []
    while most > 0 and (piece := os.read(descriptor, min(most, 1 << 20))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _write_new(folder: int, name: str, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o666, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _discard(folder: int, name: str) -> None:
    with suppress(OSError):  # it was never made, or nothing may be written here
        os.unlink(name, dir_fd=folder)


def _carry(source: int, old_name: str, target: int, new_name: str, path: str) -> None:
    """From one's own folder into the project's or back: another mount, so a file is copied whole and then removed."""
    fresh = f".rpp-{secrets.token_hex(8)}.tmp"
    try:
        with _opened(source, old_name, path) as descriptor:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Refused(400, "folder", f"{path!r} is a folder. Move the files in it one by one.")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(fresh, flags, 0o666, dir_fd=target), "wb") as copy:
                while piece := os.read(descriptor, 1 << 20):
                    copy.write(piece)
        os.rename(fresh, new_name, src_dir_fd=target, dst_dir_fd=target)
        os.unlink(old_name, dir_fd=source)
    except OSError as error:
        raise _unwritable(error, path) from None
    finally:
        _discard(target, fresh)


def _unreadable(error: OSError, path: str) -> Refused:
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return Refused(
            400,
            "link",
            f"{path!r} is, or lies behind, a link; links are not followed. Copy the file instead.",
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Refused(
            404,
            "absent",
            f"There is no {path!r} in this workspace. Look in the file browser whether it was renamed.",
        )
    return Refused(
        403,
        "unreadable",
        f"{path!r} cannot be read ({os.strerror(error.errno or 0)}). Check its permissions.",
    )


def _unwritable(error: OSError, path: str) -> Refused:
    if error.errno == errno.ENOTEMPTY:
        return Refused(400, "not-empty", f"The folder {path!r} is not empty. Delete what is in it first.")
    if error.errno == errno.EROFS:
        return Refused(
            403,
            "read-only",
            f"{path!r} cannot be changed: it lies in 'ingress', or this workspace was opened for reading only. Copy it first.",
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Refused(
            507,
            "full",
            f"{path!r} was not saved: the workspace is full. Delete what is not needed, then save again.",
        )
    return Refused(403, "unwritable", f"{path!r} cannot be changed ({os.strerror(error.errno or 0)}).")


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
