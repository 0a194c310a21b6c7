"""What the fields of a project's data mean, for its researchers; their questions; and the data manager's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import Invalid, NotFound
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.questions import LONGEST_ANSWER, LONGEST_QUESTION, QuestionView
from rpp_hub.warehouse.codebook import Codebook, Field, Table
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import PortalDep, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)


@router.get("/projects/{name}/codebook")
def codebook(request: Request, portal: PortalDep, viewer: ViewerDep, name: str, search: str = "") -> Response:
    """The fields of the project's cut, those that fit a search."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    questions = portal.rpp.warehousing.questions
    asked = questions.list(viewer.actor, name)
    try:
        book = questions.codebook(viewer.actor, name)
    except NotFound as error:
        if error.code != "no-cut":
            raise
        book = Codebook("", ())
    return page(
        request,
        "codebook.html",
        viewer,
        project=project,
        book=searched(book, search[:100]),
        has_cut=bool(book.tables),
        search=search[:100],
        asked=asked,
        asked_of=_by_field(asked),
        longest=LONGEST_QUESTION,
    )


@router.post("/projects/{name}/codebook")
def ask(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Ask about a field."""
    portal.rpp.warehousing.questions.ask(
        viewer.actor, name, form.text("table"), form.text("field"), form.text("question")
    )
    return see(f"{path('projects', name, 'codebook')}#questions")


@router.get("/questions")
def questions(request: Request, portal: PortalDep, viewer: ViewerDep) -> Response:
    """All questions, for those who answer them: what waits first."""
    viewer.check_may(Permission.QUESTION_ANSWER)
    views = portal.rpp.warehousing.questions.list(viewer.actor)
    return page(
        request,
        "questions.html",
        viewer,
        waiting_questions=[v for v in reversed(views) if v.status == "waiting"],
        settled=[v for v in views if v.status != "waiting"],
        longest=LONGEST_ANSWER,
        longest_question=LONGEST_QUESTION,
    )


@router.post("/questions/{question}")
def settle(portal: PortalDep, viewer: ViewerDep, form: FormDep, question: str) -> Response:
    """Answer a question, for everybody who works with the field, or decline it."""
    viewer.check_may(Permission.QUESTION_ANSWER)
    service, text = portal.rpp.warehousing.questions, form.text("answer")
    if form.text("do") == "answer":
        service.answer(viewer.actor, question, text, form.text("question"))
    elif form.text("do") == "decline":
        service.decline(viewer.actor, question, text)
    else:
        raise Invalid("Choose what to do.", code="bad-form")
    return see(path("questions"))


def searched(book: Codebook, search: str) -> Codebook:
    """The tables and fields in which every word of the search stands."""
    words = search.lower().split()
    if not words:
        return book
    tables = (replace(t, fields=tuple(f for f in t.fields if _fits(t, f, words))) for t in book.tables)
    return replace(book, tables=tuple(t for t in tables if t.fields))


def _fits(table: Table, field: Field, words: Sequence[str]) -> bool:
    notes = (text for n in field.notes for text in (n.text, n.question))
    changes = (c.meaning for c in field.changes)
    said = (table.name, field.name, field.title, field.description, *field.labels.values(), *notes, *changes)
    everything = " ".join(said).lower()
    return all(word in everything for word in words)


def _by_field(asked: Sequence[QuestionView]) -> dict[str, list[QuestionView]]:
    found: dict[str, list[QuestionView]] = {}
    for view in asked:
        if view.status == "waiting":
            found.setdefault(f"{view.table}.{view.field}", []).append(view)
    return found
