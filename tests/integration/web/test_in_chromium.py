"""The portal in a real Chromium: frames that show and do nothing, pages without scripts, narrow screens, the keyboard."""

from __future__ import annotations

import base64
import io
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Dialog, Page, Request, Route, expect, sync_playwright
from rpp_hub.domain.lifecycle import Status
from rpp_hub.services.request_state import RequestView
from rpp_hub.web.headers import item_policy
from rpp_hub.web.item_document import STYLE_HASH
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route as StarletteRoute

from tests.factories import actor, cell, notebook, printed
from tests.integration.web.conftest import PortalWorld, add_candidate, add_linkage

pytestmark = pytest.mark.browser
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")  # fmt: skip
HOSTILE = """<!doctype html><body><p id=there>there</p><script>document.title = 'ran'; parent.postMessage('ran', '*')</script>
<img src="/stolen?img" onerror="document.title='ran'"><link rel=stylesheet href="/stolen?css">
<meta http-equiv="refresh" content="0;url=/stolen?meta"><iframe src="/stolen?frame"></iframe>
<form action="/stolen" id=f><button>x</button></form><style>body{background:url(/stolen?bg)}</style></body>"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("Chromium is not installed; scripts/set-up --for-tests installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(_ARGUMENTS))
        yield browser
        browser.close()


class Site:
    """The portal on a loopback port, and a hub whose log-in page lets in whoever is named beforehand."""

    def __init__(self, portal: PortalWorld) -> None:
        self.portal = portal
        self.person = "nobody"
        self.asked: list[str] = []
        portal.app.router.routes.insert(0, StarletteRoute("/hub/api/oauth2/authorize", self._authorize))
        portal.app.router.routes.insert(0, StarletteRoute("/stolen", self._stolen))
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            portal.app, access_log=False, log_level="error", lifespan="off", http="h11", ws="none"
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    def page(self, chromium: Browser, person: str, width: int = 1280, *, scripts: bool = True) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 860}, java_script_enabled=scripts)
        context.set_default_timeout(10_000)
        page = context.new_page()
        self.person = person
        page.goto(f"{self.url}/services/rpp/")
        return page

    def go(self, page: Page, path: str) -> None:
        page.goto(f"{self.url}/services/rpp{path}")

    def _authorize(self, request: StarletteRequest) -> Response:
        back = self.portal.hub.authorize(str(request.url), self.person)
        return RedirectResponse(f"/services/rpp/oauth_callback?{urlencode(back)}")

    def _stolen(self, request: StarletteRequest) -> Response:
        self.asked.append(request.url.query)
        return PlainTextResponse("taken")


@pytest.fixture
def site(portal: PortalWorld) -> Iterator[Site]:
    site = Site(portal)
    yield site
    site.stop()


def picture() -> dict[str, object]:
    file = io.BytesIO()
    Image.new("RGB", (320, 200), "#0f5c7a").save(file, "PNG")
    data = {"image/png": base64.b64encode(file.getvalue()).decode(), "text/plain": "<Figure>"}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def table() -> dict[str, object]:
    html = "<table><thead><tr><th></th><th>n</th></tr></thead><tbody><tr><th>9</th><td>120</td></tr></tbody></table>"
    return {
        "output_type": "execute_result",
        "execution_count": 1,
        "metadata": {},
        "data": {"text/html": html, "text/plain": "t"},
    }


def submitted(portal: PortalWorld) -> RequestView:
    body = notebook(
        cell("plot", [picture()]), cell("table", [table()], "b"), cell("print", [printed("n = 120\n")], "c")
    )
    return portal.world.examined(body=body, outputs=("a:0", "b:0", "c:0"))


def complaints(page: Page) -> list[str]:
    """What the browser complains of from now on: errors, and what a policy stopped."""
    heard: list[str] = []
    page.on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: heard.append(str(e)))
    return heard


def test_figures_and_tables_are_really_shown_in_their_frames(site: Site, chromium: Browser) -> None:
    view = submitted(site.portal)
    page = site.page(chromium, "vera")
    heard = complaints(page)
    site.go(page, f"/requests/{view.name}/review")
    frames = [page.locator("article.item iframe").nth(n) for n in range(4)]
    for frame in frames:
        frame.scroll_into_view_if_needed()
    image = frames[0].content_frame.locator("img")
    expect(image).to_be_visible()
    assert image.bounding_box()["width"] == 320  # type: ignore[index]
    assert image.get_attribute("alt")
    cell_of_table = frames[1].content_frame.locator("td")
    expect(cell_of_table).to_have_text("120")
    expect(cell_of_table).to_have_css("text-align", "right")  # our style came through its own policy
    expect(frames[3].content_frame.locator(".line").first).to_have_text("plot")
    assert heard == []


@pytest.mark.parametrize("held", [True, False], ids=["held", "the same without our headers and attribute"])
def test_nothing_in_an_items_frame_runs_or_loads_whatever_it_holds(
    site: Site, chromium: Browser, held: bool
) -> None:
    view = submitted(site.portal)
    page = site.page(chromium, "vera")
    headers = {"Content-Type": "text/html"} | (
        {"Content-Security-Policy": item_policy(STYLE_HASH)} if held else {}
    )

    def item(route: Route) -> None:
        route.fulfill(body=HOSTILE, headers=headers)

    def review(route: Route) -> None:
        answer = route.fetch()
        body = answer.text() if held else answer.text().replace('sandbox=""', "")
        route.fulfill(response=answer, body=body)

    page.route("**/items/**", item)
    page.route("**/review", review)
    page.add_init_script("window.heard = []; addEventListener('message', (event) => heard.push(event.data))")
    site.go(page, f"/requests/{view.name}/review")
    frame = page.locator("article.item iframe").first
    frame.scroll_into_view_if_needed()
    page.wait_for_timeout(1200)
    ran = bool(page.evaluate("window.heard.length"))
    assert (ran, bool(site.asked)) == ((False, False) if held else (True, True))


def test_an_item_opened_alone_runs_nothing_either(site: Site, chromium: Browser) -> None:
    view = submitted(site.portal)
    page = site.page(chromium, "vera")

    def item(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=HOSTILE)

    page.route("**/items/**", item)
    site.go(page, f"/requests/{view.name}/items/a:0")
    page.wait_for_timeout(800)
    assert page.title() != "ran"
    assert site.asked == []
    assert "/items/" in page.url


def test_a_whole_review_works_without_scripts(site: Site, chromium: Browser) -> None:
    view = submitted(site.portal)
    for person in ("vera", "viktor"):
        page = site.page(chromium, person, scripts=False)
        site.go(page, f"/requests/{view.name}/review")
        for item in page.locator("article.item").all():
            item.get_by_role("radio", name="Approve").check()
        page.get_by_role("button", name="Save and finish").click()
        page.get_by_role("radio", name="Release what I approved").check()
        page.get_by_role("button", name="Finish my review").click()
        page.wait_for_url(f"**/requests/{view.name}")
    assert site.portal.world.requests.seen_by(actor("vera"), view.name).status is Status.APPROVED


def test_the_count_goes_along_and_unsaved_verdicts_are_not_left_unasked(
    site: Site, chromium: Browser
) -> None:
    view = submitted(site.portal)
    page = site.page(chromium, "vera")
    heard = complaints(page)
    site.go(page, f"/requests/{view.name}/review")
    count = page.locator("#decided")
    expect(count).to_have_text("0 of 4 decided")
    page.locator("#next").click()
    page.keyboard.press("Space")  # the keyboard alone: the first undecided radio has the focus
    expect(count).to_have_text("1 of 4 decided, not saved yet")
    expect(page.locator("article.item.decided")).to_have_count(1)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("link", name="Projects").click(no_wait_after=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Kept.")).to_be_visible()
    expect(count).to_have_text("1 of 4 decided")
    assert heard == []


def test_the_script_of_the_review_page_is_the_only_one_its_policy_lets_run(
    site: Site, chromium: Browser
) -> None:
    view = submitted(site.portal)
    page = site.page(chromium, "vera")
    site.go(page, f"/requests/{view.name}/review")
    add = "(src) => new Promise(r => { const s = document.createElement('script'); s.onload = () => r('ran'); s.onerror = () => r('stopped'); s.src = src; document.head.append(s) })"
    assert page.evaluate(add, "/services/rpp/static/review.js") == "ran"
    assert page.evaluate(add, "/services/rpp/static/htmx.min.js") == "stopped"
    assert page.evaluate(add, "/stolen") == "stopped"
    site.go(page, "/")
    assert page.evaluate(add, "/services/rpp/static/htmx.min.js") == "ran"


@pytest.mark.parametrize("width", [1280, 400])
def test_no_page_is_wider_than_the_window_or_makes_the_browser_complain(
    site: Site, chromium: Browser, width: int
) -> None:
    view, linkage = submitted(site.portal), add_linkage(site.portal)
    candidate = add_candidate(site.portal)
    site.portal.hub.servers[("rosa", "alpha")] = {"name": "alpha", "ready": True, "pending": None}
    visits = {
        "vera": ("/", "/review", f"/requests/{view.name}/review", f"/requests/{view.name}/review/finish"),
        "rosa": (
            "/",
            "/projects",
            "/projects/alpha",
            "/projects/new",
            "/projects/upload",
            "/agreements",
            "/agreements/a0002",
            "/requests",
            f"/requests/{view.name}",
            "/releases",
        ),
        "dora": (
            "/",
            "/projects/alpha",
            "/data",
            "/data/bayview",
            "/data/bayview/identities",
            f"/data/bayview/identities/{candidate}",
            "/projects/alpha/cut",
            "/projects/alpha/linking",
            f"/projects/alpha/linking/{linkage}",
            "/workspaces",
        ),
        "otto": ("/", "/audit"),
    }
    for person, paths in visits.items():
        page = site.page(chromium, person, width)
        heard = complaints(page)
        for path in paths:
            site.go(page, path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.locator("h1").count() == 1, path
            unnamed = page.locator("input:visible:not([aria-label])").evaluate_all(
                "all => all.filter(i => !i.labels.length).length"
            )
            assert unnamed == 0, path
        assert heard == [], person
        page.context.close()


def test_the_first_key_leads_past_the_navigation(site: Site, chromium: Browser) -> None:
    page = site.page(chromium, "rosa")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_an_opening_moves_into_the_workspace_by_itself(site: Site, chromium: Browser) -> None:
    servers = site.portal.hub.servers
    servers[("rosa", "alpha")] = {"name": "alpha", "ready": False, "pending": "spawn"}
    page = site.page(chromium, "rosa")
    heard = complaints(page)
    site.go(page, "/projects/alpha/workspace")
    expect(page.get_by_text("Your workspace is starting.")).to_be_visible()
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    servers[("rosa", "alpha")] = {"name": "alpha", "ready": True, "pending": None}
    page.wait_for_event("framenavigated")
    assert asked[-1].endswith("/user/rosa/alpha/lab/tree/starter.ipynb")
    assert [h for h in heard if "404" not in h] == []  # there is no workspace behind the stand-in
