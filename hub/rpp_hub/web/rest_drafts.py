"""The API of applications before they are sent: a draft, its words and fields, revisions, amendments, applications from a file."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from rpp_hub.domain.appetite import OwnThresholds
from rpp_hub.domain.application import Abc, Need
from rpp_hub.services.field_choice import Shown, choices_of, with_choices
from rpp_hub.services.papers import PaperView
from rpp_hub.services.people import Sponsor
from rpp_hub.services.project_drafts import Beginning, DraftView
from rpp_hub.services.project_rounds import IrbLetter
from rpp_hub.services.projects import ProjectView
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.multipart import Upload, described, sent
from rpp_hub.web.pages.projects import application_text
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, Closed, ReasonBody, Text, Word

router = APIRouter(prefix=f"{BASE}/api", tags=["drafts"])
_Name = Annotated[str, Field(max_length=63)]
_Year = Annotated[int, Field(ge=1900, le=2200)]


class Choices(Closed):
    """What a draft can begin with: the districts with their titles, and who sponsors there."""

    districts: dict[str, str]
    sponsors: list[Sponsor]


class BeginBody(Closed):
    """A new draft."""

    name: Word
    title: Annotated[str, Field(max_length=2000)]
    district: Word
    lead: Word
    sponsor: Word


class IrbWords(Closed):
    """The ethics approval, as far as it is known."""

    number: Word | None = None
    ends: date | None = None


class AgreementWords(Closed):
    """The terms that are asked for, as far as they are known."""

    ends: date | None = None
    name_district: bool = False
    thresholds: OwnThresholds = OwnThresholds()


class CohortWords(Closed):
    """Which students: those with a row of `table` for which `where` holds."""

    table: _Name = ""
    where: Annotated[str, Field(max_length=2000)] = ""


class DraftBody(Closed):
    """What is to be changed. What is not sent stays; null takes it out. `version` is that of the draft that was read."""

    version: int
    title: Annotated[str, Field(max_length=2000)] | None = None
    questions: Annotated[list[Annotated[str, Field(max_length=2000)]], Field(max_length=20)] | None = None
    design: Text | None = None
    timeline: Text | None = None
    abc: Abc | None = None
    irb: IrbWords | None = None
    agreement: AgreementWords | None = None
    years: tuple[_Year, _Year] | None = None
    cohort: CohortWords | None = None
    linkage: Annotated[list[_Name], Field(max_length=20)] | None = None
    linkage_rationale: Text | None = None
    cosponsors: Annotated[list[Word], Field(max_length=5)] | None = None
    members: Annotated[list[Word], Field(max_length=50)] | None = None

    def changes(self) -> dict[str, Any]:
        """As an application has them."""
        told = self.model_dump(mode="json", include=set(self.model_fields_set) - {"version"})
        for part in ("irb", "agreement"):
            if told.get(part) is not None:
                told[part] = {k: v for k, v in told[part].items() if v is not None}
        if told.get("agreement") is not None:
            asked = told["agreement"]["thresholds"]
            told["agreement"]["thresholds"] = {k: v for k, v in asked.items() if v is not None}
        if "members" in told:
            told["members"] = [{"person": name, "role": "member"} for name in told["members"] or ()]
        return told


class FieldWords(Closed):
    """Why a field is needed, and how much coarser it may be."""

    rationale: Text
    need: Need = Need.CRITICAL
    generalise: Annotated[str, Field(max_length=80)] = ""


class FieldsBody(Closed):
    """Fields by `table.field`; null takes one out. The others stay as they are."""

    version: int
    fields: Annotated[dict[str, FieldWords | None], Field(max_length=1000)]


class ApplicationBody(Closed):
    """An application in YAML, and the IRB's letter."""

    application: Upload
    irb_letter: Upload | None = None


class LetterBody(Closed):
    """The IRB's letter."""

    irb_letter: Upload


class AmendmentBody(Closed):
    """A whole application in YAML, as it is to be granted, and why."""

    application: Upload
    reason: Text


@router.get("/drafts/choices")
def choices(portal: PortalDep, _viewer: ViewerDep) -> Choices:
    """With whom a draft can begin."""
    return Choices(
        districts=dict(portal.rpp.warehousing.titles()), sponsors=list(portal.rpp.people.sponsors())
    )


@router.post("/drafts", dependencies=CHANGES, status_code=201)
def begin(portal: PortalDep, viewer: ViewerDep, body: BeginBody) -> DraftView:
    """Begin a draft, as its lead or its sponsor."""
    name = portal.rpp.drafts.begin(viewer.actor, Beginning(**body.model_dump()))
    return portal.rpp.drafts.opened(viewer.actor, name)


