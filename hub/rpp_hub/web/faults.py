"""Errors on their way out: the one JSON shape for programs, a page with the next step for people."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rpp_hub.domain.errors import Invalid, NotFound, NotPermitted, RppError
from rpp_hub.domain.field_faults import said_of
from rpp_hub.domain.tracing import request_id
from rpp_hub.web import BASE
from rpp_hub.web.auth import login_redirect
from rpp_hub.web.errors import NotLoggedIn, error_body, status_of
from rpp_hub.web.kept import kept_form
from rpp_hub.web.portal import page, portal_of
from rpp_hub.web.templating import render

_LOG = logging.getLogger("rpp.portal")
_MENDED = frozenset({409, 413, 422, 503})  # where it helps to change something and send it again
_TITLES = {
    401: "Log in again",
    403: "You may not do this",
    404: "Not found",
    409: "Not now",
    413: "Too large",
    422: "This cannot be used",
    503: "Not available just now",
}


class Unexpected(RppError):
    """Something that should not happen; told by a reference number, never by its details."""

    code = "unexpected"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"Something went wrong here, and nothing was changed. Tell the operator this number: {reference}."
        )


def answer_error(request: Request, error: RppError) -> Response:
    """The error as this kind of caller wants it."""
    status = status_of(error)
    if _wants_json(request):
        return JSONResponse(error_body(error), status_code=status)
    shown: dict[str, Any] = {
        "title": _TITLES.get(status, "Something went wrong"),
        "number": status,
        "error": error,
    }
    viewer = getattr(request.state, "viewer", None)
    if viewer is not None:
        shown["kept"] = kept_form(request) if status in _MENDED else None
        return page(request, "error.html", viewer, status=status, **shown)
    portal = portal_of(request)
    around = {
        "viewer": None,
        "partnership": portal.rpp.settings.partnership.name,
        "now": portal.now(),
        "places": (),
        "kept": None,
    }
    return HTMLResponse(render("error.html", {**around, **shown}), status_code=status)


def add_error_answers(app: FastAPI) -> None:
    """Let the application answer errors with the shapes above."""

    def told(request: Request, error: Exception) -> Response:
        if isinstance(error, NotLoggedIn) and request.method == "GET" and not _wants_json(request):
            return login_redirect(request, portal_of(request))
        return answer_error(request, error if isinstance(error, RppError) else Unexpected(note(error)))

    def of_framework(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            return answer_error(request, Unexpected(note(error)))
        answer = answer_error(request, _translated(error.status_code))
        answer.status_code = error.status_code
        return answer

    def of_fields(request: Request, error: Exception) -> Response:
        faults = error.errors() if isinstance(error, RequestValidationError) else []
        said = said_of(faults[:20], "what was sent")
        return answer_error(
            request, Invalid(f"What was sent cannot be used. {'; '.join(said)}.", faults=said)
        )

    app.add_exception_handler(RppError, told)
    app.add_exception_handler(HTTPException, of_framework)
    app.add_exception_handler(RequestValidationError, of_fields)


class Faults:
    """Outermost: whatever nobody expected becomes an answer with a reference number."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; catch what falls."""
        started = False

        async def noticed(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noticed)
        except Exception as error:
            if started or scope["type"] != "http":
                note(error)
                raise ConnectionAbortedError("the answer was cut off") from None
            request = Request(scope, receive)
            told = error if isinstance(error, RppError) else Unexpected(note(error))
            await answer_error(request, told)(scope, receive, send)


def note(error: BaseException) -> str:
    """Log where it happened but not what it said: messages of libraries repeat the values they choke on."""
    reference = request_id() or secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{'/'.join(Path(f.filename).parts[-2:])}:{f.lineno}" for f in reversed(frames[-6:])]
    _LOG.error("unexpected error %s: %s at %s", reference, type(error).__name__, " < ".join(places))
    return reference


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith((f"{BASE}/api/", f"{BASE}/workspace/"))


def _translated(status: int) -> RppError:
    made: dict[int, Callable[[], RppError]] = {
        403: lambda: NotPermitted("You may not do this."),
        404: lambda: NotFound("There is no such page. Begin at the portal's home."),
        405: lambda: Invalid("This page does not take that kind of request.", code="method"),
    }
    return made.get(status, lambda: Invalid("What was sent cannot be understood."))()
