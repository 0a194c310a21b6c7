"""A district's deliveries: brought, looked at, confirmed by a person, and then kept for good.

Bytes come first, then the row: a folder without a row is what a dead process left, and counts as not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, Stale
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.installation import Installation
from rpp_hub.services.authority import require
from rpp_hub.services.papers import umbrella_in_force
from rpp_hub.services.waiting_drops import (
    FileReading,
    NotCovered,
    as_confirmed,
    brought_of,
    is_read_otherwise,
    not_covered,
    refuse_undecided,
    with_habits,
    write_reading,
)
from rpp_hub.store.database import Store
from rpp_hub.store.model_agreements import Paper
from rpp_hub.store.model_receiving import WaitingDrop
from rpp_hub.store.models import District, Drop
from rpp_hub.warehouse.build import kept_codebook
from rpp_hub.warehouse.column_habits import ColumnFound
from rpp_hub.warehouse.folders import locked, remove_folder
from rpp_hub.warehouse.habits import Asked, Labels, Snapshot, remembered, snapshot_of, unlike_before
from rpp_hub.warehouse.progress import Progress, silent
from rpp_hub.warehouse.receive import (
    Brought,
    ReceivedDrop,
    ReceivedFile,
    bring_drop,
    drop_name,
    keep_drop,
    read_again,
    read_drop,
)
from rpp_hub.warehouse.standard import labels_of
from rpp_hub.warehouse.tables import count_facts


@dataclass(frozen=True, slots=True)
class DropView:
    """A delivery as it was received."""

    name: str
    sha256: str
    files: tuple[Mapping[str, object], ...]
    received_by: str
    received_at: datetime
    snapshot: Snapshot = Snapshot.OTHER
    unlike_before: tuple[str, ...] = ()
    agreement: str = ""
    not_covered: tuple[NotCovered, ...] = ()


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A delivery that waits for a person's word: how it would be read, and what is asked."""

    district: str
    name: str
    sha256: str
    files: tuple[ReceivedFile, ...]
    found: Mapping[str, tuple[ColumnFound, ...]]
    asked: tuple[Asked, ...]
    unlike_before: tuple[str, ...]
    not_covered: tuple[NotCovered, ...]
    brought_by: str
    brought_at: datetime
    version: int

    @property
    def nothing_to_ask(self) -> bool:
        """Whether it is written as what was confirmed the last time, in all, and may all be kept."""
        return not (self.asked or self.unlike_before or self.not_covered)


