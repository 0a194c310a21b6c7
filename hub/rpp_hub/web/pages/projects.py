"""Projects: the list, one project, an application, the sponsor's decision, the staff list."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import Invalid, RppError
from rpp_hub.domain.permissions import Permission, Role
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.services.projects import ProjectView
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.errors import status_of
from rpp_hub.web.pages.home import my_projects
from rpp_hub.web.paging import PageAtDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)
_LARGEST_APPLICATION = 300_000


@router.get("/projects")
def projects(request: Request, portal: PortalDep, viewer: ViewerDep, at: PageAtDep) -> Response:
    """The projects this person may know of, a page at a time."""
    return page(request, "projects.html", viewer, projects=portal.rpp.projects.page(viewer.actor, at))


@router.get("/projects/new")
def new_project(request: Request, viewer: ViewerDep) -> Response:
    """The form for an application."""
    return page(request, "apply.html", viewer, text="", error=None)


@router.post("/projects/new")
def apply(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """Register an application; what is wrong with it is shown beside it."""
    text = form.text("application")
    try:
        text = _application_text(form.upload("file")) or text
        project = portal.rpp.projects.apply(viewer.actor, text)
    except RppError as error:
        return page(request, "apply.html", viewer, status=status_of(error), text=text, error=error)
    return see(path("projects", project.name))


@router.get("/projects/{name}")
def project(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """One project."""
    seen = portal.rpp.projects.seen_by(viewer.actor, name)
    return page(request, "project.html", viewer, project=seen, **_around(portal, viewer, seen))


@router.post("/projects/{name}/decide")
def decide(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Approve or decline an application."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    decision = form.text("decision")
    if decision not in ("approve", "decline"):
        raise Invalid("Choose whether to approve or to decline.", code="no-decision")
    portal.rpp.projects.decide(
        viewer.actor, name, approve=decision == "approve", reason=form.text("reason").strip()
    )
    return see(path("projects", name))


@router.post("/projects/{name}/close")
def close(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """End a project."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    portal.rpp.projects.close(viewer.actor, name, form.text("reason").strip())
    return see(path("projects", name))


@router.post("/projects/{name}/members")
def change_members(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Put somebody on the staff list, or take them off."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    change = (
        portal.rpp.projects.remove_member if form.text("do") == "remove" else portal.rpp.projects.add_member
    )
    change(viewer.actor, name, form.text("person").strip())
    return see(path("projects", name))


def _application_text(uploaded: bytes) -> str:
    if len(uploaded) > _LARGEST_APPLICATION:
        raise Invalid("The file is larger than 256 kB. Is it the right one?", code="application-too-large")
    try:
        return uploaded.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(
            "The file is not text in UTF-8. Save it as UTF-8 and send it again.", code="application-encoding"
        ) from None


def _around(portal: Portal, viewer: Viewer, project: ProjectView) -> dict[str, Any]:
    """What a project's page shows beside the application, as far as the viewer may see it."""
    rpp, own = portal.rpp, project.name in viewer.rights.projects
    sees_people = viewer.rights.may(Permission.PERSON_READ)
    decides = Role.DATA_MANAGER in viewer.rights.roles or (
        viewer.name == project.sponsor and viewer.rights.may(Permission.PROJECT_DECIDE)
    )
    return {
        "mine": next((m for m in my_projects(portal, viewer) if m.project.name == project.name), None),
        "gates": {person: rpp.projects.gate(person, project.name) for person, _ in project.members}
        if sees_people
        else {},
        "cuts": rpp.cutting.list(project.name) if own or viewer.rights.may(Permission.CUT_READ) else (),
        "requests": rpp.requests.list(viewer.actor, project=project.name),
        "releases": rpp.releasing.list(viewer.actor, project=project.name),
        "may_decide": project.status is ProjectStatus.APPLIED and decides,
    }
