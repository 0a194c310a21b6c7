"""Workspaces: who orders one to be closed, written down before the hub is asked to do it, and when it has closed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import select

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.installation import Installation
from rpp_hub.services.authority import require, seen_projects
from rpp_hub.store.database import Store
from rpp_hub.store.models import AuditRow
from rpp_hub.workspace import client
from rpp_hub.workspace.client import Status


class Workspaces:
    """The orders to close a workspace. Opening is the spawner's own act, behind the gate."""

    def __init__(self, store: Store, installation: Installation) -> None:
        self._store, self._installation = store, installation

    def running(self, actor: Actor) -> tuple[Status, ...]:
        """What runs now, as the supervisors themselves say."""
        with self._store.read() as session:
            rights = require(session, actor, Permission.WORKSPACE_REVOKE)
            seen = seen_projects(session, rights, Permission.WORKSPACE_REVOKE)
        return tuple(status for _, status in self._running() if seen is None or status.project in seen)

    def close_now(self, actor: Actor, person: str, project: str, reason: str) -> None:
        """Close somebody's workspace without the hub, which notices it by itself. Raises NotFound."""
        found = [run for run, s in self._running() if (s.person, s.project) == (person, project)]
        self.revoke(actor, person, project, reason)
        if not found:
            raise NotFound(
                f"{printable(person)} has no workspace of {printable(project)} open now.",
                code="no-such-workspace",
            )
        for run in found:
            asyncio.run(client.stop(run, reason))

    def _running(self) -> list[tuple[Path, Status]]:
        runs = self._installation.run_dir / "w"
        folders = sorted(runs.iterdir()) if runs.is_dir() else []
        found = ((run, asyncio.run(client.status(run))) for run in folders)
        return [(run, status) for run, status in found if status is not None and status.person]

    def revoke(self, actor: Actor, person: str, project: str, reason: str) -> None:
        """Order somebody's workspace to be closed."""
        with self._store.act(actor, "workspace:revoke", _subject(person, project), reason) as act:
            require(act.session, actor, Permission.WORKSPACE_REVOKE, project)

    def stop(self, actor: Actor, project: str) -> None:
        """Order one's own workspace to be closed."""
        with self._store.act(actor, "workspace:stop", _subject(actor.name, project)) as act:
            require(act.session, actor, Permission.WORKSPACE_OPEN, project)

    def closed(self, actor: Actor, person: str, project: str, reason: str) -> None:
        """Note the end of a workspace. Several may notice it; the first one's reason stands."""
        subject = _subject(person, project)
        if self._last(subject) == "workspace:open":
            with self._store.act(actor, "workspace:close", subject, reason):
                pass

    def _last(self, subject: str) -> str | None:
        acts = ("workspace:open", "workspace:close")
        with self._store.read() as session:
            query = select(AuditRow.act).where(AuditRow.subject == subject, AuditRow.act.in_(acts))
            return session.scalars(query.order_by(AuditRow.seq.desc()).limit(1)).first()


def _subject(person: str, project: str) -> str:
    return f"workspace:{project}/{person}"
