"""The REST API's part for projects: review, discussion, hours, time, staff, files, the gate, the end."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.agreements import Extension
from rpp_hub.services.papers import PaperView
from rpp_hub.services.project_discussion import EntryView, Kind, Spent
from rpp_hub.services.project_fields import Word
from rpp_hub.services.project_review import Judged, ReviewView, Survey, Topic
from rpp_hub.services.project_rounds import IrbLetter
from rpp_hub.services.projects import ProjectView
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.multipart import Upload, described, sent
from rpp_hub.web.pages.project_review import file as kept_file
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, FILE, Closed, ReasonBody, Text

router = APIRouter(prefix=f"{BASE}/api/projects/{{name}}", tags=["projects"])


class SurveyBody(Closed):
    """A leader's answers, each from 1 to 5, and words on each."""

    alignment: Annotated[int, Field(ge=1, le=5)]
    benefits: Annotated[int, Field(ge=1, le=5)]
    costs: Annotated[int, Field(ge=1, le=5)]
    words: dict[Topic, Text] = Field(default={})


class FieldWord(Closed):
    """Staff's word on one field."""

    word: Word
    note: Text = ""


class JudgementBody(Closed):
    """Staff's judgement. `fields` by table.field."""

    design: Annotated[str, Field(max_length=30)]
    design_note: Text = ""
    timeline: Annotated[str, Field(max_length=30)]
    timeline_note: Text = ""
    fields: dict[str, FieldWord] = Field(default={})


class ExceptionBody(Closed):
    """The director's word on a name or identifier."""

    field: Annotated[str, Field(max_length=63)]
    approve: bool
    reason: Text


class EntryBody(Closed):
    """An entry of the data discussion."""

    kind: Kind
    text: Text
    on: date | None = None


class HoursBody(Closed):
    """One's own hours."""

    hours: Annotated[float, Field(gt=0, le=200)]
    work: Text
    on: date | None = None


class ExtendBody(Closed):
    """A new last day of a project's agreement."""

    agreement_ends: date
    reason: Text = ""


class IrbBody(Closed):
    """The IRB's new last day, with its letter."""

    ends: date
    irb_letter: Upload
    number: Annotated[str, Field(max_length=100)] = ""
    reason: Text = ""


class GateView(Closed):
    """Whether a member could work today: every reason why not."""

    person: str
    refusals: list[Refusal]


@router.get("/review")
def review(portal: PortalDep, viewer: ViewerDep, name: str) -> ReviewView:
    """The district's review so far: rounds, answers, judgements, exceptions, the clock, what is missing."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.reviews.of(name)


@router.post("/survey", dependencies=CHANGES)
def answer(portal: PortalDep, viewer: ViewerDep, name: str, body: SurveyBody) -> ReviewView:
    """Answer the survey, as a sponsor."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    ratings = {Topic.ALIGNMENT: body.alignment, Topic.BENEFITS: body.benefits, Topic.COSTS: body.costs}
    portal.rpp.reviews.answer(viewer.actor, name, Survey(ratings, body.words))
    return portal.rpp.reviews.of(name)


@router.post("/judgement", dependencies=CHANGES)
def judge(portal: PortalDep, viewer: ViewerDep, name: str, body: JudgementBody) -> ReviewView:
    """Judge design, timeline and fields, as research staff."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    fields = {k: (str(w.word), w.note) for k, w in body.fields.items()}
    judged = Judged((body.design, body.design_note), (body.timeline, body.timeline_note), fields)
    portal.rpp.reviews.judge(viewer.actor, name, judged)
    return portal.rpp.reviews.of(name)


@router.post("/exceptions", dependencies=CHANGES)
def decide_exception(portal: PortalDep, viewer: ViewerDep, name: str, body: ExceptionBody) -> ReviewView:
    """Say whether a name or identifier may be used for linkage, as the director."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    portal.rpp.reviews.decide_exception(
        viewer.actor, name, body.field, approve=body.approve, reason=body.reason
    )
    return portal.rpp.reviews.of(name)


@router.post("/return", dependencies=CHANGES)
def send_back(portal: PortalDep, viewer: ViewerDep, name: str, body: ReasonBody) -> ProjectView:
    """Send an application back for a revision."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.projects.send_back(viewer.actor, name, body.reason)


@router.post("/withdraw", dependencies=CHANGES)
def withdraw(portal: PortalDep, viewer: ViewerDep, name: str, body: ReasonBody) -> ProjectView:
    """Take a draft or an application back."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.projects.withdraw(viewer.actor, name, body.reason)


