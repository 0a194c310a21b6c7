"""The page that holds a workspace of an origin of its own, and the one that is shown when it was closed."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import ActionRefused
from rpp_hub.domain.origins import Origins
from rpp_hub.domain.refusal import Refusal
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.headers import frame_policy
from rpp_hub.web.paths import path, workspace_path
from rpp_hub.web.portal import Portal, PortalDep, page, see

# How long a browser counts as just logged in at the workspace: as long as the way back here takes.
_FRESH = 10
router = APIRouter(prefix=BASE, include_in_schema=False)


@router.get("/projects/{name}/workspace/frame")
def frame(request: Request, portal: PortalDep, viewer: ViewerDep, name: str, at: str = "") -> Response:
    """The frame, once the browser has been at the workspace itself to log in."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    origins = _origins(portal)
    server = portal.hub.server(viewer.name, name)
    if server is None or not server.ready:
        return see(path("projects", name, "workspace"))
    inside = f"{origins.of(viewer.name, name)}{workspace_path(viewer.name, name)}"
    if not _is_fresh(at):
        return see(inside)
    answer = page(request, "frame.html", viewer, project=project, inside=inside)
    answer.headers["Content-Security-Policy"] = frame_policy(origins.of(viewer.name, name))
    return answer


@router.get("/projects/{name}/workspace/closed")
def closed(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """The workspace's own host is asked once more, so that it forgets what its pages left in the browser."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    origin = _origins(portal).of(viewer.name, name)
    answer = page(request, "closed.html", viewer, project=project, origin=origin)
    answer.headers["Content-Security-Policy"] = frame_policy(origin)
    return answer


def _origins(portal: Portal) -> Origins:
    origins = portal.rpp.settings.server.origins
    if origins is None:
        raise ActionRefused(
            (Refusal("no-frame", "Workspaces are opened in a tab here. Open it from its project's page."),)
        )
    return origins


def _is_fresh(at: str) -> bool:
    return at.isascii() and at.isdigit() and len(at) < 12 and 0 <= time.time() - int(at) < _FRESH
