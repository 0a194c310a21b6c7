"""How does a delivery of the district become ours, unchanged and for good?"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import stat
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from rpp_hub.domain.errors import ActionRefused, Invalid, Unavailable
from rpp_hub.domain.names import printable
from rpp_hub.domain.refusal import Refusal
from rpp_hub.warehouse.column_habits import ColumnFound, Habit, find_habits, habits_from
from rpp_hub.warehouse.folders import canonical_json, hash_file, locked, publish, remove_folder, staged
from rpp_hub.warehouse.formats import declared_missing
from rpp_hub.warehouse.progress import Progress, silent
from rpp_hub.warehouse.read import DATA_SUFFIXES, Found, column_name, load, look_into, table_name
from rpp_hub.warehouse.unpack import unpack

MANIFEST = "manifest.json"
ARCHIVE = ".zip"
_NAME = re.compile(r"(19|20|21)\d\d(0[1-9]|1[0-2])_[a-z][a-z0-9_]{0,40}")
_DOCUMENT_SUFFIXES = frozenset({".md", ".txt", ".pdf", ".docx", ".html", ".json", ".rtf", ".do"})


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """One file of a drop. `table` is empty for documentation."""

    name: str
    bytes: int
    sha256: str
    table: str = ""
    rows: int = 0
    columns: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    habits: tuple[Habit, ...] = ()
    # whether `habits` are what a person confirmed; else the codebook's missing values hold for the whole table
    confirmed: bool = False

    def habit(self, column: str) -> Habit | None:
        """What is known of how one column is written."""
        return next((h for h in self.habits if h.column == column), None)

    def read_otherwise(self, column: str) -> Habit | None:
        """What was confirmed of a column, where that makes another text of what is written."""
        habit = self.habit(column) if self.confirmed else None
        return habit if habit is not None and habit.changes_text else None

    @property
    def read_key(self) -> str:
        """What is counted of the file's values holds as long as this is the same: its bytes, and how they are read."""
        other = [asdict(h) for c in self.columns if (h := self.read_otherwise(c)) is not None]
        if not other:
            return self.sha256
        read = [self.sha256, self.encoding, self.delimiter, other]
        return hashlib.sha256(canonical_json(read)).hexdigest()


@dataclass(frozen=True, slots=True)
class ReceivedDrop:
    """A delivery as received. `sha256` covers the names and contents of its files."""

    name: str
    sha256: str
    files: tuple[ReceivedFile, ...]

    @property
    def reading(self) -> str:
        """A hash over how its files are read: with other habits the same bytes say other things."""
        read = {f.name: [f.encoding, f.delimiter, [asdict(h) for h in f.habits]] for f in self.files}
        return hashlib.sha256(canonical_json(read)).hexdigest()


@dataclass(frozen=True, slots=True)
class Brought:
    """A delivery as it was looked into, before anybody confirmed: `found` by the files' names."""

    drop: ReceivedDrop
    found: Mapping[str, tuple[ColumnFound, ...]]


def is_drop_name(folder_name: str) -> bool:
    """Whether a folder's name says which month and what kind of data."""
    return _NAME.fullmatch(folder_name.lower()) is not None


def drop_name(folder_name: str) -> str:
    """`201804_Staff` → `201804_staff`. Raises Invalid for anything but YYYYMM_type."""
    name = folder_name.lower()
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{printable(folder_name)!r} does not say which month and what kind of data: name the drop YYYYMM_type, such as "
            "201804_staff (`--as` does it without renaming the folder).",
            code="bad-drop-name",
        )
    return name


def receive_drop(
    folder: Path, received: Path, name: str, known: Mapping[str, str], progress: Progress = silent
) -> ReceivedDrop:
    """Copy, look into, hash and seal a drop under `received/name`, read as it looks. `known`: what the registry has."""
    return _take(folder, received, received, name, known, progress).drop


def bring_drop(
    folder: Path,
    waiting: Path,
    received: Path,
    name: str,
    known: Mapping[str, str],
    progress: Progress = silent,
    waits: str = "",
) -> Brought:
    """The same under `waiting/name`, where it waits for a person's word on how it is read.

    `waits`: the hash of what waits there already. The same files again change nothing; others are refused.
    """
    return _take(folder, waiting, received, name, known, progress, waits)


def keep_drop(waiting: Path, received: Path, drop: ReceivedDrop, progress: Progress = silent) -> None:
    """Seal a waiting drop under `received`, with the reading that was confirmed. The waiting folder stays."""
    with locked(received), staged(received) as stage:
        for number, file in enumerate(drop.files):
            progress(f"keeping {printable(file.name)}", number, len(drop.files))
            source = waiting / drop.name / file.name
            if not source.is_file() or hash_file(source) != file.sha256:
                raise Unavailable(
                    f"{printable(file.name)} of {drop.name} is not any more what was looked into. "
                    f"Discard the waiting drop and receive the folder again.",
                    code="waiting-damaged",
                )
            _link(source, stage / file.name)
        (stage / MANIFEST).write_bytes(canonical_json(asdict(drop)))
        # A folder that the registry does not know is what a dead process left between renaming and recording.
        remove_folder(received / drop.name)
        publish(stage, received / drop.name)
        progress("received", len(drop.files), len(drop.files))


def _link(source: Path, target: Path) -> None:
    """The same bytes under another name: they are sealed, and never change. Copied where a disk cannot link."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        shutil.copyfile(source, target)


def read_again(
    path: Path, file: ReceivedFile, encoding: str, delimiter: str, drop: str
) -> tuple[ReceivedFile, tuple[ColumnFound, ...]]:
    """A table file of a drop, looked into with another encoding or delimiter than was found."""
    found = look_into(path, encoding, delimiter)
    return _read(path, found, file.bytes, file.sha256, drop)


def _take(
    folder: Path,
    parent: Path,
    received: Path,
    name: str,
    known: Mapping[str, str],
    progress: Progress,
    waits: str = "",
) -> Brought:
    sources = _sources(folder)
    with locked(parent), staged(parent) as stage:
        files, found = [], {}
        for number, source in enumerate(sources):
            progress(f"receiving {printable(source.name)}", number, len(sources))
            for file, columns in _receive_file(source, stage, name):
                files.append(file)
                found[file.name] = columns
        if not any(f.table for f in files):
            raise _no_tables(folder)
        _refuse_part(files, received, known)
        drop = ReceivedDrop(name, content_hash({f.name: f.sha256 for f in files}), tuple(files))
        _refuse_known(drop, known)
        looked = Brought(drop, {file: columns for file, columns in found.items() if columns})
        if waits:
            _refuse_other(drop, waits)
            return looked
        (stage / MANIFEST).write_bytes(canonical_json(asdict(drop)))
        # A folder that the registry does not know is what a dead process left between renaming and recording.
        remove_folder(parent / name)
        publish(stage, parent / name)
        progress("looked into", len(sources), len(sources))
        return looked


def read_drop(folder: Path) -> ReceivedDrop:
    """A drop that was received, by its manifest."""
    raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return ReceivedDrop(raw["name"], raw["sha256"], tuple(file_from(f) for f in raw["files"]))


def file_from(raw: Mapping[str, Any]) -> ReceivedFile:
    """A file of a drop, from JSON."""
    return ReceivedFile(
        **{**raw, "columns": tuple(raw["columns"]), "habits": habits_from(raw.get("habits", ()))}
    )


def content_hash(hashes: Mapping[str, str]) -> str:
    """One hash over the names and hashes of files."""
    return hashlib.sha256(canonical_json(dict(hashes))).hexdigest()


def _sources(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise Invalid(
            f"{printable(str(folder), 200)} is not a folder. Name the folder that the district sent.",
            code="no-such-folder",
        )
    sources = sorted(p for p in folder.iterdir() if not p.name.startswith(".") and p.name != "Thumbs.db")
    for source in sources:
        _refuse_kind(source)
    if not any(s.suffix.lower() in DATA_SUFFIXES | {ARCHIVE} for s in sources):
        raise _no_tables(folder)
    return sources


def _no_tables(folder: Path) -> Invalid:
    text = any(p.suffix.lower() == ".txt" for p in folder.iterdir())
    hint = " A .txt file counts as documentation: if it is a table, rename it to .csv." if text else ""
    return Invalid(
        f"There is no table in {printable(folder.name)}: expected files ending in {', '.join(sorted(DATA_SUFFIXES))}, "
        f"zipped or not.{hint}",
        code="no-tables",
    )


def _refuse_kind(source: Path) -> None:
    shown = printable(source.name)
    if not stat.S_ISREG(source.lstat().st_mode):
        raise Invalid(
            f"{shown} is a folder, a link or a device. Put the files themselves into the drop.",
            code="not-a-file",
        )
    if source.name == MANIFEST:
        raise Invalid(f"A drop cannot bring its own {MANIFEST}; rename or remove it.", code="bad-file-name")
    suffix = source.suffix.lower()
    if suffix not in DATA_SUFFIXES | _DOCUMENT_SUFFIXES | {ARCHIVE}:
        raise Invalid(
            f"{shown} is neither a table ({', '.join(sorted(DATA_SUFFIXES))}) nor documentation "
            f"({', '.join(sorted(_DOCUMENT_SUFFIXES))}). Convert it, or take it out of the drop.",
            code="unknown-format",
        )


_Described = tuple[ReceivedFile, tuple[ColumnFound, ...]]


def _receive_file(source: Path, stage: Path, drop: str) -> list[_Described]:
    copy = stage / source.name
    # What is looked into and hashed is the copy: the original may still change.
    if copy.exists():
        raise Invalid(
            f"{printable(source.name)} stands in an archive of this drop and beside it. Take one of them out.",
            code="bad-archive",
        )
    _copy(source, copy)
    if copy.suffix.lower() != ARCHIVE:
        return [_described(copy, drop)]
    members = unpack(copy, stage)
    for member in members:
        if member.suffix.lower() == ARCHIVE:
            raise Invalid(
                f"{printable(source.name)} holds another archive. Unpack it yourself, and receive the files.",
                code="bad-archive",
            )
        _refuse_kind(member)
    return [_described(copy, drop), *(_described(member, drop) for member in members)]


def _described(copy: Path, drop: str) -> _Described:
    size, digest = copy.stat().st_size, hash_file(copy)
    if copy.suffix.lower() not in DATA_SUFFIXES:
        return ReceivedFile(copy.name, size, digest), ()
    return _read(copy, look_into(copy), size, digest, drop)


def _read(path: Path, found: Found, size: int, digest: str, drop: str) -> _Described:
    """A table, read whole: how many rows, and how its columns are written."""
    with duckdb.connect() as con:
        rows = load(con, path, found, "incoming_file")
        declared = {column_name(c): codes for c, codes in declared_missing(path).items()}
        columns = find_habits(con, "incoming_file", found.columns, _year_of(drop) + 2, declared)
    habits = tuple(c.proposed() for c in columns if c.says_something)
    return (
        ReceivedFile(
            path.name, size, digest, table_name(path), rows, found.columns, found.encoding, found.delimiter, habits
        ),
        columns,
    )  # fmt: skip


def _year_of(drop: str) -> int:
    return int(drop[:4])


def _copy(source: Path, copy: Path) -> None:
    try:
        shutil.copyfile(source, copy, follow_symlinks=False)
    except (PermissionError, FileNotFoundError):
        raise Invalid(
            f"{printable(source.name)} cannot be read by this account, or is gone. Give it the right to read, and receive again.",
            code="unreadable-file",
        ) from None


def _refuse_part(files: Sequence[ReceivedFile], received: Path, known: Mapping[str, str]) -> None:
    """A drop whose every table came before, as part of others, brings nothing new."""
    before = {
        f.sha256: name
        for name in known
        if (received / name / MANIFEST).is_file()
        for f in read_drop(received / name).files
        if f.table
    }
    tables = [f for f in files if f.table]
    if all(f.sha256 in before for f in tables) and not any(
        content_hash({f.name: f.sha256 for f in files}) == sha256 for sha256 in known.values()
    ):
        came = ", ".join(sorted({before[f.sha256] for f in tables}))
        raise ActionRefused(
            [
                Refusal(
                    "drop-repeated",
                    f"Every table of it was received before, in {came}. There is nothing to do.",
                )
            ]
        )


def _refuse_other(drop: ReceivedDrop, waits: str) -> None:
    if drop.sha256 != waits:
        reason = (
            f"Other files wait under the name {drop.name}. Confirm them with `rpp warehouse confirm DISTRICT {drop.name}`, "
            f"discard them with `rpp warehouse discard DISTRICT {drop.name}`, or receive these under another name."
        )
        raise ActionRefused([Refusal("drop-waiting", reason)])


def _refuse_known(drop: ReceivedDrop, known: Mapping[str, str]) -> None:
    same = [name for name, sha256 in known.items() if sha256 == drop.sha256]
    if same:
        raise ActionRefused(
            [
                Refusal(
                    "drop-repeated",
                    f"These files were received before, as {same[0]}. There is nothing to do.",
                )
            ]
        )
    if drop.name in known:
        raise ActionRefused(
            [
                Refusal(
                    "drop-name-taken",
                    f"{drop.name} was received before with other content, and what was received never changes. "
                    f"Receive this delivery under another name, such as `--as {drop.name}_corrected`.",
                )
            ]
        )
