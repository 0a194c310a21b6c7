"""What went to browsers, for the data manager: alarms first, then each person's day beside its budget."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.permissions import Permission
from rpp_hub.services.egress import DayView, EgressState
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import PortalDep, page, see
from rpp_hub.workspace.meter import Kind

router = APIRouter(prefix=BASE, include_in_schema=False)
DAYS = (1, 7, 30)


@router.get("/egress")
def egress(request: Request, portal: PortalDep, viewer: ViewerDep, days: int = 7) -> Response:
    """Each person's days."""
    viewer.check_may(Permission.EGRESS_READ)
    views = portal.rpp.egress.days(viewer.actor, days)
    paused = [v for v in views if v.state is EgressState.PAUSED and v.day == portal.now().date()]
    return page(
        request, "egress.html", viewer, views=views, paused=paused, days=days, choices=DAYS, shares=shares, today=portal.now().date()
    )  # fmt: skip


@router.post("/egress")
def raise_budget(portal: PortalDep, viewer: ViewerDep, form: FormDep) -> Response:
    """Let more pass today."""
    portal.rpp.egress.raise_today(
        viewer.actor, form.text("project"), form.text("person"), form.number("megabytes"), form.text("reason")
    )
    return see(path("egress"))


def shares(view: DayView) -> list[tuple[str, int]]:
    """The kinds that count, largest first."""
    counted = [(kind, size) for kind, size in view.by_kind.items() if kind != Kind.STATIC and size]
    return sorted(counted, key=lambda pair: -pair[1])
