"""Packages that researchers ask for, and the operator's answers. An answer installs nothing: a new version does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.environments import PackageStatus
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import require, rights_of
from rpp_hub.store.database import Store
from rpp_hub.store.model_environments import PackageRequest

MOST_WAITING = 20
LONGEST = 1000
_PACKAGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class PackageView:
    """A wish as its project's members and the operator see it."""

    name: str
    project: str
    person: str
    package: str
    purpose: str
    status: PackageStatus
    asked_at: datetime
    answered_by: str | None
    answered_at: datetime | None
    answer: str


class PackageRequests:
    """Asked by a member, answered by the operator."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now

    def ask(self, actor: Actor, project: str, package: str, purpose: str) -> PackageView:
        """Ask for a package. Its name is looked up nowhere: the operator reads it."""
        package, purpose = package.strip(), purpose.strip()
        if _PACKAGE.fullmatch(package) is None:
            raise Invalid(
                "Name one package, as it is called where it is published: 'lifelines'.", code="bad-package"
            )
        if not 10 <= len(purpose) <= LONGEST:
            raise Invalid(f"Say in 10 to {LONGEST:,} characters what it is needed for.", code="no-purpose")
        with self._store.act(actor, "package:ask", f"project:{project}") as act:
            require(act.session, actor, Permission.PACKAGE_ASK, project)
            self._check_room(act.session, project)
            row = PackageRequest(
                project=project, person=actor.name, package=package, purpose=purpose,
                status=str(PackageStatus.ASKED), asked_at=self._now(),
            )  # fmt: skip
            act.session.add(row)
            act.session.flush()
            act.detail.update(request=row.name, package=package)
        return _view(row)

    def answer(self, actor: Actor, name: str, *, added: bool, answer: str) -> PackageView:
        """Say what became of it; its project reads the answer."""
        answer = answer.strip()
        if not 3 <= len(answer) <= LONGEST:
            raise Invalid("Say why, or in which version it comes; the project reads it.", code="no-reason")
        with self._store.act(actor, "package:answer", f"package-request:{name}", answer) as act:
            require(act.session, actor, Permission.ENVIRONMENT_MAKE)
            row = _get(act.session, name)
            if row.status != PackageStatus.ASKED:
                raise ActionRefused((Refusal("package-answered", f"{row.name} was answered already."),))
            row.status = str(PackageStatus.ADDED if added else PackageStatus.REFUSED)
            row.answered_by, row.answered_at, row.answer = actor.name, self._now(), answer
            act.detail.update(package=row.package, project=row.project)
        return _view(row)

    def list(self, actor: Actor) -> tuple[PackageView, ...]:
        """What waits first, then the newest; of one's own projects, or of all for the operator."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            rows = session.scalars(select(PackageRequest).order_by(PackageRequest.id.desc())).all()
        sees_all = rights.may(Permission.ENVIRONMENT_MAKE)
        views = [_view(row) for row in rows if sees_all or row.project in rights.projects]
        return tuple(sorted(views, key=lambda view: view.status is not PackageStatus.ASKED))

    def _check_room(self, session: Session, project: str) -> None:
        waiting = select(func.count()).select_from(PackageRequest)
        waiting = waiting.where(
            PackageRequest.project == project, PackageRequest.status == PackageStatus.ASKED
        )
        if (session.scalar(waiting) or 0) >= MOST_WAITING:
            reason = (
                f"{MOST_WAITING} packages wait already for {project}. Wait for the operator's answers first."
            )
            raise ActionRefused((Refusal("packages-waiting", reason),))


def _get(session: Session, name: str) -> PackageRequest:
    number = name[1:]
    known = name[:1] == "p" and number.isascii() and number.isdigit() and len(number) < 10
    row = session.get(PackageRequest, int(number)) if known else None
    if row is None or row.name != name:
        raise NotFound(f"No package was asked for as {printable(name)!r}.", code="no-package-request")
    return row


def _view(row: PackageRequest) -> PackageView:
    return PackageView(
        name=row.name, project=row.project, person=row.person, package=row.package, purpose=row.purpose,
        status=PackageStatus(row.status), asked_at=row.asked_at, answered_by=row.answered_by,
        answered_at=row.answered_at, answer=row.answer,
    )  # fmt: skip
