"""The API of agreements: written, read, signed here or elsewhere, taken back."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from rpp_hub.domain.agreements import EVERYTHING, FieldGroup, PaperKind, PaperStatus, Party
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.paper_changes import Change
from rpp_hub.services.papers import PaperView
from rpp_hub.services.personal_papers import ThirdParty
from rpp_hub.services.signing import SignedElsewhere
from rpp_hub.services.umbrellas import UmbrellaTerms
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.multipart import Upload, described, sent
from rpp_hub.web.pages.agreements import document as shown_document
from rpp_hub.web.pages.project_review import download
from rpp_hub.web.paging import ApiPageAtDep, link_next
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, FILE, Closed, ReasonBody, Text, Word

router = APIRouter(prefix=f"{BASE}/api/agreements", tags=["agreements"])


class UmbrellaBody(Closed):
    """A district's umbrella agreement. Without a last day it is for three years; without groups, for all fields."""

    district: Word
    starts: date
    ends: date | None = None
    groups: list[FieldGroup] = Field(default=[], max_length=100)
    reason: Text = ""


class AccessBody(Closed):
    """A person's own access agreement."""

    person: Word
    district: Word
    ends: date | None = None


class ThirdPartyBody(Closed):
    """Somebody of another institution on a project, and who at the university answers for them."""

    project: Word
    person: Word
    sponsor: Word
    institution: Word
    ends: date


class SignBody(Closed):
    """What is signed, and for whom."""

    document_sha256: Annotated[str, Field(max_length=64)]
    party: Party | None = None


class RecordBody(Closed):
    """A signature that was given elsewhere, with its file."""

    party: Party
    signer: Word
    signed_on: date
    file: Upload


@router.get("")
def agreements(
    request: Request,
    response: Response,
    portal: PortalDep,
    viewer: ViewerDep,
    at: ApiPageAtDep,
    kind: PaperKind | None = None,
    status: PaperStatus | None = None,
) -> list[PaperView]:
    """The agreements this person may know of, newest first; the Link header leads to the next page."""
    page = portal.rpp.agreements.page(viewer.actor, at, kind or "", status or "")
    link_next(request, response, page)
    return list(page)


@router.post("/umbrella", dependencies=CHANGES, status_code=201)
def umbrella(portal: PortalDep, viewer: ViewerDep, body: UmbrellaBody) -> PaperView:
    """Write the next version of a district's umbrella agreement, for both sides to sign."""
    viewer.check_may(Permission.AGREEMENT_MANAGE)
    terms = UmbrellaTerms(body.starts, body.ends, tuple(body.groups) or (EVERYTHING,), body.reason)
    return portal.rpp.umbrellas.propose(viewer.actor, body.district, terms)


@router.post("/access", dependencies=CHANGES, status_code=201)
def access(portal: PortalDep, viewer: ViewerDep, body: AccessBody) -> PaperView:
    """Write a person's access agreement, for them to sign."""
    viewer.check_may(Permission.AGREEMENT_MANAGE)
    return portal.rpp.personal.access(viewer.actor, body.person, body.district, body.ends)


@router.post("/third-party", dependencies=CHANGES, status_code=201)
def third_party(portal: PortalDep, viewer: ViewerDep, body: ThirdPartyBody) -> PaperView:
    """Write a third-party agreement, for the person, their sponsor and the district to sign."""
    viewer.check_may(Permission.AGREEMENT_MANAGE)
    return portal.rpp.personal.third_party(viewer.actor, ThirdParty(**body.model_dump()))


@router.get("/{name}")
def agreement(portal: PortalDep, viewer: ViewerDep, name: str) -> PaperView:
    """One version of an agreement."""
    return portal.rpp.agreements.get(viewer.actor, name)


@router.get("/{name}/changes")
def changes(
    portal: PortalDep,
    viewer: ViewerDep,
    name: str,
    against: Annotated[str | None, Query(max_length=20)] = None,
) -> list[Change]:
    """What a version changes against another, by default the one before it."""
    return list(portal.rpp.agreements.changes(viewer.actor, name, against))


@router.get("/{name}/parties")
def parties(portal: PortalDep, viewer: ViewerDep, name: str) -> list[Party]:
    """For whom one may sign it oneself, now."""
    portal.rpp.agreements.get(viewer.actor, name)
    return list(portal.rpp.signing.parties_of(viewer.actor, name))


@router.get(
    "/{name}/document",
    response_class=Response,
    responses={200: {"description": "The exact document.", "content": {"text/html": {}}}},
)
def document(portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """The exact document that is signed, as HTML; its SHA-256 is the agreement's `document_sha256`."""
    return shown_document(portal, viewer, name)


@router.get("/{name}/document.pdf", response_class=Response, responses=FILE)
def pdf(portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """The same as PDF, for signing by hand."""
    return download(portal.rpp.agreements.pdf(viewer.actor, name), f"{name}.pdf")


@router.get("/{name}/files/{sha256}", response_class=Response, responses=FILE)
def file(portal: PortalDep, viewer: ViewerDep, name: str, sha256: str) -> Response:
    """A signed file that was recorded."""
    return download(portal.rpp.agreements.file(viewer.actor, name, sha256), f"{name}-signed")


@router.post("/{name}/sign", dependencies=CHANGES)
def sign(portal: PortalDep, viewer: ViewerDep, name: str, body: SignBody) -> PaperView:
    """Sign as oneself the document with this hash."""
    portal.rpp.agreements.get(viewer.actor, name)
    return portal.rpp.signing.sign(viewer.actor, name, body.document_sha256, body.party)


@router.post("/{name}/record", openapi_extra=described(RecordBody))
def record(
    portal: PortalDep, viewer: ViewerDep, name: str, body: Annotated[RecordBody, Depends(sent(RecordBody))]
) -> PaperView:
    """Record a signature that was given elsewhere, with its file."""
    viewer.check_may(Permission.AGREEMENT_MANAGE)
    portal.rpp.agreements.get(viewer.actor, name)
    given = SignedElsewhere(body.party, body.signer.strip(), body.signed_on, body.file.content)
    return portal.rpp.signing.record(viewer.actor, name, given)


@router.post("/{name}/withdraw", dependencies=CHANGES)
def withdraw(portal: PortalDep, viewer: ViewerDep, name: str, body: ReasonBody) -> PaperView:
    """Take back a paper that not all have signed."""
    portal.rpp.agreements.get(viewer.actor, name)
    return portal.rpp.agreements.withdraw(viewer.actor, name, body.reason)
