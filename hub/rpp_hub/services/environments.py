"""The workspaces' environment: made in versions, one of them current, in which projects begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, Unavailable
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.resources import resource
from rpp_hub.services.authority import require
from rpp_hub.store.database import Store
from rpp_hub.store.model_environments import EnvironmentVersion, OpenedIn, StaysIn
from rpp_hub.store.models import Project
from rpp_hub.warehouse.folders import hash_file, remove_folder
from rpp_hub.workspace.environment import generation_of, read_stamp, sources, version_of
from rpp_hub.workspace.locks import Pinned, read_lock
from rpp_hub.workspace.version_making import Say, Smoke, Wanted, make, name_of, python_of
from rpp_hub.workspace.versions import LOCK_FILE, Manifest, Versions, is_as_sealed, manifest_of, unused

BASE = "the base"


@dataclass(frozen=True, slots=True)
class Located:
    """An environment and where it lies."""

    version: str
    path: Path


@dataclass(frozen=True, slots=True)
class EnvironmentView:
    """A version, as everybody may know it."""

    version: str
    state: str  # current | kept | retired
    made_by: str
    made_at: datetime | None
    used_from: datetime | None
    reason: str
    python: str
    made_from: str
    requirements: str
    content: str
    up_to_date: bool  # whether rpp's own packages in it are those of this release
    packages: tuple[Pinned, ...]
    workspaces: tuple[str, ...]  # that were last opened in it


class Origin(StrEnum):
    """What a new version begins with."""

    CURRENT = "current"
    BASE = "base"  # what this release set up
    NOTHING = "nothing"  # the list is the whole


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What an operator asks for. Without a list it is the origin, with rpp's own packages as they are now."""

    reason: str
    allowed: str = ""
    wheels: Path | None = None
    origin: Origin = Origin.CURRENT


