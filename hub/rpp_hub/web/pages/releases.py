"""Releases: the list, the only download there is, and what it takes to verify one."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from rpp_hub.domain.errors import Invalid
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.paging import PageAtDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)
_UNSAFE = re.compile(r"[^A-Za-z0-9-]")


@router.get("/releases")
def releases(request: Request, portal: PortalDep, viewer: ViewerDep, at: PageAtDep) -> Response:
    """The releases this person may know of, a page at a time."""
    return page(request, "releases.html", viewer, releases=portal.rpp.releasing.page(viewer.actor, at))


@router.get("/releases/public-key.pem")
def public_key(portal: PortalDep, _viewer: ViewerDep) -> Response:
    """What anybody needs, besides the bundle, to verify it."""
    headers = {"Content-Disposition": 'attachment; filename="rpp-public-key.pem"'}
    return Response(
        portal.rpp.releasing.public_key_pem(), media_type="application/x-pem-file", headers=headers
    )


@router.post("/releases/{name}/download")
def download(portal: PortalDep, viewer: ViewerDep, _form: FormDep, name: str) -> Response:
    """The signed bundle. A POST, because each download is an act that the audit log keeps."""
    return bundle_answer(portal, viewer, name)


def bundle_answer(portal: Portal, viewer: Viewer, name: str) -> Response:
    """The signed bundle, to be saved."""
    bundle, release = portal.rpp.releasing.download(viewer.actor, name)
    file_name = _UNSAFE.sub("", f"{release.project}-{release.name}") + ".zip"
    return FileResponse(
        bundle, media_type="application/zip", filename=file_name, headers={"Cache-Control": "no-store"}
    )


@router.post("/releases/{name}/revoke")
def revoke(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Stop a release from being downloaded."""
    reason = form.text("reason").strip()
    if not reason:
        raise Invalid("Say why it is revoked; its project's members will ask.", code="no-reason")
    portal.rpp.releasing.revoke(viewer.actor, name, reason)
    return see(path("releases"))
