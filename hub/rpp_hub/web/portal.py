"""What every page needs: the services, the hub, the viewer, and how to answer with a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import NotPermitted
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.authority import Known, Rights
from rpp_hub.web.hub_client import HubClient
from rpp_hub.web.jobs import Jobs
from rpp_hub.web.known_tokens import KnownTokens
from rpp_hub.web.paths import path
from rpp_hub.web.sessions import Kept, Sealer
from rpp_hub.web.templating import render


@dataclass(frozen=True, slots=True)
class Portal:
    """The parts of a running portal."""

    rpp: Rpp
    hub: HubClient
    jobs: Jobs
    sealer: Sealer
    known: KnownTokens
    now: Callable[[], datetime]

    def cookie(self, name: str, path: str) -> Kept:
        """Under which name and path a cookie of ours is kept here."""
        return Kept.of(name, path, host_alone=self.rpp.settings.server.origins is not None)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking: a person of the register with a live session at the hub."""

    actor: Actor
    person: Known
    rights: Rights
    form_token: str

    @property
    def name(self) -> str:
        return self.actor.name

    def may(self, permission: str, project: str | None = None) -> bool:
        """For templates: whether a button makes sense. The services decide."""
        return self.rights.may(Permission(permission), project)

    def check_may(self, permission: Permission, district: str | None = None) -> None:
        """For what no service guards: the hub's list of workspaces, the worker's queue."""
        if not self.rights.may(permission, district=district):
            raise NotPermitted(
                f"This page is for those with the permission “{permission}”, which none of your roles carries"
                + (f" for the district {printable(district)}." if district else ".")
            )


def portal_of(request: Request) -> Portal:
    """The portal behind this application."""
    portal: Portal = request.app.state.portal
    return portal


async def _portal(request: Request) -> Portal:
    """Not awaiting anything: as a plain function it would be handed to a thread, for each request anew."""
    return portal_of(request)


PortalDep = Annotated[Portal, Depends(_portal)]


@dataclass(frozen=True, slots=True)
class Place:
    """One link of the navigation."""

    path: str
    words: str
    here: bool


Seen = Permission | Callable[[Rights], bool] | None


def _sees_requests(rights: Rights) -> bool:
    return bool(rights.projects) or rights.may(Permission.REQUEST_READ_ALL)


def _sees_releases(rights: Rights) -> bool:
    return _sees_requests(rights) or rights.may(Permission.PROJECT_READ_ALL)


def _sees_environment(rights: Rights) -> bool:
    return bool(rights.projects) or rights.may(Permission.ENVIRONMENT_MAKE)


def _is_seen(rights: Rights, by: Seen) -> bool:
    if by is None or isinstance(by, Permission):
        return by is None or rights.may(by)
    return by(rights)


_PLACES: tuple[tuple[str, str, Seen], ...] = (
    ("", "Home", None),
    ("due", "Due", None),
    ("review", "Review", Permission.REQUEST_REVIEW),
    ("projects", "Projects", None),
    ("agreements", "Agreements", None),
    ("requests", "Requests", _sees_requests),
    ("releases", "Releases", _sees_releases),
    ("data", "Data", Permission.DROP_READ),
    ("people", "People", Permission.PERSON_READ),
    ("workspaces", "Workspaces", Permission.WORKSPACE_REVOKE),
    ("ingress", "Ingress", Permission.INGRESS_DECIDE),
    ("egress", "Egress", Permission.EGRESS_READ),
    ("accounts", "Accounts", Permission.ACCOUNT_LINK),
    ("environment", "Environment", _sees_environment),
    ("audit", "Audit", Permission.AUDIT_READ),
)


def places_for(viewer: Viewer, here: str) -> tuple[Place, ...]:
    """Where this viewer may go."""
    seen = ((path(part), words) for part, words, by in _PLACES if _is_seen(viewer.rights, by))
    home = path("")
    return tuple(
        Place(to, words, here == to or (to != home and here.startswith(f"{to}/"))) for to, words in seen
    )


def page(
    request: Request, template: str, viewer: Viewer, /, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page for a viewer."""
    portal = portal_of(request)
    partnership = portal.rpp.settings.partnership.name
    places = places_for(viewer, request.url.path)
    shown = {"viewer": viewer, "partnership": partnership, "now": portal.now(), "places": places, **values}
    return HTMLResponse(render(template, shown), status_code=status)


def see(place: str) -> RedirectResponse:
    """After a change: go and look."""
    return RedirectResponse(place, status_code=303)
