"""Workspaces after their project's end: frozen, read once more, archived, restored, destroyed."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.workspace_life import Life
from rpp_hub.web import BASE
from rpp_hub.web.auth import Form, FormDep, ViewerDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import PortalDep, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)


@router.get("/workspaces/kept")
def kept(request: Request, portal: PortalDep, viewer: ViewerDep, done: str = "") -> Response:
    """Every workspace that is no longer worked in, with what can be done about it."""
    viewer.check_may(Permission.WORKSPACE_KEEP)
    views = [view for view in portal.rpp.living.list(viewer.actor) if view.state is not Life.ACTIVE]
    return page(request, "kept.html", viewer, views=views, done=done if done in _DONE else "", words=_DONE)


@router.post("/workspaces/kept")
def act(portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """One step; what cannot be taken back asks for the person's name."""
    viewer.check_may(Permission.WORKSPACE_KEEP)
    living, step = portal.rpp.living, form.text("do")
    project, person, reason = form.text("project"), form.text("person"), form.text("reason").strip()
    match step:
        case "reopen":
            living.reopen(viewer.actor, project, person, _day(form), reason)
        case "archive":
            living.archive(viewer.actor, project, person, reason)
        case "restore":
            living.restore(viewer.actor, project, person, reason)
        case "destroy":
            if form.text("sure").strip() != person:
                raise Invalid(
                    f"Nothing was destroyed: type {person} to show that you mean this workspace.",
                    code="not-confirmed",
                )
            living.destroy(viewer.actor, project, person, reason)
        case _:
            raise Invalid("Choose what to do.", code="bad-form")
    return see(f"{path('workspaces', 'kept')}?done={step}")


_DONE = {
    "reopen": "It may be read until the day you named, and is frozen again after it.",
    "archive": "It is packed away. Restore brings it back as it was.",
    "restore": "It is back, and frozen. Open it for reading if somebody needs to look into it.",
    "destroy": "It is destroyed. Its certificate is kept.",
}


def _day(form: Form) -> date:
    try:
        return date.fromisoformat(form.text("until"))
    except ValueError:
        raise Invalid("Name the last day on which it may be read.", code="bad-day") from None
