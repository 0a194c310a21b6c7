"""Files for a workspace: offered on a project's page, looked at and decided on here."""

from __future__ import annotations

import csv
import io

from fastapi import APIRouter, Request
from fastapi.responses import Response
from rpp_review.visible_text import visible

from rpp_hub.domain.errors import Invalid, RppError
from rpp_hub.domain.ingress import CODE, TABLE, IngressKind
from rpp_hub.domain.paging import PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.errors import status_of
from rpp_hub.web.paging import PageAtDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import PortalDep, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)
SHOWN_LINES, SHOWN_ROWS = 2000, 200
_DECIDED = 25
ACCEPT = ",".join(f".{suffix}" for suffix in sorted(CODE | TABLE))


@router.get("/ingress")
def waiting(request: Request, portal: PortalDep, viewer: ViewerDep, at: PageAtDep) -> Response:
    """What waits for a decision, and what was decided, a page at a time."""
    viewer.check_may(Permission.INGRESS_DECIDE)
    return page(
        request,
        "ingress.html",
        viewer,
        offers=portal.rpp.ingress.waiting(viewer.actor),
        decided=portal.rpp.ingress.decided(viewer.actor, PageAt(at.after, _DECIDED)),
        project=None,
        error=None,
    )


@router.get("/projects/{name}/ingress")
def of_project(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """A project's files, and the form to offer one."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    offers = portal.rpp.ingress.list(viewer.actor, name)
    return page(
        request, "ingress.html", viewer, offers=offers, project=project, error=None, accept=ACCEPT, purpose=""
    )


@router.post("/projects/{name}/ingress")
def offer(request: Request, portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Offer a file; what is wrong with it is said above the form."""
    project = portal.rpp.projects.seen_by(viewer.actor, name)
    purpose = form.text("purpose")
    try:
        made = portal.rpp.ingress.offer(
            viewer.actor, name, form.file_name("file"), form.upload("file"), purpose
        )
    except RppError as error:
        offers = portal.rpp.ingress.list(viewer.actor, name)
        return page(
            request, "ingress.html", viewer, status=status_of(error), offers=offers, project=project, error=error, accept=ACCEPT, purpose=purpose
        )  # fmt: skip
    return see(path("ingress", made.name))


@router.get("/ingress/{name}")
def one(request: Request, portal: PortalDep, viewer: ViewerDep, name: str) -> Response:
    """One file, as text: nothing of it is run or rendered."""
    view, content = portal.rpp.ingress.get(viewer.actor, name)
    text = content.decode("utf-8-sig", "replace")
    lines = visible(text).splitlines()
    rows = _rows(view.file_name, text) if view.kind is IngressKind.TABLE else []
    return page(
        request, "ingress_file.html", viewer, offer=view, lines=lines[:SHOWN_LINES], more=max(0, len(lines) - SHOWN_LINES), rows=rows
    )  # fmt: skip


@router.post("/ingress/{name}")
def decide(portal: PortalDep, viewer: ViewerDep, form: FormDep, name: str) -> Response:
    """Admit, refuse, or take back."""
    act, reason = form.text("do"), form.text("reason")
    if act == "withdraw":
        portal.rpp.ingress.withdraw(viewer.actor, name)
    elif act in ("admit", "refuse"):
        portal.rpp.ingress.decide(viewer.actor, name, admit=act == "admit", reason=reason)
    else:
        raise Invalid("Choose what to do.", code="bad-form")
    return see(path("ingress", name))


def _rows(file_name: str, text: str) -> list[list[str]]:
    delimiter = "\t" if file_name.lower().endswith(".tsv") else ","
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    return [
        [visible(value)[:200] for value in row] for row, _ in zip(rows, range(SHOWN_ROWS + 1), strict=False)
    ]