class Receiving:
    """Deliveries, from the folder that a district sent to what is kept."""

    def __init__(self, store: Store, installation: Installation) -> None:
        self._store = store
        self._installation = installation

    def receive(
        self, actor: Actor, folder: Path, district: str, name: str | None = None, progress: Progress = silent
    ) -> DropView:
        """Bring and confirm in one step, read as it looks: for those who have looked already.

        Raises ActionRefused where what was found does not say how a column is to be read.
        """
        view = self.bring(actor, folder, district, name, progress)
        return self.confirm(actor, district, view.name, view.version, progress)

    def bring(
        self, actor: Actor, folder: Path, district: str, name: str | None = None, progress: Progress = silent
    ) -> WaitingView:
        """Copy a delivery and look into it. It waits until it is confirmed or discarded.

        `name` is YYYYMM_type; by default the folder's own name. Raises ActionRefused when the same files, or others under
        the same name, were received before.
        """
        name = drop_name(name or folder.name)
        with self._store.read() as session:
            find_district(session, district)
            require(session, actor, Permission.DROP_RECEIVE, district=district)
            _umbrella(session, district)
        # Until the row is written nobody else receives here: they would take the folder for a dead process's.
        with self._alone(district):
            self._sweep(district)
            with self._store.read() as session:
                known, waits = _known(session, district), _find(session, district, name)
            folders = self._waiting(district), self._received(district)
            brought = bring_drop(folder, *folders, name, known, progress, waits.sha256 if waits else "")
            if waits is not None:
                return self._view(waits)
            drop, _ = remembered(brought, self._earlier(district), self._labels(district, brought.drop))
            return self._view(self._record_brought(actor, district, Brought(drop, brought.found)))

    def waiting(self, actor: Actor, district: str) -> tuple[WaitingView, ...]:
        """All deliveries that wait, oldest first."""
        with self._store.read() as session:
            require(session, actor, Permission.DROP_READ, district=district)
            find_district(session, district)
            rows = session.scalars(
                select(WaitingDrop).where(WaitingDrop.district == district).order_by(WaitingDrop.id)
            ).all()
        return tuple(self._view(row) for row in rows)

    def waiting_drop(self, actor: Actor, district: str, name: str) -> WaitingView:
        """One delivery that waits. Raises NotFound."""
        with self._store.read() as session:
            require(session, actor, Permission.DROP_READ, district=district)
            return self._view(_get(session, district, name))

    def change(
        self,
        actor: Actor,
        district: str,
        name: str,
        version: int,
        readings: Sequence[FileReading],
        progress: Progress = silent,
    ) -> WaitingView:
        """Read a waiting delivery otherwise. Another encoding or delimiter means that the file is looked into again."""
        with self._alone(district):
            with self._store.read() as session:
                require(session, actor, Permission.DROP_RECEIVE, district=district)
                row = _get(session, district, name)
                _check_version(row, version)
            brought = self._read_otherwise(district, brought_of(row), readings, progress)
            with self._store.act(actor, "drop:reread", f"drop:{district}/{name}") as act:
                require(act.session, actor, Permission.DROP_RECEIVE, district=district)
                row = _get(act.session, district, name)
                _check_version(row, version)
                write_reading(row, brought)
                act.detail.update(files=[r.file for r in readings])
        return self._view(row)

    def confirm(
        self, actor: Actor, district: str, name: str, version: int, progress: Progress = silent
    ) -> DropView:
        """Keep a waiting delivery for good, read as it now says. Raises ActionRefused while something is undecided."""
        with self._alone(district):
            with self._store.read() as session:
                require(session, actor, Permission.DROP_RECEIVE, district=district)
                row = _get(session, district, name)
                _check_version(row, version)
            refuse_undecided(brought_of(row))
            drop = as_confirmed(brought_of(row).drop)
            unlike = unlike_before(drop, self._earlier(district))
            keep_drop(self._waiting(district), self._received(district), drop, progress)
            count_facts(self._installation.warehouse_dir(district), drop, progress)
            view = self._record_kept(actor, district, drop, version)
            self._sweep(district)
            return replace(view, unlike_before=unlike)

    def discard(self, actor: Actor, district: str, name: str, version: int) -> None:
        """Throw a waiting delivery away; the district's own folder is not touched."""
        with self._alone(district):
            with self._store.act(actor, "drop:discard", f"drop:{district}/{name}") as act:
                require(act.session, actor, Permission.DROP_RECEIVE, district=district)
                row = _get(act.session, district, name)
                _check_version(row, version)
                act.detail["sha256"] = row.sha256
                act.session.delete(row)
            self._sweep(district)

    def _record_brought(self, actor: Actor, district: str, brought: Brought) -> WaitingDrop:
        drop = brought.drop
        with self._store.act(actor, "drop:bring", f"drop:{district}/{drop.name}") as act:
            require(act.session, actor, Permission.DROP_RECEIVE, district=district)
            row = WaitingDrop(
                district=district,
                name=drop.name,
                sha256=drop.sha256,
                brought_by=actor.name,
                brought_at=datetime.now(UTC),
            )
            write_reading(row, brought)
            act.session.add(row)
            act.detail.update(sha256=drop.sha256, files=len(drop.files))
        return row

    def _record_kept(self, actor: Actor, district: str, drop: ReceivedDrop, version: int) -> DropView:
        with self._store.act(actor, "drop:receive", f"drop:{district}/{drop.name}") as act:
            require(act.session, actor, Permission.DROP_RECEIVE, district=district)
            waits = _get(act.session, district, drop.name)
            _check_version(waits, version)
            agreement = _umbrella(act.session, district)
            beyond = not_covered(agreement, drop.files)
            row = Drop(
                district=district,
                name=drop.name,
                sha256=drop.sha256,
                files=[asdict(f) for f in drop.files],
                received_by=actor.name,
                received_at=datetime.now(UTC),
                agreement=agreement.name,
            )
            act.session.add(row)
            act.session.delete(waits)
            act.detail.update(
                sha256=drop.sha256, files=len(drop.files), reading=drop.reading, agreement=agreement.name
            )
            if beyond:
                act.detail["not_covered"] = {n.table: list(n.fields) for n in beyond}
        return replace(drop_view(row), not_covered=beyond)

    def _read_otherwise(
        self, district: str, brought: Brought, readings: Sequence[FileReading], progress: Progress
    ) -> Brought:
        files = {f.name: f for f in brought.drop.files}
        found = dict(brought.found)
        for number, reading in enumerate(readings):
            file = files.get(reading.file)
            if file is None or not file.table:
                raise Invalid(
                    f"There is no table {printable(reading.file)!r} in {brought.drop.name}; there is "
                    f"{', '.join(f.name for f in files.values() if f.table)}.",
                    code="no-such-file",
                )
            if is_read_otherwise(file, reading):
                progress(f"reading {printable(file.name)} again", number, len(readings))
                path = self._waiting(district) / brought.drop.name / file.name
                file, found[file.name] = read_again(
                    path,
                    file,
                    reading.encoding or file.encoding,
                    reading.delimiter or file.delimiter,
                    brought.drop.name,
                )
            files[file.name] = with_habits(file, reading.habits)
        return Brought(replace(brought.drop, files=tuple(files.values())), found)

    def _view(self, row: WaitingDrop) -> WaitingView:
        brought, earlier = brought_of(row), self._earlier(row.district)
        return WaitingView(
            district=row.district,
            name=row.name,
            sha256=row.sha256,
            files=brought.drop.files,
            found=brought.found,
            asked=remembered(brought, earlier, self._labels(row.district, brought.drop))[1],
            unlike_before=unlike_before(brought.drop, earlier),
            not_covered=not_covered(self._umbrella_today(row.district), brought.drop.files),
            brought_by=row.brought_by,
            brought_at=row.brought_at,
            version=row.version,
        )

    def _labels(self, district: str, drop: ReceivedDrop) -> Labels:
        """What the codebook, or the standard that a table is written by, says of its values."""
        book = kept_codebook(self._installation.warehouse_dir(district))
        return {
            f.table: labels_of(f.table, f.columns, book.table(f.table) if book else None)
            for f in drop.files
            if f.table
        }

    def _umbrella_today(self, district: str) -> Paper | None:
        with self._store.read() as session:
            return umbrella_in_force(session, district, datetime.now(UTC).date())

    def _earlier(self, district: str) -> list[ReceivedDrop]:
        """What was received, in the order in which it was confirmed."""
        with self._store.read() as session:
            names = session.scalars(
                select(Drop.name).where(Drop.district == district).order_by(Drop.received_at, Drop.id)
            ).all()
        return [read_drop(self._received(district) / n) for n in names]

    def _sweep(self, district: str) -> None:
        """Remove what waits without a row: kept or discarded by a process that died before it could tidy up."""
        with self._store.read() as session:
            rows = set(session.scalars(select(WaitingDrop.name).where(WaitingDrop.district == district)))
        folder = self._waiting(district)
        for left in folder.iterdir() if folder.is_dir() else ():
            if left.is_dir() and left.name not in rows:
                remove_folder(left)

    def _alone(self, district: str) -> AbstractContextManager[None]:
        return locked(self._installation.warehouse_dir(district), ".receiving")

    def _waiting(self, district: str) -> Path:
        return self._installation.warehouse_dir(district) / "waiting"

    def _received(self, district: str) -> Path:
        return self._installation.warehouse_dir(district) / "received"


