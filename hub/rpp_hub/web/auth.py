"""Who is looking: log-in through the hub's OAuth, a sealed session cookie, and form tokens."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from rpp_hub.domain.actor import Actor, Via
from rpp_hub.domain.errors import Invalid, NotPermitted
from rpp_hub.services.authority import Known
from rpp_hub.web import BASE
from rpp_hub.web.errors import Forged, NotLinked, NotLoggedIn
from rpp_hub.web.hub_client import CLIENT_ID
from rpp_hub.web.kept import keep
from rpp_hub.web.paths import own_path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, see
from rpp_hub.web.same_origin import check_same_origin
from rpp_hub.web.sessions import LONGEST_LOGIN, LONGEST_SESSION, SESSION_COOKIE, Kept

CALLBACK = f"{BASE}/oauth_callback"
_AUTHORIZE = "/hub/api/oauth2/authorize"
_MOST_FIELDS = 3000

router = APIRouter(prefix=BASE, include_in_schema=False)


async def session_token(request: Request, portal: PortalDep) -> str:
    """The hub's token out of the session cookie. Raises NotLoggedIn."""
    kept = portal.sealer.unseal("session", request.cookies.get(_session(portal).name, ""), portal.now())
    if kept is None:
        raise NotLoggedIn
    return str(kept["token"])


def viewer_of(request: Request, portal: PortalDep, token: Annotated[str, Depends(session_token)]) -> Viewer:
    """The person looking. Raises NotLoggedIn, or NotLinked for somebody whom the register does not know."""
    name = portal.known.person(token)
    if name is None:
        raise NotLoggedIn
    person = _person(portal, name)
    viewer = Viewer(
        actor=Actor(name, Via.PORTAL),
        person=person,
        rights=person.rights,
        form_token=portal.sealer.form_token(token),
    )
    request.state.viewer = viewer  # for the error page's navigation
    return viewer


def _person(portal: Portal, name: str) -> Known:
    person = portal.rpp.people.known(name)
    if person is None:
        raise NotLinked("Your account is not linked to a person here. Ask the data manager to add you.")
    if not person.active:
        raise NotLinked(
            "Your account here is closed. Ask the data manager to open it again.", code="person-inactive"
        )
    return person


ViewerDep = Annotated[Viewer, Depends(viewer_of)]


class Form:
    """A form that came from a page of this session."""

    def __init__(self, data: FormData) -> None:
        self._data = data

    def text(self, name: str) -> str:
        """One field; empty if it is not there."""
        value = self._data.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """One field that must be a number."""
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise Invalid("The form is not complete. Open the page again.", code="bad-form")
        return int(text)

    def prefixed(self, prefix: str) -> dict[str, str]:
        """All fields of the form `prefix:key`, by key."""
        fields = ((k.partition(":"), v) for k, v in self._data.items() if isinstance(v, str))
        return {key: value for (head, colon, key), value in fields if head == prefix and colon}

    def file_name(self, name: str) -> str:
        """An uploaded file's own name; empty if no file was chosen."""
        value = self._data.get(name)
        return (value.filename or "") if isinstance(value, UploadFile) else ""

    def upload(self, name: str) -> bytes:
        """An uploaded file's bytes; none if no file was chosen."""
        value = self._data.get(name)
        return value.file.read() if isinstance(value, UploadFile) else b""


async def form_of(request: Request, viewer: ViewerDep) -> AsyncIterator[Form]:
    """The form, if a page of this session made it. Raises Forged."""
    check_same_origin(request.headers)
    async with request.form(max_files=2, max_fields=_MOST_FIELDS) as data:
        token = data.get("csrf", "")
        if not isinstance(token, str) or not secrets.compare_digest(
            token.encode(), viewer.form_token.encode()
        ):
            raise Forged
        keep(request, data)
        yield Form(data)


FormDep = Annotated[Form, Depends(form_of)]


async def check_api_call(request: Request, viewer: ViewerDep) -> None:
    """The same for the API, where the form token is a header. Raises Forged."""
    check_same_origin(request.headers)
    if not secrets.compare_digest(request.headers.get("x-rpp-csrf", "").encode(), viewer.form_token.encode()):
        raise Forged


def login_redirect(request: Request, portal: Portal) -> RedirectResponse:
    """Off to the hub, with a sealed cookie that says what to expect back (state and PKCE verifier) and where to go then."""
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    query = {
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    sealed = portal.sealer.seal(
        "login",
        {"state": state, "verifier": verifier, "next": own_path(wanted)},
        portal.now() + LONGEST_LOGIN,
    )
    answer = RedirectResponse(f"{_AUTHORIZE}?{urlencode(query)}", status_code=302)
    _set_cookie(answer, request, _login(portal, state), sealed, int(LONGEST_LOGIN.total_seconds()))
    return answer


@router.get("/oauth_callback")
def oauth_callback(request: Request, portal: PortalDep, state: str = "", code: str = "") -> Response:
    """Back from the hub with a code. Raises NotPermitted unless this browser set out from here."""
    kept = portal.sealer.unseal("login", request.cookies.get(_login(portal, state).name, ""), portal.now())
    if kept is None or not state or not secrets.compare_digest(str(kept["state"]).encode(), state.encode()):
        raise NotPermitted(
            "This log-in did not begin here, or took too long. Open the portal again.", code="login-forged"
        )
    token = portal.hub.token_for_code(code, str(kept["verifier"]), CALLBACK)
    answer = see(own_path(str(kept["next"])))
    sealed = portal.sealer.seal("session", {"token": token}, portal.now() + LONGEST_SESSION)
    _set_cookie(answer, request, _session(portal), sealed, int(LONGEST_SESSION.total_seconds()))
    _forget(answer, _login(portal, state))
    return answer


@router.post("/logout")
def logout(portal: PortalDep, _form: FormDep, token: Annotated[str, Depends(session_token)]) -> Response:
    """Out here, then out at the hub."""
    portal.known.forget(token)
    answer = see("/hub/logout")
    _forget(answer, _session(portal))
    return answer


def _session(portal: Portal) -> Kept:
    return portal.cookie(SESSION_COOKIE, f"{BASE}/")


def _login(portal: Portal, state: str) -> Kept:
    """One cookie for each log-in under way, so that two tabs do not spoil each other's."""
    return portal.cookie(f"rpp-login-{hashlib.sha256(state.encode()).hexdigest()[:12]}", CALLBACK)


def _set_cookie(answer: Response, request: Request, kept: Kept, value: str, seconds: int) -> None:
    secure = kept.host_alone or request.url.scheme == "https"
    answer.set_cookie(
        kept.name, value, max_age=seconds, path=kept.path, secure=secure, httponly=True, samesite="lax"
    )


def _forget(answer: Response, kept: Kept) -> None:
    answer.delete_cookie(kept.name, path=kept.path, secure=kept.host_alone, httponly=True, samesite="lax")
