"""Applying on pages: a draft that both sides edit, fields chosen over the codebook, amendments in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.appetite import WORDS
from rpp_hub.domain.errors import Invalid, RppError
from rpp_hub.services.field_choice import Choice, Shown, choices_of, with_choices
from rpp_hub.services.project_drafts import Beginning
from rpp_hub.web import BASE
from rpp_hub.web.auth import Form, FormDep, ViewerDep
from rpp_hub.web.errors import status_of
from rpp_hub.web.pages.projects import letter_of
from rpp_hub.web.paths import path
from rpp_hub.web.portal import PortalDep, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)
_BEGINNING = ("name", "title", "district", "lead", "sponsor")
# what the form shows of an application that does not say it yet
_EMPTY: Mapping[str, Any] = {
    "title": "", "questions": [], "design": "", "timeline": "", "years": None, "cohort": None, "linkage": [],
    "linkage_rationale": "", "cosponsors": [], "tables": {},
    "abc": {"alignment": "", "benefits": "", "costs": ""}, "irb": {"number": "", "ends": ""},
    "agreement": {"ends": "", "name_district": False, "thresholds": {}},
}  # fmt: skip
# what the form calls the places of an application that it asks for in other words
_PLACES: Mapping[str, str] = {
    "questions": "Research questions", "irb": "Ethics approval", "irb.number": "Ethics approval, number",
    "irb.ends": "Ethics approval, its end", "agreement": "The agreement's end", "agreement.ends": "The agreement's end",
    "tables": "Fields", "years": "School years", "cohort.where": "Cohort", "linkage_rationale": "Why these fields link",
}  # fmt: skip


@router.get("/projects/new")
def new_project(request: Request, portal: PortalDep, viewer: ViewerDep) -> Response:
    """Begin a draft."""
    return _beginning(request, portal, viewer, dict.fromkeys(_BEGINNING, ""), None)


@router.post("/projects/new")
def begin(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """Keep the beginning, and go on to the pages of the application."""
    given = {k: form.text(k).strip() for k in _BEGINNING}
    try:
        name = portal.rpp.drafts.begin(viewer.actor, Beginning(**given))
    except RppError as error:
        return _beginning(request, portal, viewer, given, error)
    return see(path("projects", name, "edit"))


def _beginning(
    request: Request, portal: PortalDep, viewer: ViewerDep, given: Mapping[str, str], error: RppError | None
) -> Response:
    rpp = portal.rpp
    return page(
        request, "new_project.html", viewer, given=given, error=error, districts=rpp.warehousing.titles(),
        sponsors=rpp.people.sponsors(), status=status_of(error) if error else 200,
    )  # fmt: skip


@router.get("/projects/{name}/edit")
def edit(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """The words of an application: questions, design, plan, dates, people."""
    return _edit(request, portal, viewer, name, None, {})


@router.post("/projects/{name}/edit")
def save(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Keep what was written, complete or not."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    changes = _changes(form)
    try:
        portal.rpp.drafts.save(viewer.actor, name, changes, form.number("version"))
        letter = letter_of(form)
        if letter is not None:
            portal.rpp.drafts.attach_irb(viewer.actor, name, letter)
    except RppError as error:
        return _edit(request, portal, viewer, name, error, changes)
    return see(path("projects", project.name, "edit") + "?saved=1")


def _edit(
    request: Request,
    portal: PortalDep,
    viewer: ViewerDep,
    name: str,
    error: RppError | None,
    changes: Mapping[str, Any],
) -> Response:
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    draft = portal.rpp.drafts.opened(viewer.actor, name)
    review = portal.rpp.reviews.of(name)
    shown = _whole(_EMPTY, {**draft.content, **changes})
    return page(
        request, "edit_project.html", viewer, saved="saved" in request.query_params, project=project, draft=draft, content=shown, review=review, error=error, own_thresholds=WORDS,
        book=portal.rpp.warehousing.known_codebook(project.district), status=status_of(error) if error else 200,
        faults=[_in_words(fault) for fault in draft.faults],
    )  # fmt: skip


def _in_words(fault: str) -> str:
    """A fault of the application, its place named as the form names it."""
    place, colon, what = fault.partition(": ")
    return f"{_PLACES.get(place, place.capitalize())}{colon}{what}"


@router.get("/projects/{name}/fields")
def fields(
    request: Request, portal: PortalDep, viewer: ViewerDep, name: str, table: str = "", q: str = ""
) -> Response:
    """The codebook, to choose fields from: one table, or what a search finds in all of them."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    draft = portal.rpp.drafts.opened(viewer.actor, name)
    book = portal.rpp.warehousing.known_codebook(project.district)
    shown = choices_of(book, draft.content, table[:63], q.strip()[:100])
    return page(
        request,
        "fields.html",
        viewer,
        saved="saved" in request.query_params,
        project=project,
        draft=draft,
        choice=shown,
        book=book,
        error=None,
    )


