"""Review: what waits for a reviewer, each item beside its findings, verdicts one by one, then the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import ActionRefused, Invalid, RppError
from rpp_hub.domain.lifecycle import Action, Decision, Verdict
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.request_state import RequestView, ReviewView
from rpp_hub.web import BASE
from rpp_hub.web.auth import Form, FormDep, ViewerDep
from rpp_hub.web.errors import status_of
from rpp_hub.web.headers import review_policy
from rpp_hub.web.item_document import shown_items
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a review form holds: kept before, or typed just now and not kept."""

    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""


def own_review(view: RequestView, name: str) -> ReviewView | None:
    """The viewer's own review of the current round."""
    return next((r for r in view.reviews if r.reviewer == name), None)


@router.get("/review")
def queue(request: Request, portal: PortalDep, viewer: ViewerDep) -> Response:
    """The reviewer's desk."""
    viewer.check_may(Permission.REQUEST_REVIEW)
    return page(request, "queue.html", viewer, queue=portal.rpp.requests.desk(viewer.actor))


@router.get("/requests/{name}/review")
def review(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """The page on which a request is reviewed. Raises ActionRefused with every reason why not."""
    view = _reviewable(portal, viewer, name)
    own = own_review(view, viewer.name)
    draft = Draft(own.verdicts, own.comments, own.comment) if own is not None else Draft()
    return _review_page(request, portal, viewer, view, draft)


@router.post("/requests/{name}/review")
def save(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Keep the verdicts; what cannot be kept comes back as it was typed, with the reasons."""
    draft = _draft(form)
    try:
        portal.rpp.reviewing.save(
            viewer.actor, name, form.number("round"), draft.verdicts, draft.comments, draft.comment
        )
    except RppError as error:
        view = portal.rpp.requests.seen_by(viewer.actor, name)
        viewer.check_may(Permission.REQUEST_REVIEW)
        return _review_page(request, portal, viewer, view, draft, error)
    if form.text("do") == "finish":
        return see(path("requests", name, "review", "finish"))
    return see(path("requests", name, "review") + "?saved=1")


@router.get("/requests/{name}/review/finish")
def before_finish(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """What the reviewer is about to say, once more, and what follows from it."""
    return _finish_page(request, viewer, _reviewable(portal, viewer, name))


@router.post("/requests/{name}/review/finish")
def finish(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """End the review; it cannot be changed afterwards."""
    try:
        decision = _decision(form.text("decision"))
        portal.rpp.reviewing.finish(viewer.actor, name, form.number("round"), decision)
    except (ActionRefused, Invalid) as error:
        view = portal.rpp.requests.seen_by(viewer.actor, name)
        viewer.check_may(Permission.REQUEST_REVIEW)
        return _finish_page(request, viewer, view, error)
    return see(path("requests", name))


def _reviewable(portal: Portal, viewer: Viewer, name: str) -> RequestView:
    view = portal.rpp.requests.seen_by(viewer.actor, name)
    viewer.check_may(Permission.REQUEST_REVIEW)
    refusals = portal.rpp.requests.refusals(viewer.actor, name, Action.REVIEW)
    if refusals:
        raise ActionRefused(refusals)
    return view


def _review_page(
    request: Request,
    portal: Portal,
    viewer: Viewer,
    view: RequestView,
    draft: Draft,
    error: RppError | None = None,
) -> Response:
    items = shown_items(portal, viewer.actor, view)
    known = {i.item.identity for i in items}
    answer = page(
        request,
        "review.html",
        viewer,
        status=200 if error is None else status_of(error),
        request=view,
        items=items,
        draft=draft,
        decided=sum(1 for i in known if i in draft.verdicts),
        orphans=[text for identity, text in draft.comments.items() if identity not in known and text.strip()],
        error=error,
        saved=request.query_params.get("saved") == "1",
    )
    answer.headers["Content-Security-Policy"] = review_policy(request.headers.get("host", ""))
    return answer


def _finish_page(
    request: Request, viewer: Viewer, view: RequestView, error: RppError | None = None
) -> Response:
    own = own_review(view, viewer.name)
    verdicts = own.verdicts if own is not None else {}
    return page(
        request,
        "finish.html",
        viewer,
        status=200 if error is None else status_of(error),
        request=view,
        own=own,
        open_items=[i for i in view.items if i.identity not in verdicts],
        approved=[i for i in view.items if verdicts.get(i.identity) is Verdict.APPROVE],
        refused=[i for i in view.items if verdicts.get(i.identity) is Verdict.REFUSE],
        decisions=Decision,
        error=error,
    )


def _draft(form: Form) -> Draft:
    verdicts = {k: _verdict(v) for k, v in form.prefixed("verdict").items()}
    comments = {k: v.strip() for k, v in form.prefixed("comment").items()}
    return Draft(verdicts, comments, form.text("comment").strip())


def _verdict(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        raise Invalid("A verdict is “approve” or “refuse”.", code="bad-verdict") from None


def _decision(text: str) -> Decision:
    try:
        return Decision(text)
    except ValueError:
        raise Invalid("Choose what should follow from your review.", code="no-decision") from None
