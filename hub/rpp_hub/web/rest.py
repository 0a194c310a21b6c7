"""The REST API under /services/rpp/api/: the pages' own services, for programs in the same browser session.

State changes take the header X-RPP-CSRF with the token that `GET me` gives. Described by `GET openapi.json`.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from rpp_hub.domain.lifecycle import Decision, Verdict
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.project_lines import ProjectFilter
from rpp_hub.services.projects import ProjectView
from rpp_hub.services.questions import QuestionView
from rpp_hub.services.request_lines import RequestLine
from rpp_hub.services.request_state import RequestView
from rpp_hub.warehouse.codebook import codebook_json
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.openapi import description
from rpp_hub.web.pages.workspaces import open_workspace, refused, stop_workspace
from rpp_hub.web.paging import ApiPageAtDep, link_next
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, Closed, ReasonBody, Text

router = APIRouter(prefix=f"{BASE}/api", tags=["everyday"])
_Word = Annotated[str, Query(max_length=100)]


class Me(Closed):
    """Who is logged in."""

    name: str
    display_name: str
    roles: list[str]
    projects: list[str]
    csrf: str


class DecisionBody(Closed):
    """A sponsor's word on an application."""

    approve: bool
    reason: Text = ""
    conditions: list[Text] = Field(default=[], max_length=50)


class ReviewBody(Closed):
    """Verdicts and comments on a round, item by item."""

    round: int
    verdicts: dict[str, Verdict]
    comments: dict[str, Text] = Field(default={})
    comment: Text = ""


class FinishBody(Closed):
    """A reviewer's word on the whole."""

    round: int
    decision: Decision


class QuestionBody(Closed):
    """A question about a field of the project's data."""

    table: Annotated[str, Field(max_length=63)]
    field: Annotated[str, Field(max_length=63)]
    question: Text


class AnswerBody(Closed):
    """An answer that every project with the field will read; `question` is what is shown of the question."""

    answer: Text
    question: Text = ""


class DeclineBody(Closed):
    """Why a question is not answered."""

    reason: Text


class WorkspaceState(Closed):
    """A workspace as the hub knows it."""

    ready: bool
    pending: str | None
    refusals: list[Refusal] = Field(default=[])  # why it was not opened, the last time it was asked for


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request, _viewer: ViewerDep) -> dict[str, Any]:
    """This API, described."""
    return description(request.app)


@router.get("/me")
def me(viewer: ViewerDep) -> Me:
    """Who is logged in, and the token that changes of state must carry."""
    person = viewer.person
    return Me(
        name=person.name,
        display_name=person.display_name,
        roles=list(person.roles),
        projects=list(person.projects),
        csrf=viewer.form_token,
    )


@router.get("/projects")
def projects(
    request: Request,
    response: Response,
    portal: PortalDep,
    viewer: ViewerDep,
    at: ApiPageAtDep,
    status: ProjectStatus | None = None,
    district: _Word = "",
    sponsor: _Word = "",
) -> list[ProjectView]:
    """The projects this person may know of, by name; the Link header leads to the next page."""
    page = portal.rpp.projects.page(viewer.actor, at, ProjectFilter(status or "", district, sponsor))
    link_next(request, response, page)
    return list(page)


@router.get("/projects/{name}")
def project(portal: PortalDep, viewer: ViewerDep, name: str) -> ProjectView:
    """One project."""
    return portal.rpp.projects.seen_by(viewer.actor, name)


@router.post("/projects/{name}/decide", dependencies=CHANGES)
def decide(portal: PortalDep, viewer: ViewerDep, name: str, body: DecisionBody) -> ProjectView:
    """Approve or decline an application."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.projects.decide(
        viewer.actor, name, approve=body.approve, reason=body.reason, conditions=body.conditions
    )


@router.get("/projects/{name}/codebook")
def codebook(portal: PortalDep, viewer: ViewerDep, name: str) -> dict[str, Any]:
    """The fields of the project's newest cut as a Frictionless Data Package, with everything that was noted since."""
    package: dict[str, Any] = json.loads(
        codebook_json(portal.rpp.warehousing.questions.codebook(viewer.actor, name))
    )
    return package