@router.get("/discussion")
def discussion(portal: PortalDep, viewer: ViewerDep, name: str) -> list[EntryView]:
    """The data discussion, by day."""
    return list(portal.rpp.discussions.of(viewer.actor, name))


@router.post("/discussion", dependencies=CHANGES)
def discuss(portal: PortalDep, viewer: ViewerDep, name: str, body: EntryBody) -> list[EntryView]:
    """Add an entry to the data discussion."""
    portal.rpp.discussions.write(viewer.actor, name, body.kind, body.text, body.on)
    return list(portal.rpp.discussions.of(viewer.actor, name))


@router.get("/hours")
def hours(portal: PortalDep, viewer: ViewerDep, name: str) -> Spent:
    """The staff hours of both sides."""
    return portal.rpp.discussions.hours(viewer.actor, name)


@router.post("/hours", dependencies=CHANGES)
def spend(portal: PortalDep, viewer: ViewerDep, name: str, body: HoursBody) -> Spent:
    """Record one's own hours."""
    portal.rpp.discussions.spend(viewer.actor, name, body.hours, body.work, body.on)
    return portal.rpp.discussions.hours(viewer.actor, name)


@router.get("/agreements")
def versions(portal: PortalDep, viewer: ViewerDep, name: str) -> list[PaperView]:
    """Every version of a project's agreement, newest first."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return list(portal.rpp.agreements.versions(viewer.actor, name))


@router.post("/extend", dependencies=CHANGES)
def extend(portal: PortalDep, viewer: ViewerDep, name: str, body: ExtendBody) -> PaperView:
    """Propose a version with a later end; both sides sign it."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    extension = Extension(agreement_ends=body.agreement_ends, reason=body.reason)
    paper = portal.rpp.agreements.extend(viewer.actor, name, extension)
    if paper is None:
        raise Invalid("Say until when.", code="no-date")
    return paper


@router.post("/irb", openapi_extra=described(IrbBody))
def extend_irb(
    portal: PortalDep, viewer: ViewerDep, name: str, body: Annotated[IrbBody, Depends(sent(IrbBody))]
) -> ProjectView:
    """Record the IRB's new last day; it counts at once."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    letter = IrbLetter(body.irb_letter.file_name, body.irb_letter.content)
    extension = Extension(None, body.ends, body.number.strip(), letter, body.reason.strip())
    portal.rpp.agreements.extend(viewer.actor, name, extension)
    return portal.rpp.projects.seen_by(viewer.actor, name)


@router.get("/gate")
def gate(portal: PortalDep, viewer: ViewerDep, name: str) -> list[GateView]:
    """Who of the staff list could work today; of others than oneself only for those who read the register."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    all_of_them = viewer.rights.may(Permission.PERSON_READ)
    people = [person for person, _ in project.members if all_of_them or person == viewer.name]
    gates = portal.rpp.projects.gates(people, [name])
    return [GateView(person=person, refusals=list(gates[person, name])) for person in people]


@router.put("/members/{person}", dependencies=CHANGES)
def add_member(portal: PortalDep, viewer: ViewerDep, name: str, person: str) -> ProjectView:
    """Put somebody on the staff list."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.projects.add_member(viewer.actor, name, person)


@router.delete("/members/{person}", dependencies=CHANGES)
def remove_member(portal: PortalDep, viewer: ViewerDep, name: str, person: str) -> ProjectView:
    """Take somebody off; their running workspace stops within a minute."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.projects.remove_member(viewer.actor, name, person)


@router.get("/files/{sha256}", response_class=Response, responses=FILE)
def file(portal: PortalDep, viewer: ViewerDep, name: str, sha256: str) -> Response:
    """A file of the project's record, such as the IRB's letter."""
    return kept_file(portal, viewer, name, sha256)


@router.post("/close", dependencies=CHANGES)
def close(portal: PortalDep, viewer: ViewerDep, name: str, body: ReasonBody) -> ProjectView:
    """End the project; its workspaces stop within a minute."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    return portal.rpp.projects.close(viewer.actor, name, body.reason)
