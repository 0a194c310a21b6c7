"""Projects: the list, one project, an application from a file, decisions, the staff list."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import Invalid, RppError
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectAct, ProjectStatus
from rpp_hub.services.project_discussion import Kind
from rpp_hub.services.project_lines import ProjectFilter
from rpp_hub.services.project_rounds import IrbLetter
from rpp_hub.services.projects import ProjectView
from rpp_hub.web import BASE
from rpp_hub.web.auth import Form, FormDep, ViewerDep
from rpp_hub.web.errors import status_of
from rpp_hub.web.pages.home import my_projects
from rpp_hub.web.paging import PageAtDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)
_LARGEST_APPLICATION = 300_000


@router.get("/projects")
def projects(
    request: Request,
    portal: PortalDep,
    viewer: ViewerDep,
    at: PageAtDep,
    status: str = "",
    district: str = "",
    sponsor: str = "",
) -> Response:
    """The projects this person may know of, a page at a time."""
    wanted = ProjectFilter(status[:20], district[:30], sponsor.strip()[:30])
    found = portal.rpp.projects.lines(viewer.actor, at, wanted)
    return page(
        request, "projects.html", viewer, projects=found, wanted=wanted,
        states=list(ProjectStatus), districts=portal.rpp.warehousing.districts(),
    )  # fmt: skip


@router.get("/projects/upload")
def upload_application(request: Request, viewer: ViewerDep) -> Response:
    """An application from a file."""
    return page(request, "apply.html", viewer, text="", error=None)


@router.post("/projects/upload")
def apply(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """Register an application; what is wrong with it is shown beside it."""
    text = form.text("application")
    try:
        text = application_text(form.upload("file")) or text
        project = portal.rpp.projects.apply(viewer.actor, text, letter_of(form))
    except RppError as error:
        return page(request, "apply.html", viewer, status=status_of(error), text=text, error=error)
    return see(path("projects", project.name))


def letter_of(form: Form) -> IrbLetter | None:
    """The IRB's letter, if one was chosen."""
    content = form.upload("irb_letter")
    return IrbLetter(form.file_name("irb_letter"), content) if content else None


@router.get("/projects/{name}")
def project(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """One project."""
    seen = portal.rpp.projects.seen_by(viewer.actor, name)
    return page(request, "project.html", viewer, project=seen, **_around(portal, viewer, seen))


@router.post("/projects/{name}/decide")
def decide(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Approve, send back or decline an application."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    decision, reason = form.text("decision"), form.text("reason").strip()
    if decision not in ("approve", "return", "decline"):
        raise Invalid("Choose whether to approve, to send back or to decline.", code="no-decision")
    if decision == "return":
        portal.rpp.projects.send_back(viewer.actor, name, reason)
    else:
        conditions = form.text("conditions").splitlines() if decision == "approve" else ()
        portal.rpp.projects.decide(
            viewer.actor, name, approve=decision == "approve", reason=reason, conditions=conditions
        )
    return see(path("projects", name))


@router.post("/projects/{name}/withdraw")
def withdraw(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Take a draft or an application back."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    portal.rpp.projects.withdraw(viewer.actor, name, form.text("reason").strip())
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


def application_text(uploaded: bytes) -> str:
    """An application's file as text. Raises Invalid."""
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
    may = {act: not rpp.reviews.may(viewer.actor, project.name, act) for act in _SHOWN}
    return {
        "mine": next((m for m in my_projects(portal, viewer) if m.project.name == project.name), None),
        "gates": {person: rpp.projects.gate(person, project.name) for person, _ in project.members}
        if sees_people
        else {},
        "cuts": rpp.cutting.list(project.name) if own or viewer.rights.may(Permission.CUT_READ) else (),
        "requests": rpp.requests.list(viewer.actor, project=project.name),
        "releases": rpp.releasing.list(viewer.actor, project=project.name),
        "may_decide": may[ProjectAct.DECLINE],
        "may": may,
        "review": rpp.reviews.of(project.name),
        "papers": rpp.agreements.versions(viewer.actor, project.name),
        "granted": rpp.agreements.granted(project.name),
        "discussion": rpp.discussions.of(viewer.actor, project.name),
        "hours": rpp.discussions.hours(viewer.actor, project.name),
        "kinds": list(Kind),
    }


_SHOWN = (
    ProjectAct.EDIT, ProjectAct.APPLY, ProjectAct.ANSWER, ProjectAct.JUDGE, ProjectAct.EXCEPT, ProjectAct.DECLINE,
    ProjectAct.WITHDRAW, ProjectAct.DISCUSS, ProjectAct.COST,
)  # fmt: skip