class Environments:
    """Every version there is; before any was made, the base that was set up with the installation."""

    def __init__(
        self, store: Store, versions: Versions, base: Path, smoke: Smoke, now: Callable[[], datetime]
    ) -> None:
        self._store, self._versions, self._base = store, versions, base
        self._smoke, self._now = smoke, now

    def current(self) -> Located:
        """What projects begin in from now on. Raises Unavailable where its files are gone."""
        with self._store.read() as session:
            row = _current(session)
        if row is None:
            return self.base()
        if not self._versions.is_there(row.name):
            raise Unavailable(
                f"The files of environment {row.name} are gone. Use another one: rpp environment use VERSION",
                code="environment",
            )
        return Located(row.name, self._versions.path(row.name))

    def base(self) -> Located:
        """What was set up with this release."""
        return Located(version_of(self._base), self._base)

    def kept(self, version: str) -> Located | None:
        """This version while it is kept; None for another. Raises Unavailable where its files are gone."""
        if version and version == version_of(self._base):
            return Located(version, self._base)
        with self._store.read() as session:
            row = session.get(EnvironmentVersion, version)
        if row is None or row.retired_at is not None:
            return None
        if not self._versions.is_there(version):
            raise Unavailable(
                f"The files of environment {version} are gone. Move the projects that stay in it: rpp environment move",
                code="environment",
            )
        return Located(version, self._versions.path(version))

    def list(self, actor: Actor) -> tuple[EnvironmentView, ...]:
        """All versions, the current one first; the base comes last."""
        with self._store.read() as session:
            rows = session.scalars(select(EnvironmentVersion).order_by(EnvironmentVersion.turn.desc())).all()
            opened = session.scalars(select(OpenedIn).order_by(OpenedIn.project, OpenedIn.person)).all()
        current = next((row for row in rows if row.retired_at is None), None)
        views = [_view(row, current, opened) for row in rows]
        base = self._base_view(current, opened)
        views += [] if any(view.version == base.version for view in views) else [base]
        return tuple(sorted(views, key=lambda view: view.state != "current"))

    def show(self, actor: Actor, version: str = "") -> EnvironmentView:
        """One version; the current one where none is named. Raises NotFound."""
        for view in self.list(actor):
            if view.version == version or (not version and view.state == "current"):
                return view
        raise NotFound(
            f"There is no environment {printable(version)!r}: rpp environment list", code="no-environment"
        )

    def is_as_sealed(self, actor: Actor, version: str) -> bool:
        """Whether every file of a kept version is still the one that was tried. Reads all of it."""
        view = self.show(actor, version)
        return self._versions.is_there(view.version) and is_as_sealed(self._versions.path(view.version))

    def make(self, actor: Actor, new: NewVersion, say: Say) -> EnvironmentView:
        """A new version beside the old ones; tried, then current. Killed at any moment, the old one stays."""
        if len(new.reason.strip()) < 3:
            raise Invalid("Say why this version is made; it is kept.", code="no-reason")
        added = read_lock(new.allowed) if new.allowed else ()
        with self._store.read() as session:
            require(session, actor, Permission.ENVIRONMENT_MAKE)
            kept = _kept(session)
        with self._versions.changing(kept):
            wanted = self._wanted(new, added)
            if name_of(wanted) in kept:
                raise _refused(
                    "environment-there",
                    f"This environment is there already: rpp environment use {name_of(wanted)}",
                )
            stage = self._versions.new_stage()
            try:
                manifest = make(wanted, stage, self._smoke, say)
                self._versions.place(stage, manifest.version)
            finally:
                remove_folder(stage)
            self._record(actor, manifest, new.reason.strip(), added)
        return self.show(actor, manifest.version)

    def use(self, actor: Actor, version: str, reason: str) -> EnvironmentView:
        """Let projects begin in this version from now on; those that began stay in theirs."""
        with self._store.act(actor, "environment:use", f"environment:{version}", reason) as act:
            require(act.session, actor, Permission.ENVIRONMENT_MAKE)
            row = _get(act.session, version)
            if row.retired_at is not None or not self._versions.is_there(version):
                raise _refused("environment-retired", f"The files of {version} are not kept. Make it again.")
            act.detail["before"] = getattr(_current(act.session), "name", BASE)
            row.used_from, row.turn = self._now(), _next_turn(act.session)
        return self.show(actor, version)

    def retire(self, actor: Actor, version: str, reason: str) -> EnvironmentView:
        """Remove a version's files; what it was made of stays known. The row goes first: killed, the files go next time."""
        with self._store.read() as session:
            require(session, actor, Permission.ENVIRONMENT_MAKE)
            _get(session, version)
            kept = _kept(session)
        with self._versions.changing(kept):
            if self._versions.is_there(version):
                with unused(self._versions.path(version)):
                    self._retire(actor, version, reason)
                    self._versions.remove(version)
            else:
                self._retire(actor, version, reason)
        return self.show(actor, version)

    def _retire(self, actor: Actor, version: str, reason: str) -> None:
        with self._store.act(actor, "environment:retire", f"environment:{version}", reason) as act:
            require(act.session, actor, Permission.ENVIRONMENT_MAKE)
            row = _get(act.session, version)
            current = _current(act.session)
            if current is not None and current.name == version:
                raise _refused(
                    "environment-current",
                    "Projects begin in this version. Use another one first: rpp environment use",
                )
            if row.retired_at is not None:
                raise _refused("environment-retired", f"{version} is retired already.")
            if staying := _staying(act.session, version):
                raise _refused(
                    "environment-stayed-in",
                    f"Projects stay in this version: {', '.join(staying)}. Move them first: rpp environment move",
                )
            row.retired_at = self._now()

    def _record(self, actor: Actor, manifest: Manifest, reason: str, added: tuple[Pinned, ...]) -> None:
        with self._store.act(actor, "environment:make", f"environment:{manifest.version}", reason) as act:
            require(act.session, actor, Permission.ENVIRONMENT_MAKE)
            row, turn = act.session.get(EnvironmentVersion, manifest.version), _next_turn(act.session)
            if row is None:
                row = EnvironmentVersion(name=manifest.version)
                act.session.add(row)
            row.manifest, row.reason, row.made_by = manifest.document(), reason, actor.name
            row.made_at = row.used_from = self._now()
            row.turn = turn
            row.retired_at = None
            act.detail.update(
                requirements=manifest.requirements, content=manifest.content, python=manifest.python,
                made_from=manifest.made_from, added=[f"{pin.name}=={pin.version}" for pin in added],
            )  # fmt: skip

    def _wanted(self, new: NewVersion, added: tuple[Pinned, ...]) -> Wanted:
        if new.origin is Origin.NOTHING:
            return Wanted(None, "", (), added, new.wheels)
        origin = self.base() if new.origin is Origin.BASE else self.current()
        sealed = origin.path != self._base
        lock = origin.path / LOCK_FILE if sealed else self._base_lock()
        held = read_lock(lock.read_text(encoding="utf-8"))
        return Wanted(origin.path, origin.version, held, added, new.wheels, links=sealed)

    def _base_lock(self) -> Path:
        lock = resource("requirements/workspace.txt")
        if read_stamp(self._base).get("requirements") != hash_file(lock):
            raise _refused(
                "environment-unlocked",
                f"{self._base} was not made from the lists of this release. Run scripts/set-up first.",
            )
        return lock

    def _base_view(self, current: EnvironmentVersion | None, opened: Sequence[OpenedIn]) -> EnvironmentView:
        stamp, lock = read_stamp(self._base), resource("requirements/workspace.txt")
        known = stamp.get("requirements") == hash_file(lock)
        version = str(stamp.get("version", ""))
        return EnvironmentView(
            version=version, state="current" if current is None else "kept", made_by=BASE, made_at=None, used_from=None,
            reason="Set up with this release.", python=python_of(self._base), made_from="",
            requirements=str(stamp.get("requirements", "")), content="", up_to_date=True,
            packages=read_lock(lock.read_text(encoding="utf-8")) if known else (), workspaces=_opened(opened, version),
        )  # fmt: skip


