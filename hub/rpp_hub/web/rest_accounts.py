"""The API of accounts at OpenID providers: the list, linking, unlinking."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from rpp_hub.services.accounts import AccountView, Identity
from rpp_hub.web import BASE
from rpp_hub.web.auth import ViewerDep
from rpp_hub.web.paging import ApiPageAtDep, link_next
from rpp_hub.web.portal import PortalDep
from rpp_hub.web.rest_shapes import CHANGES, Closed

router = APIRouter(prefix=f"{BASE}/api/accounts", tags=["accounts"])
_Person = Annotated[str, Field(max_length=30)]
_Claim = Annotated[str, Field(max_length=255)]


class LinkBody(Closed):
    """Which person an account is."""

    person: _Person


class IdentityBody(Closed):
    """An account that has not logged in yet, by its provider's issuer and its subject there, and which person it is."""

    issuer: _Claim
    subject: _Claim
    person: _Person


@router.get("")
def accounts(
    request: Request, response: Response, portal: PortalDep, viewer: ViewerDep, at: ApiPageAtDep
) -> list[AccountView]:
    """The accounts that have logged in, those that are nobody here first; the Link header leads to the next page."""
    waiting = () if at.after else portal.rpp.accounts.waiting(viewer.actor)
    linked = portal.rpp.accounts.linked(viewer.actor, at)
    link_next(request, response, linked)
    return [*waiting, *linked]


@router.post("/{account}/link", dependencies=CHANGES)
def link(portal: PortalDep, viewer: ViewerDep, account: str, body: LinkBody) -> AccountView:
    """Say that this account is this person."""
    return portal.rpp.accounts.link(viewer.actor, account, body.person)


@router.post("/{account}/unlink", dependencies=CHANGES)
def unlink(portal: PortalDep, viewer: ViewerDep, account: str) -> AccountView:
    """Take an account from its person."""
    return portal.rpp.accounts.unlink(viewer.actor, account)


@router.post("", dependencies=CHANGES)
def link_identity(portal: PortalDep, viewer: ViewerDep, body: IdentityBody) -> AccountView:
    """Say which person an account is before it logs in."""
    identity = Identity(body.issuer, body.subject)
    return portal.rpp.accounts.link_identity(viewer.actor, identity, body.person)
