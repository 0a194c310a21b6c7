"""The warehouse: what a data manager does with a district's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import NotFound, Unavailable
from rpp_hub.domain.permissions import Permission
from rpp_hub.installation import Installation
from rpp_hub.services.authority import Rights, require
from rpp_hub.services.codebooks import Codebooks, described_now
from rpp_hub.services.district_lines import DistrictLine, district_lines
from rpp_hub.services.identities import decisions_now
from rpp_hub.services.questions import Questions
from rpp_hub.services.receiving import DropView, Receiving, drop_view, find_district
from rpp_hub.store.database import Store
from rpp_hub.store.models import Build, District, Drop
from rpp_hub.warehouse.build import BuildReport, build_masters
from rpp_hub.warehouse.check import CheckReport, check_district
from rpp_hub.warehouse.codebook import Codebook, Identifier
from rpp_hub.warehouse.engine import first
from rpp_hub.warehouse.masters import Masters, open_masters
from rpp_hub.warehouse.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class BuildView:
    """Masters that were built."""

    name: str
    sha256: str
    tables: Mapping[str, int]
    built_by: str
    built_at: datetime


@dataclass(frozen=True, slots=True)
class WarehouseStatus:
    """What a district's warehouse holds: drops in the order of their months, builds newest first."""

    district: str
    title: str
    drops: tuple[DropView, ...]
    builds: tuple[BuildView, ...]


