"""Survey files that become tables of a project's cut: linked by the data manager, doubtful pairs judged one by one.

True identifiers lie encrypted in the vault until a cut replaces them by codes; the pairs in doubt, with names and birth
dates, only until review is finished. No event and no row holds a value of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.cuts.plan import Agreed, agree
from rpp_hub.cuts.seal import rehearse_cut
from rpp_hub.domain.actor import Actor
from rpp_hub.domain.application import Application
from rpp_hub.domain.errors import ActionRefused, NotFound, Stale
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.installation import Installation
from rpp_hub.linkage.columns import By
from rpp_hub.linkage.link import IDENTIFIER, Linkage, Question, link_survey, with_accepted
from rpp_hub.linkage.match import Pair
from rpp_hub.services import linked_tables
from rpp_hub.services.authority import require
from rpp_hub.services.linkage_rows import (
    LinkageView,
    PairView,
    find_linkage,
    find_project,
    in_review,
    keep_decision,
    view_of_linkage,
)
from rpp_hub.services.linked_tables import LinkageStatus, from_bytes, to_bytes
from rpp_hub.services.linking_rules import (
    refuse_nobody,
    refuse_second,
    refuse_taken,
    refuse_undecided,
)
from rpp_hub.services.project_papers import check_in_force, grant_for_cut
from rpp_hub.services.warehousing import current_masters
from rpp_hub.store import models
from rpp_hub.store.database import Store
from rpp_hub.vault import Vault
from rpp_hub.vault.sealed import SealedFiles
from rpp_hub.warehouse.engine import engine
from rpp_hub.warehouse.folders import locked, remove_folder
from rpp_hub.warehouse.masters import Masters
from rpp_hub.warehouse.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Survey:
    """The file to link, and how."""

    path: Path
    by: By
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


class Linking:
    """The linked surveys of the projects."""

    def __init__(self, store: Store, installation: Installation, vault: Vault) -> None:
        self._store = store
        self._installation = installation
        self._vault = vault
        self._sealed = SealedFiles(vault.folder, vault.crosswalks)

    def link(self, actor: Actor, project: str, survey: Survey, progress: Progress = silent) -> LinkageView:
        """Find the survey's people. Finished at once where nobody is in doubt; else review comes first."""
        with self._store.read() as session:
            require(session, actor, Permission.LINK_MAKE, project)
            application, masters = self._of_approved(session, project)
        with self._at_work(project):
            made = self._match(project, application, masters, survey, progress)
            with self._store.read() as session:
                refuse_taken(session, project, made.described.name, application)
            row = self._row(actor, project, survey.by, made)
            if not made.pairs:
                self._rehearse(row, masters, agree(application, masters.codebook), made.rows, progress)
            return self._record(actor, row)

    def decide(self, actor: Actor, project: str, name: str, pair: int, *, accept: bool) -> LinkageView:
        """Say of one doubtful pair whether they are the same person. May be changed until review is finished."""
        with self._store.act(
            actor, f"link:{'accept' if accept else 'reject'}", f"linkage:{project}/{name}"
        ) as act:
            require(act.session, actor, Permission.LINK_MAKE, project)
            row = in_review(act.session, project, name)
            pairs = self._pairs(row)
            wanted = next((p for p in pairs if p.number == pair), None)
            if wanted is None:
                raise NotFound(
                    f"{name} has no pair {pair}; its pairs are 1 to {len(pairs)}.", code="no-such-pair"
                )
            if accept:
                refuse_second(row, pairs, wanted)
            keep_decision(row, pair, accept, actor)
            acts = row.summary.get("acts", 0) + 1  # a decision changed is a change, whatever the count says
            row.summary = {**row.summary, "acts": acts, "undecided": len(pairs) - len(row.decisions)}
            act.detail["pair"] = pair
        return view_of_linkage(row)

    def finish(self, actor: Actor, project: str, name: str, progress: Progress = silent) -> LinkageView:
        """End the review: who was accepted is linked, the others are not, and what was typed is removed."""
        with self._store.read() as session:
            require(session, actor, Permission.LINK_MAKE, project)
            application, masters = self._of_approved(session, project)
        with self._at_work(project):
            with self._store.read() as session:
                row = in_review(session, project, name)
            refuse_undecided(row)
            accepted = self._accepted(row)
            rows = with_accepted(from_bytes(self._sealed.read(project, row.rows_sha256)), accepted)
            self._rehearse(row, masters, agree(application, masters.codebook), rows, progress)
            return self._record_finished(actor, row, rows)

    def withdraw(self, actor: Actor, project: str, name: str, reason: str = "") -> LinkageView:
        """Take a linked survey out of all cuts to come. Cuts that were made keep it."""
        with (
            self._at_work(project),
            self._store.act(actor, "link:withdraw", f"linkage:{project}/{name}", reason) as act,
        ):
            require(act.session, actor, Permission.LINK_MAKE, project)
            row = find_linkage(act.session, project, name)
            if row.status == LinkageStatus.WITHDRAWN:
                raise ActionRefused((Refusal("already-withdrawn", f"{name} was withdrawn before."),))
            row.status, row.rows_sha256, row.pairs_sha256 = LinkageStatus.WITHDRAWN, "", ""
        return view_of_linkage(row)

    def list(self, actor: Actor, project: str) -> tuple[LinkageView, ...]:
        """All linked surveys of a project, newest first."""
        with self._store.read() as session:
            require(session, actor, Permission.LINK_MAKE, project)
            find_project(session, project)
            query = select(models.Linkage).where(models.Linkage.project == project)
            return tuple(
                view_of_linkage(row) for row in session.scalars(query.order_by(models.Linkage.id.desc()))
            )

    def get(self, actor: Actor, project: str, name: str) -> LinkageView:
        """One linked survey."""
        with self._store.read() as session:
            require(session, actor, Permission.LINK_MAKE, project)
            return view_of_linkage(find_linkage(session, project, name))

    def pairs(self, actor: Actor, project: str, name: str) -> tuple[PairView, ...]:
        """The doubtful pairs of a survey in review, with names and birth dates. Empty once it is finished."""
        with self._store.read() as session:
            require(session, actor, Permission.LINK_MAKE, project)
            row = find_linkage(session, project, name)
            decided = {d.pair: d for d in row.decisions}
        views = []
        for pair in self._pairs(row):
            said = decided.get(pair.number)
            views.append(PairView(pair, said.accepted if said else None, said.decided_by if said else None))
        return tuple(views)

    def _of_approved(self, session: Session, project: str) -> tuple[Application, Masters]:
        row = find_project(session, project)
        if row.status != ProjectStatus.APPROVED:
            raise ActionRefused(
                (
                    Refusal(
                        "not-approved",
                        f"{row.name} is {row.status}. Surveys are linked for approved projects only.",
                    ),
                )
            )
        check_in_force(session, project, datetime.now(UTC).date())
        return grant_for_cut(session, project).application, current_masters(
            session, self._installation.warehouse_dir(row.district)
        )

    def _match(
        self, project: str, application: Application, masters: Masters, survey: Survey, progress: Progress
    ) -> Linkage:
        spill = self._installation.cuts_dir(project) / ".linking-spill"
        remove_folder(spill)
        question = Question(survey.path, survey.by, application.linkage, survey.table, survey.columns)
        with engine(spill) as con:
            return link_survey(con, masters, question, progress)

    def _rehearse(
        self, row: models.Linkage, masters: Masters, agreed: Agreed, rows: pa.Table, progress: Progress
    ) -> None:
        """Scramble and scan the table as a cut will; what a cut would refuse is refused now."""
        table = linked_tables.linked_table(row, rows)
        refuse_nobody(table)
        alone = Agreed(agreed.project, (table.plan,), (), agreed.years, agreed.cohort)
        cuts = self._installation.cuts_dir(row.project)
        counted = rehearse_cut(cuts, masters, alone, self._vault.crosswalks, progress, (table,))
        row.summary = {**row.summary, "in_cut": counted[row.table]}

    def _row(self, actor: Actor, project: str, by: By, made: Linkage) -> models.Linkage:
        pairs = (
            self._sealed.keep(project, json.dumps([asdict(p) for p in made.pairs]).encode())
            if made.pairs
            else ""
        )
        return models.Linkage(
            project=project,
            table=made.described.name,
            by=by,
            status=LinkageStatus.IN_REVIEW if made.pairs else LinkageStatus.FINISHED,
            unit=made.layout.unit,
            key=made.layout.key,
            described=linked_tables.description(made.described),
            summary={
                "counts": dict(made.counts),
                "kept": [f.name for f in made.layout.kept],
                "dropped": [asdict(d) for d in made.layout.dropped],
                "pairs": len(made.pairs),
                "undecided": len(made.pairs),
            },
            rows_sha256=self._sealed.keep(project, to_bytes(made.rows)),
            pairs_sha256=pairs,
            linked_by=actor.name,
            linked_at=datetime.now(UTC),
        )

    def _record(self, actor: Actor, row: models.Linkage) -> LinkageView:
        with self._store.act(actor, "link:make", f"project:{row.project}") as act:
            require(act.session, actor, Permission.LINK_MAKE, row.project)
            act.session.add(row)
            act.session.flush()
            act.detail.update(
                linkage=row.name, by=row.by, pairs=row.summary["pairs"], **row.summary["counts"]
            )
        return view_of_linkage(row)

    def _record_finished(self, actor: Actor, read: models.Linkage, rows: pa.Table) -> LinkageView:
        kept, linked = (
            self._sealed.keep(read.project, to_bytes(rows)),
            len(rows) - rows[IDENTIFIER].null_count,
        )
        counts = {"rows": len(rows), "linked": linked, "doubtful": 0, "not linked": len(rows) - linked}
        with self._store.act(actor, "link:finish", f"linkage:{read.project}/{read.name}") as act:
            require(act.session, actor, Permission.LINK_MAKE, read.project)
            row = in_review(act.session, read.project, read.name)
            if row.version != read.version:
                raise Stale("A pair was decided at the same time. Look at the review again, then finish it.")
            row.status, row.rows_sha256, row.pairs_sha256 = LinkageStatus.FINISHED, kept, ""
            row.summary = {**read.summary, "counts": counts}
            act.detail.update(accepted=sum(d.accepted for d in row.decisions), **counts)
        return view_of_linkage(row)

    def _pairs(self, row: models.Linkage) -> tuple[Pair, ...]:
        if not row.pairs_sha256:
            return ()
        return tuple(Pair(**raw) for raw in json.loads(self._sealed.read(row.project, row.pairs_sha256)))

    def _accepted(self, row: models.Linkage) -> dict[int, str]:
        accepted = {d.pair for d in row.decisions if d.accepted}
        return {p.person: p.identifier for p in self._pairs(row) if p.number in accepted}

    @contextmanager
    def _at_work(self, project: str) -> Iterator[None]:
        """One links for a project at a time; before and after, the vault holds what rows name and nothing else."""
        with locked(self._installation.cuts_dir(project), ".linking"):
            self._sweep(project)
            try:
                yield
            finally:
                self._sweep(project)

    def _sweep(self, project: str) -> None:
        """Remove from the vault what no row names: leftovers of the dead, and of surveys finished or withdrawn."""
        with self._store.read() as session:
            found = session.execute(
                select(models.Linkage.rows_sha256, models.Linkage.pairs_sha256).where(
                    models.Linkage.project == project
                )
            )
            named = {name for pair in found for name in pair if name}
        self._sealed.remove_all_but(project, named)
