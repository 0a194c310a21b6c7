"""Where each workspace stands after its project's end: frozen, read once more, archived, restored, destroyed with a certificate."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor, Via, system
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, Unavailable
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.domain.workspace_life import Life, WorkspaceAct, after, opening_refusal
from rpp_hub.installation import Installation
from rpp_hub.services.authority import require, seen_projects
from rpp_hub.store.database import Store
from rpp_hub.store.model_workspace import WorkspaceState
from rpp_hub.store.models import Project
from rpp_hub.vault.destruction import certificate_bytes
from rpp_hub.whole import write_whole
from rpp_hub.workspace import archive
from rpp_hub.workspace.archive import sha256_of
from rpp_hub.workspace.leftovers import remove

# What a person who only reads may do without: the data, and all that is asked of work with it.
_NOT_FOR_READING = frozenset(
    {"agreement-ended", "irb-ended", "project-closed", "no-cut", "agreement-missing", "irb-missing"}
)
LEFT = (
    "Copies in backups made before this moment are not destroyed by it. They must be removed by whoever keeps the backups. "
    "Released outputs are not destroyed: they were reviewed and are kept."
)
Gate = Callable[[str, str], tuple[Refusal, ...]]  # person, project


def reasons(state: Life, project: str, gate: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """Why a workspace in this state does not open now, beside what the gate says."""
    if state is Life.READING:
        return tuple(r for r in gate if r.code not in _NOT_FOR_READING)
    own = opening_refusal(state, project)
    return (own, *gate) if own is not None else gate


@dataclass(frozen=True, slots=True)
class LifeView:
    """One person's workspace of a project."""

    project: str
    person: str
    state: Life
    since: datetime | None
    until: date | None
    archive: Mapping[str, Any] | None
    certificate: Mapping[str, Any] | None


