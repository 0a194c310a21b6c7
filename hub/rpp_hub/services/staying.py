"""In which version of the environment does a project stay? In the one it began with, until somebody who may moves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, Unavailable
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import projects_within, require, rights_of
from rpp_hub.services.environments import Environments, EnvironmentView, Located
from rpp_hub.store.database import Act, Store
from rpp_hub.store.model_environments import OpenedIn, StaysIn
from rpp_hub.store.models import Project

BEGUN = "It began in this version."
NOT_KEPT = "The version that it stayed in is not kept any more."


@dataclass(frozen=True, slots=True)
class StayView:
    """A project and its version."""

    project: str
    version: str
    state: str  # of the version: current | kept | retired
    since: datetime
    moved_by: str  # empty where nobody moved it
    reason: str


class Staying:
    """Which project is on which version."""

    def __init__(self, store: Store, environments: Environments, now: Callable[[], datetime]) -> None:
        self._store, self._environments, self._now = store, environments, now

    def of(self, project: str) -> Located:
        """What its workspaces are opened in. Raises Unavailable where the files of its version were lost."""
        with self._store.read() as session:
            row = session.get(StaysIn, project)
        kept = None if row is None else self._environments.kept(row.environment)
        return kept or self._environments.current()

    def for_work(self, version: str, project: str) -> Located:
        """What work is run again in: the version it was made in while that is kept, else its project's."""
        try:
            kept = self._environments.kept(version)
        except Unavailable:
            kept = None
        return kept or self.of(project)

    def list(self, actor: Actor, versions: Sequence[EnvironmentView] = ()) -> tuple[StayView, ...]:
        """The projects that somebody may move, and their own; `versions` where they were read before."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            rows = session.scalars(
                select(StaysIn)
                .join(Project, Project.name == StaysIn.project)
                .where(projects_within(rights, Permission.ENVIRONMENT_MOVE))
                .order_by(StaysIn.project)
            ).all()
        states = {view.version: view.state for view in versions or self._environments.list(actor)}
        return tuple(_view(row, states) for row in rows)

    def move(self, actor: Actor, project: str, version: str, reason: str) -> None:
        """Open this project's workspaces in another version from now on; those that run stay in theirs."""
        with self._store.act(actor, "environment:move", f"project:{project}", reason.strip()) as act:
            require(act.session, actor, Permission.ENVIRONMENT_MOVE, project)
            if len(reason.strip()) < 3:
                raise Invalid("Say why the project is moved; it is kept.", code="no-reason")
            if act.session.get(Project, project) is None:
                raise NotFound(f"There is no project {printable(project)!r}.", code="no-such-project")
            self._check_kept(actor, version)
            row = act.session.get(StaysIn, project)
            if row is not None and row.environment == version:
                raise _refused("environment-same", f"{project} stays in {version} already.")
            act.detail.update(before="" if row is None else row.environment, environment=version)
            _write(act.session, project, version, self._now(), actor.name, reason.strip())

    def _check_kept(self, actor: Actor, version: str) -> None:
        self._environments.show(actor, version or "-")  # there is such a version
        if self._environments.kept(version) is None:
            raise _refused("environment-retired", f"The files of {version} are not kept. Make it again.")


def note_beginning(act: Act, project: str, version: str, now: datetime) -> None:
    """Within the act by which a project is provisioned, a cut or an opening: from here on it stays in this version."""
    row = act.session.get(StaysIn, project)
    if version and (row is None or row.environment != version):
        _write(act.session, project, version, now, "", BEGUN if row is None else NOT_KEPT)


def note_opening(act: Act, project: str, person: str, environment: str, now: datetime) -> None:
    """Within the act of opening: which version this workspace runs in, and which it ran in before."""
    before = act.session.get(OpenedIn, (project, person))
    if before is not None and before.environment != environment:
        act.detail["environment_before"] = before.environment
    act.detail["environment"] = environment
    act.session.merge(OpenedIn(project=project, person=person, environment=environment, opened_at=now))
    note_beginning(act, project, environment, now)


def _write(session: Session, project: str, version: str, now: datetime, by: str, reason: str) -> None:
    session.merge(
        StaysIn(project=project, environment=version, since=now, moved_by=by or None, reason=reason)
    )


def _view(row: StaysIn, states: Mapping[str, str]) -> StayView:
    return StayView(
        project=row.project, version=row.environment, state=states.get(row.environment, "retired"),
        since=row.since, moved_by=row.moved_by or "", reason=row.reason,
    )  # fmt: skip


def _refused(code: str, reason: str) -> ActionRefused:
    return ActionRefused((Refusal(code, reason),))
