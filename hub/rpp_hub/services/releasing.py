"""Releasing: a signed bundle of what every reviewer approved, and the only download there is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

import rpp_hub
from rpp_hub.domain.actor import Actor, Via, system
from rpp_hub.domain.errors import ActionRefused, NotFound, Unavailable
from rpp_hub.domain.lifecycle import SYSTEM, Action, Doer, Status, perform
from rpp_hub.domain.names import printable
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.installation import Installation
from rpp_hub.release.bundle import ReleaseFacts, build_bundle
from rpp_hub.services.authority import Rights, of_projects, require, rights_of
from rpp_hub.services.project_papers import appetite_of
from rpp_hub.services.request_state import doer_for, get_request, state_of
from rpp_hub.services.standing import gate_on
from rpp_hub.settings import Settings
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store
from rpp_hub.store.models import Cut, Release, Request
from rpp_hub.store.paging import read_rows


@dataclass(frozen=True, slots=True)
class Signer:
    """How a release is signed: the key itself stays in the vault."""

    sign: Callable[[bytes], bytes]
    public_key_pem: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release as its project's members see it."""

    name: str
    request: str
    project: str
    author: str
    items: int
    bundle_sha256: str
    released_at: datetime
    revoked_at: datetime | None


_RELEASE, _REQUEST = Release.__table__.c, Request.__table__.c
_COLUMNS: tuple[ColumnElement[Any], ...] = (
    _RELEASE.id, _RELEASE.request_id, _RELEASE.project, _REQUEST.author, _RELEASE["items"].label("items_held"),
    _RELEASE.bundle_sha256, _RELEASE.released_at, _RELEASE.revoked_at,
)  # fmt: skip
_LINES = select(*_COLUMNS).select_from(
    Release.__table__.join(Request.__table__, _REQUEST.id == _RELEASE.request_id)
)


def _line(row: Row[Any]) -> ReleaseView:
    return ReleaseView(
        name=f"e{row.id:04d}",
        request=f"r{row.request_id:04d}",
        project=row.project,
        author=row.author,
        items=row.items_held,
        bundle_sha256=row.bundle_sha256,
        released_at=row.released_at,
        revoked_at=row.revoked_at,
    )