@router.post("/projects/{name}/fields")
def choose(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Keep the fields chosen on one page; the others stay as they are."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    draft = portal.rpp.drafts.opened(viewer.actor, name)
    book = portal.rpp.warehousing.known_codebook(project.district)
    table, q = form.text("table")[:63], form.text("q")[:100]
    try:
        tables = with_choices(book, draft.content, _chosen(form))
        portal.rpp.drafts.save(viewer.actor, name, {"tables": tables}, form.number("version"))
    except RppError as error:
        shown = _as_typed(choices_of(book, draft.content, table, q), _chosen(form))
        return page(
            request, "fields.html", viewer, saved="saved" in request.query_params, project=project, draft=draft, choice=shown, book=book, error=error,
            status=status_of(error),
        )  # fmt: skip
    back = path("projects", name, "fields")
    return see(
        f"{back}?table={table}&saved=1"
        if table in tables or (book and book.table(table))
        else f"{back}?saved=1"
    )


@router.post("/projects/{name}/send")
def send(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Send a draft or a revision to the district, or propose an amendment."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    try:
        if form.text("amend"):
            paper = portal.rpp.agreements.propose_draft(viewer.actor, name, form.text("reason"))
            return see(path("agreements", paper.name))
        portal.rpp.drafts.send(viewer.actor, name)
    except RppError as error:
        return _edit(request, portal, viewer, name, error, {})
    return see(path("projects", name))


@router.post("/projects/{name}/amend")
def amend(portal: PortalDep, viewer: ViewerDep, _form: FormDep, name: str) -> Response:
    """Begin an amendment of the project's agreement."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    portal.rpp.drafts.begin_amendment(viewer.actor, name)
    return see(path("projects", name, "edit"))


def _as_typed(shown: Shown, said: Mapping[str, Mapping[str, str]]) -> Shown:
    """The choices of a page as the refused form had them."""
    return replace(
        shown, choices=tuple(_typed(c, said[c.key]) if c.key in said else c for c in shown.choices)
    )


def _typed(choice: Choice, said: Mapping[str, str]) -> Choice:
    if not said:
        return replace(choice, chosen=False)
    return replace(
        choice, chosen=True, need=said["need"], rationale=said["rationale"], generalise=said["generalise"]
    )


def _chosen(form: Form) -> dict[str, dict[str, str]]:
    """shown field → what was said of it; an empty mapping for one that is not chosen."""
    picked, needs, reasons = (form.prefixed(p) for p in ("pick", "need", "why"))
    coarser = form.prefixed("coarser")
    return {
        key: {
            "need": needs.get(key, "critical"),
            "rationale": reasons.get(key, ""),
            "generalise": coarser.get(key, ""),
        }
        if key in picked
        else {}
        for key in form.prefixed("shown")
    }


def _changes(form: Form) -> dict[str, Any]:
    """The words of the form as an application has them; what is empty is taken out."""
    lines = [q.strip() for q in form.text("questions").splitlines() if q.strip()]
    where, cohort_table = form.text("cohort_where").strip(), form.text("cohort_table").strip()
    return {
        "title": form.text("title").strip(),
        "questions": lines,
        "design": form.text("design").strip(),
        "timeline": form.text("timeline").strip(),
        "abc": {k: form.text(k).strip() for k in ("alignment", "benefits", "costs")},
        "irb": _filled(number=form.text("irb_number"), ends=form.text("irb_ends")),
        "agreement": {
            **_filled(ends=form.text("agreement_ends")),
            "name_district": form.text("name_district") == "yes",
            "thresholds": _filled(**{name: form.text(f"own_{name}").strip() for name in WORDS}),
        },
        "years": _years(form.text("first_year"), form.text("last_year")),
        "cohort": {"table": cohort_table, "where": where} if where or cohort_table else None,
        "linkage": [w for w in form.text("linkage").replace(",", " ").split() if w],
        "linkage_rationale": form.text("linkage_rationale").strip(),
        "cosponsors": [w for w in form.text("cosponsors").replace(",", " ").split() if w],
        "members": [
            {"person": w, "role": "member"} for w in form.text("members").replace(",", " ").split() if w
        ],
    }


def _whole(empty: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, with nothing missing that a form shows."""
    whole = {**empty, **{k: v for k, v in said.items() if v is not None}}
    nested = {k: _whole(v, whole[k]) for k, v in empty.items() if isinstance(v, Mapping) and v}
    return {**whole, **nested}


def _filled(**given: str) -> dict[str, str]:
    return {k: v.strip() for k, v in given.items() if v.strip()}


def _years(first: str, last: str) -> list[int] | None:
    if not first.strip() and not last.strip():
        return None
    if not (first.strip().isdigit() and last.strip().isdigit() and len(first.strip() + last.strip()) <= 8):
        raise Invalid(
            "Give the first and the last school year, each by its spring, such as 2024.", code="bad-years"
        )
    return [int(first), int(last)]
