"""A person's browser session without a browser: the same log-in, cookies and web sockets, for attacks and for speed."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
import uuid
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
from yarl import URL

from tests.execute_request import execute_request
from tests.harness import Running

T = TypeVar("T")
PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)


class Loop:
    """An event loop in a thread of its own: playwright keeps one in the main thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], patience: float = 2 * PATIENCE) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(patience)

    def close(self) -> None:
        self.run(asyncio.sleep(0.05))  # connections that were told to close do so
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Visitor:
    """Somebody at a browser; nobody in particular until they log in."""

    def __init__(self, site: Running, name: str = "") -> None:
        self.site, self.name = site, name
        self._loop = Loop()
        self._session: aiohttp.ClientSession = self._loop.run(_session())

    def close(self) -> None:
        self._loop.run(self._session.close())
        self._loop.close()

    # --- asking

    def ask(self, method: str, path: str, *, follow: bool = False, **more: Any) -> Answer:
        return self._loop.run(self._ask(method, path, follow, more))

    async def _ask(self, method: str, path: str, follow: bool, more: dict[str, Any]) -> Answer:
        url = URL(f"{self.site.url}{path}", encoded=True)
        async with self._session.request(method, url, allow_redirects=follow, **more) as answer:
            return Answer(answer.status, dict(answer.headers), await answer.read())

    def knock(self, path: str) -> int:
        """The status with which a web socket is answered."""
        return self._loop.run(self._knock(path))

    async def _knock(self, path: str) -> int:
        try:
            async with self._session.ws_connect(f"{self.site.url}{path}", headers={"Origin": self.site.url}):
                return 101
        except aiohttp.WSServerHandshakeError as refusal:
            return refusal.status

    def cookie(self, name: str, path: str) -> str:
        found = self._session.cookie_jar.filter_cookies(URL(f"{self.site.url}{path}")).get(name)
        return found.value if found is not None else ""

    def cookies(self, path: str) -> dict[str, str]:
        return {
            n: m.value
            for n, m in self._session.cookie_jar.filter_cookies(URL(f"{self.site.url}{path}")).items()
        }

    # --- the hub and the portal

    def log_in(self) -> None:
        self.ask("GET", "/hub/login")
        form = {
            "username": self.name,
            "password": self.site.passwords[self.name],
            "_xsrf": self.cookie("_xsrf", "/hub/"),
        }
        answer = self.ask("POST", "/hub/login", data=form)
        assert answer.status == 302, answer.text
        assert self.ask("GET", "/services/rpp/", follow=True).status == 200

    def portal(self, method: str, path: str, **more: Any) -> Answer:
        """The portal's API with this session's form token."""
        headers = {
            "X-RPP-CSRF": self.ask("GET", "/services/rpp/api/me").json()["csrf"],
            "Origin": self.site.url,
        }
        return self.ask(method, f"/services/rpp/api/{path}", headers=headers, **more)

    def open_workspace(self, project: str) -> Workspace:
        answer = self.portal("POST", f"projects/{project}/workspace")
        assert answer.status in (202, 409), answer.text
        workspace = Workspace(self, project)
        deadline = time.monotonic() + PATIENCE
        while not workspace.answers():
            assert time.monotonic() < deadline, f"the workspace did not open\n{self.site.output()}"
            time.sleep(0.2)
        return workspace

    def close_workspace(self, project: str) -> None:
        assert self.portal("DELETE", f"projects/{project}/workspace").status in (204, 409)
        deadline = time.monotonic() + PATIENCE
        while "ready" in (state := self.portal("GET", f"projects/{project}/workspace").json()) and (
            state["ready"] or state["pending"]
        ):
            assert time.monotonic() < deadline
            time.sleep(0.2)


