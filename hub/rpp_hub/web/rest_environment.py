"""The API of the workspaces' environment: its versions, what is in them, making and choosing one; packages that are asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from rpp_hub.domain.permissions import Permission
from rpp_hub.services.environments import EnvironmentView, NewVersion, Origin
from rpp_hub.services.package_requests import PackageView
from rpp_hub.services.staying import StayView
from rpp_hub.warehouse.progress import Progress
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, Closed, ReasonBody, Text, Word, Work, begun, work_of

router = APIRouter(prefix=f"{BASE}/api/environment", tags=["environment"])
_MAKING = "environment"


class Package(Closed):
    """An installed package."""

    name: str
    version: str


class Version(Closed):
    """A version of the environment. `workspaces`: how many were last opened in it."""

    version: str
    state: str
    python: str
    made_by: str
    made_at: datetime | None
    used_from: datetime | None
    reason: str
    made_from: str
    requirements: str
    content: str
    up_to_date: bool
    workspaces: int
    packages: list[Package]


class Current(Closed):
    """The version in which projects begin. `kept`: all that a project can be moved to, for who may move one."""

    version: str
    python: str
    used_from: datetime | None
    reason: str
    packages: list[Package]
    kept: list[str]


class Sealed(Closed):
    """Whether every file of a version is the one that was tried."""

    ok: bool


class NewVersionBody(Closed):
    """A list of exact versions with hashes, as `uv pip compile --generate-hashes` writes it; what it is added to; why."""

    reason: Text
    packages: Annotated[str, Field(min_length=1, max_length=2_000_000)]
    origin: Origin = Origin.CURRENT


class MoveBody(Closed):
    """To which version a project moves, and why; the project reads it."""

    version: Word
    reason: Text


class AskBody(Closed):
    """A package that a project needs, and what for."""

    project: Word
    package: Word
    purpose: Text


class WishAnswerBody(Closed):
    """What became of a wish; its project reads it."""

    added: bool
    answer: Text


@router.get("")
def current(portal: PortalDep, viewer: ViewerDep) -> Current:
    """What is installed in the version that projects begin in."""
    views = portal.rpp.environments.list(viewer.actor)
    view, moves = views[0], viewer.rights.may(Permission.ENVIRONMENT_MOVE)
    return Current(
        version=view.version, python=view.python, used_from=view.used_from, reason=view.reason,
        packages=_packages(view), kept=[v.version for v in views if moves and v.state != "retired"],
    )  # fmt: skip


@router.get("/projects")
def projects(portal: PortalDep, viewer: ViewerDep) -> list[StayView]:
    """Which project stays in which version, since when, and who moved it there."""
    return list(portal.rpp.staying.list(viewer.actor))


@router.post("/projects/{project}/move", dependencies=CHANGES, status_code=204)
def move(portal: PortalDep, viewer: ViewerDep, project: str, body: MoveBody) -> Response:
    """Let a project's workspaces be opened in another version; those that run stay in theirs until they are reopened."""
    portal.rpp.staying.move(viewer.actor, project, body.version, body.reason)
    return Response(status_code=204)


@router.get("/versions")
def versions(portal: PortalDep, viewer: ViewerDep) -> list[Version]:
    """Every version, the current one first."""
    viewer.check_may(Permission.ENVIRONMENT_MAKE)
    return [_version(view) for view in portal.rpp.environments.list(viewer.actor)]


@router.post("/versions", dependencies=CHANGES, status_code=202)
def make(portal: PortalDep, viewer: ViewerDep, body: NewVersionBody) -> Work[Version]:
    """Begin to make a version; once it has been tried, projects begin in it. Ask `GET making` until it is done."""
    viewer.check_may(Permission.ENVIRONMENT_MAKE)
    environments, actor = portal.rpp.environments, viewer.actor
    new = NewVersion(body.reason, body.packages, None, body.origin)

    def work(progress: Progress) -> EnvironmentView:
        return environments.make(actor, new, lambda what: progress(what, 0, 0))

    return work_of(Work[Version], portal.jobs.start(_MAKING, "Making an environment", viewer.name, work))


@router.get("/making")
def making(portal: PortalDep, viewer: ViewerDep) -> Work[Version] | None:
    """How far the making is, and what was made."""
    viewer.check_may(Permission.ENVIRONMENT_MAKE)
    return begun(Work[Version], portal.jobs.get(_MAKING), _version)


@router.get("/versions/{version}")
def one(portal: PortalDep, viewer: ViewerDep, version: str) -> Version:
    """One version and what it is made of."""
    viewer.check_may(Permission.ENVIRONMENT_MAKE)
    return _version(portal.rpp.environments.show(viewer.actor, version))


@router.get("/versions/{version}/seal")
def seal(portal: PortalDep, viewer: ViewerDep, version: str) -> Sealed:
    """Whether a version is as it was tried. Reads all of it."""
    viewer.check_may(Permission.ENVIRONMENT_MAKE)
    return Sealed(ok=portal.rpp.environments.is_as_sealed(viewer.actor, version))


@router.post("/versions/{version}/use", dependencies=CHANGES)
def use(portal: PortalDep, viewer: ViewerDep, version: str, body: ReasonBody) -> Version:
    """Let projects begin in this version from now on; those that began stay in theirs."""
    return _version(portal.rpp.environments.use(viewer.actor, version, body.reason))


@router.post("/versions/{version}/retire", dependencies=CHANGES)
def retire(portal: PortalDep, viewer: ViewerDep, version: str, body: ReasonBody) -> Version:
    """Remove a version's files; what it was made of stays known."""
    return _version(portal.rpp.environments.retire(viewer.actor, version, body.reason))


@router.get("/requests")
def requests(portal: PortalDep, viewer: ViewerDep) -> list[PackageView]:
    """The packages that were asked for: of one's own projects, or all for the operator; those that wait first."""
    return list(portal.rpp.packages.list(viewer.actor))


@router.post("/requests", dependencies=CHANGES, status_code=201)
def ask(portal: PortalDep, viewer: ViewerDep, body: AskBody) -> PackageView:
    """Ask the operator for a package."""
    return portal.rpp.packages.ask(viewer.actor, body.project, body.package, body.purpose)


@router.post("/requests/{name}/answer", dependencies=CHANGES)
def answer(portal: PortalDep, viewer: ViewerDep, name: str, body: WishAnswerBody) -> PackageView:
    """Say what became of a wish. This installs nothing."""
    return portal.rpp.packages.answer(viewer.actor, name, added=body.added, answer=body.answer)


def _version(view: EnvironmentView) -> Version:
    return Version(
        version=view.version, state=view.state, python=view.python, made_by=view.made_by, made_at=view.made_at,
        used_from=view.used_from, reason=view.reason, made_from=view.made_from, requirements=view.requirements,
        content=view.content, up_to_date=view.up_to_date, workspaces=len(view.workspaces), packages=_packages(view),
    )  # fmt: skip


def _packages(view: EnvironmentView) -> list[Package]:
    return [Package(name=pin.name, version=pin.version) for pin in view.packages]
