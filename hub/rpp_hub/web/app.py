"""The portal's application: routes, error answers and the layers every request passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from rpp_hub.bootstrap import Rpp
from rpp_hub.web import (
    BASE,
    auth,
    rest,
    rest_accounts,
    rest_agreements,
    rest_audit,
    rest_codebooks,
    rest_cuts,
    rest_districts,
    rest_drafts,
    rest_ending,
    rest_environment,
    rest_identities,
    rest_ingress,
    rest_linking,
    rest_outputs,
    rest_people,
    rest_projects,
    rest_workspaces,
    workspace_api,
)
from rpp_hub.web.elsewhere import Elsewhere
from rpp_hub.web.faults import Faults, add_error_answers
from rpp_hub.web.headers import STATIC_CACHE, Headers
from rpp_hub.web.hub_client import HubClient
from rpp_hub.web.jobs import Jobs
from rpp_hub.web.known_tokens import KnownTokens
from rpp_hub.web.limits import BodyLimit
from rpp_hub.web.moments import OneMoment
from rpp_hub.web.pages import (
    accounts,
    agreements,
    audit,
    codebook,
    data,
    dues,
    egress,
    environment,
    framed,
    home,
    identities,
    ingress,
    kept,
    linking,
    people,
    project_drafts,
    project_review,
    projects,
    receiving,
    releases,
    requests,
    review,
    workspaces,
)
from rpp_hub.web.portal import Portal
from rpp_hub.web.sessions import Sealer
from rpp_hub.web.templating import STATIC
from rpp_hub.web.tracing import Tracing

ROUTERS = (
    auth.router,
    home.router,  # what is looked at most stands first: a request is matched against one router after the other
    dues.router,
    review.router,
    people.router,
    project_drafts.router,
    projects.router,
    project_review.router,
    agreements.router,
    workspaces.router,
    framed.router,
    kept.router,
    requests.router,
    releases.router,
    data.router,
    receiving.router,
    codebook.router,
    identities.router,
    linking.router,
    egress.router,
    ingress.router,
    environment.router,
    accounts.router,
    audit.router,
    workspace_api.router,
    rest.router,
    rest_accounts.router,
    rest_audit.router,
    rest_drafts.router,
    rest_projects.router,
    rest_agreements.router,
    rest_people.router,
    rest_outputs.router,
    rest_ingress.router,
    rest_workspaces.router,
    rest_cuts.router,
    rest_linking.router,
    rest_ending.router,
    rest_districts.router,
    rest_codebooks.router,
    rest_identities.router,
    rest_environment.router,
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(rpp: Rpp, hub: HubClient, now: Callable[[], datetime] = _utc_now) -> FastAPI:
    """The portal over an open installation and its hub."""
    app = FastAPI(
        title="rpp portal",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # served by `rest`, to those who are logged in
        redirect_slashes=False,  # a redirect of the framework's would repeat the caller's Host
        middleware=[
            Middleware(Tracing),
            Middleware(Elsewhere, origins=rpp.settings.server.origins),
            Middleware(Headers),
            Middleware(Faults),
            Middleware(BodyLimit),
            Middleware(OneMoment),
        ],
    )
    app.state.portal = Portal(
        rpp=rpp,
        hub=hub,
        jobs=Jobs(),
        sealer=Sealer(rpp.portal_secret()),
        known=KnownTokens(hub.person_of_token),
        now=now,
    )
    for router in ROUTERS:
        app.include_router(router)
    app.mount(f"{BASE}/static", _Static(directory=STATIC), name="static")
    add_error_answers(app)
    return app


class _Static(StaticFiles):
    """Our own few files; the only answers a browser may keep."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = STATIC_CACHE
        return answer
