"""Accounts at OpenID providers: who has tried to log in, and which person each is, for those who add people."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import Invalid
from rpp_hub.web import BASE
from rpp_hub.web.auth import FormDep, ViewerDep
from rpp_hub.web.paging import PageAtDep
from rpp_hub.web.paths import path
from rpp_hub.web.portal import PortalDep, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)


@router.get("/accounts")
def accounts(request: Request, portal: PortalDep, viewer: ViewerDep, at: PageAtDep) -> Response:
    """Those that wait for a person first, then the others a page at a time."""
    return page(
        request,
        "accounts.html",
        viewer,
        waiting=portal.rpp.accounts.waiting(viewer.actor),
        linked=portal.rpp.accounts.linked(viewer.actor, at),
        login=portal.rpp.settings.login,
    )


@router.post("/accounts/{account}")
def change(portal: PortalDep, viewer: ViewerDep, form: FormDep, account: str) -> Response:
    """Link an account to a person, or take it from them."""
    if form.text("do") == "unlink":
        if form.text("sure") != "yes":
            raise Invalid("Tick that you are sure, then unlink.", code="not-confirmed")
        portal.rpp.accounts.unlink(viewer.actor, account)
    else:
        portal.rpp.accounts.link(viewer.actor, account, form.text("person").strip())
    return see(path("accounts"))
