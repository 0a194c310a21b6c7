"""Cuts: what a project is granted, scrambled and sealed; and what the trusted side knows for checking its outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import duckdb
from rpp_review.checks import Surroundings
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from rpp_hub.cuts.difference import CutDifference, compare_cuts
from rpp_hub.cuts.linked import with_linked
from rpp_hub.cuts.look import Leak
from rpp_hub.cuts.plan import Agreed, CutPlan, Dropped, agree
from rpp_hub.cuts.scan import scan_lines
from rpp_hub.cuts.seal import SealedCut, build_cut, plan_cut, verify_cut
from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.installation import Installation
from rpp_hub.services.authority import require
from rpp_hub.services.linked_tables import described_tables, read_tables
from rpp_hub.services.project_papers import check_in_force, grant_for_cut
from rpp_hub.services.staying import note_beginning
from rpp_hub.services.warehousing import current_masters
from rpp_hub.store.database import Store
from rpp_hub.store.models import Cut, Destruction, Project
from rpp_hub.vault import Vault
from rpp_hub.vault.sealed import SealedFiles
from rpp_hub.warehouse.engine import quoted
from rpp_hub.warehouse.folders import locked
from rpp_hub.warehouse.masters import Masters, known_identifiers, name_fields, open_masters
from rpp_hub.warehouse.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class CutView:
    """A cut that exists; `path` is its folder, of which a workspace sees `data` alone."""

    project: str
    name: str
    path: Path
    sha256: str
    rows: Mapping[str, int]
    units: Mapping[str, int]
    dropped: tuple[Mapping[str, str], ...]
    generalised: tuple[Mapping[str, str], ...]
    built_by: str
    built_at: datetime


@dataclass(frozen=True, slots=True)
class _Granted:
    """What a project is granted, and of which masters."""

    masters: Masters
    agreed: Agreed
    paper: str


class Cutting:
    """The cuts of the projects."""

    def __init__(
        self, store: Store, installation: Installation, vault: Vault, environment: Callable[[str], str]
    ) -> None:
        self._store = store
        self._installation = installation
        self._vault = vault
        self._environment = environment
        self._sealed = SealedFiles(vault.folder, vault.crosswalks)

    def plan(self, project: str) -> CutPlan:
        """What a cut would hold, and what of the application it would leave out and why."""
        with self._store.read() as session:
            granted = self._granted(session, project)
            linked = read_tables(session, project, self._sealed)
        return plan_cut(granted.masters, granted.agreed, self._installation.cuts_dir(project), linked)

    def build(self, actor: Actor, project: str, progress: Progress = silent) -> CutView:
        """Make the next cut of an approved project. Raises ActionRefused when a true identifier survives."""
        with self._store.read() as session:
            require(session, actor, Permission.CUT_BUILD, project)
            _check_approved(_project(session, project))
            check_in_force(session, project, datetime.now(UTC).date())
        # Until the row is written nobody else cuts for this project: they would take the folder for a dead process's.
        with locked(self._installation.cuts_dir(project), ".cutting"):
            with self._store.read() as session:
                name = _next_name(session, project)
                granted = self._granted(session, project)
                linked = read_tables(session, project, self._sealed)
            cuts, version = self._installation.cuts_dir(project), self._environment(project)
            sealed = build_cut(
                cuts, name, granted.masters, granted.agreed, self._vault.crosswalks, progress, linked,
                environment=version,
            )  # fmt: skip
            return self._record(actor, sealed, granted, version)

    def _record(self, actor: Actor, sealed: SealedCut, granted: _Granted, environment: str) -> CutView:
        masters = granted.masters
        with self._store.act(actor, "cut:build", f"cut:{sealed.project}/{sealed.name}") as act:
            require(act.session, actor, Permission.CUT_BUILD, sealed.project)
            _check_approved(_project(act.session, sealed.project))
            check_in_force(act.session, sealed.project, datetime.now(UTC).date())
            cut = Cut(
                project=sealed.project,
                name=sealed.name,
                sha256=sealed.sha256,
                build_sha256=masters.sha256,
                summary={
                    "rows": dict(sealed.rows),
                    "units": dict(sealed.units),
                    "dropped": [asdict(d) for d in sealed.dropped],
                    "generalised": [asdict(g) for g in sealed.generalised],
                    "build": masters.folder.name,
                    "agreement": granted.paper,
                    "exceptions": list(granted.agreed.exceptions),
                },
                built_by=actor.name,
                built_at=datetime.now(UTC),
            )
            act.session.add(cut)
            note_beginning(act, sealed.project, environment, cut.built_at)
            if granted.agreed.exceptions:
                act.detail["exceptions"] = list(granted.agreed.exceptions)
            act.detail.update(
                agreement=granted.paper,
                sha256=sealed.sha256,
                rows=dict(sealed.rows),
                units=dict(sealed.units),
            )
        return self._view(cut)

    def has_cut(self, project: str) -> bool:
        """Whether there is any."""
        with self._store.read() as session:
            return session.scalars(select(Cut.id).where(Cut.project == project).limit(1)).first() is not None

    def list(self, project: str) -> tuple[CutView, ...]:
        """All cuts of a project, newest first."""
        with self._store.read() as session:
            rows = session.scalars(select(Cut).where(Cut.project == project).order_by(Cut.id.desc()))
            return tuple(self._view(c) for c in rows)

    def current(self, project: str) -> CutView:
        """The newest cut. Raises NotFound when there is none."""
        cuts = self.list(project)
        if not cuts:
            raise NotFound(
                f"{printable(project)} has no cut yet. A data manager makes one with `rpp cut build`.",
                code="no-cut",
            )
        return cuts[0]

    def named(self, project: str, name: str) -> CutView:
        """One cut of a project. Raises NotFound."""
        for cut in self.list(project):
            if cut.name == name:
                return cut
        raise NotFound(f"{printable(project)} has no cut {printable(name)!r}.", code="no-cut")

    def verify(self, project: str, name: str | None = None) -> tuple[str, ...]:
        """Everything that is not as it was sealed; empty when all is."""
        cut = self.current(project) if name is None else self.named(project, name)
        with self._store.read() as session:
            if session.get(Destruction, project) is not None:
                return (
                    f"It was destroyed with the key of {project}; see `rpp vault certificate {project}`.",
                )
        return verify_cut(cut.path, cut.sha256)

    def difference(self, project: str, before: str | None = None, after: str | None = None) -> CutDifference:
        """What differs between two cuts; by default the newest and the one before it. Raises NotFound without two."""
        cuts = self.list(project)
        if before is None and len(cuts) < 2:
            raise NotFound(f"{printable(project)} has no two cuts to compare yet.", code="no-cut")
        old = self.named(project, before) if before else cuts[1]
        new = self.named(project, after) if after else cuts[0]
        if not (old.path.is_dir() and new.path.is_dir()):
            raise NotFound(f"A cut of {printable(project)} is no longer on the disk.", code="no-cut")
        return compare_cuts(old.path, new.path)

    def scan_lines(self, project: str, name: str, lines: Sequence[str]) -> tuple[Leak, ...]:
        """What of a person a text from outside gives away, looked for as in a cut."""
        with self._store.read() as session:
            masters = self._granted(session, project).masters
        with duckdb.connect() as con:
            return scan_lines(con, masters, self._vault.crosswalks.load(project), name, lines)

    def surroundings(self, project: str) -> Surroundings:
        """What the checks of a project's outputs must know: the population's identifiers and names, the cut's columns."""
        with self._store.read() as session:
            cut = session.scalars(select(Cut).where(Cut.project == project).order_by(Cut.id.desc())).first()
            granted = self._granted(session, project, cut)
        masters = granted.masters
        identifiers, names = _population(masters.folder)
        return Surroundings(
            identifiers=identifiers,
            names=names,
            columns={t.name: tuple(c.name for c in t.columns) for t in granted.agreed.tables},
            unit_columns=frozenset(
                c.name for t in granted.agreed.tables for c in t.columns if c.field.is_key
            ),
        )

    def _granted(self, session: Session, project: str, cut: Cut | None = None) -> _Granted:
        """A project's agreement against the masters its cut was made from, if they are still kept, or the current ones."""
        row = _project(session, project)
        district_dir = self._installation.warehouse_dir(row.district)
        build = str(cut.summary.get("build", "")) if cut is not None else ""
        kept = district_dir / "masters" / build
        masters = open_masters(kept) if build and kept.is_dir() else current_masters(session, district_dir)
        given = grant_for_cut(
            session, project, str(cut.summary.get("agreement", "")) if cut is not None else ""
        )
        agreed = agree(given.application, masters.codebook)
        left = tuple(Dropped(n.table, n.field, n.reason) for n in given.not_granted)
        agreed = replace(
            agreed,
            dropped=(*left, *agreed.dropped),
            agreement=f"{given.paper}, version {given.number}",
            exceptions=tuple(
                f"{e['field']}: {e['reason']} (approved by {e['approved_by']} on {e['approved_on']})"
                for e in given.exceptions
            ),
        )
        return _Granted(masters, with_linked(agreed, described_tables(session, project)), given.paper)

    def _view(self, cut: Cut) -> CutView:
        return CutView(
            project=cut.project,
            name=cut.name,
            path=self._installation.cuts_dir(cut.project) / cut.name,
            sha256=cut.sha256,
            rows=cut.summary.get("rows", {}),
            units=cut.summary.get("units", {}),
            dropped=tuple(cut.summary.get("dropped", ())),
            generalised=tuple(cut.summary.get("generalised", ())),
            built_by=cut.built_by,
            built_at=cut.built_at,
        )


def _project(session: Session, name: str) -> Project:
    row = session.get(Project, name)
    if row is None:
        raise NotFound(f"There is no project called {printable(name)!r} here.", code="no-such-project")
    return row


def _check_approved(project: Project) -> None:
    if project.status != ProjectStatus.APPROVED:
        raise ActionRefused(
            (
                Refusal(
                    "not-approved",
                    f"{project.name} is {project.status}. Data is cut for approved projects only.",
                ),
            )
        )


def _next_name(session: Session, project: str) -> str:
    count = session.scalar(select(func.count()).select_from(Cut).where(Cut.project == project)) or 0
    return f"c{count + 1:04d}"


@lru_cache(maxsize=4)
def _population(folder: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The identifiers and the single words of all names in these masters, which never change once they are built."""
    masters = open_masters(folder)
    words: set[str] = set()
    with duckdb.connect() as con:
        for table, fields in name_fields(masters):
            for field in fields:
                for text in (quoted(field.name), f"strip_accents({quoted(field.name)})"):
                    rows = con.execute(f"SELECT DISTINCT lower({text}) FROM {masters.sql(table)}").fetchall()  # noqa: S608
                    words.update(word for (name,) in rows if name for word in name.split())
    return known_identifiers(masters), frozenset(words)
