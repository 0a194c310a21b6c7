"""The audit log: reading, filtering, verifying; for auditors and operators."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from rpp_hub.domain.permissions import Permission
from rpp_hub.services.audit_export import ExportKind, lines
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.portal import PortalDep, page

router = APIRouter(prefix=BASE, include_in_schema=False)
_PAGE = 50


@router.get("/audit")
def audit(
    request: Request,
    portal: PortalDep,
    viewer: ViewerDep,
    actor: str = "",
    act: str = "",
    subject: str = "",
    before: str = "",
    request_id: str = "",
) -> Response:
    """The newest events that fit the filter."""
    viewer.check_may(Permission.AUDIT_READ)
    number = int(before) if before.isascii() and before.isdigit() and len(before) <= 12 else None
    wanted = AuditFilter(
        actor.strip()[:60], act.strip()[:60], subject.strip()[:200], number, _PAGE, request_id.strip()[:40]
    )
    events = portal.rpp.auditing.events(viewer.actor, wanted)
    return page(
        request,
        "audit.html",
        viewer,
        wanted=wanted,
        events=events,
        more=len(events) == _PAGE,
        verification=None,
    )


@router.get("/audit/export")
def export(
    portal: PortalDep,
    viewer: ViewerDep,
    kind: ExportKind = ExportKind.JSONL,
    actor: str = "",
    act: str = "",
    subject: str = "",
    request_id: str = "",
) -> Response:
    """Every event that fits, as a file."""
    wanted = AuditFilter(actor.strip(), act.strip(), subject.strip(), request=request_id.strip())
    events = portal.rpp.auditing.export(viewer.actor, wanted)
    media = "text/csv" if kind is ExportKind.CSV else "application/jsonl"
    headers = {"Content-Disposition": f'attachment; filename="audit.{kind}"'}
    return StreamingResponse(lines(events, kind), media_type=media, headers=headers)


@router.post("/audit/verify")
def verify(request: Request, portal: PortalDep, viewer: ViewerDep, _form: FormDep) -> Response:
    """Walk the whole chain. A POST only because it is long work; it changes nothing."""
    verification = portal.rpp.auditing.verify(viewer.actor)
    wanted = AuditFilter(limit=_PAGE)
    events = portal.rpp.auditing.events(viewer.actor, wanted)
    return page(
        request,
        "audit.html",
        viewer,
        wanted=wanted,
        events=events,
        more=len(events) == _PAGE,
        verification=verification,
    )