class Workspace:
    """An open workspace, as its page talks to it."""

    def __init__(self, visitor: Visitor, project: str) -> None:
        self.visitor = visitor
        self.base = f"/user/{visitor.name}/{project}/"

    def answers(self) -> bool:
        """Whether Lab's page comes, through the hub's log-in."""
        answer = self.visitor.ask("GET", f"{self.base}lab", follow=True)
        return answer.status == 200 and "jupyter-config-data" in answer.text

    def ask(self, method: str, path: str, **more: Any) -> Answer:
        xsrf = self.visitor.cookie("_xsrf", self.base)
        headers = {"X-XSRFToken": xsrf, "Origin": self.visitor.site.url, **more.pop("headers", {})}
        return self.visitor.ask(method, f"{self.base}{path}", headers=headers, **more)

    def save(self, name: str, body: dict[str, Any]) -> Answer:
        """Save a notebook as JupyterLab does: made empty by the server first, since nothing is uploaded."""
        if self.ask("GET", f"api/contents/{name}?content=0").status != 200:
            made = self.ask("POST", "api/contents", json={"type": "notebook"})
            assert made.status == 201, made.text
            moved = self.ask("PATCH", f"api/contents/{made.json()['path']}", json={"path": name})
            assert moved.status == 200, moved.text
        return self.ask("PUT", f"api/contents/{name}", json=body)

    @contextmanager
    def kernel(self) -> Iterator[Kernel]:
        started = self.ask("POST", "api/kernels", json={"name": "rpp"})
        assert started.status == 201, started.text
        kernel = Kernel(self, started.json()["id"])
        try:
            yield kernel
        finally:
            self.ask("DELETE", f"api/kernels/{kernel.ident}")

    def submit(self, name: str, sha256: str, outputs: list[str], **more: Any) -> Answer:
        """As the panel sends it."""
        body = {
            "path": name,
            "sha256": sha256,
            "outputs": outputs,
            "context": "Number of students by year, all schools.",
            "controls": "Groups below ten are left out.",
        }
        return self.ask("POST", "rpp/requests", json=body | more)


class Kernel:
    """A kernel of a workspace, over its web socket."""

    def __init__(self, workspace: Workspace, ident: str) -> None:
        self.workspace, self.ident = workspace, ident

    def run(self, code: str, patience: float = PATIENCE) -> str:
        """What the code prints. An exception in it is one here."""
        visitor = self.workspace.visitor
        return visitor._loop.run(self._run(code, patience), patience + 10)

    def ask(self, code: str) -> Any:
        """The value of `answer` after the code."""
        return json.loads(self.run(f"{code}\nimport json as _j\nprint(_j.dumps(answer))").splitlines()[-1])

    async def _run(self, code: str, patience: float) -> str:
        visitor, session = self.workspace.visitor, uuid.uuid4().hex
        url = f"{visitor.site.url}{self.workspace.base}api/kernels/{self.ident}/channels?session_id={session}"
        printed: list[str] = []
        async with (
            asyncio.timeout(patience),
            visitor._session.ws_connect(url, headers={"Origin": visitor.site.url}, max_msg_size=0) as socket,
        ):
            sent = execute_request(session, code)
            await socket.send_json(sent)
            async for message in socket:
                told = json.loads(message.data) if message.type is aiohttp.WSMsgType.TEXT else {}
                if told.get("parent_header", {}).get("msg_id") != sent["header"]["msg_id"]:
                    continue
                content = told["content"]
                if told["msg_type"] == "stream" and content["name"] == "stdout":
                    printed.append(content["text"])
                if told["msg_type"] == "error":
                    raise AssertionError("\n".join(content["traceback"]))
                if told["msg_type"] == "status" and content["execution_state"] == "idle":
                    return "".join(printed).strip()
        raise AssertionError(f"the kernel's web socket was closed ({socket.close_code})")


def planted(path: str, content: bytes) -> str:
    """Code that writes a file, as a kernel can."""
    return (
        f"import base64; open({path!r}, 'wb').write(base64.b64decode({base64.b64encode(content).decode()!r}))"
    )


@contextmanager
def visiting(site: Running, name: str = "") -> Iterator[Visitor]:
    """Somebody with a browser of their own, logged in if they have a name."""
    visitor = Visitor(site, name)
    try:
        if name:
            visitor.log_in()
        yield visitor
    finally:
        visitor.close()


async def _session() -> aiohttp.ClientSession:
    jar = aiohttp.CookieJar(unsafe=True)
    return aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=PATIENCE))
