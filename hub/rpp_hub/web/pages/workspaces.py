"""Workspaces: opening one with its progress, stopping one's own, and closing others' for those who may."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import ActionRefused, NotFound
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.warehouse.progress import Progress
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.elsewhere import CLEARED
from rpp_hub.web.hub_client import Server
from rpp_hub.web.jobs import JobState
from rpp_hub.web.paths import path, workspace_path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)


@router.get("/workspaces")
def workspaces(request: Request, portal: PortalDep, viewer: ViewerDep) -> Response:
    """What runs now, for those who may close it."""
    viewer.check_may(Permission.WORKSPACE_REVOKE)
    return page(request, "workspaces.html", viewer, running=running_workspaces(portal, viewer))


@router.post("/workspaces/revoke")
def revoke(portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """Close somebody's workspace; what they saved stays."""
    person, project = form.text("person"), form.text("project")
    revoke_workspace(portal, viewer, person, project, form.text("reason").strip())
    return see(path("workspaces"))


@router.post("/projects/{name}/workspace")
def open_or_stop(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Open one's own workspace, or stop it."""
    if form.text("do") == "stop":
        stop_workspace(portal, viewer, name)
        if portal.rpp.settings.server.origins is not None:
            return see(path("projects", name, "workspace", "closed"))
        answer = see(path("projects", name))
        answer.headers["Clear-Site-Data"] = CLEARED
        return answer
    open_workspace(portal, viewer, name)
    return see(path("projects", name, "workspace"))


@router.get("/projects/{name}/workspace")
def progress(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """How far the opening is; leads into the workspace once it is ready."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    job = portal.jobs.get(_key(viewer.name, name))
    under_way = job is not None and job.state is JobState.RUNNING
    server = portal.hub.server(viewer.name, name)
    if server is not None and server.ready and not under_way:
        framed = portal.rpp.settings.server.origins is not None
        place = path("projects", name, "workspace", "frame") if framed else workspace_path(viewer.name, name)
        return _lead_to(request, place)
    refusals = refused(portal, viewer, name)
    starting = under_way or (server is not None and server.pending == "spawn")
    template = "opening_state.html" if _is_htmx(request) else "opening.html"
    return page(request, template, viewer, project=project, starting=starting, refusals=refusals, job=job)


def open_workspace(portal: Portal, viewer: Viewer, name: str) -> None:
    """Ask the gate, then the hub. Raises ActionRefused with every reason, NotFound for others' projects."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    refusals = portal.rpp.living.refusals(viewer.name, name)
    if refusals:
        raise ActionRefused(refusals)

    def work(_progress: Progress) -> None:
        portal.hub.start(viewer.name, name)

    try:
        portal.jobs.start(_key(viewer.name, name), f"Opening {name}", viewer.name, work)
    except ActionRefused:  # a second click while the first is under way: the same page shows it
        return


def refused(portal: Portal, viewer: Viewer, name: str) -> tuple[Refusal, ...]:
    """Why one's workspace was not opened, the last time it was asked for."""
    job = portal.jobs.get(_key(viewer.name, name))
    return job.refusals if job is not None else ()


def stop_workspace(portal: Portal, viewer: Viewer, name: str) -> None:
    """Stop one's own workspace. Raises ActionRefused if there is none."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    portal.rpp.workspaces.stop(viewer.actor, name)
    if not portal.hub.stop(viewer.name, name):
        raise ActionRefused((Refusal("not-running", f"Your workspace of {name} is not running."),))


def running_workspaces(portal: Portal, viewer: Viewer) -> tuple[Server, ...]:
    """What runs now, of the projects that the viewer serves."""
    running = portal.hub.running()
    seen = portal.rpp.projects.names_for(viewer.actor, Permission.WORKSPACE_REVOKE) if running else None
    return tuple(s for s in running if seen is None or s.project in seen)


def revoke_workspace(portal: Portal, viewer: Viewer, person: str, project: str, reason: str) -> None:
    """Close somebody's workspace; the order is in the audit log before the hub carries it out."""
    viewer.check_may(Permission.WORKSPACE_REVOKE)
    if not any((s.person, s.project) == (person, project) for s in running_workspaces(portal, viewer)):
        raise NotFound(
            "There is no such workspace running now. Look at the list again.", code="no-such-workspace"
        )
    portal.rpp.workspaces.revoke(viewer.actor, person, project, reason)
    portal.hub.stop(person, project)


def _key(person: str, project: str) -> str:
    return f"workspace:{project}/{person}"


def _is_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def _lead_to(request: Request, place: str) -> Response:
    return Response(headers={"HX-Redirect": place}) if _is_htmx(request) else see(place)