class Releasing:
    """Makes bundles of approved requests and hands them out."""

    def __init__(
        self,
        store: Store,
        installation: Installation,
        settings: Settings,
        content: ContentStore,
        signer: Signer,
    ) -> None:
        self._store = store
        self._folder = installation.releases_dir
        self._settings = settings
        self._needed = settings.review.reviewers
        self._content = content
        self._signer = signer

    def pending(self) -> tuple[str, ...]:
        """The requests that are approved and not released yet, oldest first."""
        with self._store.read() as session:
            query = select(Request.id).where(Request.status == str(Status.APPROVED)).order_by(Request.id)
            return tuple(f"r{number:04d}" for number in session.scalars(query))

    def release(self, name: str) -> ReleaseView:
        """Write the signed bundle, then the row that makes it a release.

        Killed before the row, the bundle is no release; the next try writes it anew. Raises ActionRefused when the
        author may no longer work on the project.
        """
        with self._store.read() as session:
            request = get_request(session, name)
            facts = self._facts(session, request)
            approved = state_of(session, request, self._needed).approved_items
            snapshot, contents = (
                request.current.snapshot,
                {i.identity: i.sha256 for i in request.current.items},
            )
            reasons = gate_on(session, request.author, request.project, datetime.now(UTC).date())
        if reasons:
            raise ActionRefused(reasons)
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        build_bundle(
            path,
            self._content.get(snapshot),
            {k: self._content.get(contents[k]) for k in approved},
            facts,
            self._signer.sign,
            self._signer.public_key_pem(),
        )
        return self._record(name, path, len(approved))

    def list(self, actor: Actor, project: str | None = None) -> tuple[ReleaseView, ...]:
        """The releases this person may know of, newest first."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            query = (
                select(Release, Request.author)
                .join(Request, Request.id == Release.request_id)
                .order_by(Release.id.desc())
            )
            query = query.where(_visible(rights))
            if project is not None:
                query = query.where(Release.project == project)
            return tuple(_view(release, author) for release, author in session.execute(query))

    def page(self, actor: Actor, at: PageAt, *, own: bool = False) -> Page[ReleaseView]:
        """A page of the releases this person may know of, newest first; `own` are those of their projects."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            query = _LINES.where(_RELEASE.project.in_(rights.projects) if own else _visible(rights))
            return read_rows(session, query, _RELEASE.id, at, newest_first=True).map(_line)

    def get(self, actor: Actor, name: str) -> ReleaseView:
        """One release. Raises NotFound for those who may not know of it."""
        with self._store.read() as session:
            release, _ = _get(session, name)
            query = _LINES.where(_RELEASE.id == release.id, _visible(rights_of(session, actor.name)))
            row = session.execute(query).first()
        if row is None:
            raise _no_release(name)
        return _line(row)

    def download(self, actor: Actor, name: str) -> tuple[Path, ReleaseView]:
        """The bundle's path, for a member of its project; each download is an act of its own.

        Raises Unavailable when the file is not what was signed.
        """
        with self._store.act(actor, "release:download", f"release:{name}") as act:
            release, request = _get(act.session, name)
            require_member(act.session, actor, release)
            if release.revoked_at is not None:
                raise ActionRefused((Refusal("revoked", f"{name} was revoked. Ask the data manager why."),))
            path = self._path(request.name)
            act.detail["sha256"] = release.bundle_sha256
            _check_whole(path, release)
            return path, _view(release, request.author)

    def revoke(self, actor: Actor, name: str, reason: str) -> ReleaseView:
        """Stop a release from being downloaded; what was downloaded before cannot be called back."""
        with self._store.act(actor, f"request:{Action.REVOKE}", f"release:{name}", reason) as act:
            release, request = _get(act.session, name)
            rights = require(act.session, actor, Permission.RELEASE_REVOKE, release.project)
            state = state_of(act.session, request, self._needed)
            request.status = perform(state, Action.REVOKE, doer_for(rights, request.project))
            release.revoked_at = datetime.now(UTC)
            return _view(release, request.author)

    def public_key_pem(self) -> bytes:
        """What anybody needs to verify a bundle."""
        return self._signer.public_key_pem()

    def _path(self, request: str) -> Path:
        return self._folder / f"{request}.zip"

    def _record(self, name: str, path: Path, items: int) -> ReleaseView:
        digest = _sha256(path)
        with self._store.act(system(Via.WORKER), f"request:{Action.RELEASE}", f"request:{name}") as act:
            request = get_request(act.session, name, lock=True)
            request.status = perform(
                state_of(act.session, request, self._needed), Action.RELEASE, Doer(SYSTEM, frozenset())
            )
            release = Release(
                request_id=request.id,
                project=request.project,
                bundle_sha256=digest,
                items=items,
                released_at=datetime.now(UTC),
            )
            act.session.add(release)
            act.session.flush()
            act.detail.update(release=release.name, sha256=digest, items=items)
            view = _view(release, request.author)
        self._store.anchor()
        return view

    def _facts(self, session: Session, request: Request) -> ReleaseFacts:
        current = request.current
        cut = session.scalars(
            select(Cut).where(Cut.project == request.project, Cut.name == current.cut)
        ).one()
        head = self._store.head()
        rerun = (current.examination or {}).get("rerun", {})
        return ReleaseFacts(
            project=request.project,
            request=request.name,
            round=request.round,
            author=request.author,
            reviewers=tuple(sorted(r.reviewer for r in current.reviews if r.decision is not None)),
            verdicts={r.reviewer: dict(r.verdicts) for r in current.reviews if r.decision is not None},
            thresholds=self._thresholds(session, request),
            cut=cut.name,
            cut_sha256=cut.sha256,
            environment=str(rerun.get("environment", "")),
            worked_in=str(rerun.get("worked_in", "")),
            software=f"rpp {rpp_hub.__version__}",
            audit_seq=head.seq,
            audit_hash=head.hash,
            released_at=datetime.now(UTC),
        )

    def _thresholds(self, session: Session, request: Request) -> dict[str, object]:
        """By which its outputs were checked, whatever has been set or signed since."""
        now = appetite_of(session, self._settings.appetite, request.project).model_dump()
        then = (request.current.examination or {}).get("appetite", {})
        return {name: then.get(name, value) for name, value in now.items()}


def require_member(session: Session, actor: Actor, release: Release) -> Rights:
    """A release is for its project's members; to others it does not exist."""
    rights = rights_of(session, actor.name)
    if rights.may(Permission.RELEASE_DOWNLOAD, release.project):
        return rights
    raise _no_release(release.name)


def _visible(rights: Rights) -> ColumnElement[bool]:
    """Reviewers see all releases, members their projects', and staff their districts'."""
    all_of_them = rights.reach(Permission.REQUEST_READ_ALL) is None
    permission = Permission.REQUEST_READ_ALL if all_of_them else Permission.PROJECT_READ_ALL
    return of_projects(_RELEASE.project, rights, permission)


def _get(session: Session, name: str) -> tuple[Release, Request]:
    number = name[1:]
    if name.startswith("e") and number.isascii() and number.isdigit() and len(number) <= 9:
        release = session.get(Release, int(number))
        if release is not None and release.name == name:
            request = session.get(Request, release.request_id)
            if request is not None:
                return release, request
    raise _no_release(name)


def _no_release(name: str) -> NotFound:
    return NotFound(f"There is no release {printable(name)!r} that you may see.", code="no-such-release")


def _check_whole(path: Path, release: Release) -> None:
    if not path.is_file() or _sha256(path) != release.bundle_sha256:
        raise Unavailable(
            f"The bundle of {release.name} is damaged or gone. The operator can restore it from the backup.",
            code="bundle-damaged",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _view(release: Release, author: str) -> ReleaseView:
    return ReleaseView(
        name=release.name,
        request=f"r{release.request_id:04d}",
        project=release.project,
        author=author,
        items=release.items,
        bundle_sha256=release.bundle_sha256,
        released_at=release.released_at,
        revoked_at=release.revoked_at,
    )
