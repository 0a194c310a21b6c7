"""What a workspace may ask of the portal: submit a request, list its project's requests, ask about a field.

Its credential is the capability that the workspace's gateway adds outside the sandbox; no cookie counts here.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rpp_review.provenance import InvalidRecord, Record, nothing_seen, read_record
from starlette.concurrency import run_in_threadpool

from rpp_hub.domain.actor import Actor, Via
from rpp_hub.domain.errors import Invalid
from rpp_hub.services.questions import QuestionView
from rpp_hub.services.request_state import RequestView
from rpp_hub.services.requests import Submission
from rpp_hub.web import BASE
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep
from rpp_hub.workspace.capability import Bearer, verify

router = APIRouter(prefix=f"{BASE}/workspace", include_in_schema=False)


class SubmissionBody(BaseModel):
    """The body of a submission; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=255)]
    notebook: str
    outputs: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=1000)]
    context: Annotated[str, Field(max_length=20_000)]
    controls: Annotated[str, Field(max_length=20_000)]
    replaces: Annotated[str, Field(max_length=20)] | None = None
    provenance: dict[str, Any] | None = None


def bearer_of(request: Request, portal: PortalDep) -> Bearer:
    """Which person in which project. Raises InvalidCapability (403)."""
    return verify(portal.rpp.portal_secret(), request.headers.get("x-rpp-workspace", ""), portal.now())


BearerDep = Annotated[Bearer, Depends(bearer_of)]


@router.post("/requests")
async def submit(request: Request, portal: PortalDep, bearer: BearerDep) -> Response:
    """Freeze a notebook and ask for outputs of it to be released."""
    body = await request.body()
    view = await run_in_threadpool(_submit, portal, bearer, body)
    return JSONResponse(
        {"id": view.name, "status": str(view.status), "url": path("requests", view.name)}, status_code=201
    )


@router.get("/requests")
def requests(portal: PortalDep, bearer: BearerDep) -> Response:
    """The requests of this workspace's project."""
    views = portal.rpp.requests.list(Actor(bearer.person, Via.WORKSPACE), project=bearer.project)
    return JSONResponse({"requests": [_brief(v) for v in views]})


class QuestionBody(BaseModel):
    """A question from a notebook about a field; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    table: Annotated[str, Field(min_length=1, max_length=63)]
    field: Annotated[str, Field(min_length=1, max_length=63)]
    question: Annotated[str, Field(min_length=1, max_length=1000)]


@router.post("/questions")
async def ask(request: Request, portal: PortalDep, bearer: BearerDep) -> Response:
    """Ask the data manager about a field of this workspace's project."""
    body = await request.body()
    view = await run_in_threadpool(_ask, portal, bearer, body)
    return JSONResponse({"id": view.name, "status": str(view.status)}, status_code=201)


def _ask(portal: Portal, bearer: Bearer, body: bytes) -> QuestionView:
    try:
        asked = QuestionBody.model_validate(json.loads(body))
    except (ValueError, RecursionError):  # pydantic's own error is a ValueError
        raise Invalid(
            "The question cannot be used: it takes a table, a field, and a question of at most 1,000 characters.",
            code="bad-question",
        ) from None
    questions = portal.rpp.warehousing.questions
    return questions.ask(
        Actor(bearer.person, Via.WORKSPACE), bearer.project, asked.table, asked.field, asked.question
    )


def _submit(portal: Portal, bearer: Bearer, body: bytes) -> RequestView:
    parsed = _parsed(body)
    submission = Submission(
        parsed.name,
        _notebook(parsed.notebook),
        tuple(parsed.outputs),
        parsed.context,
        parsed.controls,
        _record(parsed.provenance),
    )
    return portal.rpp.requests.submit(
        Actor(bearer.person, Via.WORKSPACE), bearer.project, submission, parsed.replaces
    )


def _parsed(body: bytes) -> SubmissionBody:
    try:
        return SubmissionBody.model_validate(json.loads(body))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors(include_input=False)[:10]
        )
        raise Invalid(f"The submission cannot be used. {faults}.", code="bad-submission") from None
    except (ValueError, RecursionError):
        raise Invalid(
            "The submission is not valid JSON. Save the notebook and submit again.", code="bad-submission"
        ) from None


def _notebook(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(
            "The notebook in the submission is not base64. Submit again.", code="bad-submission"
        ) from None


def _record(document: dict[str, Any] | None) -> Record:
    """A workspace whose server says nothing of what ran has seen nothing."""
    try:
        return nothing_seen() if document is None else read_record(document)
    except InvalidRecord as error:
        raise Invalid(f"The record of what ran cannot be used. {error}", code="bad-submission") from None


def _brief(view: RequestView) -> dict[str, Any]:
    return {
        "id": view.name,
        "name": view.file_name,
        "status": str(view.status),
        "submitted_at": view.submitted_at.isoformat(),
        "url": path("requests", view.name),
        "round": view.round,
    }