class Warehousing:
    """The warehouses of the districts."""

    def __init__(self, store: Store, installation: Installation) -> None:
        self._store = store
        self._installation = installation
        self.receiving = Receiving(store, installation)
        self.codebooks = Codebooks(store, installation, self._masters)
        self.questions = Questions(store, installation, self._masters)

    def receive(
        self, actor: Actor, folder: Path, district: str, name: str | None = None, progress: Progress = silent
    ) -> DropView:
        """Keep a delivery, read as it looks, without a person's look at it: `Receiving` has the steps."""
        return self.receiving.receive(actor, folder, district, name, progress)

    def check(self, actor: Actor, district: str, progress: Progress = silent) -> CheckReport:
        """What is wrong with everything received from a district, as a person would want to read it."""
        with self._store.read() as session:
            find_district(session, district)
            require(session, actor, Permission.DROP_READ, district=district)
        title, drops = self._received(district)
        self.codebooks.settle(district)
        return check_district(self._dir(district), title, drops, progress)

    def build(self, actor: Actor, district: str, progress: Progress = silent) -> BuildReport:
        """Build longitudinal masters from everything received, by the declared rules."""
        with self._store.read() as session:
            find_district(session, district)
            require(session, actor, Permission.MASTERS_BUILD, district=district)
        title, drops = self._received(district)
        self.codebooks.settle(district)
        with self._store.read() as session:
            decisions = decisions_now(session, self._dir(district))
        report = build_masters(self._dir(district), title, drops, progress, decisions)
        with self._store.act(actor, "masters:build", f"masters:{district}/{report.name}") as act:
            require(act.session, actor, Permission.MASTERS_BUILD, district=district)
            act.session.add(
                Build(
                    district=district,
                    name=report.name,
                    sha256=report.sha256,
                    summary={"tables": dict(report.tables), "rules": [asdict(r) for r in report.rules]},
                    built_by=actor.name,
                    built_at=datetime.now(UTC),
                )
            )
            act.detail.update(sha256=report.sha256, tables=dict(report.tables))
        return report

    def status(self, district: str) -> WarehouseStatus:
        """Deliveries and builds."""
        with self._store.read() as session:
            row = find_district(session, district)
            drops = session.scalars(select(Drop).where(Drop.district == district).order_by(Drop.name))
            builds = session.scalars(
                select(Build).where(Build.district == district).order_by(Build.id.desc())
            )
            return WarehouseStatus(
                district,
                row.title,
                tuple(drop_view(d) for d in drops),
                tuple(
                    BuildView(b.name, b.sha256, b.summary["tables"], b.built_by, b.built_at) for b in builds
                ),
            )

    def districts(self) -> tuple[str, ...]:
        """The districts whose warehouses lie here."""
        with self._store.read() as session:
            return tuple(session.scalars(select(District.name).order_by(District.name)))

    def titles(self) -> Mapping[str, str]:
        """What people call the districts, by their names."""
        with self._store.read() as session:
            query = select(District.name, District.title).order_by(District.title)
            return {name: title for name, title in session.execute(query)}

    def lines(self, rights: Rights) -> tuple[DistrictLine, ...]:
        """Those that somebody receives and reads for, a line each, for a list."""
        reach = rights.reach(Permission.DROP_READ)
        with self._store.read() as session:
            return tuple(d for d in district_lines(session) if reach is None or d.district in reach)

    def drops(self, district: str) -> tuple[DropView, ...]:
        """Deliveries, in the order of their months."""
        return self.status(district).drops

    def current_build(self, district: str) -> BuildView | None:
        """The masters that cuts are made from."""
        try:
            folder = self._masters(district).folder
        except NotFound:
            return None
        return next((b for b in self.status(district).builds if b.name == folder.name), None)

    def codebook(self, district: str) -> Codebook:
        """What the tables and fields of the current masters mean. Raises NotFound before the first build."""
        return self._masters(district).codebook

    def known_codebook(self, district: str) -> Codebook | None:
        """The codebook of the current masters; None before the first build."""
        try:
            return self._masters(district).codebook
        except NotFound:
            return None

    def known_fields(self, district: str) -> Mapping[str, frozenset[str]]:
        """The tables and fields of the current masters; empty before the first build."""
        try:
            masters = self._masters(district)
        except NotFound:
            return {}
        return {t.name: frozenset(f.name for f in t.fields) for t in masters.codebook.tables}

    def shareable_fields(self, district: str) -> Mapping[str, tuple[str, ...]]:
        """The fields that a cut may hold: keys, which become codes, and what identifies nobody directly."""
        masters = self._masters(district)
        shareable = {
            t.name: tuple(
                f.name
                for f in t.fields
                if not f.never_share
                and not f.person_name
                and (f.is_key or f.identifier is not Identifier.DIRECT)
            )
            for t in masters.codebook.tables
        }
        return {name: fields for name, fields in shareable.items() if fields}

    def years(self, district: str) -> tuple[int, int]:
        """The first and last school year in the current masters. Raises NotFound when no table has a year."""
        masters = self._masters(district)
        found = []
        with duckdb.connect() as con:
            for table in masters.codebook.tables:
                if table.year and table.name in masters.tables:
                    query = f'SELECT min("{table.year}"), max("{table.year}") FROM {masters.sql(table.name)}'  # noqa: S608 - names from our own codebook
                    row = first(con, query)
                    if row and row[0] is not None:
                        found.append((int(row[0]), int(row[1])))
        if not found:
            raise NotFound(f"No table of {district} has a school year.", code="no-years")
        return min(f for f, _ in found), max(last for _, last in found)

    def _received(self, district: str) -> tuple[str, tuple[str, ...]]:
        with self._store.read() as session:
            row = find_district(session, district)
            drops = session.scalars(select(Drop.name).where(Drop.district == district).order_by(Drop.name))
            return row.title, tuple(drops)

    def _masters(self, district: str) -> Masters:
        with self._store.read() as session:
            return current_masters(session, self._dir(district))

    def _dir(self, district: str) -> Path:
        return self._installation.warehouse_dir(district)


def current_masters(session: Session, district_dir: Path) -> Masters:
    """The masters of the newest recorded build: a folder without a row is none. Raises NotFound before the first."""
    name = session.scalars(
        select(Build.name).where(Build.district == district_dir.name).order_by(Build.id.desc()).limit(1)
    ).first()
    if name is None:
        raise NotFound(
            f"Nothing has been built for {district_dir.name} yet. Receive its files, then run `rpp warehouse build`.",
            code="no-masters",
        )
    folder = district_dir / "masters" / name
    if not folder.is_dir():
        raise Unavailable(
            f"The masters {name} of {district_dir.name} are recorded but not on disk. Run `rpp warehouse build` again: "
            "the same files give the same masters.",
            code="masters-missing",
        )
    masters = open_masters(folder)
    return replace(masters, codebook=described_now(session, district_dir.name, masters.codebook))
