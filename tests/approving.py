"""A project's way to its data, as the people of the tests go it: application, review, decision, signatures."""

from __future__ import annotations

from typing import Any, Protocol

from rpp_hub.domain.actor import Actor, Via
from rpp_hub.services.project_fields import Word
from rpp_hub.services.project_review import Judged, Survey, Topic
from rpp_hub.services.project_rounds import IrbLetter

LETTER = IrbLetter("irb.pdf", b"%PDF-1.7 the board's approval")
SOUND = ("sound", "")


def actor(name: str) -> Actor:
    return Actor(name, Via.PORTAL)


class Services(Protocol):
    """What a project's way needs."""

    @property
    def people(self) -> Any: ...

    @property
    def projects(self) -> Any: ...

    @property
    def reviews(self) -> Any: ...

    @property
    def agreements(self) -> Any: ...

    @property
    def signing(self) -> Any: ...


def review(rpp: Services, project: str, judge: str = "dora") -> None:
    """The sponsors answer, staff judge each field, the director lets names be used where they are asked for."""
    application = rpp.projects.get(project).application
    for sponsor in application.sponsors:
        rpp.reviews.answer(actor(sponsor), project, Survey(dict.fromkeys(Topic, 4)))
    fields = [f"{t}.{f.name}" for t, f in application.fields()]
    rpp.reviews.judge(
        actor(judge), project, Judged(SOUND, SOUND, dict.fromkeys(fields, (Word.NECESSARY, "")))
    )
    for one in rpp.reviews.of(project).exceptions:
        rpp.reviews.decide_exception(
            actor("dirk"), project, one.field, approve=True, reason="Surveys hold no numbers."
        )


def sign(rpp: Services, project: str) -> None:
    """Lead and sponsor sign the newest version of the project's agreement."""
    view = rpp.projects.get(project)
    lead = next(person for person, role in view.members if role == "lead")
    paper = rpp.agreements.versions(actor("dora"), project)[0]
    for who in (lead, view.sponsor):
        rpp.signing.sign(actor(who), paper.name, paper.document_sha256)


def approve(rpp: Services, project: str, text: str, lead: str = "rosa") -> None:
    """From the application to an agreement in force."""
    rpp.projects.apply(actor(lead), text, LETTER)
    review(rpp, project)
    rpp.projects.decide(actor("paula"), project, approve=True)
    sign(rpp, project)
