"""Agreements: the list, one paper with its document and signatures, what a version changes, papers to be written."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from rpp_hub.domain.agreements import PaperKind, PaperStatus, Party
from rpp_hub.domain.errors import Invalid, RppError
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.agreements import Extension
from rpp_hub.services.papers import PaperView
from rpp_hub.services.personal_papers import ThirdParty
from rpp_hub.services.signing import SignedElsewhere
from rpp_hub.services.umbrellas import UmbrellaTerms, groups_from, groups_of
from rpp_hub.web import BASE
from rpp_hub.web.auth import Form, FormDep, ViewerDep
from rpp_hub.web.errors import status_of
from rpp_hub.web.headers import item_policy, review_policy
from rpp_hub.web.pages.project_review import day_of, download
from rpp_hub.web.pages.projects import letter_of
from rpp_hub.web.paging import PageAtDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)
_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


@router.get("/agreements")
def agreements(
    request: Request, portal: PortalDep, viewer: ViewerDep, at: PageAtDep, kind: str = "", status: str = ""
) -> Response:
    """The agreements this person may know of, newest first."""
    found = portal.rpp.agreements.lines(viewer.actor, at, kind[:20], status[:20])
    return page(
        request, "agreements.html", viewer, papers=found, kind=kind[:20], wanted_status=status[:20],
        kinds=list(PaperKind), states=list(PaperStatus),
    )  # fmt: skip


@router.get("/agreements/new")
def new_agreement(request: Request, portal: PortalDep, viewer: ViewerDep) -> Response:
    """Papers that a data manager or the director writes."""
    viewer.check_may(Permission.AGREEMENT_MANAGE)
    return _new(request, portal, viewer, None)


@router.post("/agreements/new")
def write(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """Write an umbrella, access or third-party agreement, to be signed."""
    viewer.check_may(Permission.AGREEMENT_MANAGE)
    try:
        paper = _written(portal, viewer, form)
    except RppError as error:
        return _new(request, portal, viewer, error)
    return see(path("agreements", paper.name))


@router.get("/agreements/{name}")
def agreement(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """One paper: read it, sign it, record a signature, see what it changes."""
    paper = portal.rpp.agreements.get(viewer.actor, name)
    answer = page(
        request, "agreement.html", viewer, paper=paper, signable=portal.rpp.signing.parties_of(viewer.actor, name),
        changes=portal.rpp.agreements.changes(viewer.actor, name), groups=groups_of(paper),
    )  # fmt: skip
    answer.headers["Content-Security-Policy"] = review_policy(request.headers.get("host", ""))
    return answer


@router.get("/agreements/{name}/document")
def document(portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """The exact document, alone: nothing runs in it, nothing leads away."""
    content = portal.rpp.agreements.document(viewer.actor, name)
    style = _STYLE.search(content)
    digest = base64.b64encode(hashlib.sha256(style.group(1) if style else b"").digest()).decode()
    headers = {
        "Content-Security-Policy": item_policy(f"sha256-{digest}"),
        "X-Frame-Options": "SAMEORIGIN",
    }
    return HTMLResponse(content, headers=headers)


@router.get("/agreements/{name}/document.pdf")
def pdf(portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """The same as PDF, for signing by hand."""
    return download(portal.rpp.agreements.pdf(viewer.actor, name), f"{name}.pdf")


@router.get("/agreements/{name}/files/{sha256}")
def file(portal: PortalDep, viewer: ViewerDep, name: str, sha256: str) -> Response:
    """A signed file that was recorded."""
    return download(portal.rpp.agreements.file(viewer.actor, name, sha256), f"{name}-signed")


@router.post("/agreements/{name}/sign")
def sign(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Sign as oneself what one has read."""
    portal.rpp.agreements.get(viewer.actor, name)
    if form.text("read") != "yes":
        raise Invalid("Say that you have read the document before you sign it.", code="not-read")
    portal.rpp.signing.sign(viewer.actor, name, form.text("document_sha256"), _party(form))
    return see(path("agreements", name))


@router.post("/agreements/{name}/record")
def record(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Record a signature that was given elsewhere, with its file."""
    viewer.check_may(Permission.AGREEMENT_MANAGE)
    portal.rpp.agreements.get(viewer.actor, name)
    signed_on = day_of(form, "signed_on")
    if signed_on is None:
        raise Invalid("Say on which day it was signed.", code="no-date")
    given = SignedElsewhere(_party(form), form.text("signer").strip(), signed_on, form.upload("file"))
    portal.rpp.signing.record(viewer.actor, name, given)
    return see(path("agreements", name))


@router.post("/agreements/{name}/withdraw")
def withdraw(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Take back a paper that not all have signed."""
    portal.rpp.agreements.get(viewer.actor, name)
    portal.rpp.agreements.withdraw(viewer.actor, name, form.text("reason").strip())
    return see(path("agreements", name))


@router.post("/projects/{name}/extend")
def extend(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """More time for a project's agreement or its IRB approval."""
    portal.rpp.projects.seen_by(viewer.actor, name)
    extension = Extension(
        day_of(form, "agreement_ends"),
        day_of(form, "irb_ends"),
        form.text("irb_number").strip(),
        letter_of(form),
        form.text("reason").strip(),
    )
    paper = portal.rpp.agreements.extend(viewer.actor, name, extension)
    return see(path("agreements", paper.name) if paper else path("projects", name))


def _new(request: Request, portal: Portal, viewer: ViewerDep, error: RppError | None) -> Response:
    return page(
        request, "new_agreement.html", viewer, error=error, districts=portal.rpp.warehousing.districts(),
        status=status_of(error) if error else 200,
    )  # fmt: skip


def _written(portal: Portal, viewer: ViewerDep, form: Form) -> PaperView:
    rpp, actor = portal.rpp, viewer.actor
    ends = day_of(form, "ends")
    match form.text("kind"):
        case "umbrella":
            terms = UmbrellaTerms(
                _needed(day_of(form, "starts")),
                ends,
                groups_from(form.text("groups").splitlines()),
                form.text("reason").strip(),
            )
            return rpp.umbrellas.propose(actor, form.text("district"), terms)
        case "access":
            return rpp.personal.access(actor, form.text("person").strip(), form.text("district"), ends)
        case "third-party":
            wanted = ThirdParty(
                form.text("project").strip(), form.text("person").strip(), form.text("sponsor").strip(),
                form.text("institution"), _needed(ends),
            )  # fmt: skip
            return rpp.personal.third_party(actor, wanted)
    raise Invalid("Choose what kind of agreement to write.", code="no-kind")


def _needed(day: date | None) -> date:
    if day is None:
        raise Invalid("Give the day.", code="no-date")
    return day


def _party(form: Form) -> Party:
    if form.text("party") not in set(Party):
        raise Invalid("Choose for whom the signature is.", code="no-party")
    return Party(form.text("party"))
