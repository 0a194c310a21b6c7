"""What is installed in workspaces, and how a package comes there."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from rpp_review.languages import r_lacks

from rpp_hub.domain.errors import Invalid, RppError
from rpp_hub.domain.permissions import Permission
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.errors import status_of
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)


@router.get("/environment")
def environment(request: Request, portal: PortalDep, viewer: ViewerDep) -> Response:
    """The current version, its packages, and what was asked for."""
    return _page(request, portal, viewer)


@router.post("/environment")
def ask(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """Ask for a package; what is wrong with it is said above the form."""
    project, package, purpose = (form.text(name) for name in ("project", "package", "purpose"))
    try:
        portal.rpp.packages.ask(viewer.actor, project, package, purpose)
    except Invalid as error:
        return _page(request, portal, viewer, error, project=project, package=package, purpose=purpose)
    return see(path("environment"))


@router.post("/environment/requests/{name}")
def answer(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Say what became of a wish."""
    if (word := form.text("do")) not in ("added", "refused"):
        raise Invalid("Choose what became of it.", code="bad-form")
    portal.rpp.packages.answer(viewer.actor, name, added=word == "added", answer=form.text("answer"))
    return see(path("environment"))


@router.post("/environment/projects/{project}")
def move(portal: PortalDep, viewer: ViewerDep, form: FormDep, project: str) -> Response:
    """Let a project's workspaces be opened in another version."""
    portal.rpp.staying.move(viewer.actor, project, form.text("version"), form.text("reason"))
    return see(path("environment"))


def _page(
    request: Request, portal: Portal, viewer: Viewer, error: RppError | None = None, **typed: str
) -> Response:
    versions = portal.rpp.environments.list(viewer.actor)
    asking = [
        name for name in sorted(viewer.rights.projects) if viewer.rights.may(Permission.PACKAGE_ASK, name)
    ]
    return page(
        request, "environment.html", viewer, status=200 if error is None else status_of(error), error=error, typed={"project": "", "package": "", "purpose": "", **typed},
        current=versions[0], others=versions[1:], projects=asking, wishes=portal.rpp.packages.list(viewer.actor),
        has_r=not r_lacks(), stays=portal.rpp.staying.list(viewer.actor, versions),
        kept=[view.version for view in versions if view.state != "retired"],
    )  # fmt: skip