class Living:
    """The states of workspaces. The rows are the truth; folders follow (`settle`)."""

    def __init__(
        self,
        store: Store,
        installation: Installation,
        gate: Gate,
        sign: Callable[[bytes], bytes],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._installation, self._gate = store, installation, gate
        self._sign, self._now = sign, now

    def refusals(self, person: str, project: str) -> tuple[Refusal, ...]:
        """Every reason why this person's workspace does not open now: its own state, and the gate."""
        return reasons(self.state(project, person), project, self._gate(person, project))

    def state(self, project: str, person: str) -> Life:
        with self._store.read() as session:
            row = session.get(WorkspaceState, (project, person))
        return Life.ACTIVE if row is None else Life(row.state)

    def list(self, actor: Actor, project: str | None = None) -> tuple[LifeView, ...]:
        """Every workspace that has a folder or a state."""
        with self._store.read() as session:
            rights = require(session, actor, Permission.WORKSPACE_KEEP)
            seen = seen_projects(session, rights, Permission.WORKSPACE_KEEP)
            rows = {(r.project, r.person): r for r in session.scalars(select(WorkspaceState))}
        keys = sorted({*rows, *self._with_folder()})
        return tuple(
            _view(*key, rows.get(key))
            for key in keys
            if project in (None, key[0]) and (seen is None or key[0] in seen)
        )

    def reopen(self, actor: Actor, project: str, person: str, until: date, reason: str) -> LifeView:
        """Let the person read a frozen workspace until a day."""
        if until < self._now().date():
            raise Invalid(f"{until} has passed. Name a day until which it may be read.", code="bad-day")
        return self._step(actor, WorkspaceAct.REOPEN, project, person, reason, until=until)

    def archive(self, actor: Actor, project: str, person: str, reason: str = "") -> LifeView:
        """Pack a frozen workspace away. The folder goes when the archive is whole and recorded."""
        self._check(actor, WorkspaceAct.ARCHIVE, project, person)
        packed = archive.pack(self._folder(project, person), self._archive(project, person))
        told = {
            "sha256": packed.sha256,
            "files": packed.files,
            "bytes": packed.size,
            "left_out": packed.left_out,
        }
        return self._step(actor, WorkspaceAct.ARCHIVE, project, person, reason, archive=told)

    def restore(self, actor: Actor, project: str, person: str, reason: str = "") -> LifeView:
        """Unpack an archive; the workspace is frozen again, and can be opened for reading."""
        self._check(actor, WorkspaceAct.RESTORE, project, person)
        folder = self._folder(project, person)
        if not folder.exists():
            self._check_archive(project, person)
            archive.unpack(self._archive(project, person), folder)
        return self._step(actor, WorkspaceAct.RESTORE, project, person, reason, archive=None)

    def destroy(self, actor: Actor, project: str, person: str, reason: str) -> LifeView:
        """Destroy folder and archive, with a signed certificate."""
        if len(reason.strip()) < 3:
            raise Invalid("Say why it is destroyed; the certificate states it.", code="no-reason")
        self._check(actor, WorkspaceAct.DESTROY, project, person)
        certificate = {
            "kind": "certificate of destruction of a workspace", "project": project, "person": person,
            "destroyed_at": self._now().isoformat(timespec="seconds"), "destroyed_by": actor.name, "reason": reason.strip(),
            "folder": archive.inventory(self._folder(project, person)), "archive": self._archived(project, person), "left": LEFT,
        }  # fmt: skip
        if self._is_last(project, person):
            certificate["shared"] = archive.inventory(self._installation.shared_dir(project))
        signature = base64.b64encode(self._sign(certificate_bytes(certificate))).decode()
        return self._step(
            actor, WorkspaceAct.DESTROY, project, person, reason, certificate=certificate, signature=signature
        )

    def _check_archive(self, project: str, person: str) -> None:
        recorded, path = self._archived(project, person) or {}, self._archive(project, person)
        if not path.exists() or sha256_of(path) != recorded.get("sha256"):
            raise Unavailable(
                f"The archive of {project}/{person} is not what was packed. Restore the file from the backup.",
                code="archive-damaged",
            )

    def _archived(self, project: str, person: str) -> Mapping[str, Any] | None:
        with self._store.read() as session:
            row = session.get(WorkspaceState, (project, person))
        return None if row is None else row.archive

    def _is_last(self, project: str, person: str) -> bool:
        """The project's own folder goes with the last of its members' workspaces."""
        others = {p for q, p in self._with_folder() if q == project}
        packed = {
            path.name.removesuffix(".tar.gz")
            for path in self._archive(project, person).parent.glob("[a-z]*.tar.gz")
        }
        return not (others | packed) - {person}

    def due(self) -> tuple[str, ...]:
        """What the installation does by itself, as ACT PROJECT/PERSON: freeze, thaw, end the reading, and unfinished removals."""
        today = self._now().date()
        with self._store.read() as session:
            rows = {(r.project, r.person): r for r in session.scalars(select(WorkspaceState))}
            over = {p.name: _is_over(p, today) for p in session.scalars(select(Project))}
        steps = []
        for project, person in sorted({*rows, *self._with_folder()}):
            row = rows.get((project, person))
            act = _due_act(
                Life.ACTIVE if row is None else Life(row.state), over.get(project, False), row, today
            )
            if act is not None:
                steps.append(f"{act} {project}/{person}")
        return (*steps, *(f"settle {p}/{n}" for p, n in rows if self._is_unsettled(rows[p, n])))

    def do(self, step: str) -> None:
        """One of `due`."""
        act, _, key = step.partition(" ")
        project, _, person = key.partition("/")
        if act == "settle":
            self.settle(project, person)
        else:
            self._step(system(Via.WORKER), WorkspaceAct(act), project, person, "")

    def settle(self, project: str, person: str) -> None:
        """Bring folders to what the row says; what was cut off by a crash is finished here."""
        with self._store.read() as session:
            row = session.get(WorkspaceState, (project, person))
        if row is None:
            return
        state = Life(row.state)
        if state in (Life.ARCHIVED, Life.DESTROYED):
            remove(self._folder(project, person))
        if state is not Life.ARCHIVED:
            self._archive(project, person).unlink(missing_ok=True)
        if state is Life.DESTROYED and row.certificate is not None:
            if "shared" in row.certificate:
                remove(self._installation.shared_dir(project))
                remove(self._installation.ingress_dir(project))
            self._write_certificate(project, person, row.certificate, row.signature)

    def _step(
        self, actor: Actor, step: WorkspaceAct, project: str, person: str, reason: str, **values: Any
    ) -> LifeView:
        with self._store.act(
            actor, f"workspace:{step}", f"workspace:{project}/{person}", reason.strip()
        ) as doing:
            row, target = self._target(doing.session, actor, step, project, person)
            row.state, row.since, row.until = str(target), self._now(), values.pop("until", None)
            for name, value in values.items():
                setattr(row, name, value)
            doing.session.add(row)
            doing.detail["state"] = str(target)
        self.settle(project, person)
        return _view(project, person, row)

    def _check(self, actor: Actor, act: WorkspaceAct, project: str, person: str) -> None:
        with self._store.read() as session:
            self._target(session, actor, act, project, person)

    def _target(
        self, session: Session, actor: Actor, act: WorkspaceAct, project: str, person: str
    ) -> tuple[WorkspaceState, Life]:
        by_system = actor.name == "system"
        permission = (
            Permission.WORKSPACE_DESTROY if act is WorkspaceAct.DESTROY else Permission.WORKSPACE_KEEP
        )
        rights = require(session, actor, permission, project)
        row = session.get(WorkspaceState, (project, person))
        if row is None:
            if not self._folder(project, person).is_dir():
                raise NotFound(
                    f"{printable(person)} has no workspace of {printable(project)}.", code="no-such-workspace"
                )
            row = WorkspaceState(project=project, person=person, state=str(Life.ACTIVE), since=self._now())
        target = after(Life(row.state), act, rights.roles, system=by_system)
        if rights.name == person and not by_system:
            raise ActionRefused(
                (
                    Refusal(
                        "own-workspace", "This is your own workspace, so another data manager must do that."
                    ),
                )
            )
        return row, target

    def _with_folder(self) -> Iterator[tuple[str, str]]:
        for path in sorted((self._installation.home / "workspaces").glob("*/members/[a-z]*")):
            if path.is_dir() and not path.is_symlink():
                yield path.parent.parent.name, path.name

    def _is_unsettled(self, row: WorkspaceState) -> bool:
        folder = self._folder(row.project, row.person).exists()
        packed = self._archive(row.project, row.person).exists()
        state = Life(row.state)
        gone = state in (Life.ARCHIVED, Life.DESTROYED)
        unwritten = (
            state is Life.DESTROYED
            and not (self._certificates(row.project, row.person) / "certificate.json").exists()
        )
        return (gone and folder) or (state is not Life.ARCHIVED and packed) or unwritten

    def _folder(self, project: str, person: str) -> Path:
        return self._installation.workspace_dir(project, person)

    def _archive(self, project: str, person: str) -> Path:
        return self._installation.home / "archives" / project / f"{person}.tar.gz"

    def _certificates(self, project: str, person: str) -> Path:
        return self._installation.certificates_dir / project / f"workspace-{person}"

    def _write_certificate(
        self, project: str, person: str, certificate: Mapping[str, Any], signature: str
    ) -> None:
        folder = self._certificates(project, person)
        for name, content in (
            ("certificate.sig", signature.encode() + b"\n"),
            ("certificate.json", certificate_bytes(certificate)),
        ):
            write_whole(folder / name, content)


def _is_over(project: Project, today: date) -> bool:
    ended = project.agreement_ends is not None and project.agreement_ends < today
    return project.status == ProjectStatus.CLOSED or ended


def _due_act(state: Life, over: bool, row: WorkspaceState | None, today: date) -> WorkspaceAct | None:
    if state is Life.ACTIVE:
        return WorkspaceAct.FREEZE if over else None
    if state in (Life.FROZEN, Life.READING) and not over:
        return WorkspaceAct.THAW
    if state is Life.READING and row is not None and row.until is not None and row.until < today:
        return WorkspaceAct.END_READING
    return None


def _view(project: str, person: str, row: WorkspaceState | None) -> LifeView:
    if row is None:
        return LifeView(project, person, Life.ACTIVE, None, None, None, None)
    return LifeView(project, person, Life(row.state), row.since, row.until, row.archive, row.certificate)
