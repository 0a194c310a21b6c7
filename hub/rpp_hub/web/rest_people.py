"""The REST API's part about people, their papers, institutions and what is due."""

from __future__ import annotations

import base64
import binascii
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from rpp_hub.domain.attestations import AttestationKind, AttestationTerms, InstitutionKind
from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.permissions import Role
from rpp_hub.services.attestations import AttestationView
from rpp_hub.services.dues import DueView
from rpp_hub.services.institutions import InstitutionView
from rpp_hub.services.people_views import PeopleFilter, PersonView
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.pages.people import file_answer
from rpp_hub.web.paging import ApiPageAtDep, link_next
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, Closed, Word

router = APIRouter(prefix=f"{BASE}/api", tags=["people"])
_Query = Annotated[str, Query(max_length=100)]


class PersonBody(Closed):
    """Somebody to be registered."""

    name: Word
    display_name: Word
    institutions: list[Word] = Field(default=[], max_length=20)
    email: Annotated[str, Field(max_length=250)] = ""
    roles: list[Role] = Field(default=[], max_length=7)


class AffiliationBody(Closed):
    """Where somebody works, and until when if that is known."""

    institution: Word
    until: date | None = None


class AccountBody(Closed):
    """Whether an account is open."""

    active: bool


class EmailBody(Closed):
    """Where somebody's mail goes; empty: nowhere."""

    email: Annotated[str, Field(max_length=250)]


class CertifyBody(Closed):
    """Papers that were seen elsewhere: there is no file."""

    training_ends: date | None = None
    access_signed: date | None = None
    access_ends: date | None = None


class PaperBody(Closed):
    """A paper with its file, in base64."""

    kind: AttestationKind
    begins: date
    ends: date | None = None
    sponsor: Word = ""
    file_name: Word = ""
    content: Annotated[str, Field(max_length=3_900_000)]


class PaperDecision(Closed):
    """A data manager's word on a paper."""

    confirm: bool
    reason: Annotated[str, Field(max_length=500)] = ""


class InstitutionBody(Closed):
    """A place people work at."""

    name: Word
    title: Word
    kind: InstitutionKind
    partner: bool


@router.get("/due")
def due(portal: PortalDep, viewer: ViewerDep) -> list[DueView]:
    """All that is due, late, or ends soon, for this person; the most urgent first."""
    return list(portal.rpp.dues.seen_by(viewer.actor))


@router.get("/people")
def people(
    request: Request,
    response: Response,
    portal: PortalDep,
    viewer: ViewerDep,
    at: ApiPageAtDep,
    text: _Query = "",
    institution: _Query = "",
    role: Role | None = None,
    ends_by: date | None = None,
) -> list[PersonView]:
    """The register, by name; the Link header leads to the next page."""
    wanted = PeopleFilter(text, institution, str(role) if role else "", ends_by)
    page = portal.rpp.people.page(viewer.actor, wanted, at)
    link_next(request, response, page)
    return list(page)


@router.post("/people", dependencies=CHANGES)
def add(portal: PortalDep, viewer: ViewerDep, body: PersonBody) -> PersonView:
    """Register somebody."""
    return portal.rpp.people.add(
        viewer.actor,
        body.name,
        body.display_name,
        institutions=body.institutions,
        email=body.email,
        roles=body.roles,
    )


@router.get("/people/{name}")
def person(portal: PortalDep, viewer: ViewerDep, name: str) -> PersonView:
    """One person: oneself, or anybody for those who read the register."""
    return portal.rpp.people.seen_by(viewer.actor, name)


@router.put("/people/{name}/roles/{role}", dependencies=CHANGES)
def give_role(portal: PortalDep, viewer: ViewerDep, name: str, role: Role) -> PersonView:
    """Give somebody a role for the installation."""
    return portal.rpp.people.give_role(viewer.actor, name, role)


@router.delete("/people/{name}/roles/{role}", dependencies=CHANGES)
def take_role(portal: PortalDep, viewer: ViewerDep, name: str, role: Role) -> PersonView:
    """Take a role from somebody."""
    return portal.rpp.people.take_role(viewer.actor, name, role)


@router.post("/people/{name}/affiliation", dependencies=CHANGES)
def affiliate(portal: PortalDep, viewer: ViewerDep, name: str, body: AffiliationBody) -> PersonView:
    """Write down where somebody works."""
    return portal.rpp.people.affiliate(viewer.actor, name, body.institution, until=body.until)


@router.post("/people/{name}/account", dependencies=CHANGES)
def set_account(portal: PortalDep, viewer: ViewerDep, name: str, body: AccountBody) -> PersonView:
    """Close an account, or open it again."""
    return portal.rpp.people.set_active(viewer.actor, name, active=body.active)


@router.put("/people/{name}/email", dependencies=CHANGES)
def set_email(portal: PortalDep, viewer: ViewerDep, name: str, body: EmailBody) -> PersonView:
    """Say where mail goes: one's own, or anybody's for a data manager."""
    return portal.rpp.people.set_email(viewer.actor, name, body.email)


@router.post("/people/{name}/certify", dependencies=CHANGES)
def certify(portal: PortalDep, viewer: ViewerDep, name: str, body: CertifyBody) -> PersonView:
    """Record somebody's training or access agreement that was seen elsewhere."""
    if body.training_ends is None and body.access_signed is None:
        raise Invalid("Give `training_ends`, `access_signed`, or both.", code="no-date")
    return portal.rpp.people.certify(viewer.actor, name, **body.model_dump())


@router.get("/people/{name}/papers")
def papers(portal: PortalDep, viewer: ViewerDep, name: str) -> list[AttestationView]:
    """Somebody's papers, newest first: one's own, or anybody's for data managers."""
    return list(portal.rpp.attestations.of_person(viewer.actor, name))


@router.post("/people/{name}/papers", dependencies=CHANGES)
def send_paper(portal: PortalDep, viewer: ViewerDep, name: str, body: PaperBody) -> AttestationView:
    """Send in a paper; it counts once a data manager has confirmed it."""
    try:
        content = base64.b64decode(body.content, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("The file is not base64. Encode it and send it again.", code="bad-paper") from None
    terms = AttestationTerms(body.kind, body.begins, body.ends, body.sponsor)
    return portal.rpp.attestations.send(viewer.actor, name, terms, body.file_name, content)


@router.get("/papers")
def waiting(portal: PortalDep, viewer: ViewerDep) -> list[AttestationView]:
    """The papers that wait for a data manager's word, oldest first."""
    return list(portal.rpp.attestations.waiting(viewer.actor))


@router.post("/papers/{name}/decide", dependencies=CHANGES)
def decide(portal: PortalDep, viewer: ViewerDep, name: str, body: PaperDecision) -> AttestationView:
    """Confirm a paper, or refuse it."""
    return portal.rpp.attestations.decide(viewer.actor, name, confirm=body.confirm, reason=body.reason)


@router.post(
    "/papers/{name}/file",
    dependencies=CHANGES,
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The file as it came."}},
)
def paper_file(portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """A paper's file. Each look is an act of its own."""
    return file_answer(portal.rpp.attestations.file(viewer.actor, name))


@router.get("/institutions")
def institutions(portal: PortalDep, _viewer: ViewerDep) -> list[InstitutionView]:
    """The places people work at."""
    return list(portal.rpp.institutions.list())


@router.post("/institutions", dependencies=CHANGES)
def add_institution(portal: PortalDep, viewer: ViewerDep, body: InstitutionBody) -> InstitutionView:
    """Register a place people work at."""
    return portal.rpp.institutions.add(viewer.actor, body.name, body.title, body.kind, partner=body.partner)
