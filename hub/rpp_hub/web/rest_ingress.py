"""The API of files for a workspace: offered, looked at, decided on, taken back; and of what went to browsers."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from rpp_hub.domain.errors import Invalid
from rpp_hub.services.egress import DayView
from rpp_hub.services.ingressing import IngressView
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.pages.project_review import download
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, FILE, Closed, Text

router = APIRouter(prefix=f"{BASE}/api", tags=["ingress and egress"])


class OfferBody(Closed):
    """A file for a workspace, in base64, and what it is needed for."""

    file_name: Annotated[str, Field(max_length=200)]
    content: Annotated[str, Field(max_length=3_000_000)]
    purpose: Text


class IngressDecisionBody(Closed):
    """Whether a file is let in, and why not."""

    admit: bool
    reason: Text = ""


class RaiseBody(Closed):
    """How many megabytes may go to somebody's browser today, and why."""

    project: str
    person: str
    megabytes: int
    reason: Text


@router.get("/ingress")
def ingress(
    portal: PortalDep,
    viewer: ViewerDep,
    project: Annotated[str | None, Query(max_length=100)] = None,
    waiting: Annotated[bool, Query(description="Only what nobody has decided on.")] = False,
) -> list[IngressView]:
    """The files that were offered, as far as this person may know of them."""
    return list(portal.rpp.ingress.list(viewer.actor, project, waiting=waiting))


@router.post("/projects/{name}/ingress", dependencies=CHANGES)
def offer_file(portal: PortalDep, viewer: ViewerDep, name: str, body: OfferBody) -> IngressView:
    """Offer a file for a project's workspaces."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    try:
        content = base64.b64decode(body.content, validate=True)
    except ValueError:
        raise Invalid("The file is not base64. Send it again.", code="ingress-encoding") from None
    return portal.rpp.ingress.offer(viewer.actor, name, body.file_name, content, body.purpose)


@router.get("/ingress/{name}")
def one(portal: PortalDep, viewer: ViewerDep, name: str) -> IngressView:
    """One offered file, and what to look at in it."""
    return portal.rpp.ingress.get(viewer.actor, name)[0]


@router.get("/ingress/{name}/file", response_class=Response, responses=FILE)
def file(portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """Its bytes, to be saved."""
    view, content = portal.rpp.ingress.get(viewer.actor, name)
    return download(content, view.file_name)


@router.post("/ingress/{name}/decide", dependencies=CHANGES)
def decide_on_file(portal: PortalDep, viewer: ViewerDep, name: str, body: IngressDecisionBody) -> IngressView:
    """Let a file in, or refuse it."""
    return portal.rpp.ingress.decide(viewer.actor, name, admit=body.admit, reason=body.reason)


@router.post("/ingress/{name}/withdraw", dependencies=CHANGES)
def withdraw(portal: PortalDep, viewer: ViewerDep, name: str) -> IngressView:
    """Take back what one offered, while nobody has decided."""
    return portal.rpp.ingress.withdraw(viewer.actor, name)


@router.get("/egress")
def egress(
    portal: PortalDep,
    viewer: ViewerDep,
    days: int = 7,
    project: Annotated[str | None, Query(max_length=100)] = None,
) -> list[DayView]:
    """What went to browsers, by person, project and day."""
    return list(portal.rpp.egress.days(viewer.actor, days, project))


@router.post("/egress", dependencies=CHANGES)
def raise_egress(portal: PortalDep, viewer: ViewerDep, body: RaiseBody) -> dict[str, int]:
    """Let more pass today."""
    total = portal.rpp.egress.raise_today(
        viewer.actor, body.project, body.person, body.megabytes, body.reason
    )
    return {"total": total}
