"""The REST API's part for projects and agreements: review, discussion, hours, versions, signatures."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from rpp_hub.domain.agreements import PaperKind, PaperStatus, Party
from rpp_hub.domain.errors import Invalid
from rpp_hub.services.agreements import Extension
from rpp_hub.services.paper_changes import Change
from rpp_hub.services.papers import PaperView
from rpp_hub.services.project_discussion import EntryView, Kind, Spent
from rpp_hub.services.project_fields import Word
from rpp_hub.services.project_review import Judged, ReviewView, Survey, Topic
from rpp_hub.services.projects import ProjectView
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep, check_api_call
from rpp_hub.web.paging import ApiPageAtDep, link_next
from rpp_hub.web.portal import PortalDep

router = APIRouter(prefix=f"{BASE}/api")
_CHANGES = [Depends(check_api_call)]
_Text = Annotated[str, Field(max_length=5000)]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SurveyBody(_Closed):
    """A leader's answers, each from 1 to 5, and words on each."""

    alignment: Annotated[int, Field(ge=1, le=5)]
    benefits: Annotated[int, Field(ge=1, le=5)]
    costs: Annotated[int, Field(ge=1, le=5)]
    words: dict[Topic, _Text] = {}


class FieldWord(_Closed):
    """Staff's word on one field."""

    word: Word
    note: _Text = ""


class JudgementBody(_Closed):
    """Staff's judgement. `fields` by table.field."""

    design: Annotated[str, Field(max_length=30)]
    design_note: _Text = ""
    timeline: Annotated[str, Field(max_length=30)]
    timeline_note: _Text = ""
    fields: dict[str, FieldWord] = {}


class ExceptionBody(_Closed):
    """The director's word on a name or identifier."""

    field: Annotated[str, Field(max_length=63)]
    approve: bool
    reason: _Text


class ReasonBody(_Closed):
    """Why."""

    reason: _Text = ""


class EntryBody(_Closed):
    """An entry of the data discussion."""

    kind: Kind
    text: _Text
    on: date | None = None


class HoursBody(_Closed):
    """One's own hours."""

    hours: Annotated[float, Field(gt=0, le=200)]
    work: _Text
    on: date | None = None


class SignBody(_Closed):
    """What is signed, and for whom."""

    document_sha256: Annotated[str, Field(max_length=64)]
    party: Party | None = None


class ExtendBody(_Closed):
    """A new last day of a project's agreement."""

    agreement_ends: date
    reason: _Text = ""


@router.get("/projects/{name}/review")
def review(portal: PortalDep, viewer: ViewerDep, name: str) -> ReviewView:
    """The district's review so far: rounds, answers, judgements, exceptions, the clock, what is missing."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.reviews.of(name)


@router.post("/projects/{name}/survey", dependencies=_CHANGES)
def answer(portal: PortalDep, viewer: ViewerDep, name: str, body: SurveyBody) -> ReviewView:
    """Answer the survey, as a sponsor."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    ratings = {Topic.ALIGNMENT: body.alignment, Topic.BENEFITS: body.benefits, Topic.COSTS: body.costs}
    portal.rpp.reviews.answer(viewer.actor, name, Survey(ratings, body.words))
    return portal.rpp.reviews.of(name)


@router.post("/projects/{name}/judgement", dependencies=_CHANGES)
def judge(portal: PortalDep, viewer: ViewerDep, name: str, body: JudgementBody) -> ReviewView:
    """Judge design, timeline and fields, as research staff."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    fields = {k: (str(w.word), w.note) for k, w in body.fields.items()}
    judged = Judged((body.design, body.design_note), (body.timeline, body.timeline_note), fields)
    portal.rpp.reviews.judge(viewer.actor, name, judged)
    return portal.rpp.reviews.of(name)


@router.post("/projects/{name}/exceptions", dependencies=_CHANGES)
def decide_exception(portal: PortalDep, viewer: ViewerDep, name: str, body: ExceptionBody) -> ReviewView:
    """Say whether a name or identifier may be used for linkage, as the director."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    portal.rpp.reviews.decide_exception(
        viewer.actor, name, body.field, approve=body.approve, reason=body.reason
    )
    return portal.rpp.reviews.of(name)