def _view(
    row: EnvironmentVersion, current: EnvironmentVersion | None, opened: Sequence[OpenedIn]
) -> EnvironmentView:
    manifest = manifest_of(row.manifest)
    is_current = current is not None and current.name == row.name
    state = "current" if is_current else "kept" if row.retired_at is None else "retired"
    return EnvironmentView(
        version=row.name, state=state, made_by=row.made_by, made_at=row.made_at, used_from=row.used_from,
        reason=row.reason, python=manifest.python, made_from=manifest.made_from, requirements=manifest.requirements,
        content=manifest.content, up_to_date=manifest.generation == generation_of(sources()),
        packages=manifest.packages, workspaces=_opened(opened, row.name),
    )  # fmt: skip


def _opened(opened: Sequence[OpenedIn], version: str) -> tuple[str, ...]:
    return tuple(f"{one.project}/{one.person}" for one in opened if one.environment == version)


def _current(session: Session) -> EnvironmentVersion | None:
    kept = select(EnvironmentVersion).where(EnvironmentVersion.retired_at.is_(None))
    return session.scalars(kept.order_by(EnvironmentVersion.turn.desc()).limit(1)).first()


def _next_turn(session: Session) -> int:
    return (session.scalar(select(func.max(EnvironmentVersion.turn))) or 0) + 1


def _staying(session: Session, version: str) -> tuple[str, ...]:
    """The projects that are still worked on in it."""
    statement = (
        select(StaysIn.project)
        .join(Project, Project.name == StaysIn.project)
        .where(StaysIn.environment == version, Project.status != ProjectStatus.CLOSED)
    )
    return tuple(session.scalars(statement.order_by(StaysIn.project)))


def _kept(session: Session) -> frozenset[str]:
    return frozenset(
        session.scalars(select(EnvironmentVersion.name).where(EnvironmentVersion.retired_at.is_(None)))
    )


def _get(session: Session, version: str) -> EnvironmentVersion:
    row = session.get(EnvironmentVersion, version)
    if row is None:
        raise NotFound(f"No environment {printable(version)!r} was made here: rpp environment list", code="no-environment")  # fmt: skip
    return row


def _refused(code: str, reason: str) -> ActionRefused:
    return ActionRefused((Refusal(code, reason),))
