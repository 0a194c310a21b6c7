"""The API of outputs: a reviewer's desk, an item as it is shown, releases and their download."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.desk import Desk
from rpp_hub.services.releasing import ReleaseView
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.pages.releases import bundle_answer, public_key
from rpp_hub.web.pages.requests import item as shown_item
from rpp_hub.web.paging import ApiPageAtDep, link_next
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, ReasonBody

router = APIRouter(prefix=f"{BASE}/api", tags=["outputs"])
_HTML: dict[int | str, dict[str, Any]] = {
    200: {"description": "The item, as reviewers see it.", "content": {"text/html": {}}}
}
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The signed bundle.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_PEM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The public key.",
        "content": {"application/x-pem-file": {"schema": {"type": "string"}}},
    }
}


@router.get("/desk")
def desk(portal: PortalDep, viewer: ViewerDep) -> Desk:
    """What waits for one as a reviewer, what is under way, what is done, and what somebody else must review."""
    viewer.check_may(Permission.REQUEST_REVIEW)
    return portal.rpp.requests.desk(viewer.actor)


@router.get("/requests/{name}/items/{identity}", response_class=Response, responses=_HTML)
def item(
    portal: PortalDep,
    viewer: ViewerDep,
    name: str,
    identity: str,
    sha256: Annotated[str, Query(max_length=64, description="Refused as stale if it is another now.")] = "",
) -> Response:
    """One item of a request as a document in which nothing can run, load or lead away."""
    return shown_item(portal, viewer, name, identity, sha256)


@router.get("/releases")
def releases(
    request: Request, response: Response, portal: PortalDep, viewer: ViewerDep, at: ApiPageAtDep
) -> list[ReleaseView]:
    """The releases this person may know of, newest first; the Link header leads to the next page."""
    page = portal.rpp.releasing.page(viewer.actor, at)
    link_next(request, response, page)
    return list(page)


@router.get("/releases/public-key.pem", response_class=Response, responses=_PEM)
def key(portal: PortalDep, viewer: ViewerDep) -> Response:
    """What anybody needs, besides a bundle, to verify it."""
    return public_key(portal, viewer)


@router.get("/releases/{name}")
def release(portal: PortalDep, viewer: ViewerDep, name: str) -> ReleaseView:
    """One release."""
    return portal.rpp.releasing.get(viewer.actor, name)


@router.post("/releases/{name}/download", dependencies=CHANGES, response_class=Response, responses=_ZIP)
def download(portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """The signed bundle, for a member of its project. A POST, because each download is an act of its own."""
    return bundle_answer(portal, viewer, name)


@router.post("/releases/{name}/revoke", dependencies=CHANGES)
def revoke(portal: PortalDep, viewer: ViewerDep, name: str, body: ReasonBody) -> ReleaseView:
    """Stop a release from being downloaded."""
    if not body.reason.strip():
        raise Invalid("Say why it is revoked; its project's members will ask.", code="no-reason")
    return portal.rpp.releasing.revoke(viewer.actor, name, body.reason.strip())