@router.post("/projects/apply", status_code=201, openapi_extra=described(ApplicationBody))
def apply(
    portal: PortalDep, viewer: ViewerDep, body: Annotated[ApplicationBody, Depends(sent(ApplicationBody))]
) -> ProjectView:
    """Apply with a file."""
    text = application_text(body.application.content)
    return portal.rpp.projects.apply(viewer.actor, text, _letter(body.irb_letter))


@router.get("/projects/{name}/draft")
def draft(portal: PortalDep, viewer: ViewerDep, name: str) -> DraftView:
    """A draft, a revision or an amendment, and what it still lacks."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.drafts.opened(viewer.actor, name)


@router.patch("/projects/{name}/draft", dependencies=CHANGES)
def save(portal: PortalDep, viewer: ViewerDep, name: str, body: DraftBody) -> DraftView:
    """Keep some words of a draft, complete or not. Refused as stale if somebody saved since it was read."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    portal.rpp.drafts.save(viewer.actor, name, body.changes(), body.version)
    return portal.rpp.drafts.opened(viewer.actor, name)


@router.get("/projects/{name}/draft/fields")
def fields(
    portal: PortalDep,
    viewer: ViewerDep,
    name: str,
    table: Annotated[str, Query(max_length=63)] = "",
    search: Annotated[str, Query(max_length=100, description="In all tables.")] = "",
) -> Shown:
    """The codebook, to choose fields from: one table, or what a search finds in all of them."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    content = portal.rpp.drafts.opened(viewer.actor, name).content
    book = portal.rpp.warehousing.known_codebook(project.district)
    return choices_of(book, content, table, search.strip())


@router.put("/projects/{name}/draft/fields", dependencies=CHANGES)
def choose(portal: PortalDep, viewer: ViewerDep, name: str, body: FieldsBody) -> DraftView:
    """Choose fields, or take some out. What may never be shared cannot be chosen."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    content = portal.rpp.drafts.opened(viewer.actor, name).content
    book = portal.rpp.warehousing.known_codebook(project.district)
    said = {key: words.model_dump(mode="json") if words else {} for key, words in body.fields.items()}
    tables = with_choices(book, content, said)
    portal.rpp.drafts.save(viewer.actor, name, {"tables": tables}, body.version)
    return portal.rpp.drafts.opened(viewer.actor, name)


@router.post("/projects/{name}/draft/irb-letter", openapi_extra=described(LetterBody))
def attach(
    portal: PortalDep, viewer: ViewerDep, name: str, body: Annotated[LetterBody, Depends(sent(LetterBody))]
) -> DraftView:
    """Put the IRB's letter beside a draft."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    letter = IrbLetter(body.irb_letter.file_name, body.irb_letter.content)
    portal.rpp.drafts.attach_irb(viewer.actor, name, letter)
    return portal.rpp.drafts.opened(viewer.actor, name)


@router.post("/projects/{name}/send", dependencies=CHANGES)
def send(portal: PortalDep, viewer: ViewerDep, name: str) -> ProjectView:
    """Send a draft or a revision to the district."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    portal.rpp.drafts.send(viewer.actor, name)
    return portal.rpp.projects.seen_by(viewer.actor, name)


@router.post("/projects/{name}/resubmit", openapi_extra=described(ApplicationBody))
def resubmit(
    portal: PortalDep,
    viewer: ViewerDep,
    name: str,
    body: Annotated[ApplicationBody, Depends(sent(ApplicationBody))],
) -> ProjectView:
    """Replace a revision by a file, and send it."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    text = application_text(body.application.content)
    portal.rpp.drafts.resubmit(viewer.actor, name, text, _letter(body.irb_letter))
    return portal.rpp.projects.seen_by(viewer.actor, name)


@router.post("/projects/{name}/amendment", dependencies=CHANGES)
def begin_amendment(portal: PortalDep, viewer: ViewerDep, name: str) -> DraftView:
    """Begin an amendment with what is granted now, or go on with the one that was begun; it is edited as a draft is."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    portal.rpp.drafts.begin_amendment(viewer.actor, name)
    return portal.rpp.drafts.opened(viewer.actor, name)


@router.post("/projects/{name}/amendment/propose", dependencies=CHANGES, status_code=201)
def propose(portal: PortalDep, viewer: ViewerDep, name: str, body: ReasonBody) -> PaperView:
    """Propose the amendment as the agreement's next version, for both sides to sign."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.agreements.propose_draft(viewer.actor, name, body.reason)


@router.post("/projects/{name}/amendment/from-file", status_code=201, openapi_extra=described(AmendmentBody))
def amend(
    portal: PortalDep,
    viewer: ViewerDep,
    name: str,
    body: Annotated[AmendmentBody, Depends(sent(AmendmentBody))],
) -> PaperView:
    """Propose the agreement's next version from a file."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    text = application_text(body.application.content)
    return portal.rpp.agreements.amend(viewer.actor, name, text, body.reason)


def _letter(upload: Upload | None) -> IrbLetter | None:
    return IrbLetter(upload.file_name, upload.content) if upload else None
