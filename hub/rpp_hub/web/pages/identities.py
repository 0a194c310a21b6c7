"""Identifiers that seem wrong, for the data manager: what was found, the people side by side, and the decision."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.permissions import Permission
from rpp_hub.warehouse.identity_table import Verdict
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.jobs import Job
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)


@router.get("/data/{district}/identities")
def candidates(request: Request, portal: PortalDep, viewer: ViewerDep, district: str) -> Response:
    """What was found, what is to be decided first."""
    viewer.check_may(Permission.IDENTITY_DECIDE)
    identities = portal.rpp.identities
    job = portal.jobs.get(f"identities:{district}")
    return page(
        request,
        "identities.html",
        viewer,
        district=portal.rpp.warehousing.status(district),
        found=identities.list(viewer.actor, district),
        looked=identities.looked(district),
        job=job,
        waiting=job is not None and job.state == "running",
    )


@router.post("/data/{district}/identities")
def find(portal: PortalDep, viewer: ViewerDep, _form: FormDep, district: str) -> Response:
    """Begin to look for candidates."""
    viewer.check_may(Permission.IDENTITY_DECIDE)
    portal.rpp.warehousing.status(district)
    begin_looking(portal, viewer, district)
    return see(path("data", district, "identities"))


def begin_looking(portal: Portal, viewer: Viewer, district: str) -> Job:
    """Look for candidates in everything that came."""
    find, actor, title = portal.rpp.identities.find, viewer.actor, "Looking for doubtful identifiers"
    return portal.jobs.start(
        f"identities:{district}", title, viewer.name, lambda told: find(actor, district, told)
    )


@router.get("/data/{district}/identities/{candidate}")
def compare(
    request: Request, portal: PortalDep, viewer: ViewerDep, district: str, candidate: str
) -> Response:
    """The people of one candidate side by side."""
    viewer.check_may(Permission.IDENTITY_DECIDE)
    found, decided = portal.rpp.identities.get(viewer.actor, district, candidate)
    return page(
        request,
        "identity.html",
        viewer,
        district=portal.rpp.warehousing.status(district),
        found=found,
        decided=decided,
    )


@router.post("/data/{district}/identities/{candidate}")
def decide(portal: PortalDep, viewer: ViewerDep, form: FormDep, district: str, candidate: str) -> Response:
    """Merge, split or keep."""
    viewer.check_may(Permission.IDENTITY_DECIDE)
    verdict, _, chosen = form.text("verdict").partition(":")
    if verdict not in tuple(Verdict):
        raise Invalid("Choose what to do with these identifiers.", code="bad-form")
    if form.text("sure") != "yes":
        raise Invalid("Confirm that you have compared the people, then decide.", code="not-confirmed")
    portal.rpp.identities.decide(
        viewer.actor, district, candidate, Verdict(verdict), form.text("reason"), chosen
    )
    return see(path("data", district, "identities"))
