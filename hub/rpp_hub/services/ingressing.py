"""Files that researchers bring in: offered, scanned as a cut is, seen by the data manager, and placed once they are admitted."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from rpp_hub.cuts.look import Leak
from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound
from rpp_hub.domain.ingress import IngressKind, IngressStatus, check_offer
from rpp_hub.domain.ingress_findings import look
from rpp_hub.domain.names import printable
from rpp_hub.domain.paging import PAGE, Page, PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.installation import Installation
from rpp_hub.services.authority import district_of, of_projects, require, rights_of
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store
from rpp_hub.store.model_workspace import Ingress
from rpp_hub.store.models import Membership, Project
from rpp_hub.store.paging import read_rows
from rpp_hub.whole import write_whole

MOST_WAITING = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Scan = Callable[[str, str, Sequence[str]], Sequence[Leak]]  # project, the file's name, its lines


@dataclass(frozen=True, slots=True)
class IngressView:
    """An offer as its author, the project's members and the data manager see it."""

    name: str
    project: str
    author: str
    file_name: str
    kind: IngressKind
    size: int
    sha256: str
    purpose: str
    findings: tuple[str, ...]  # what to look at before it is let in
    status: IngressStatus
    offered_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str


@dataclass(frozen=True, slots=True)
class IngressLine:
    """An offer as one line of a list."""

    name: str
    project: str
    author: str
    file_name: str
    size: int
    status: IngressStatus
    offered_at: datetime
    decision_reason: str


_INGRESS = Ingress.__table__.c
_LINE: Select[*tuple[Any, ...]] = select(
    _INGRESS.id, _INGRESS.project, _INGRESS.author, _INGRESS.file_name, _INGRESS.size, _INGRESS.status, _INGRESS.offered_at,
    _INGRESS.decision_reason,
)  # fmt: skip
_WAITING = _LINE.where(_INGRESS.status == str(IngressStatus.OFFERED))
_DECIDED = _LINE.where(_INGRESS.status != str(IngressStatus.OFFERED))


_NEWEST = (
    select(func.max(_INGRESS.id))
    .where(_INGRESS.status == str(IngressStatus.ADMITTED))
    .group_by(_INGRESS.project, _INGRESS.file_name)
)
_IN_FORCE: Select[*tuple[Any, ...]] = (
    select(_INGRESS.id, _INGRESS.project, _INGRESS.file_name, _INGRESS.size, _INGRESS.decided_at)
    .join(Project.__table__, Project.name == _INGRESS.project)
    .where(_INGRESS.id.in_(_NEWEST), Project.status == str(ProjectStatus.APPROVED))
    .order_by(_INGRESS.id)
)


def _date_of(decided_at: datetime) -> int:
    """A placed file's date is the moment it was let in, in whole microseconds as databases keep them."""
    return (decided_at - _EPOCH) // timedelta(microseconds=1) * 1000


def _line(row: Row[Any]) -> IngressLine:
    return IngressLine(
        name=f"i{row.id:04d}",
        project=row.project,
        author=row.author,
        file_name=row.file_name,
        size=row.size,
        status=IngressStatus(row.status),
        offered_at=row.offered_at,
        decision_reason=row.decision_reason,
    )


