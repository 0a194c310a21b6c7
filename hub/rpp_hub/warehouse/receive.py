"""How does a delivery of the district become ours, unchanged and for good?"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.names import printable
from rpp_hub.domain.refusal import Refusal
from rpp_hub.warehouse.folders import canonical_json, hash_file, locked, publish, remove_folder, staged
from rpp_hub.warehouse.progress import Progress, silent
from rpp_hub.warehouse.read import DATA_SUFFIXES, load, look_into, table_name
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


@dataclass(frozen=True, slots=True)
class ReceivedDrop:
    """A delivery as received. `sha256` covers the names and contents of its files."""

    name: str
    sha256: str
    files: tuple[ReceivedFile, ...]


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
    """Copy, look into, hash and seal a drop under `received/name`. `known` is what the registry has: name → SHA-256."""
    sources = _sources(folder)
    with locked(received), staged(received) as stage:
        files = []
        for number, source in enumerate(sources):
            progress(f"receiving {printable(source.name)}", number, len(sources))
            files += _receive_file(source, stage)
        if not any(f.table for f in files):
            raise _no_tables(folder)
        _refuse_part(files, received, known)
        drop = ReceivedDrop(name, content_hash({f.name: f.sha256 for f in files}), tuple(files))
        _refuse_known(drop, known)
        (stage / MANIFEST).write_bytes(canonical_json(asdict(drop)))
        # A folder that the registry does not know is what a dead process left between renaming and recording.
        remove_folder(received / name)
        publish(stage, received / name)
        progress("received", len(sources), len(sources))
        return drop


def read_drop(folder: Path) -> ReceivedDrop:
    """A drop that was received, by its manifest."""
    raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    files = tuple(ReceivedFile(**{**f, "columns": tuple(f["columns"])}) for f in raw["files"])
    return ReceivedDrop(raw["name"], raw["sha256"], files)


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
    return Invalid(
        f"There is no table in {printable(folder.name)}: expected files ending in {', '.join(sorted(DATA_SUFFIXES))}, zipped or not.",
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


def _receive_file(source: Path, stage: Path) -> list[ReceivedFile]:
    copy = stage / source.name
    # What is looked into and hashed is the copy: the original may still change.
    if copy.exists():
        raise Invalid(
            f"{printable(source.name)} stands in an archive of this drop and beside it. Take one of them out.",
            code="bad-archive",
        )
    _copy(source, copy)
    if copy.suffix.lower() != ARCHIVE:
        return [_described(copy)]
    members = unpack(copy, stage)
    for member in members:
        if member.suffix.lower() == ARCHIVE:
            raise Invalid(
                f"{printable(source.name)} holds another archive. Unpack it yourself, and receive the files.",
                code="bad-archive",
            )
        _refuse_kind(member)
    return [_described(copy), *(_described(member) for member in members)]


def _described(copy: Path) -> ReceivedFile:
    size, digest = copy.stat().st_size, hash_file(copy)
    if copy.suffix.lower() not in DATA_SUFFIXES:
        return ReceivedFile(copy.name, size, digest)
    found = look_into(copy)
    with duckdb.connect() as con:
        rows = load(con, copy, found, "incoming_file")
    return ReceivedFile(
        copy.name, size, digest, table_name(copy), rows, found.columns, found.encoding, found.delimiter
    )


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
