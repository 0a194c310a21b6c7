"""A stand-in for the hub's REST and OAuth endpoints, where a real hub would be too heavy. The end-to-end tests use one."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx

PORTAL_TOKEN = "the-portals-own-token"
ACCESS = "access:services!service=rpp"


@dataclass
class StandInHub:
    """Answers what the portal asks, and remembers what it was asked to start and stop."""

    tokens: dict[str, str] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    servers: dict[tuple[str, str], dict[str, object]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=lambda: [ACCESS])
    start_refusal: str = ""
    silent: bool = False

    def authorize(self, location: str, person: str) -> dict[str, str]:
        """What the person's browser brings back from the authorize page."""
        query = {k: v[0] for k, v in parse_qs(urlsplit(location).query).items()}
        code = secrets.token_hex(8)
        self.codes[code] = {**query, "person": person}
        return {"code": code, "state": query["state"]}

    def log_out(self, person: str) -> None:
        """End all sessions of a person."""
        self.tokens = {token: name for token, name in self.tokens.items() if name != person}

    def client(self) -> httpx.Client:
        """What the portal's HubClient talks to."""
        return httpx.Client(transport=httpx.MockTransport(self._answer), base_url="http://hub")

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.silent:
            raise httpx.ConnectError("nobody listens", request=request)
        path = request.url.path
        self.asked.append(f"{request.method} {path}")
        if path == "/hub/api/oauth2/token":
            return self._token(request)
        given = request.headers.get("authorization", "").removeprefix("token ")
        if path == "/hub/api/user":
            name = self.tokens.get(given)
            if name is None:
                return httpx.Response(403, json={"message": "Forbidden"})
            return httpx.Response(200, json={"kind": "user", "name": name, "scopes": self.scopes})
        if given != PORTAL_TOKEN:
            return httpx.Response(401)
        return self._admin(request.method, [p for p in path.split("/") if p][3:])

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {k: v[0] for k, v in parse_qs(request.content.decode()).items()}
        asked = self.codes.pop(form.get("code", ""), None)
        if (
            asked is None
            or form["client_secret"] != PORTAL_TOKEN
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return httpx.Response(400, json={"error": "invalid_grant"})
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        token = secrets.token_hex(8)
        self.issued.append(token)
        self.tokens[token] = asked["person"]
        return httpx.Response(200, json={"access_token": token})

    def _admin(self, method: str, parts: list[str]) -> httpx.Response:
        if not parts:
            items = [self._user(name) for name in sorted({person for person, _ in self.servers})]
            return httpx.Response(200, json={"items": items, "_pagination": {"next": None}})
        if len(parts) == 1:
            return httpx.Response(200, json=self._user(parts[0]))
        key = (parts[0], parts[2])
        if method == "POST":
            if self.start_refusal:
                return httpx.Response(403, content=json.dumps({"status": 403, "message": self.start_refusal}))
            self.servers[key] = _model(key[1])
            return httpx.Response(201)
        if key not in self.servers:
            return httpx.Response(404)
        if method == "DELETE":
            del self.servers[key]
            return httpx.Response(204)
        return httpx.Response(200, json=self.servers[key])

    def _user(self, name: str) -> dict[str, object]:
        return {
            "name": name,
            "servers": {project: m for (person, project), m in self.servers.items() if person == name},
        }


def _model(project: str) -> dict[str, object]:
    started = "2026-11-24T08:30:00.000000Z"
    return {"name": project, "ready": True, "pending": None, "started": started, "last_activity": started}
