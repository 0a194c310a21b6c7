"""What can the panel ask this server? The outputs of a saved notebook, to send some of them, and what became of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from traitlets import Float, Unicode, default
from traitlets.config import LoggingConfigurable

from rpp_review.limits import InvalidNotebook, Limits
from rpp_review.provenance import Record, nothing_seen
from rpp_review.server.folder import Folder
from rpp_review.server.gateway import Answer, Gateway
from rpp_review.server.questions import Questions
from rpp_review.server.refused import Refused
from rpp_review.server.run_chains import environment
from rpp_review.server.submission import Asked, read_asked
from rpp_review.server.supervisor import ask

AUTH_RESOURCE = "rpp"
DEFAULT_GATEWAY = "/run/rpp/hub.sock"
NOTEBOOK_LIMIT = Limits().bytes


class ReviewSettings(LoggingConfigurable):
    """What the launcher may set of this extension."""

    gateway = Unicode(help="The socket through which the portal is reached (environment: RPP_GATEWAY).").tag(
        config=True
    )
    gateway_seconds = Float(60.0, help="How long to wait for the portal's answer.").tag(config=True)
    appetite = Unicode(
        help="The partnership's thresholds as JSON, by which the hints advise (environment: RPP_APPETITE)."
    ).tag(config=True)

    @default("appetite")
    def _default_appetite(self) -> str:
        return os.environ.get("RPP_APPETITE") or ""

    @default("gateway")
    def _default_gateway(self) -> str:
        return os.environ.get("RPP_GATEWAY") or DEFAULT_GATEWAY


@dataclass(frozen=True, slots=True)
class Desk:
    """What every handler works with."""

    folder: Folder
    gateway: Gateway
    appetite: str
    reading: asyncio.Semaphore
    questions: Questions


class ReviewHandler(APIHandler):
    """Answers in JSON, refuses in the one shape of errors."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, desk: Desk) -> None:
        self.desk = desk

    def answer(self, status: int, body: dict[str, Any]) -> None:
        self.set_status(status, _reason(status))
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(body))

    def write_error(self, status_code: int, **_details: Any) -> None:
        message = {
            403: "You are not logged in to this workspace, or may not do this. Reload the page.",
            405: "This cannot be done with this address.",
        }.get(
            status_code,
            "Something went wrong in the workspace's server. Try again; if it stays, tell the operator.",
        )
        self.answer(status_code, Refused(status_code, "server", message).body())


def _reason(status: int) -> str:
    """The words after the status; the portal may use one that tornado has no words for."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Answered"


Handler = TypeVar("Handler", bound=ReviewHandler)


def refusing(verb: Callable[[Handler], Awaitable[None]]) -> Callable[[Handler], Awaitable[None]]:
    """A verb whose refusals become answers."""

    @wraps(verb)
    async def answered(handler: Handler) -> None:
        try:
            await verb(handler)
        except Refused as refused:
            handler.answer(refused.status, refused.body())

    return answered


class OutputsHandler(ReviewHandler):
    """`GET rpp/outputs?path=analysis.ipynb`: what a reviewer would be shown of the saved notebook."""

    @web.authenticated
    @authorized
    @refusing
    async def get(self) -> None:
        path = self.get_query_argument("path", "")
        notebook = await asyncio.to_thread(read_notebook, self.desk.folder, path)
        self.answer(200, await self._reviewed(path, notebook))

    async def _reviewed(self, path: str, notebook: bytes) -> dict[str, Any]:
        async with self.desk.reading:
            try:
                return await asyncio.to_thread(reviewed, path, notebook, self.desk.appetite)
            except InvalidNotebook as invalid:
                raise Refused(422, invalid.code, invalid.message) from None


class RequestsHandler(ReviewHandler):
    """`GET rpp/requests`: this person's requests. `POST rpp/requests`: a new one."""

    @web.authenticated
    @authorized
    @refusing
    async def get(self) -> None:
        self._hand_on(await self.desk.gateway.requests())

    @web.authenticated
    @authorized
    @refusing
    async def post(self) -> None:
        asked = read_asked(self.request.body)
        notebook = await asyncio.to_thread(read_notebook, self.desk.folder, asked.path)
        check_is_what_was_seen(asked, notebook)
        self._hand_on(
            await self.desk.gateway.submit(asked.submission(notebook, await self._provenance(asked.path)))
        )

    async def _provenance(self, path: str) -> Record:
        """What this server saw run; nothing where it does not watch its kernels."""
        from rpp_review.server.runs import RecordedKernels, path_of

        kernels, sessions = self.kernel_manager, self.session_manager
        if not isinstance(kernels, RecordedKernels):
            return nothing_seen()
        await kernels.take_up()
        return kernels.runs.of(path, lambda kernel: path_of(sessions, kernel))

    def _hand_on(self, answer: Answer) -> None:
        self.answer(answer.status, answer.body)


class UsageHandler(ReviewHandler):
    """`GET rpp/usage`: what this workspace takes of what it may, which limits were reached, and what is installed."""

    @web.authenticated
    @authorized
    @refusing
    async def get(self) -> None:
        self.answer(200, {**await ask({"do": "usage"}), "environment": environment()})


class LinesHandler(ReviewHandler):
    """`POST rpp/lines`: the quiet lines under outputs with this evidence."""

    @web.authenticated
    @authorized
    @refusing
    async def post(self) -> None:
        from rpp_review.checks import appetite_told
        from rpp_review.server.lines import lines

        appetite = appetite_told(self.desk.appetite)
        self.answer(
            200, await asyncio.to_thread(lines, self.request.body, appetite, self.desk.questions.line)
        )


def read_notebook(folder: Folder, path: str) -> bytes:
    """The bytes of one notebook, reached without following a link."""
    if not path.endswith(".ipynb"):
        raise Refused(
            422, "not-a-notebook", "Outputs are reviewed from a notebook (.ipynb). Open one, then try again."
        )
    return folder.read(path, NOTEBOOK_LIMIT)[0]


def reviewed(path: str, notebook: bytes, appetite: str) -> dict[str, Any]:
    """What the panel shows. Imported here, since a workspace should not wait for the checks in order to open."""
    from rpp_review.checks import appetite_told
    from rpp_review.server.outputs import review

    return review(path, notebook, appetite_told(appetite))


def check_is_what_was_seen(asked: Asked, notebook: bytes) -> None:
    """What is frozen is the version whose outputs the person ticked."""
    if hashlib.sha256(notebook).hexdigest() != asked.sha256:
        raise Refused(
            409,
            "changed",
            "The notebook was saved again since its outputs were listed. Look at them once more, then send.",
        )


def desk_of(root: str, settings: ReviewSettings) -> Desk:
    """One for the whole server."""
    gateway = Gateway(Path(settings.gateway), settings.gateway_seconds)
    return Desk(
        folder=Folder(root),
        gateway=gateway,
        appetite=settings.appetite,
        reading=asyncio.Semaphore(1),
        questions=Questions(gateway),
    )


def review_handlers(base_url: str, desk: Desk) -> list[tuple[str, type[ReviewHandler], dict[str, Desk]]]:
    """The routes, below the workspace's own address."""
    return [
        (url_path_join(base_url, "rpp", "outputs"), OutputsHandler, {"desk": desk}),
        (url_path_join(base_url, "rpp", "requests"), RequestsHandler, {"desk": desk}),
        (url_path_join(base_url, "rpp", "usage"), UsageHandler, {"desk": desk}),
        (url_path_join(base_url, "rpp", "lines"), LinesHandler, {"desk": desk}),
    ]
