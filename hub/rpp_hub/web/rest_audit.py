"""The API of the audit log: a page of events, and whether all of it holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from rpp_hub.services.auditing import AuditFilter
from rpp_hub.store.audit import AuditEvent, AuditVerification
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep, check_api_call
from rpp_hub.web.portal import PortalDep

router = APIRouter(prefix=f"{BASE}/api/audit")
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


@router.post("/verify", dependencies=[Depends(check_api_call)])
def verify(portal: PortalDep, viewer: ViewerDep) -> AuditVerification:
    """Walk the whole chain. A POST only because it is long work; it changes nothing."""
    return portal.rpp.auditing.verify(viewer.actor)
