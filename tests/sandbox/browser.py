"""A person's browser, as far as a workspace sees it: cookies, an Origin, and the login round trip."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse, CookieJar, UnixConnector
from yarl import URL

ORIGIN = "http://127.0.0.1:8000"
HEADERS = {"Host": "127.0.0.1:8000", "Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}


class Browser:
    """Talks to the relay's socket. `login` gets the cookies the way a browser does."""

    def __init__(self, socket: Path, base: str) -> None:
        self.socket, self._base = socket, base

    async def __aenter__(self) -> Browser:
        self._session = ClientSession(
            connector=UnixConnector(str(self.socket)), cookie_jar=CookieJar(unsafe=True)
        )
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self._session.close()

    async def login(self) -> None:
        first = await self.get("lab")
        if first.status != 302:
            raise AssertionError(f"no way to log in: {first.status} {await first.text()}")
        state = parse_qs(urlsplit(first.headers["Location"]).query)["state"][0]
        back = await self.get(f"oauth_callback?code=c&state={state}")
        if back.status != 302:
            raise AssertionError(f"login failed: {back.status} {await back.text()}")

    async def get(self, path: str, **headers: str) -> ClientResponse:
        return await self.ask("GET", path, headers=headers)

    async def ask(
        self,
        method: str,
        path: str,
        json: Any = None,
        data: Any = None,
        headers: dict[str, str] | None = None,
    ) -> ClientResponse:
        sent = {**HEADERS, "X-XSRFToken": self._xsrf(), **(headers or {})}
        response = await self._session.request(
            method, self._url(path), json=json, data=data, headers=sent, allow_redirects=False
        )
        await response.read()
        return response

    async def websocket(self, path: str, **headers: str) -> ClientWebSocketResponse:
        sent = {**HEADERS, **headers}
        return await self._session.ws_connect(self._url(path), headers=sent, max_msg_size=0)

    def _xsrf(self) -> str:
        cookies = self._session.cookie_jar.filter_cookies(URL(f"http://127.0.0.1:8000{self._base}"))
        return next((morsel.value for name, morsel in cookies.items() if name == "_xsrf"), "")

    def _url(self, path: str) -> URL:
        return URL(
            f"http://127.0.0.1:8000{path if path.startswith('/') else self._base + path}", encoded=True
        )
