"""Home: what waits for me, what is late, what may I do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from rpp_hub.domain.paging import PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.domain.workspace_life import Life
from rpp_hub.services.desk import Desk
from rpp_hub.services.living import reasons
from rpp_hub.services.project_lines import OwnProject
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.hub_client import Server
from rpp_hub.web.pages.dues import due_lines
from rpp_hub.web.pages.first_steps import first_steps, may_do
from rpp_hub.web.pages.workspaces import running_workspaces
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page

router = APIRouter(prefix=BASE, include_in_schema=False)
_NEWEST = PageAt(limit=8)
# of what waits for a reviewer; the rest is on their desk
_NEXT = 8
# of each kind one more than the page shows of all
_DUE = 9


@dataclass(frozen=True, slots=True)
class MyProject:
    """A project of the viewer's, with what stands between them and its workspace."""

    project: OwnProject
    refusals: tuple[Refusal, ...]
    server: Server | None
    read_until: date | None  # opened for reading alone, until this day


@router.get("/health")
def health() -> Response:
    """For whoever watches over this process; says nothing else."""
    return JSONResponse({"ok": True})


@router.get("/")
def home(request: Request, portal: PortalDep, viewer: ViewerDep) -> Response:
    """The first page: what waits, what is late, what may be done; then each role's own work."""
    lines = due_lines(portal, viewer, _DUE, shown=_DUE)
    return page(
        request,
        "home.html",
        viewer,
        yours=lines.yours,
        told=lines.told,
        steps=first_steps(viewer),
        may_do=may_do(viewer),
        mine=my_projects(portal, viewer),
        **_by_role(portal, viewer),
    )


def my_projects(portal: Portal, viewer: Viewer) -> tuple[MyProject, ...]:
    """The viewer's own projects, each with every reason of the gate."""
    if not viewer.rights.projects:
        return ()
    servers = {s.project: s for s in portal.hub.running(viewer.name)}
    own = portal.rpp.projects.own_lines(viewer.actor)
    gates = portal.rpp.projects.gates([viewer.name], [p.name for p in own])
    return tuple(
        MyProject(
            project=p,
            refusals=reasons(p.life, p.name, gates[(viewer.name, p.name)]),
            server=servers.get(p.name),
            read_until=p.read_until if p.life is Life.READING else None,
        )
        for p in own
    )


def _by_role(portal: Portal, viewer: Viewer) -> dict[str, Any]:
    rpp, actor, may = portal.rpp, viewer.actor, viewer.rights.may
    mine = viewer.rights.projects
    return {
        "requests": rpp.requests.page(actor, _NEWEST, own=True) if mine else (),
        "releases": rpp.releasing.page(actor, _NEWEST, own=True) if mine else (),
        "queue": rpp.requests.top_of_desk(actor, _NEXT) if may(Permission.REQUEST_REVIEW) else Desk(),
        "districts": rpp.warehousing.lines(viewer.rights) if may(Permission.DROP_READ) else (),
        "running": running_workspaces(portal, viewer) if may(Permission.WORKSPACE_REVOKE) else (),
        "worker": rpp.examination.queue() if may(Permission.AUDIT_READ) else None,
    }
