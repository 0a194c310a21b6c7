"""What the portal asks of the hub: who a browser is, and to start, stop and list workspaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from rpp_hub.domain.errors import ActionRefused, NotPermitted, Unavailable
from rpp_hub.domain.names import printable
from rpp_hub.domain.refusal import Refusal

CLIENT_ID = "service-rpp"
ACCESS_SCOPES = frozenset({"access:services", "access:services!service=rpp"})
_PAGE = 200
_STARTING = 75.0  # seconds; the hub answers after its slow_spawn_timeout at the latest


@dataclass(frozen=True, slots=True)
class Server:
    """A named server of a person at the hub: the workspace of one project."""

    person: str
    project: str
    ready: bool
    pending: str | None
    started: datetime | None
    last_activity: datetime | None


class HubClient:
    """JupyterHub's REST API, over its socket, with the portal's own token."""

    def __init__(self, http: httpx.Client, token: str) -> None:
        self._http = http
        self._token = token

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def token_for_code(self, code: str, verifier: str, redirect_uri: str) -> str:
        """The person's token for a one-time code. Raises NotPermitted if the hub does not take the code."""
        form = {
            "client_id": CLIENT_ID,
            "client_secret": self._token,
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
        }
        with _told_plainly():
            answer = self._http.post("/hub/api/oauth2/token", data=form)
        if answer.status_code != httpx.codes.OK:
            raise NotPermitted("The hub did not accept this log-in. Log in again.", code="login-refused")
        return str(answer.json()["access_token"])

    def person_of_token(self, token: str) -> str | None:
        """Whose token this is, if the hub still honours it for the portal."""
        with _told_plainly():
            answer = self._http.get("/hub/api/user", headers={"Authorization": f"token {token}"})
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
            return None
        model = _json(answer)
        if model.get("kind") != "user" or not ACCESS_SCOPES.intersection(model.get("scopes", ())):
            return None
        return str(model["name"])

    def start(self, person: str, project: str) -> None:
        """Start a workspace. Raises ActionRefused with the hub's reason; returns when it is up or well under way."""
        answer = self._call("POST", _server_path(person, project), timeout=_STARTING)
        if answer.status_code in (httpx.codes.CREATED, httpx.codes.ACCEPTED):
            return
        here = self.server(person, project)
        if here is not None and (here.ready or here.pending == "spawn"):
            return
        raise ActionRefused((Refusal("workspace-not-started", _reason(answer)),))

    def stop(self, person: str, project: str) -> bool:
        """Stop a workspace; False if there was none to stop."""
        answer = self._call("DELETE", _server_path(person, project), timeout=_STARTING)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        if answer.status_code in (httpx.codes.NO_CONTENT, httpx.codes.ACCEPTED):
            return True
        raise ActionRefused((Refusal("workspace-not-stopped", _reason(answer)),))

    def server(self, person: str, project: str) -> Server | None:
        """One workspace as the hub knows it now."""
        answer = self._call("GET", _server_path(person, project))
        return None if answer.status_code == httpx.codes.NOT_FOUND else _server(person, _json(answer))

    def running(self, person: str | None = None) -> tuple[Server, ...]:
        """The workspaces that run or are about to, of one person or of all."""
        users = self._users() if person is None else self._user(person)
        servers = (
            _server(u["name"], s) for u in users for s in u.get("servers", {}).values() if s.get("name")
        )
        return tuple(
            sorted((s for s in servers if s.ready or s.pending), key=lambda s: (s.project, s.person))
        )

    def _user(self, person: str) -> list[dict[str, Any]]:
        answer = self._call("GET", f"/hub/api/users/{quote(person, safe='')}")
        return [] if answer.status_code == httpx.codes.NOT_FOUND else [_json(answer)]

    def _users(self) -> Iterator[dict[str, Any]]:
        offset: int | None = 0
        while offset is not None:
            answer = self._call(
                "GET",
                "/hub/api/users",
                params={
                    "state": "active",
                    "include_stopped_servers": "false",
                    "offset": offset,
                    "limit": _PAGE,
                },
                headers={"Accept": "application/jupyterhub-pagination+json"},
            )
            page = _json(answer)
            yield from page["items"]
            after = page["_pagination"].get("next")
            offset = after["offset"] if after else None

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"token {self._token}", **more.pop("headers", {})}
        with _told_plainly():
            answer = self._http.request(method, path, headers=headers, **more)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise Unavailable(
                "The hub does not know the portal. The operator can put this right with a restart.",
                code="hub-refused",
            )
        return answer


def connect(socket: Path, token: str) -> HubClient:
    """A client on the hub's UNIX socket."""
    transport = httpx.HTTPTransport(uds=str(socket))
    return HubClient(
        httpx.Client(transport=transport, base_url="http://hub", timeout=15.0, trust_env=False), token
    )


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError:
        raise Unavailable(
            "The hub does not answer just now; it may be starting again. Wait a minute, then try again.",
            code="hub-silent",
        ) from None


def _server_path(person: str, project: str) -> str:
    return f"/hub/api/users/{quote(person, safe='')}/servers/{quote(project, safe='')}"


def _json(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code != httpx.codes.OK:
        raise Unavailable(
            f"The hub answered with {answer.status_code}. Tell the operator if it stays so.",
            code="hub-refused",
        )
    model: dict[str, Any] = answer.json()
    return model


def _reason(answer: httpx.Response) -> str:
    """The hub's own sentence, if it gave one."""
    try:
        said = answer.json().get("message", "")
    except (ValueError, AttributeError):
        said = ""
    return (
        printable(str(said), 400)
        or f"The hub answered with {answer.status_code}. Try again; tell the operator if it stays so."
    )


def _server(person: str, model: Mapping[str, Any]) -> Server:
    return Server(
        person=person,
        project=str(model["name"]),
        ready=bool(model.get("ready")),
        pending=model.get("pending"),
        started=_moment(model.get("started")),
        last_activity=_moment(model.get("last_activity")),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
