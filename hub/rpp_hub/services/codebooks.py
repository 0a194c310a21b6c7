"""The codebook of each district: what is inferred of its fields, and what a data manager has said of them since.

The newest version in the register holds. The file that check and build read is written from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, Stale
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.installation import Installation
from rpp_hub.services.authority import require
from rpp_hub.services.field_notes import published_notes, with_answers
from rpp_hub.services.receiving import find_district
from rpp_hub.store.database import Store
from rpp_hub.store.model_codebook import CodebookVersion
from rpp_hub.store.models import Drop
from rpp_hub.warehouse.build import kept_codebook
from rpp_hub.warehouse.codebook import FILE_NAME, Codebook, codebook_json, parse_codebook, read_codebook
from rpp_hub.warehouse.codebook_edits import check_codebook, differences, kept_of, laid_over
from rpp_hub.warehouse.engine import engine
from rpp_hub.warehouse.folders import locked, write_file
from rpp_hub.warehouse.masters import Masters
from rpp_hub.warehouse.progress import Progress, silent
from rpp_hub.warehouse.tables import complete_codebook, drops_in, find_tables
from rpp_hub.warehouse.told import refuse_told, texts_of


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of a codebook: who changed what, and why."""

    number: int
    changes: tuple[str, ...]
    reason: str
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Edited:
    """A codebook as it is now; `number` is the version that an edit of it replaces (0: nobody has said anything yet)."""

    district: str
    number: int
    codebook: Codebook


class Codebooks:
    """What the fields of the districts mean."""

    def __init__(self, store: Store, installation: Installation, masters: Callable[[str], Masters]) -> None:
        self._store = store
        self._installation = installation
        self._masters = masters

    def current(self, actor: Actor, district: str, progress: Progress = silent) -> Edited:
        """Everything that came, described: as was said, and for the rest as it is inferred."""
        with self._store.read() as session:
            require(session, actor, Permission.DROP_READ, district=district)
        self.settle(district)
        kept, number = self._kept(district)
        return Edited(district, number, (kept or _none(self._title(district))).with_missing_from(
            self._inferred(district, progress)
        ))  # fmt: skip

    def shown(self, actor: Actor, district: str, progress: Progress = silent) -> Codebook:
        """The same to be read: with the answers to questions as notes, which no edit of the codebook takes in."""
        book = self.current(actor, district, progress).codebook
        with self._store.read() as session:
            return with_answers(book, published_notes(session, district))

    def save(
        self,
        actor: Actor,
        district: str,
        number: int,
        edited: Codebook,
        reason: str = "",
        progress: Progress = silent,
    ) -> VersionView:
        """Keep an edited codebook as the next version. Raises Stale if somebody else was first, Invalid if it says nothing new."""
        check_codebook(edited)
        with self._store.read() as session:
            require(session, actor, Permission.CODEBOOK_EDIT, district=district)
        self.settle(district)
        kept, _ = self._kept(district)
        inferred = self._inferred(district, progress)
        before = (kept or _none(self._title(district))).with_missing_from(inferred)
        changes = differences(before, edited)
        if not changes:
            raise Invalid("The codebook says that already. Nothing was changed.", code="no-change")
        refuse_told(self._masters_or_none(district), texts_of(edited) - texts_of(before))
        package = codebook_json(kept_of(kept, inferred, edited))
        view = self._record(actor, district, number, package, changes, reason)
        self.settle(district)
        return view

    def history(self, actor: Actor, district: str) -> tuple[VersionView, ...]:
        """All versions, newest first."""
        with self._store.read() as session:
            require(session, actor, Permission.DROP_READ, district=district)
            find_district(session, district)
            rows = session.scalars(
                select(CodebookVersion)
                .where(CodebookVersion.district == district)
                .order_by(CodebookVersion.number.desc())
            )
            return tuple(_view(r) for r in rows)

    def version(self, actor: Actor, district: str, number: int) -> Codebook:
        """What was said in an earlier version. Raises NotFound."""
        with self._store.read() as session:
            require(session, actor, Permission.DROP_READ, district=district)
            row = session.scalars(
                select(CodebookVersion).where(
                    CodebookVersion.district == district, CodebookVersion.number == number
                )
            ).first()
        if row is None:
            raise NotFound(
                f"The codebook of {district} has no version {number}. `rpp warehouse codebook history {district}` lists them.",
                code="no-such-version",
            )
        return parse_codebook(json.dumps(row.package))

    def settle(self, district: str) -> None:
        """Write the file that check and build read, if a process died before it could. Raises ActionRefused for a strange one."""
        with self._store.read() as session:
            find_district(session, district)
            packages = session.scalars(
                select(CodebookVersion.package)
                .where(CodebookVersion.district == district)
                .order_by(CodebookVersion.number.desc())
            ).all()
        if not packages:
            return
        ours = [_bytes(p) for p in packages]
        folder = self._installation.warehouse_dir(district) / "codebook"
        with locked(folder, wait=True):
            path = folder / FILE_NAME
            there = codebook_json(read_codebook(path)) if path.exists() else b""
            if there and there not in ours:
                raise ActionRefused([Refusal("codebook-changed-by-hand", _by_hand(path, district))])
            if there != ours[0]:
                write_file(path, ours[0])

    def _record(
        self,
        actor: Actor,
        district: str,
        number: int,
        package: bytes,
        changes: tuple[str, ...],
        reason: str,
    ) -> VersionView:
        with self._store.act(actor, "codebook:edit", f"codebook:{district}", reason) as act:
            require(act.session, actor, Permission.CODEBOOK_EDIT, district=district)
            if _newest_number(act.session, district) != number:
                raise Stale(
                    f"Somebody else has changed the codebook of {district} meanwhile. Begin again from what it says now."
                )
            lay_there = kept_codebook(self._installation.warehouse_dir(district)) if number == 0 else None
            if lay_there is not None:
                first = _row(actor, district, 1, codebook_json(lay_there), (), "As it lay there before.")
                act.session.add(first)
                number = 1
            row = _row(actor, district, number + 1, package, changes, reason)
            act.session.add(row)
            # which fields, not which words: the log holds no text that a person wrote about data
            act.detail.update(version=number + 1, changes=[c.partition(":")[0][:120] for c in changes][:50])
        return _view(row)

    def _kept(self, district: str) -> tuple[Codebook | None, int]:
        with self._store.read() as session:
            number = _newest_number(session, district)
        return kept_codebook(self._installation.warehouse_dir(district)), number

    def _inferred(self, district: str, progress: Progress) -> Codebook:
        """What the districts' own codebooks and the values themselves say. What was counted before is not counted again."""
        home = self._installation.warehouse_dir(district)
        with self._store.read() as session:
            names = session.scalars(select(Drop.name).where(Drop.district == district)).all()
        if not names:
            return _none(self._title(district))
        received = home / "received"
        drops = drops_in(received, names)
        # one at a time: the one that ends removes the folder into which the other spills
        with (
            locked(home / "codebook", ".inferring.lock", wait=True),
            engine(home / "codebook" / ".inferring") as con,
        ):
            tables = find_tables(con, home, drops, progress)
            return complete_codebook(self._title(district), None, received, drops, tables)

    def _title(self, district: str) -> str:
        with self._store.read() as session:
            return find_district(session, district).title

    def _masters_or_none(self, district: str) -> Masters | None:
        try:
            return self._masters(district)
        except NotFound:
            return None