class Ingressing:
    """The one way for a file into a workspace."""

    def __init__(
        self,
        store: Store,
        installation: Installation,
        content: ContentStore,
        scan: Scan,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._installation, self._content = store, installation, content
        self._scan, self._now = scan, now

    def offer(self, actor: Actor, project: str, file_name: str, content: bytes, purpose: str) -> IngressView:
        """Ask for a file to be let in. Raises Invalid for what is never taken, ActionRefused where it names people."""
        with self._store.read() as session:
            self._check_may_offer(session, actor, project)
        kind = check_offer(file_name, content, purpose)
        lines = [file_name, *content.decode("utf-8-sig").splitlines()]
        leaks = self._scan(project, file_name, lines)
        if leaks:
            raise ActionRefused(
                tuple(
                    Refusal(
                        "ingress-identifiers",
                        f"{file_name} holds {leak.what}. Take them out, then offer it again.",
                    )
                    for leak in leaks
                )
            )
        digest = self._content.put(content)
        with self._store.act(actor, "ingress:offer", f"project:{project}", purpose.strip()) as act:
            self._check_may_offer(act.session, actor, project)
            row = Ingress(
                project=project, author=actor.name, file_name=file_name, kind=str(kind), size=len(content), sha256=digest,
                purpose=purpose.strip(), findings=list(look(file_name, kind, content.decode("utf-8-sig"))), status=str(IngressStatus.OFFERED), offered_at=self._now(),
            )  # fmt: skip
            act.session.add(row)
            act.session.flush()
            act.detail.update(ingress=row.name, file=file_name, size=len(content), sha256=digest)
        return _view(row)

    def decide(self, actor: Actor, name: str, *, admit: bool, reason: str) -> IngressView:
        """Let a file in, or refuse it with a reason that its author reads."""
        if not admit and len(reason.strip()) < 3:
            raise Invalid("Say why it is refused; its author reads it.", code="no-reason")
        act_name = "ingress:admit" if admit else "ingress:refuse"
        with self._store.act(actor, act_name, f"ingress:{name}", reason.strip()) as act:
            row = _get(act.session, name)
            require(act.session, actor, Permission.INGRESS_DECIDE, row.project)
            _check_waits(row)
            if row.author == actor.name or act.session.get(Membership, (row.project, actor.name)) is not None:
                raise ActionRefused(
                    (
                        Refusal(
                            "own-ingress",
                            "You are a member of this project, so another data manager must look at it.",
                        ),
                    )
                )
            row.status = str(IngressStatus.ADMITTED if admit else IngressStatus.REFUSED)
            row.decided_by, row.decided_at, row.decision_reason = actor.name, self._now(), reason.strip()
            act.detail.update(project=row.project, file=row.file_name, sha256=row.sha256)
        if admit:
            self.place(name)
        return _view(row)

    def withdraw(self, actor: Actor, name: str) -> IngressView:
        """Take one's own offer back while nobody has decided."""
        with self._store.act(actor, "ingress:withdraw", f"ingress:{name}") as act:
            row = _get(act.session, name)
            require(act.session, actor, Permission.INGRESS_OFFER, row.project)
            if row.author != actor.name:
                raise ActionRefused(
                    (Refusal("not-author", f"Only {row.author}, who offered it, may take it back."),)
                )
            _check_waits(row)
            row.status = str(IngressStatus.WITHDRAWN)
        return _view(row)

    def list(
        self, actor: Actor, project: str | None = None, *, waiting: bool = False
    ) -> tuple[IngressView, ...]:
        """What this person may know of, newest first."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            theirs = of_projects(Ingress.project, rights, Permission.INGRESS_DECIDE)
            query = select(Ingress).where(theirs).order_by(Ingress.id.desc())
            if project is not None:
                query = query.where(Ingress.project == project)
            if waiting:
                query = query.where(Ingress.status == IngressStatus.OFFERED)
            return tuple(_view(row) for row in session.scalars(query))

    def waiting(self, actor: Actor, most: int = PAGE) -> tuple[IngressLine, ...]:
        """What waits for a decision, the oldest first, at most so many."""
        with self._store.read() as session:
            rights = require(session, actor, Permission.INGRESS_DECIDE)
            theirs = of_projects(_INGRESS.project, rights, Permission.INGRESS_DECIDE)
            query = _WAITING.where(theirs).order_by(_INGRESS.id).limit(most)
            return tuple(_line(row) for row in session.execute(query))

    def decided(self, actor: Actor, at: PageAt) -> Page[IngressLine]:
        """A page of what was decided or taken back, newest first."""
        with self._store.read() as session:
            rights = require(session, actor, Permission.INGRESS_DECIDE)
            query = _DECIDED.where(of_projects(_INGRESS.project, rights, Permission.INGRESS_DECIDE))
            return read_rows(session, query, _INGRESS.id, at, newest_first=True).map(_line)

    def get(self, actor: Actor, name: str) -> tuple[IngressView, bytes]:
        """One offer and its bytes, for the project's members and those who decide."""
        with self._store.read() as session:
            row = _get(session, name)
            rights = rights_of(session, actor.name)
            if not rights.sees(Permission.INGRESS_DECIDE, row.project, district_of(session, row.project)):
                raise _nothing(name)
        return _view(row), self._content.get(row.sha256)

    def unplaced(self) -> tuple[str, ...]:
        """Admitted files that do not lie where they belong: the disk was full, or somebody was killed."""
        with self._store.read() as session:
            rows = session.execute(_IN_FORCE).all()
        return tuple(f"i{row.id:04d}" for row in rows if not self._is_placed(row))

    def place(self, name: str) -> None:
        """Puts an admitted file into its project's folder, whole; running workspaces see it at once."""
        with self._store.read() as session:
            row = _get(session, name)
        if row.status != IngressStatus.ADMITTED or row.decided_at is None:
            return
        place = self._installation.ingress_dir(row.project) / row.file_name
        write_whole(place, self._content.get(row.sha256), mode=0o400)
        os.utime(place, ns=(_date_of(row.decided_at), _date_of(row.decided_at)))

    def _is_placed(self, row: Row[Any]) -> bool:
        """Known by size and date, as `place` left them, and not by reading: it is asked again and again."""
        try:
            found = (self._installation.ingress_dir(row.project) / row.file_name).stat()
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (row.size, _date_of(row.decided_at))

    def _check_may_offer(self, session: Session, actor: Actor, project: str) -> None:
        require(session, actor, Permission.INGRESS_OFFER, project)
        row = session.get(Project, project)
        if row is None or row.status != ProjectStatus.APPROVED:
            raise ActionRefused(
                (Refusal("not-approved", f"{printable(project)} is not approved, so nothing is let in."),)
            )
        count = select(func.count()).select_from(Ingress)
        waiting = count.where(Ingress.project == project, Ingress.status == IngressStatus.OFFERED)
        if (session.scalar(waiting) or 0) >= MOST_WAITING:
            raise ActionRefused(
                (
                    Refusal(
                        "ingress-waiting",
                        f"{MOST_WAITING} files of {project} wait already. Ask the data manager to look at them first.",
                    ),
                )
            )


def _check_waits(row: Ingress) -> None:
    if row.status != IngressStatus.OFFERED:
        raise ActionRefused(
            (Refusal("ingress-decided", f"{row.name} is {row.status}; nothing more is to be done."),)
        )


def _get(session: Session, name: str) -> Ingress:
    number = name[1:]
    row = (
        session.get(Ingress, int(number))
        if name[:1] == "i" and number.isascii() and number.isdigit() and len(number) < 10
        else None
    )
    if row is None or row.name != name:
        raise _nothing(name)
    return row


def _nothing(name: str) -> NotFound:
    return NotFound(f"No file was offered as {printable(name)!r}.", code="no-ingress")


def _view(row: Ingress) -> IngressView:
    return IngressView(
        name=row.name,
        project=row.project,
        author=row.author,
        file_name=row.file_name,
        kind=IngressKind(row.kind),
        size=row.size,
        sha256=row.sha256,
        purpose=row.purpose,
        findings=tuple(map(str, row.findings)),
        status=IngressStatus(row.status),
        offered_at=row.offered_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )
