"""An installation with a wildcard domain: each workspace on an origin of its own, in the portal's frame and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Frame, FrameLocator, Page, expect
from rpp_hub.workspace.policy import content_security_policy

from tests.e2e.ear import Ear
from tests.e2e.people import Someone, at_browser
from tests.harness import Running, cannot_sandbox, running

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(300)]

OWN = "attendance-gaps"
BASE = f"/user/rosa/{OWN}/"

# Ways of a page to leave, with what it knows in the address. Each names `place`, which is somebody else's.
WAYS = {
    "its address is changed": "location.href = place",
    "its address is replaced": "location.replace(place)",
    "a link is clicked": "const a = Object.assign(document.createElement('a'), {href: place}); document.body.append(a); a.click()",
    "a link for another tab is clicked": "const a = Object.assign(document.createElement('a'), {href: place, target: '_blank'}); document.body.append(a); a.click()",
    "a link for the whole tab is clicked": "const a = Object.assign(document.createElement('a'), {href: place, target: '_top'}); document.body.append(a); a.click()",
    "the whole tab's address is changed": "window.top.location.href = place",
    "a window is opened": "window.open(place)",
    "it refreshes itself to elsewhere": "document.head.append(Object.assign(document.createElement('meta'), {httpEquiv: 'refresh', content: '0;url=' + place}))",
    "a form is sent": "const f = Object.assign(document.createElement('form'), {action: place}); document.body.append(f); f.submit()",
    "a link to keep is clicked": "const a = Object.assign(document.createElement('a'), {href: place, download: 'x'}); document.body.append(a); a.click()",
    "pages are fetched in advance": "const s = Object.assign(document.createElement('script'), {type: 'speculationrules', textContent: JSON.stringify({prefetch: [{source: 'list', urls: [place]}]})}); document.body.append(s)",
}
# What a policy alone leaves open: https://… in a tab of its own goes where it likes.
LEFT_OPEN = (
    "its address is changed",
    "its address is replaced",
    "a link is clicked",
    "it refreshes itself to elsewhere",
)
KEEP = "const a = Object.assign(document.createElement('a'), {href: URL.createObjectURL(new Blob(['1,2'])), download: 'x.csv'}); document.body.append(a); a.click()"


@pytest.fixture(scope="module")
def site() -> Iterator[Running]:
    reason = cannot_sandbox()
    if reason:
        pytest.skip(reason)
    with running("--students", "1000", own_origins=True) as installation:
        yield installation


@pytest.fixture(scope="module")
def rosa(browser: Browser, site: Running) -> Iterator[Someone]:
    with at_browser(browser, site, "rosa") as rosa:
        opened(rosa)
        yield rosa


@pytest.fixture
def ear() -> Iterator[Ear]:
    listening = Ear()
    yield listening
    listening.close()


def opened(rosa: Someone) -> FrameLocator:
    """From the project's page into the frame."""
    rosa.go(f"projects/{OWN}")
    rosa.press("workspace of")
    rosa.page.wait_for_url("**/workspace/frame**", timeout=90_000)
    inside = rosa.page.frame_locator("iframe")
    expect(inside.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
    return inside


def origin(page: Page) -> str:
    """The workspace's, told from the frame."""
    source = page.locator("iframe").get_attribute("src") or ""
    return source.partition("/user/")[0]


@contextmanager
def bare(rosa: Someone) -> Iterator[Frame]:
    """The frame with a page of the workspace's own origin that has nothing on it, and the workspace's policy."""
    page = rosa.page
    page.goto(f"{rosa.portal}projects/{OWN}/workspace/frame", wait_until="commit")
    page.wait_for_url("**/workspace/frame?at=**", wait_until="commit")
    place = f"{origin(page)}{BASE}nothing"
    with page.expect_response(place):
        page.evaluate("place => { document.querySelector('iframe').src = place }", place)
    frame = page.frames[1]
    frame.wait_for_url(place)
    yield frame


def test_the_workspace_is_another_origin_in_the_portals_frame_and_works_there(
    rosa: Someone, site: Running
) -> None:
    inside = opened(rosa)
    assert rosa.page.url.startswith(f"{site.url}/services/rpp/projects/{OWN}/workspace/frame")
    own = origin(rosa.page)
    assert own.startswith("http://")
    assert own.partition(".")[2] == f"w.rpp.localhost:{site.port}"
    assert "rosa" not in own
    expect(inside.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=60_000)
    cell = inside.locator(".jp-CodeCell .cm-content").first
    cell.click()
    cell.fill("print('it works', 6 * 7)")
    rosa.page.keyboard.press("Shift+Enter")
    expect(inside.locator(".jp-OutputArea-output").first).to_contain_text("it works 42", timeout=60_000)
    rosa.page.keyboard.press("Control+s")
    saved = site.home / "workspaces" / OWN / "members" / "rosa" / "starter.ipynb"
    rosa.page.wait_for_timeout(1500)
    assert "it works" in saved.read_text()


@pytest.mark.parametrize("way", WAYS)
def test_out_of_the_frame_nothing_leads_when(rosa: Someone, ear: Ear, way: str) -> None:
    with bare(rosa) as frame:
        frame.evaluate(f"place => {{ try {{ {WAYS[way]} }} catch (error) {{}} }}", f"{ear.url}/reached")
        rosa.page.wait_for_timeout(700)
    assert ear.heard == set()
    assert len(rosa.page.context.pages) == 1
    assert rosa.page.url.startswith(rosa.portal)


@pytest.mark.parametrize("way", WAYS)
def test_control_in_a_frame_without_rules_everything_leads_there_when(
    browser: Browser, ear: Ear, way: str
) -> None:
    if way == "pages are fetched in advance":
        pytest.skip("Chromium fetches in advance from the same site only over TLS")
    pages = Ear(
        {
            "/outer": ({}, '<!doctype html><iframe src="/inner"></iframe>'),
            "/inner": ({}, "<!doctype html><p>inner"),
        }
    )
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{pages.url}/outer")
    frame = page.frames[1]
    frame.wait_for_load_state()
    frame.evaluate(f"place => {{ {WAYS[way]} }}", f"{ear.url}/reached")
    page.wait_for_timeout(700)
    context.close()
    pages.close()
    assert any(heard.startswith("/reached") for heard in ear.heard)


@pytest.mark.parametrize("way", LEFT_OPEN)
def test_control_with_the_policy_alone_a_tab_of_its_own_is_led_away_when(
    browser: Browser, ear: Ear, way: str
) -> None:
    policy = {
        "Content-Security-Policy": content_security_policy("127.0.0.1", "/"),
        "Content-Type": "text/html",
    }
    pages = Ear({"/alone": (policy, "<!doctype html><p>alone")})
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{pages.url}/alone")
    page.evaluate(f"place => {{ {WAYS[way]} }}", f"{ear.url}/reached")
    page.wait_for_timeout(700)
    context.close()
    pages.close()
    assert "/reached" in ear.heard


def test_nothing_is_kept_as_a_file_from_the_frame(rosa: Someone) -> None:
    kept: list[object] = []
    rosa.page.on("download", lambda download: kept.append(download))
    with bare(rosa) as frame:
        frame.evaluate(f"() => {{ {KEEP} }}")
        rosa.page.wait_for_timeout(700)
    assert kept == []


def test_control_a_frame_without_rules_keeps_a_file(browser: Browser) -> None:
    pages = Ear(
        {
            "/outer": ({}, '<!doctype html><iframe src="/inner"></iframe>'),
            "/inner": ({}, "<!doctype html><p>inner"),
        }
    )
    page = browser.new_context().new_page()
    page.goto(f"{pages.url}/outer")
    with page.expect_download():
        page.frames[1].evaluate(f"() => {{ {KEEP} }}")
    page.context.close()
    pages.close()


def test_the_clipboard_is_closed_to_scripts_in_the_frame(rosa: Someone) -> None:
    with bare(rosa) as frame:
        said = frame.evaluate(
            "() => navigator.clipboard.writeText('data').then(() => 'written', e => e.name)"
        )
    assert said == "NotAllowedError"


def test_a_tab_of_its_own_ends_in_the_frame_and_anything_else_is_refused(rosa: Someone) -> None:
    own = origin_of(rosa)
    rosa.page.goto(f"{own}{BASE}lab")
    assert rosa.page.url.startswith(f"{rosa.portal}projects/{OWN}/workspace/frame?at=")
    for path in ("api/status", "api/contents/starter.ipynb", "static/favicons/favicon.ico"):
        answer = rosa.page.goto(f"{own}{BASE}{path}")
        assert answer is not None
        assert answer.status == 403, path


def test_neither_hub_nor_portal_is_on_a_workspaces_host_and_no_workspace_on_theirs(
    rosa: Someone, site: Running
) -> None:
    own = origin_of(rosa)
    for path in ("/hub/login", "/services/rpp/", "/hub/api", "/user/rosa/another/lab", "/"):
        rosa.page.goto(f"{own}{path}")
        assert rosa.page.url.startswith(f"{site.url}/"), path
    answer = rosa.page.goto(f"{site.url}{BASE}lab")
    assert answer is not None
    assert "jupyter-config-data" not in rosa.page.content()


def test_no_other_page_frames_a_workspace(rosa: Someone, browser: Browser) -> None:
    own = origin_of(rosa)
    pages = Ear(
        {
            "/outer": (
                {"Content-Type": "text/html"},
                f'<!doctype html><iframe src="{own}{BASE}nothing"></iframe>',
            )
        }
    )
    page = rosa.page.context.new_page()
    page.goto(f"{pages.url}/outer")
    page.wait_for_timeout(700)
    inside = page.frames[1]
    assert "not available" not in inside.content()
    page.close()
    pages.close()


def test_each_cookie_is_its_own_hosts_alone_and_none_is_set_for_the_hub(rosa: Someone, site: Running) -> None:
    own = origin_of(rosa)
    here, there = (rosa.page.context.cookies(place) for place in (f"{own}{BASE}", f"{site.url}/hub/"))
    assert here
    assert there
    assert not any(cookie["domain"].startswith(".") for cookie in (*here, *there))
    assert not {c["name"] for c in here} & {c["name"] for c in there} - {"_xsrf"}
    assert {c["name"] for c in there} >= {"__Host-jupyterhub-hub-login", "__Host-rpp-session"}
    with bare(rosa) as frame:
        frame.evaluate(
            """() => { for (const name of ['__Host-jupyterhub-hub-login', '__Host-rpp-session', 'rpp-tossed'])
                document.cookie = name + '=evil; domain=rpp.localhost; path=/; secure' }"""
        )
    tossed = {c["name"] for c in rosa.page.context.cookies(f"{site.url}/") if c["value"] == "evil"}
    assert tossed == {"rpp-tossed"}  # the control: a plain name is tossed, so the prefix is what holds
    rosa.go()
    expect(rosa.page.locator("h1")).to_contain_text("Good day")


def test_no_service_worker_is_left_behind(rosa: Someone) -> None:
    with bare(rosa) as frame:
        said = frame.evaluate(
            f"() => navigator.serviceWorker.register('{BASE}static/lab/bundle.js').then(() => 'left', e => e.name)"
        )
    assert said in ("SecurityError", "TypeError")


def test_a_stop_makes_the_browser_forget_what_the_workspaces_pages_kept(rosa: Someone) -> None:
    with bare(rosa) as frame:
        frame.evaluate("() => localStorage.setItem('kept', 'data')")
        assert frame.evaluate("() => localStorage.getItem('kept')") == "data"
        own = origin(rosa.page)
    rosa.go(f"projects/{OWN}")
    rosa.press("Stop")
    rosa.page.wait_for_url("**/workspace/closed")
    rosa.page.wait_for_timeout(500)
    rosa.page.evaluate(
        "place => document.body.append(Object.assign(document.createElement('iframe'), {src: place}))",
        f"{own}/closed",
    )
    rosa.page.wait_for_timeout(1000)
    inside = rosa.page.frames[1]
    expect(inside.locator("h1")).to_contain_text("This workspace is closed")
    assert inside.evaluate("() => localStorage.getItem('kept')") is None
    opened(rosa)


def origin_of(rosa: Someone) -> str:
    rosa.page.goto(f"{rosa.portal}projects/{OWN}/workspace/frame")
    rosa.page.wait_for_url("**/workspace/frame?at=**")
    return origin(rosa.page)
