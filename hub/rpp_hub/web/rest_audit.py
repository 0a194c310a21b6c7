"""The API of the audit log: a page of events, all of it as a file, and whether all of it holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from rpp_hub.services.audit_export import ExportKind
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.store.audit import AuditEvent, AuditVerification
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.pages.audit import export as exported
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES

router = APIRouter(prefix=f"{BASE}/api/audit", tags=["audit"])
_Text = Annotated[str, Query(max_length=200)]


@router.get("")
def events(
    portal: PortalDep,
    viewer: ViewerDep,
    actor: _Text = "",
    act: _Text = "",
    subject: _Text = "",
    request_id: _Text = "",
    before: Annotated[
        int | None, Query(ge=1, le=2_000_000_000, description="Only events before this one.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[AuditEvent]:
    """The newest events that fit, newest first."""
    return list(
        portal.rpp.auditing.events(viewer.actor, AuditFilter(actor, act, subject, before, limit, request_id))
    )


@router.get(
    "/export",
    response_class=Response,
    responses={
        200: {
            "description": "Every event that fits, oldest first.",
            "content": {
                "application/jsonl": {"schema": {"type": "string"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        }
    },
)
def export(
    portal: PortalDep,
    viewer: ViewerDep,
    kind: ExportKind = ExportKind.JSONL,
    actor: _Text = "",
    act: _Text = "",
    subject: _Text = "",
    request_id: _Text = "",
) -> Response:
    """Every event that fits, as a file: JSON lines, or CSV."""
    return exported(portal, viewer, kind, actor, act, subject, request_id)


@router.post("/verify", dependencies=CHANGES)
def verify(portal: PortalDep, viewer: ViewerDep) -> AuditVerification:
    """Walk the whole chain. A POST only because it is long work; it changes nothing."""
    return portal.rpp.auditing.verify(viewer.actor)