def drop_view(row: Drop) -> DropView:
    """A delivery as people see it."""
    return DropView(
        row.name,
        row.sha256,
        tuple(row.files),
        row.received_by,
        row.received_at,
        snapshot_of(row.name),
        agreement=row.agreement,
    )


def find_district(session: Session, name: str) -> District:
    """A district of this installation. Raises NotFound."""
    row = session.get(District, name)
    if row is None:
        raise NotFound(
            f"There is no district called {printable(name)!r} here. Add it to rpp.toml; `rpp init` or the next `rpp up` takes it in.",
            code="no-such-district",
        )
    return row


def _umbrella(session: Session, district: str) -> Paper:
    """The umbrella agreement that holds today. Raises ActionRefused where none does: then no data may come."""
    paper = umbrella_in_force(session, district, datetime.now(UTC).date())
    if paper is None:
        raise ActionRefused(
            [
                Refusal(
                    "no-umbrella",
                    f"No umbrella agreement with {district} is in force, so nothing may be received from it. "
                    "A director or data manager renews it with `rpp agreement umbrella propose`.",
                )
            ]
        )
    return paper


def _known(session: Session, district: str) -> dict[str, str]:
    found = session.execute(select(Drop.name, Drop.sha256).where(Drop.district == district))
    return {name: sha256 for name, sha256 in found}


def _find(session: Session, district: str, name: str) -> WaitingDrop | None:
    return session.scalars(
        select(WaitingDrop).where(WaitingDrop.district == district, WaitingDrop.name == name)
    ).first()


def _get(session: Session, district: str, name: str) -> WaitingDrop:
    find_district(session, district)
    row = _find(session, district, name)
    if row is None:
        raise NotFound(
            f"No delivery called {printable(name)!r} of {district} waits. `rpp warehouse waiting {district}` lists those that do.",
            code="no-such-drop",
        )
    return row


def _check_version(row: WaitingDrop, version: int) -> None:
    if row.version != version:
        raise Stale(
            f"Somebody else has changed how {row.name} is read. Look at it again, then confirm it.",
            code="stale",
        )
