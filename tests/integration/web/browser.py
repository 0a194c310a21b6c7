"""A browser for tests: keeps cookies, logs in through the (stand-in) hub, and says where its requests come from."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI
from rpp_hub.web import BASE

from tests.integration.web.stand_in_hub import StandInHub

HOST = "http://rpp.test"
OWN = {"Origin": HOST, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}


class Browser:
    """One person's browser on the portal. `app` is asked in this process."""

    def __init__(self, app: FastAPI, hub: StandInHub, person: str | None = None, host: str = HOST) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=host)
        self._own = {**OWN, "Origin": host}
        self._hub = hub
        self.csrf = ""
        if person is not None:
            self.log_in(person)

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request, no redirect followed; `path` without the portal's prefix if it begins with one slash."""
        place = path if path.startswith(("/services", "http")) else f"{BASE}{path}"
        return asyncio.run(self._client.request(method, place, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        """A form of one of our own pages."""
        return self.ask(
            "POST",
            path,
            data={"csrf": self.csrf, **(data or {})},
            headers={**self._own, **more.pop("headers", {})},
            **more,
        )

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A call of the API by a script of our own pages."""
        headers = {**self._own, "Sec-Fetch-Mode": "cors", "X-RPP-CSRF": self.csrf}
        return self.ask(
            method, f"/api{path}", headers=headers, **({"json": body} if body is not None else {})
        )

    def send(
        self, path: str, files: dict[str, bytes], form: dict[str, str] | None = None, name: str = "a file.pdf"
    ) -> httpx.Response:
        """Files for the API, by a script of our own pages."""
        headers = {**self._own, "Sec-Fetch-Mode": "cors", "X-RPP-CSRF": self.csrf}
        sent = {key: (name, content) for key, content in files.items()}
        return self.ask("POST", f"/api{path}", headers=headers, files=sent, data=form or {})

    def log_in(self, person: str) -> None:
        """Through the hub, as a browser does."""
        away = self.get("/")
        assert away.status_code == 302, away.text
        back = self.get("/oauth_callback", params=self._hub.authorize(away.headers["location"], person))
        assert back.status_code == 303, back.text
        me = self.get("/api/me")
        if me.status_code == 200:
            self.csrf = me.json()["csrf"]