def described_now(session: Session, district: str, book: Codebook) -> Codebook:
    """The codebook of masters, with what was said since they were built, and with answers to questions as notes."""
    return with_answers(laid_over(book, _said(session, district)), published_notes(session, district))


def _said(session: Session, district: str) -> Codebook | None:
    package = session.scalars(
        select(CodebookVersion.package)
        .where(CodebookVersion.district == district)
        .order_by(CodebookVersion.number.desc())
        .limit(1)
    ).first()
    return parse_codebook(json.dumps(package)) if package is not None else None


def _row(
    actor: Actor, district: str, number: int, package: bytes, changes: tuple[str, ...], reason: str
) -> CodebookVersion:
    return CodebookVersion(
        district=district,
        number=number,
        package=json.loads(package),
        changes=list(changes),
        reason=reason,
        changed_by=actor.name,
        changed_at=datetime.now(UTC),
    )


def _newest_number(session: Session, district: str) -> int:
    return (
        session.scalars(
            select(CodebookVersion.number)
            .where(CodebookVersion.district == district)
            .order_by(CodebookVersion.number.desc())
            .limit(1)
        ).first()
        or 0
    )


def _none(title: str) -> Codebook:
    return Codebook(title, ())


def _bytes(package: Mapping[str, Any]) -> bytes:
    return codebook_json(parse_codebook(json.dumps(package)))


def _by_hand(path: Path, district: str) -> str:
    return (
        f"{path} was changed by hand, which leaves no trace of who changed what. Take it in with "
        f"`rpp warehouse codebook import {district} FILE` from a copy elsewhere, and remove it."
    )


def _view(row: CodebookVersion) -> VersionView:
    return VersionView(row.number, tuple(row.changes), row.reason, row.changed_by, row.changed_at)