@router.get("/projects/{name}/questions")
def questions_of(portal: PortalDep, viewer: ViewerDep, name: str) -> list[QuestionView]:
    """What the project asked about its fields, newest first."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return list(portal.rpp.warehousing.questions.list(viewer.actor, name))


@router.post("/projects/{name}/questions", dependencies=CHANGES, status_code=201)
def ask(portal: PortalDep, viewer: ViewerDep, name: str, body: QuestionBody) -> QuestionView:
    """Ask about a field of the project's data."""
    return portal.rpp.warehousing.questions.ask(viewer.actor, name, body.table, body.field, body.question)


@router.get("/questions")
def questions(portal: PortalDep, viewer: ViewerDep) -> list[QuestionView]:
    """The questions this person may know of, newest first."""
    return list(portal.rpp.warehousing.questions.list(viewer.actor))


@router.get("/questions/{question}")
def one_question(portal: PortalDep, viewer: ViewerDep, question: str) -> QuestionView:
    """One question, with its answer."""
    return portal.rpp.warehousing.questions.get(viewer.actor, question)


@router.post("/questions/{question}/answer", dependencies=CHANGES)
def answer(portal: PortalDep, viewer: ViewerDep, question: str, body: AnswerBody) -> QuestionView:
    """Answer a question; both become a note of the field."""
    return portal.rpp.warehousing.questions.answer(viewer.actor, question, body.answer, body.question)


@router.post("/questions/{question}/decline", dependencies=CHANGES)
def decline(portal: PortalDep, viewer: ViewerDep, question: str, body: DeclineBody) -> QuestionView:
    """Do not answer a question, and say why to the project."""
    return portal.rpp.warehousing.questions.decline(viewer.actor, question, body.reason)


@router.get("/projects/{name}/workspace")
def workspace(portal: PortalDep, viewer: ViewerDep, name: str) -> WorkspaceState:
    """One's own workspace of a project."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    server, refusals = portal.hub.server(viewer.name, name), list(refused(portal, viewer, name))
    if server is None:
        return WorkspaceState(ready=False, pending=None, refusals=refusals)
    return WorkspaceState(ready=server.ready, pending=server.pending, refusals=refusals)


@router.post("/projects/{name}/workspace", dependencies=CHANGES, status_code=202)
def open_(portal: PortalDep, viewer: ViewerDep, name: str) -> WorkspaceState:
    """Open one's own workspace; ask `GET` until it is ready."""
    open_workspace(portal, viewer, name)
    return workspace(portal, viewer, name)


@router.delete("/projects/{name}/workspace", dependencies=CHANGES, status_code=204)
def stop(portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """Stop one's own workspace."""
    stop_workspace(portal, viewer, name)
    return Response(status_code=204)


@router.get("/requests")
def requests(
    request: Request, response: Response, portal: PortalDep, viewer: ViewerDep, at: ApiPageAtDep
) -> list[RequestLine]:
    """The requests this person may know of, newest first; the Link header leads to the next page."""
    page = portal.rpp.requests.page(viewer.actor, at)
    link_next(request, response, page)
    return list(page)


@router.get("/requests/{name}")
def request(portal: PortalDep, viewer: ViewerDep, name: str) -> RequestView:
    """One request."""
    return portal.rpp.requests.seen_by(viewer.actor, name)


@router.post("/requests/{name}/review", dependencies=CHANGES)
def save_review(portal: PortalDep, viewer: ViewerDep, name: str, body: ReviewBody) -> RequestView:
    """Keep verdicts; they can still be changed."""
    return portal.rpp.reviewing.save(
        viewer.actor, name, body.round, body.verdicts, body.comments, body.comment
    )


@router.post("/requests/{name}/review/finish", dependencies=CHANGES)
def finish_review(portal: PortalDep, viewer: ViewerDep, name: str, body: FinishBody) -> RequestView:
    """End one's review."""
    return portal.rpp.reviewing.finish(viewer.actor, name, body.round, body.decision)


@router.post("/requests/{name}/withdraw", dependencies=CHANGES)
def withdraw(portal: PortalDep, viewer: ViewerDep, name: str, body: ReasonBody) -> RequestView:
    """Take a request back."""
    return portal.rpp.requests.withdraw(viewer.actor, name, body.reason)