@router.post("/projects/{name}/return", dependencies=_CHANGES)
def send_back(portal: PortalDep, viewer: ViewerDep, name: str, body: ReasonBody) -> ProjectView:
    """Send an application back for a revision."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.projects.send_back(viewer.actor, name, body.reason)


@router.post("/projects/{name}/withdraw", dependencies=_CHANGES)
def withdraw(portal: PortalDep, viewer: ViewerDep, name: str, body: ReasonBody) -> ProjectView:
    """Take a draft or an application back."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.projects.withdraw(viewer.actor, name, body.reason)


@router.get("/projects/{name}/discussion")
def discussion(portal: PortalDep, viewer: ViewerDep, name: str) -> list[EntryView]:
    """The data discussion, by day."""
    return list(portal.rpp.discussions.of(viewer.actor, name))


@router.post("/projects/{name}/discussion", dependencies=_CHANGES)
def discuss(portal: PortalDep, viewer: ViewerDep, name: str, body: EntryBody) -> list[EntryView]:
    """Add an entry to the data discussion."""
    portal.rpp.discussions.write(viewer.actor, name, body.kind, body.text, body.on)
    return list(portal.rpp.discussions.of(viewer.actor, name))


@router.get("/projects/{name}/hours")
def hours(portal: PortalDep, viewer: ViewerDep, name: str) -> Spent:
    """The staff hours of both sides."""
    return portal.rpp.discussions.hours(viewer.actor, name)


@router.post("/projects/{name}/hours", dependencies=_CHANGES)
def spend(portal: PortalDep, viewer: ViewerDep, name: str, body: HoursBody) -> Spent:
    """Record one's own hours."""
    portal.rpp.discussions.spend(viewer.actor, name, body.hours, body.work, body.on)
    return portal.rpp.discussions.hours(viewer.actor, name)


@router.get("/projects/{name}/agreements")
def versions(portal: PortalDep, viewer: ViewerDep, name: str) -> list[PaperView]:
    """Every version of a project's agreement, newest first."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return list(portal.rpp.agreements.versions(viewer.actor, name))


@router.post("/projects/{name}/extend", dependencies=_CHANGES)
def extend(portal: PortalDep, viewer: ViewerDep, name: str, body: ExtendBody) -> PaperView:
    """Propose a version with a later end; both sides sign it. The IRB's end is changed with its letter, on the page."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    extension = Extension(agreement_ends=body.agreement_ends, reason=body.reason)
    paper = portal.rpp.agreements.extend(viewer.actor, name, extension)
    if paper is None:
        raise Invalid("Say until when.", code="no-date")
    return paper


@router.get("/agreements")
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


@router.get("/agreements/{name}")
def agreement(portal: PortalDep, viewer: ViewerDep, name: str) -> PaperView:
    """One version of an agreement."""
    return portal.rpp.agreements.get(viewer.actor, name)


@router.get("/agreements/{name}/changes")
def changes(portal: PortalDep, viewer: ViewerDep, name: str) -> list[Change]:
    """What a version changes against the one before it."""
    return list(portal.rpp.agreements.changes(viewer.actor, name))


@router.post("/agreements/{name}/sign", dependencies=_CHANGES)
def sign(portal: PortalDep, viewer: ViewerDep, name: str, body: SignBody) -> PaperView:
    """Sign as oneself the document with this hash."""
    portal.rpp.agreements.get(viewer.actor, name)
    return portal.rpp.signing.sign(viewer.actor, name, body.document_sha256, body.party)


@router.post("/agreements/{name}/withdraw", dependencies=_CHANGES)
def withdraw_agreement(portal: PortalDep, viewer: ViewerDep, name: str, body: ReasonBody) -> PaperView:
    """Take back a paper that not all have signed."""
    portal.rpp.agreements.get(viewer.actor, name)
    return portal.rpp.agreements.withdraw(viewer.actor, name, body.reason)
