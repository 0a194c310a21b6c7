"""Requests: the list, one request with its items and findings, an item's own document, withdrawing."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from rpp_hub.domain.errors import Invalid, Stale
from rpp_hub.domain.lifecycle import Action
from rpp_hub.domain.permissions import Permission
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.headers import item_policy, review_policy
from rpp_hub.web.item_document import STYLE_HASH, item_document, shown_items
from rpp_hub.web.paging import PageAtDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import PortalDep, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)


@router.get("/requests")
def requests(request: Request, portal: PortalDep, viewer: ViewerDep, at: PageAtDep) -> Response:
    """The requests this person may know of, a page at a time."""
    return page(request, "requests.html", viewer, requests=portal.rpp.requests.page(viewer.actor, at))


@router.get("/requests/{name}")
def one_request(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """One request as its project's members and the reviewers see it."""
    view = portal.rpp.requests.seen_by(viewer.actor, name)
    released = portal.rpp.releasing.list(viewer.actor, project=view.project)
    answer = page(
        request,
        "request.html",
        viewer,
        request=view,
        items=shown_items(portal, viewer.actor, view),
        is_member=view.project in viewer.rights.projects,
        may_withdraw=not portal.rpp.requests.refusals(viewer.actor, name, Action.WITHDRAW),
        may_review=viewer.rights.may(Permission.REQUEST_REVIEW)
        and not portal.rpp.requests.refusals(viewer.actor, name, Action.REVIEW),
        release=next((r for r in released if r.request == name), None),
    )
    answer.headers["Content-Security-Policy"] = review_policy(request.headers.get("host", ""))
    return answer


@router.get("/requests/{name}/items/{identity}")
def item(portal: PortalDep, viewer: ViewerDep, name: str, identity: str, sha256: str = "") -> Response:
    """One item as a document in which nothing can run or load. Raises Stale if it is not the item the page meant."""
    found, view = portal.rpp.requests.item_content(viewer.actor, name, identity)
    if sha256 and found.sha256 != sha256:
        raise Stale(
            f"{view.name} was submitted anew while you looked at it. Open it again: round {view.round} is current."
        )
    headers = {"Content-Security-Policy": item_policy(STYLE_HASH), "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(item_document(found), headers=headers)


@router.post("/requests/{name}/withdraw")
def withdraw(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Take a request back."""
    if form.text("sure") != "yes":
        raise Invalid("Tick that you are sure, then withdraw.", code="not-confirmed")
    portal.rpp.requests.withdraw(viewer.actor, name, form.text("reason").strip())
    return see(path("requests", name))
