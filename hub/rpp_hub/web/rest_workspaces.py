"""The API of other people's workspaces: what runs, closing one, and each one's end: read once more, archived, destroyed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Response

from rpp_hub.domain.errors import Invalid, NotFound
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.workspace_life import Life
from rpp_hub.services.living import LifeView
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.hub_client import Server
from rpp_hub.web.pages.workspaces import revoke_workspace, running_workspaces
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, Closed, ReasonBody, Text, Word

router = APIRouter(prefix=f"{BASE}/api/workspaces", tags=["workspaces"])


class Kept(Closed):
    """Where somebody's workspace of a project stands. `archive`: hash, files and bytes of what was packed."""

    project: str
    person: str
    state: Life
    since: datetime | None
    until: date | None
    archive: Mapping[str, Any] | None


class ReopenBody(Closed):
    """Until which day it may be read, and why."""

    until: date
    reason: Text


class DestroyBody(Closed):
    """Why it is destroyed. `sure` is the person's name once more, since this cannot be undone."""

    reason: Text
    sure: Word


class CertificateOfWorkspace(Closed):
    """What was destroyed, by whom, when and why; each file with its hash."""

    certificate: Mapping[str, Any]


@router.get("")
def running(portal: PortalDep, viewer: ViewerDep) -> list[Server]:
    """What runs now, of the projects that one serves."""
    viewer.check_may(Permission.WORKSPACE_REVOKE)
    return list(running_workspaces(portal, viewer))


@router.get("/kept")
def kept(portal: PortalDep, viewer: ViewerDep) -> list[Kept]:
    """Where each workspace stands: active, frozen, open for reading, archived, destroyed."""
    viewer.check_may(Permission.WORKSPACE_KEEP)
    return [_kept(view) for view in portal.rpp.living.list(viewer.actor)]


@router.post("/{project}/{person}/revoke", dependencies=CHANGES, status_code=204)
def revoke(portal: PortalDep, viewer: ViewerDep, project: str, person: str, body: ReasonBody) -> Response:
    """Close somebody's running workspace; what they saved stays."""
    revoke_workspace(portal, viewer, person, project, body.reason.strip())
    return Response(status_code=204)


@router.post("/{project}/{person}/reopen", dependencies=CHANGES)
def reopen(portal: PortalDep, viewer: ViewerDep, project: str, person: str, body: ReopenBody) -> Kept:
    """Let the person read a frozen workspace until a day: no data, nothing runs."""
    viewer.check_may(Permission.WORKSPACE_KEEP)
    return _kept(portal.rpp.living.reopen(viewer.actor, project, person, body.until, body.reason.strip()))


@router.post("/{project}/{person}/archive", dependencies=CHANGES)
def archive(portal: PortalDep, viewer: ViewerDep, project: str, person: str, body: ReasonBody) -> Kept:
    """Pack a frozen workspace away."""
    viewer.check_may(Permission.WORKSPACE_KEEP)
    return _kept(portal.rpp.living.archive(viewer.actor, project, person, body.reason.strip()))


@router.post("/{project}/{person}/restore", dependencies=CHANGES)
def restore(portal: PortalDep, viewer: ViewerDep, project: str, person: str, body: ReasonBody) -> Kept:
    """Unpack an archived workspace; it is frozen again."""
    viewer.check_may(Permission.WORKSPACE_KEEP)
    return _kept(portal.rpp.living.restore(viewer.actor, project, person, body.reason.strip()))


@router.post("/{project}/{person}/destroy", dependencies=CHANGES)
def destroy(
    portal: PortalDep, viewer: ViewerDep, project: str, person: str, body: DestroyBody
) -> CertificateOfWorkspace:
    """Destroy a frozen or archived workspace; the answer is its certificate."""
    viewer.check_may(Permission.WORKSPACE_DESTROY)
    if body.sure.strip() != person:
        raise Invalid(
            f"Nothing was destroyed: `sure` must be {person} to show that you mean this workspace.",
            code="not-confirmed",
        )
    return _certificate(portal.rpp.living.destroy(viewer.actor, project, person, body.reason.strip()))


@router.get("/{project}/{person}/certificate")
def certificate(portal: PortalDep, viewer: ViewerDep, project: str, person: str) -> CertificateOfWorkspace:
    """The certificate of a destroyed workspace."""
    viewer.check_may(Permission.WORKSPACE_KEEP)
    views = portal.rpp.living.list(viewer.actor, project)
    found = next((v for v in views if v.person == person and v.certificate is not None), None)
    if found is None:
        raise NotFound("No such workspace was destroyed.", code="no-certificate")
    return _certificate(found)


def _kept(view: LifeView) -> Kept:
    return Kept(
        project=view.project, person=view.person, state=view.state, since=view.since, until=view.until,
        archive=view.archive,
    )  # fmt: skip


def _certificate(view: LifeView) -> CertificateOfWorkspace:
    return CertificateOfWorkspace(certificate=view.certificate or {})
