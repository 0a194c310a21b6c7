"""The API of accounts at OpenID providers: the list, linking, unlinking."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from rpp_hub.services.accounts import AccountView
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep, check_api_call
from rpp_hub.web.paging import ApiPageAtDep, link_next
from rpp_hub.web.portal import PortalDep

router = APIRouter(prefix=f"{BASE}/api/accounts")
_CHANGES = [Depends(check_api_call)]


class LinkBody(BaseModel):
    """Which person an account is."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    person: Annotated[str, Field(max_length=30)]


@router.get("")
def accounts(
    request: Request, response: Response, portal: PortalDep, viewer: ViewerDep, at: ApiPageAtDep
) -> list[AccountView]:
    """The accounts that have logged in, those that are nobody here first; the Link header leads to the next page."""
    waiting = () if at.after else portal.rpp.accounts.waiting(viewer.actor)
    linked = portal.rpp.accounts.linked(viewer.actor, at)
    link_next(request, response, linked)
    return [*waiting, *linked]


@router.post("/{account}/link", dependencies=_CHANGES)
def link(portal: PortalDep, viewer: ViewerDep, account: str, body: LinkBody) -> AccountView:
    """Say that this account is this person."""
    return portal.rpp.accounts.link(viewer.actor, account, body.person)


@router.post("/{account}/unlink", dependencies=_CHANGES)
def unlink(portal: PortalDep, viewer: ViewerDep, account: str) -> AccountView:
    """Take an account from its person."""
    return portal.rpp.accounts.unlink(viewer.actor, account)
