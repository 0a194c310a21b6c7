"""Student-level results by code that go back to the district, and to nobody else, under its own identifiers.

What is written is encrypted before it touches a disk. The event comes first, the file after it: there is never a file
without an event. Who is killed between the two does it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.installation import Installation
from rpp_hub.linkage.envelope import Key, close_box, to_district, with_passphrase
from rpp_hub.linkage.results import Read, Results, read_codes, read_results, rows_in_words, to_csv
from rpp_hub.services.authority import require
from rpp_hub.services.identities import decisions_now
from rpp_hub.settings import Settings
from rpp_hub.store.database import Store
from rpp_hub.store.models import Project
from rpp_hub.vault import Crosswalk, Vault
from rpp_hub.warehouse.identity_table import merged
from rpp_hub.warehouse.progress import Progress, silent
from rpp_hub.whole import written


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be returned: `file` to `out`, to the district's key or under a passphrase."""

    file: Path
    out: Path
    column: str | None = None
    passphrase: str = ""
    skip_mistyped: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """What was returned, counted. Row numbers count from 1 after the header."""

    rows: int
    returned: int
    unmatched: int
    mistyped: tuple[int, ...]
    blank: int
    recipient: str
    sha256: str


class Returning:
    """Results on their way back to the district."""

    def __init__(self, store: Store, settings: Settings, installation: Installation, vault: Vault) -> None:
        self._store = store
        self._settings = settings
        self._installation = installation
        self._vault = vault

    def give_back(self, actor: Actor, project: str, wanted: Wanted, progress: Progress = silent) -> Returned:
        """Encrypt the results with the district's identifiers in place of codes.

        Raises ActionRefused when a code is mistyped (unless those rows are to be skipped) or another project's.
        """
        with self._store.read() as session:
            require(session, actor, Permission.RETURN_MAKE, project)
            district = _district_of(session, project)
            stays = merged(decisions_now(session, self._installation.warehouse_dir(district)))
        _refuse_to_overwrite(wanted)
        key = self._key(district, wanted.passphrase)
        progress("reading the file", 0, 3)
        results = read_results(wanted.file, wanted.column)
        read = read_codes(results.values)
        _refuse_mistyped(read, wanted.skip_mistyped)
        progress("finding identifiers", 1, 3)
        found = self._identifiers(project, read)
        identifiers = _identifiers_now(found, stays)
        self._refuse_foreign(project, read, identifiers)
        progress("encrypting", 2, 3)
        name = _column_name(results, set(found["unit"].to_pylist()))
        box = close_box(to_csv(results, read.codes, identifiers, name), key)
        made = _counted(results, read, identifiers, key, box)
        self._write(actor, project, wanted, box, made)
        return made

    def _key(self, district: str, passphrase: str) -> Key:
        if passphrase:
            return with_passphrase(passphrase)
        known = self._settings.districts.get(district)
        if known is None or not known.return_key:
            raise Invalid(
                f"There is no key of {district} to encrypt to. Put the district's public key into rpp.toml as return_key of "
                f"[districts.{district}] (the district makes one with `rpp return keygen`), or use --passphrase.",
                code="no-return-key",
            )
        return to_district(known.return_key)

    def _identifiers(self, project: str, read: Read) -> pa.Table:
        wanted = {c for c in read.codes if c is not None}
        return _with_codes(self._vault.crosswalks.load(project), wanted)

    def _refuse_foreign(self, project: str, read: Read, identifiers: Mapping[str, str]) -> None:
        """A code that this project has not, but another one has: the wrong file, or two projects' data joined."""
        unknown = {c for c in read.codes if c is not None and c not in identifiers}
        for other in self._vault.crosswalks.projects() if unknown else ():
            if other != project:
                foreign = set(_with_codes(self._vault.crosswalks.load(other), unknown)["code"].to_pylist())
                if foreign:
                    rows = [n for n, c in enumerate(read.codes, start=1) if c in foreign]
                    raise ActionRefused((
                        Refusal(
                            "code-of-another-project",
                            f"{len(rows):,} row{'s have codes' if len(rows) != 1 else ' has a code'} of another project (row "
                            f"{rows_in_words(rows)}). Nothing was returned. Ask the researchers which data this is.",
                        ),
                    ))  # fmt: skip

    def _write(self, actor: Actor, project: str, wanted: Wanted, box: bytes, made: Returned) -> None:
        with written(wanted.out, box) as staged:
            with self._store.act(actor, "return:make", f"project:{project}") as act:
                require(act.session, actor, Permission.RETURN_MAKE, project)
                _district_of(act.session, project)
                _refuse_to_overwrite(wanted)
                act.detail.update(
                    rows=made.rows, returned=made.returned, unmatched=made.unmatched, mistyped=len(made.mistyped),
                    blank=made.blank, recipient=made.recipient, sha256=made.sha256,
                )  # fmt: skip
            staged.replace(wanted.out)


def _district_of(session: Session, project: str) -> str:
    row = session.get(Project, project)
    if row is None:
        raise NotFound(f"There is no project called {printable(project)!r} here.", code="no-such-project")
    if row.status != ProjectStatus.APPROVED:
        raise ActionRefused(
            (
                Refusal(
                    "not-approved",
                    f"{project} is {row.status}. Results are returned for approved projects only.",
                ),
            )
        )
    return row.district


def _refuse_to_overwrite(wanted: Wanted) -> None:
    if wanted.out.exists() and not wanted.force:
        what = f"There is a file {printable(wanted.out.name)} already. Name another with --to, or overwrite it with --force."
        raise ActionRefused((Refusal("file-exists", what),))


def _with_codes(crosswalk: Crosswalk, wanted: Collection[str]) -> pa.Table:
    return crosswalk.table.filter(
        pc.is_in(crosswalk.table["code"], value_set=pa.array(sorted(wanted), pa.string()))
    )


def _identifiers_now(found: pa.Table, stays: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """code → identifier. Whom the district has merged since goes back under the identifier that stays."""
    rows = zip(*(found[name].to_pylist() for name in ("code", "unit", "identifier")), strict=True)
    return {code: stays.get(unit, {}).get(identifier, identifier) for code, unit, identifier in rows}


def _refuse_mistyped(read: Read, skip: bool) -> None:
    if read.mistyped and not skip:
        several = len(read.mistyped) != 1
        raise ActionRefused((
            Refusal(
                "mistyped-code",
                f"{len(read.mistyped):,} row{'s have codes that are' if several else ' has a code that is'} no code, or mistyped: row "
                f"{rows_in_words(read.mistyped)}, counted after the header. Mend the file, or leave those rows out with --skip-mistyped.",
            ),
        ))  # fmt: skip


def _column_name(results: Results, units: set[str]) -> str:
    """The code column's new name: what the district calls the identifier is not known here, so it keeps a plain one."""
    name = f"{units.pop()}_id" if len(units) == 1 else "identifier"
    return name if name not in results.columns or name == results.column else f"district_{name}"


def _counted(results: Results, read: Read, identifiers: Mapping[str, str], key: Key, box: bytes) -> Returned:
    matched = sum(c is not None and c in identifiers for c in read.codes)
    whole = sum(c is not None for c in read.codes)
    if not matched:
        raise ActionRefused(
            (Refusal("nothing-to-return", "No row has a code of this project. Is it the right file?"),)
        )
    return Returned(
        rows=len(results.rows), returned=matched, unmatched=whole - matched, mistyped=read.mistyped, blank=len(read.blank),
        recipient=key.recipient, sha256=hashlib.sha256(box).hexdigest(),
    )  # fmt: skip
