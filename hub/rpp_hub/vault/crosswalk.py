"""Which code stands for which identifier in a project.

A crosswalk is an Arrow table (unit, identifier, code) that is only ever added to. It lies encrypted with the project's
key, as Arrow IPC inside, so that DuckDB joins it as it is. Codes are drawn at random and so say nothing about
the identifier; which numbers were ever drawn is kept beside (encrypted, too), so that two projects never share one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rpp_hub.domain.errors import Unavailable
from rpp_hub.domain.names import check_project_name
from rpp_hub.vault.codes import Numbers, codes_of, draw_numbers, letter_of
from rpp_hub.vault.keys import MasterKey, decrypt, encrypt
from rpp_hub.whole import write_whole

SIGNING = "rpp signing key"
_CHUNK = 1 << 18
Merged = Mapping[str, Mapping[str, str]]
SCHEMA = pa.schema([("unit", pa.string()), ("identifier", pa.string()), ("code", pa.string())])


@dataclass(frozen=True, slots=True, repr=False)
class Crosswalk:
    """All codes of one project. Has no repr: it must not end up in a log."""

    project: str
    table: pa.Table

    def of_unit(self, unit: str) -> pa.Table:
        """Two columns, identifier and code, of one unit."""
        mask = pc.equal(self.table["unit"], unit)
        return self.table.filter(mask).select(["identifier", "code"])

    def codes(self, unit: str) -> dict[str, str]:
        """identifier → code of one unit."""
        table = self.of_unit(unit)
        return dict(zip(table["identifier"].to_pylist(), table["code"].to_pylist(), strict=True))

    def __len__(self) -> int:
        return int(self.table.num_rows)


class CrosswalkStore:
    """The crosswalks of a vault."""

    def __init__(self, folder: Path, key: MasterKey) -> None:
        self._folder = folder
        self._key = key

    def load(self, project: str) -> Crosswalk:
        """The project's crosswalk; an empty one if nothing was coded yet."""
        path = self._path(project)
        if not path.exists():
            return Crosswalk(project, SCHEMA.empty_table())
        plain = decrypt(self._project_key(project), path.read_bytes(), f"rpp crosswalk:{project}")
        if plain is None:
            raise Unavailable(
                f"The crosswalk of {project} cannot be opened: the file is damaged or belongs to another project. "
                "Restore the vault from its backup.",
                code="crosswalk-damaged",
            )
        return Crosswalk(project, pa.ipc.open_file(pa.BufferReader(plain)).read_all())

    def extend(
        self, project: str, identifiers: Mapping[str, pa.Array], merged: Merged = MappingProxyType({})
    ) -> Crosswalk:
        """Give every identifier of these units a code; those that have one keep it.

        `merged`: unit → old identifier → the one that stayed. One that has no code goes by the code of an old one.
        """
        with self._locked():
            kept = self.load(project)
            crosswalk = _followed(kept, merged)
            fresh = {unit: _missing(crosswalk, unit, wanted) for unit, wanted in identifiers.items()}
            count = sum(len(f) for f in fresh.values())
            if not count:
                return crosswalk
            numbers = self._draw(count)
            table = pa.concat_tables([kept.table, *_coded(fresh, numbers)])
            self._save(project, table)
            return _followed(Crosswalk(project, table), merged)

    def seal(self, project: str, plain: bytes, purpose: str) -> bytes:
        """Encrypt something of a project's with its key; it is lost with that key."""
        with self._locked():
            return encrypt(self._project_key(project), plain, f"rpp {purpose}:{project}")

    def unseal(self, project: str, blob: bytes, purpose: str) -> bytes:
        """What `seal` was given. Raises Unavailable if the blob is damaged or another project's."""
        plain = decrypt(self._project_key(project), blob, f"rpp {purpose}:{project}")
        if plain is None:
            raise Unavailable(
                f"A file of {project} in the vault cannot be opened: it is damaged or belongs to another project. "
                "Restore the vault from its backup.",
                code="sealed-file-damaged",
            )
        return plain

    def projects(self) -> tuple[str, ...]:
        """The projects that have a crosswalk."""
        return tuple(sorted(p.stem for p in (self._folder / "projects").glob("*.crosswalk")))

    def _draw(self, count: int) -> Numbers:
        path = self._folder / "drawn.bin"
        purpose = "rpp drawn numbers"
        plain = decrypt(self._key.secret, path.read_bytes(), purpose) if path.exists() else b""
        if plain is None:
            raise Unavailable(
                "The vault's list of drawn numbers is damaged. Restore the vault from its backup.",
                code="vault-damaged",
            )
        taken = np.frombuffer(plain, dtype=np.uint64)
        numbers = draw_numbers(count, taken)
        # First kept as drawn, then used: if we die between the two, some numbers are never used, which harms nobody.
        kept = np.sort(np.concatenate([taken, numbers]), kind="stable").tobytes()
        write_whole(path, encrypt(self._key.secret, kept, purpose))
        return numbers

    def _save(self, project: str, table: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, SCHEMA, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(table, max_chunksize=_CHUNK)
        # a state's crosswalk is hundreds of megabytes: no more copies at once than there must be
        blob = encrypt(
            self._project_key(project), memoryview(sink.getvalue()).cast("B"), f"rpp crosswalk:{project}"
        )
        del sink
        write_whole(self._path(project), blob)

    def _project_key(self, project: str) -> bytes:
        path = self._path(project).with_suffix(".key")
        purpose = f"rpp project key:{project}"
        if not path.exists():
            if self._path(project).exists():
                raise Unavailable(
                    f"The key of {project}'s crosswalk is missing from the vault. Restore the vault from its backup.",
                    code="project-key-missing",
                )
            self._check_current(project)
            write_whole(path, encrypt(self._key.secret, os.urandom(32), purpose))
        key = decrypt(self._key.secret, path.read_bytes(), purpose)
        if key is None:
            raise Unavailable(
                f"The key of {project} does not open with the master key {self._key.source}. Put the right master key "
                "back, or restore the vault. Nothing was changed.",
                code="master-key-wrong",
            )
        return key

    def _check_current(self, project: str) -> None:
        """A process that still holds a master key from before a rotation must write no key with it."""
        signing = self._folder / "signing.key"
        if signing.exists() and decrypt(self._key.secret, signing.read_bytes(), SIGNING) is None:
            raise Unavailable(
                f"The vault's master key was changed while this program ran, so no key was made for {project}. "
                "Start it again with the new master key. Nothing was changed.",
                code="master-key-wrong",
            )

    def _path(self, project: str) -> Path:
        return self._folder / "projects" / f"{check_project_name(project)}.crosswalk"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _followed(crosswalk: Crosswalk, merged: Merged) -> Crosswalk:
    """The crosswalk after merges: whoever was coded under an old identifier alone keeps that code under the new one.

    What is kept in the vault does not change: should the merge be taken back, the code is the old identifier's again.
    """
    table = crosswalk.table
    for unit, steps in merged.items():
        renamed = _renamed(crosswalk.of_unit(unit)["identifier"], steps)
        if len(renamed):
            table = _with_names(table, unit, renamed)
    return Crosswalk(crosswalk.project, table)


def _renamed(coded: pa.ChunkedArray, steps: Mapping[str, str]) -> pa.Table:
    """Old identifiers that have a code and the ones that stay and have none: for each of these its first old one."""
    pairs = sorted(steps.items())
    old = pa.array([o for o, _ in pairs], pa.string())
    stays = pa.array([s for _, s in pairs], pa.string())
    # of the millions of a state only those that were ever merged
    known = coded.filter(pc.is_in(coded, value_set=pa.concat_arrays([old, stays]))).combine_chunks()
    alone = pc.and_(pc.is_in(old, value_set=known), pc.invert(pc.is_in(stays, value_set=known)))
    found = pa.table({"old": old, "stays": stays}).filter(alone)
    return found.group_by("stays").aggregate([("old", "min")]).rename_columns(["stays", "old"])


def _with_names(table: pa.Table, unit: str, renamed: pa.Table) -> pa.Table:
    """The crosswalk with these identifiers of a unit changed. Only their rows are copied: the others are millions."""
    names, units = table["identifier"], table["unit"]
    concerned = pc.and_(pc.equal(units, unit), pc.is_in(names, value_set=renamed["old"]))
    places = pc.index_in(names.filter(concerned), value_set=renamed["old"])
    changed = pc.replace_with_mask(
        names.combine_chunks(), concerned.combine_chunks(), renamed["stays"].take(places).combine_chunks()
    )
    return table.set_column(1, SCHEMA.field("identifier"), pa.chunked_array([changed]))


def _missing(crosswalk: Crosswalk, unit: str, wanted: pa.Array) -> pa.Array:
    letter_of(unit)
    distinct = _distinct(wanted.cast(pa.string()))
    coded = crosswalk.of_unit(unit)["identifier"]
    if len(coded):
        distinct = distinct.filter(pc.invert(pc.is_in(distinct, value_set=coded)))
    pa.default_memory_pool().release_unused()  # hash tables of millions
    return distinct


def _distinct(values: pa.Array) -> pa.Array:
    """Different identifiers. Of millions those with the same last character at a time: a table of all takes half a gigabyte."""
    if len(values) <= _CHUNK:
        return pc.drop_null(pc.unique(values))
    last = pc.utf8_slice_codeunits(values, -1)
    groups = (values.filter(pc.equal(last, character)) for character in pc.drop_null(pc.unique(last)))
    return pa.concat_arrays([pc.unique(group) for group in groups])


def _coded(fresh: Mapping[str, pa.Array], numbers: Numbers) -> Iterator[pa.Table]:
    start = 0
    for unit, identifiers in fresh.items():
        codes = codes_of(letter_of(unit), numbers[start : start + len(identifiers)])
        start += len(identifiers)
        units = pa.repeat(pa.scalar(unit, pa.string()), len(identifiers))
        yield pa.table([units, identifiers, codes], schema=SCHEMA)
