"""The district's review, page by page: the leaders' survey, staff's judgement, exceptions; the discussion and hours."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import Invalid, NotFound
from rpp_hub.domain.project_lifecycle import ProjectAct
from rpp_hub.services.project_discussion import Kind
from rpp_hub.services.project_fields import Word
from rpp_hub.services.project_review import ASPECTS, QUESTIONS, Judged, Survey, Topic
from rpp_hub.web import BASE
from rpp_hub.web.auth import Form, FormDep, ViewerDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import PortalDep, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)


@router.get("/projects/{name}/survey")
def survey(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """The survey for the sponsoring leaders."""
    seen = portal.rpp.projects.seen_by(viewer.actor, name)
    review = portal.rpp.reviews.of(name)
    mine = next((s for s in reversed(review.surveys) if s.person == viewer.name), None)
    return page(
        request, "survey.html", viewer, project=seen, questions=QUESTIONS, mine=mine,
        refusals=portal.rpp.reviews.may(viewer.actor, name, ProjectAct.ANSWER),
    )  # fmt: skip


@router.post("/projects/{name}/survey")
def answer(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Keep a leader's answers."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    ratings = {topic: _number(form.text(topic)) for topic in Topic}
    words = {topic: form.text(f"{topic}-words") for topic in Topic}
    portal.rpp.reviews.answer(viewer.actor, name, Survey(ratings, words))
    return see(path("projects", name))


@router.get("/projects/{name}/judge")
def judgement(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """Design, timeline and each field, for research staff."""
    seen = portal.rpp.projects.seen_by(viewer.actor, name)
    review = portal.rpp.reviews.of(name)
    mine = next((j for j in reversed(review.judgements) if j.person == viewer.name), None)
    book = portal.rpp.warehousing.known_codebook(seen.district)
    return page(
        request, "judge.html", viewer, project=seen, mine=mine, words=list(Word), aspects=ASPECTS, book=book,
        refusals=portal.rpp.reviews.may(viewer.actor, name, ProjectAct.JUDGE),
    )  # fmt: skip


@router.post("/projects/{name}/judge")
def judge(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Keep somebody's judgement."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    notes = form.prefixed("note")
    fields = {k: (w, notes.get(k, "")) for k, w in form.prefixed("field").items() if w}
    judged = Judged(_aspect(form, "design"), _aspect(form, "timeline"), fields)
    portal.rpp.reviews.judge(viewer.actor, name, judged)
    return see(path("projects", name))


@router.post("/projects/{name}/exceptions")
def decide_exception(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """The director's word on a name or identifier."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    word = form.text("do")
    if word not in ("approve", "refuse"):
        raise Invalid("Choose whether the field may be used.", code="no-decision")
    portal.rpp.reviews.decide_exception(
        viewer.actor, name, form.text("field"), approve=word == "approve", reason=form.text("reason")
    )
    return see(path("projects", name))


@router.post("/projects/{name}/discussion")
def discuss(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Add an entry to the data discussion."""
    kind = form.text("kind")
    if kind not in set(Kind):
        raise Invalid("Choose whether this was planned, found or decided.", code="no-kind")
    portal.rpp.discussions.write(viewer.actor, name, Kind(kind), form.text("text"), day_of(form, "on"))
    return see(f"{path('projects', name)}#discussion")


@router.post("/projects/{name}/hours")
def spend(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Record one's own hours."""
    try:
        hours = float(form.text("hours").replace(",", "."))
    except ValueError:
        raise Invalid("Give the hours as a number, such as 1.5.", code="bad-hours") from None
    portal.rpp.discussions.spend(viewer.actor, name, hours, form.text("work"), day_of(form, "on"))
    return see(f"{path('projects', name)}#hours")


@router.get("/projects/{name}/files/{sha256}")
def file(portal: PortalDep, viewer: ViewerDep, name: str, sha256: str) -> Response:
    """A file of the project's record, such as the IRB's letter; downloaded, never shown in the page."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    found = next((f for f in portal.rpp.reviews.of(name).files if f.sha256 == sha256), None)
    if found is None:
        raise NotFound("There is no such file here.")
    return download(portal.rpp.reviews.file(name, sha256), found.file_name)


def download(content: bytes, file_name: str) -> Response:
    """Bytes that a browser keeps and does not run."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in file_name) or "file"
    headers = {"Content-Disposition": f'attachment; filename="{safe}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


def day_of(form: Form, name: str) -> date | None:
    """A day of the form; None where none was given. Raises Invalid."""
    text = form.text(name).strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("Give the day as YYYY-MM-DD.", code="bad-date") from None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 0


def _aspect(form: Form, name: str) -> tuple[str, str]:
    return form.text(name), form.text(f"{name}-note")
