"""People: one's own papers, the register for those who read it, and what a data manager changes in it."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from rpp_hub.domain.attestations import AttestationKind, AttestationTerms, InstitutionKind
from rpp_hub.domain.errors import Invalid, RppError
from rpp_hub.domain.permissions import Permission, Role
from rpp_hub.services.attestations import AttestationFile
from rpp_hub.services.people_views import PeopleFilter, PersonView
from rpp_hub.web import BASE
from rpp_hub.web.auth import Form, FormDep, ViewerDep
from rpp_hub.web.errors import status_of
from rpp_hub.web.paging import PageAtDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)
ROLES = tuple(r for r in Role if r is not Role.RESEARCHER)
_SOON = timedelta(days=30)
_FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
_E = TypeVar("_E", bound=StrEnum)
_Word = Annotated[str, Query(max_length=100)]


@router.get("/me")
def me(request: Request, portal: PortalDep, viewer: ViewerDep) -> Response:
    """One's own papers, and the form for another."""
    return _own_page(request, portal, viewer)


@router.post("/me/papers")
def send_own(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """Send in a paper of one's own; what is wrong with it is shown beside the form."""
    try:
        _send(portal, viewer, form, viewer.name)
    except RppError as error:
        return _own_page(request, portal, viewer, error)
    return see(f"{path('me')}#papers")


@router.post("/me/email")
def own_email(portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """Where one's mail goes."""
    portal.rpp.people.set_email(viewer.actor, viewer.name, form.text("email"))
    return see(path("me"))


@router.get("/people")
def people(
    request: Request,
    portal: PortalDep,
    viewer: ViewerDep,
    at: PageAtDep,
    text: _Word = "",
    institution: _Word = "",
    role: _Word = "",
    soon: _Word = "",
) -> Response:
    """The register, filtered."""
    by = portal.now().date() + _SOON if soon else None
    wanted = PeopleFilter(text, institution, role if role in set(Role) else "", by)
    return page(
        request,
        "people.html",
        viewer,
        people=portal.rpp.people.lines(viewer.actor, wanted, at),
        institutions=portal.rpp.institutions.list(),
        wanted={"text": text, "institution": institution, "role": role, "soon": soon},
        roles=tuple(Role),
        kinds=tuple(InstitutionKind),
        given=ROLES,
    )


@router.post("/people")
def add(portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """Register somebody."""
    viewer.check_may(Permission.PERSON_ADD)
    role = form.text("role")
    person = portal.rpp.people.add(
        viewer.actor,
        form.text("name").strip(),
        form.text("display_name"),
        institutions=[form.text("institution")] if form.text("institution") else [],
        email=form.text("email"),
        roles=[_one_of(Role, role)] if role else [],
    )
    return see(path("people", person.name))


@router.post("/institutions")
def add_institution(portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """Register a place people work at."""
    viewer.check_may(Permission.INSTITUTION_ADD)
    kind = _one_of(InstitutionKind, form.text("kind"))
    partner = form.text("partner") == "yes"
    portal.rpp.institutions.add(
        viewer.actor, form.text("name").strip(), form.text("title"), kind, partner=partner
    )
    return see(f"{path('people')}#institutions")


@router.get("/people/{name}")
def person(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """One person: where they work, their papers, roles and projects."""
    return _person_page(request, portal, viewer, portal.rpp.people.seen_by(viewer.actor, name))


@router.post("/people/{name}/papers")
def send_for(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """A data manager sends in somebody's paper."""
    viewer.check_may(Permission.ATTESTATION_DECIDE)
    shown = portal.rpp.people.seen_by(viewer.actor, name)
    try:
        _send(portal, viewer, form, name)
    except RppError as error:
        return _person_page(request, portal, viewer, shown, error)
    return see(f"{path('people', name)}#papers")


@router.post("/people/{name}/change")
def change(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Roles, where somebody works, and whether their account is open."""
    viewer.check_may(Permission.PERSON_ADD)
    register, actor = portal.rpp.people, viewer.actor
    match form.text("do"):
        case "give":
            register.give_role(actor, name, _one_of(Role, form.text("role")))
        case "take":
            register.take_role(actor, name, _one_of(Role, form.text("role")))
        case "works":
            until = _day(form, "until") if form.text("until") else None
            register.affiliate(actor, name, form.text("institution"), until=until)
        case "close":
            register.set_active(actor, name, active=False)
        case "open":
            register.set_active(actor, name, active=True)
        case _:
            raise Invalid("Choose what to do.", code="bad-form")
    return see(path("people", name))


@router.get("/papers")
def papers(request: Request, portal: PortalDep, viewer: ViewerDep) -> Response:
    """What waits for a data manager's word."""
    return page(request, "papers.html", viewer, waiting=portal.rpp.attestations.waiting(viewer.actor))


@router.post("/papers/{name}/decide")
def decide(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Confirm a paper, or refuse it."""
    if form.text("decision") not in ("confirm", "refuse"):
        raise Invalid("Choose whether to confirm the paper or to refuse it.", code="no-decision")
    confirm = form.text("decision") == "confirm"
    portal.rpp.attestations.decide(viewer.actor, name, confirm=confirm, reason=form.text("reason"))
    return see(path("papers"))


@router.post("/papers/{name}/file")
def paper_file(portal: PortalDep, viewer: ViewerDep, _form: FormDep, name: str) -> Response:
    """A paper's file, as a download that no browser opens in our name. A look is an act, so it is a form."""
    return file_answer(portal.rpp.attestations.file(viewer.actor, name))


def file_answer(kept: AttestationFile) -> Response:
    """The bytes, to be saved and not to be shown."""
    headers = {
        "Content-Disposition": f'attachment; filename="{kept.file_name}"',
        "Content-Security-Policy": _FILE_POLICY,
    }
    return Response(kept.content, media_type=kept.media_type, headers=headers)


def _own_page(request: Request, portal: Portal, viewer: Viewer, error: RppError | None = None) -> Response:
    own = portal.rpp.attestations.of_person(viewer.actor, viewer.name)
    return page(
        request,
        "me.html",
        viewer,
        status=status_of(error) if error is not None else 200,
        person=portal.rpp.people.get(viewer.name),
        papers=own,
        kinds=tuple(AttestationKind),
        error=error,
    )


def _person_page(
    request: Request, portal: Portal, viewer: Viewer, shown: PersonView, error: RppError | None = None
) -> Response:
    rpp = portal.rpp
    reads_papers = viewer.rights.may(Permission.ATTESTATION_READ) or viewer.name == shown.name
    return page(
        request,
        "person.html",
        viewer,
        status=status_of(error) if error is not None else 200,
        person=shown,
        papers=rpp.attestations.of_person(viewer.actor, shown.name) if reads_papers else None,
        gates=rpp.projects.gates([shown.name], shown.projects),
        institutions=rpp.institutions.list(),
        kinds=tuple(AttestationKind),
        roles=[r for r in ROLES if r not in shown.roles],
        error=error,
    )


def _send(portal: Portal, viewer: Viewer, form: Form, person: str) -> None:
    kind = _one_of(AttestationKind, form.text("kind"))
    ends = _day(form, "ends") if form.text("ends") else None
    terms = AttestationTerms(kind, _day(form, "begins"), ends, form.text("sponsor").strip())
    portal.rpp.attestations.send(viewer.actor, person, terms, form.file_name("file"), form.upload("file"))


def _day(form: Form, name: str) -> date:
    try:
        return date.fromisoformat(form.text(name))
    except ValueError:
        raise Invalid("Give each day as year, month and day, such as 2026-11-24.", code="bad-day") from None


def _one_of(choices: type[_E], word: str) -> _E:
    try:
        return choices(word)
    except ValueError:
        raise Invalid("Choose one of the list.", code="bad-form") from None
