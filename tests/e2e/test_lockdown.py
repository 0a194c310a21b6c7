"""Which ways out of a workspace are closed, at its server and in its interface? Beside a plain JupyterLab as the control."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from rpp_review.languages import offered

from tests.e2e.ear import Ear
from tests.e2e.over_http import Workspace, visiting
from tests.e2e.people import at_browser, run_all
from tests.e2e.plain import Plain
from tests.factories import notebook
from tests.harness import CHECKOUT, Running

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(300)]

OWN = "attendance-gaps"
LOCKED = CHECKOUT / "extensions/rpp_review/server/prefix/etc/jupyter/labconfig/page_config.json"
HELD = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.fixture(scope="module")
def workspace(site: Running) -> Iterator[Workspace]:
    with visiting(site, "rosa") as rosa:
        yield rosa.open_workspace(OWN)
        rosa.close_workspace(OWN)


@pytest.fixture(scope="module")
def folder(site: Running) -> Path:
    return site.home / "workspaces" / OWN / "members" / "rosa"


# --- at the server, through the proxy

CLOSED = (
    ("GET", "files/held.ipynb"),
    ("GET", "files/held.ipynb?download=1"),
    ("GET", "nbconvert/html/held.ipynb"),
    ("GET", "nbconvert/html/held.ipynb?download=true"),
    ("GET", "api/nbconvert"),
    ("POST", "nbconvert/python"),
    ("GET", "api/terminals"),
    ("POST", "api/terminals"),
    ("GET", "view/held.txt"),
    ("GET", "api/contents/held.ipynb/checkpoints"),
    ("GET", "api/contents/held.ipynb?format=base64&type=file"),
    ("GET", "lab/api/extensions"),
    ("GET", "lsp/status"),
    ("GET", "api/spec.yaml"),
    ("PUT", "api/contents/uploaded.csv"),
    ("PUT", "api/contents/uploaded.ipynb"),
    ("GET", "metrics"),
)


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_a_way_out_is_closed(workspace: Workspace, folder: Path, method: str, path: str) -> None:
    (folder / "held.ipynb").write_bytes(HELD)
    (folder / "held.txt").write_text("held")
    answer = workspace.ask(method, path, **_body(method, path))
    assert answer.status in (403, 404, 405)
    assert b"held" not in answer.body.replace(b"held.", b"")
    assert answer.json()["message"].endswith(".")
    assert "attachment" not in answer.headers.get("Content-Disposition", "")


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_control_the_way_is_open_in_a_plain_server(plain: Plain, method: str, path: str) -> None:
    (plain.root / "held.ipynb").write_bytes(HELD)
    (plain.root / "held.txt").write_text("held")
    assert plain.ask(method, path, **_body(method, path)).status_code in (200, 201)


@pytest.mark.parametrize(
    "path",
    [
        "files%2Fheld.ipynb", "%66iles/held.ipynb", "lab/../files/held.ipynb", "lab/%2e%2e/files/held.ipynb", "/files/held.ipynb",
        "files;x/held.ipynb", "static/../files/held.ipynb", "api/contents/held.ipynb?FORMAT=base64&format=base64",
        "api/contents/held.ipynb?%66ormat=%62ase64", "api/contents/held.ipynb/%63heckpoints", "nbconvert/html/held.ipynb?token=x",
    ],
)  # fmt: skip
def test_a_closed_way_is_not_opened_by_writing_it_otherwise(
    workspace: Workspace, folder: Path, path: str
) -> None:
    (folder / "held.ipynb").write_bytes(HELD)
    answer = workspace.ask("GET", path)
    assert answer.status in (400, 403, 404)
    assert b"nbformat" not in answer.body


def test_no_terminal_is_reached_by_its_web_socket(workspace: Workspace) -> None:
    assert workspace.visitor.knock(f"{workspace.base}terminals/websocket/1") in (403, 404, 405)


@pytest.mark.parametrize(
    "target",
    ["/proc/self/environ", "/etc/passwd", "/run/rpp/hub.sock", "/proc/1/root/etc/passwd", "/proc/self/fd/3"],
)
def test_a_link_that_a_kernel_makes_leads_the_server_nowhere(
    workspace: Workspace, folder: Path, target: str
) -> None:
    with workspace.kernel() as kernel:
        for name in ("out.txt", "out.ipynb"):
            kernel.run(
                f"import os\nif os.path.lexists('/workspace/{name}'): os.unlink('/workspace/{name}')\nos.symlink({target!r}, '/workspace/{name}')"
            )
    for path in (
        "api/contents/out.txt",
        "api/contents/out.txt?type=file&format=text",
        "api/contents/out.ipynb",
        "rpp/outputs?path=out.ipynb",
    ):
        answer = workspace.ask("GET", path)
        assert answer.status == 400, path
        assert "links are not followed" in answer.text
    assert "out.txt" not in workspace.ask("GET", "api/contents").text
    for name in ("out.txt", "out.ipynb"):
        (folder / name).unlink()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        ("os.symlink('/workspace/held.ipynb', p)", "links are not followed"),
        ("import socket; socket.socket(socket.AF_UNIX).bind(p)", "a pipe, a socket or a device"),
        ("os.link('/workspace/held.ipynb', p)", "a second name (a hard link)"),
        ("os.mkdir(p)", "is a folder"),
        ("os.symlink('/data', '/workspace/behind') or open(p, 'w')", "links are not followed"),
    ],
)
def test_what_is_not_simply_a_file_cannot_be_submitted(
    workspace: Workspace, folder: Path, make: str, said: str
) -> None:
    (folder / "held.ipynb").write_bytes(HELD)
    path = "behind/planted.ipynb" if "behind" in make else "planted.ipynb"
    before = workspace.ask("GET", "rpp/requests").json()
    with workspace.kernel() as kernel:
        kernel.run(f"import os\np = '/workspace/planted.ipynb'\n{make}")
        answer = workspace.submit(path, hashlib.sha256(HELD).hexdigest(), ["a:0"])
        kernel.run(
            "import os, shutil\nfor n in ('planted.ipynb', 'behind'):\n    n = '/workspace/' + n\n    os.path.lexists(n) and (os.rmdir(n) if os.path.isdir(n) and not os.path.islink(n) else os.unlink(n))"
        )
    assert 400 <= answer.status < 500
    assert said in answer.json()["error"]["message"]
    assert workspace.ask("GET", "rpp/requests").json() == before


# --- the page

UNWANTED = (
    "Download",
    "Export Notebook",
    "Print",
    "New Browser Tab",
    "Terminal",
    "Open from URL",
    "Shareable Link",
    "Revert",
    "Export Workspace",
    "Save Notebook As",
    "Upload",
)


@contextmanager
def lab(browser: Browser, url: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(url)
    expect(page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
    yield page
    context.close()


def labels(page: Page) -> list[str]:
    shown = page.locator(".lm-Menu-item:not(.lm-mod-hidden):not(.lm-mod-collapsed) .lm-Menu-itemLabel")
    return [text for text in shown.all_inner_texts() if text]


def everything_offered(page: Page) -> list[str]:
    """The entries of the File menu and what is below it, of four context menus, of the palette and of the launcher."""
    found: list[str] = []
    page.get_by_role("menuitem", name="File", exact=True).click()
    found += labels(page)
    for below in page.locator(".lm-Menu-item[data-type='submenu'] .lm-Menu-itemLabel").all_inner_texts():
        page.locator(".lm-Menu-item[data-type='submenu']", has_text=below).first.hover()
        page.wait_for_timeout(400)
        found += labels(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    for place in (
        ".jp-DirListing-item",
        ".jp-DirListing-content",
        ".jp-CodeCell .jp-InputArea-editor",
        ".lm-DockPanel-tabBar .lm-TabBar-tab",
    ):
        page.locator(place).first.click(button="right")
        page.wait_for_timeout(200)
        found += labels(page)
        page.keyboard.press("Escape")
    page.locator(".jp-DirListing-item").first.click()  # where no editor takes the key for itself
    page.keyboard.press("Control+Shift+C")
    search = page.locator(".lm-CommandPalette-input").first
    expect(search).to_be_visible()
    for word in ("download", "export", "print", "browser tab", "terminal", "url"):
        search.fill(word)
        page.wait_for_timeout(200)
        found += page.locator(".lm-CommandPalette-itemLabel").all_inner_texts()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Shift+L")
    expect(page.locator(".jp-Launcher").first).to_be_visible()
    return found + page.locator(".jp-LauncherCard-label").all_inner_texts()


def unwanted(offered: list[str]) -> set[str]:
    return {word for word in UNWANTED for text in offered if word.lower() in text.replace("…", "").lower()}


def test_the_interface_offers_no_way_out(
    browser: Browser, site: Running, workspace: Workspace, folder: Path
) -> None:
    (folder / "held.ipynb").write_bytes(notebook())
    with at_browser(browser, site, "rosa") as rosa:
        rosa.page.goto(f"{site.url}{workspace.base}lab/workspaces/menus/tree/held.ipynb")
        expect(rosa.page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
        offered = everything_offered(rosa.page)
    assert len(offered) > 20
    assert {"Save Notebook", "Rename…", "Delete"} & set(offered)  # these menus have been looked into
    assert unwanted(offered) == set()


def test_control_a_plain_interface_offers_all_of_them(browser: Browser, plain: Plain) -> None:
    (plain.root / "held.ipynb").write_bytes(notebook().replace(b'"rpp"', b'"python3"'))
    with lab(browser, plain.page_of("held.ipynb")) as page:
        assert unwanted(everything_offered(page)) >= {
            "Download",
            "Export Notebook",
            "Print",
            "New Browser Tab",
            "Terminal",
        }


def test_pages_carry_a_policy_bound_to_the_workspaces_own_path(site: Running, workspace: Workspace) -> None:
    for path in (
        "lab",
        "lab/tree/held.ipynb",
        "api/contents",
        "files/held.ipynb",
        "static/favicons/favicon.ico",
    ):
        headers = workspace.ask("GET", path).headers
        policy = dict(p.strip().partition(" ")[::2] for p in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert (
            policy["frame-ancestors"]
            == policy["object-src"]
            == policy["form-action"]
            == policy["base-uri"]
            == "'none'"
        )
        for name in ("script-src", "connect-src", "img-src", "style-src", "font-src", "worker-src"):
            hosts = [s for s in policy[name].split() if "://" in s]
            assert hosts
            assert all(host.split("://")[1] == f"127.0.0.1:{site.port}{workspace.base}" for host in hosts)
        assert "'unsafe-inline'" not in policy["script-src"]
        for missing in ("allow-downloads", "allow-popups", "allow-top-navigation"):
            assert missing not in policy["sandbox"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.fixture
def ear() -> Iterator[Ear]:
    listening = Ear()
    yield listening
    listening.close()


def hostile(url: str) -> bytes:
    """A notebook whose outputs try to reach `url`, once it is run."""
    html = (
        f'<img src="{url}/img">'
        f"<img src=\"x\" onerror=\"fetch('{url}/onerror')\"><script>fetch('{url}/script')</script>"
        f'<style>#rpp-styled {{ background: url({url}/style) }}</style><div id="rpp-styled">styled</div>'
        f'<iframe src="{url}/frame"></iframe><link rel="stylesheet" href="{url}/sheet"><video src="{url}/video"></video>'
        f'<svg><image href="{url}/svg"></image></svg>'
    )
    links = (
        f'<a download="x.csv" href="data:text/csv,1,2">download here</a>'
        f'<a target="_blank" href="{url}/popup">popup here</a>'
    )
    script = f"fetch('{url}/javascript'); document.body.dataset.rpp = 'ran'"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}/svg-output"/><script>fetch("{url}/svg-script")</script></svg>'
    sources = (
        f"from IPython.display import HTML, Javascript, Markdown, SVG, display\ndisplay(HTML({links!r})); display(HTML({html!r}))",
        f"display(Javascript({script!r}))",
        f"display(Markdown('![x]({url}/markdown)')); display(SVG({svg!r}))",
        "print('the end')",
    )
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {},
            "source": s,
            "outputs": [],
            "execution_count": None,
        }
        for n, s in enumerate(sources)
    ]
    return notebook(*cells)


REACH = "url => fetch(url, {mode: 'no-cors'}).then(() => 'reached', () => 'refused')"


def attempted(page: Page, ear: Ear) -> dict[str, Any]:
    """Run the hostile notebook, click what can be clicked, and see what came of it."""
    run_all(page)
    page.wait_for_timeout(1500)
    downloads: list[object] = []
    page.on("download", lambda download: downloads.append(download))
    for link in ("download here", "popup here"):
        page.get_by_text(link, exact=True).click()
        page.wait_for_timeout(800)
    return {
        "fetch": page.evaluate(REACH, f"{ear.url}/fetch"),
        "ran": page.evaluate("document.body.dataset.rpp || ''"),
        "downloads": len(downloads),
        "heard": set(ear.heard),
        "pages": len(page.context.pages),
    }


def test_outputs_of_a_notebook_reach_nothing_and_run_nothing(
    browser: Browser, site: Running, workspace: Workspace, folder: Path, ear: Ear
) -> None:
    (folder / "hostile.ipynb").write_bytes(hostile(ear.url))
    with at_browser(browser, site, "rosa") as rosa:
        rosa.page.goto(f"{site.url}{workspace.base}lab/workspaces/hostile/tree/hostile.ipynb")
        expect(rosa.page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)
        came = attempted(rosa.page, ear)
        elsewhere = rosa.page.evaluate(REACH, f"{site.url}/hub/api/user")
    assert came == {"fetch": "refused", "ran": "", "downloads": 0, "heard": set(), "pages": 1}
    assert elsewhere == "refused"  # not even the hub on the same host


def test_control_a_plain_servers_outputs_reach_another_port_and_run(
    browser: Browser, plain: Plain, ear: Ear
) -> None:
    (plain.root / "hostile.ipynb").write_bytes(hostile(ear.url).replace(b'"rpp"', b'"python3"'))
    with lab(browser, plain.page_of("hostile.ipynb")) as page:
        came = attempted(page, ear)
    assert came["fetch"] == "reached"
    assert came["ran"] == "ran"
    assert came["downloads"] == 1
    assert came["pages"] == 2
    assert {"/img", "/javascript", "/markdown", "/popup"} <= came["heard"]


def test_the_kernel_is_the_only_one_and_no_other_can_be_started(workspace: Workspace) -> None:
    assert set(workspace.ask("GET", "api/kernelspecs").json()["kernelspecs"]) == offered()
    refused = workspace.ask("POST", "api/kernels", json={"name": "python3"})
    assert 400 <= refused.status < 600
    assert refused.status != 201


def _body(method: str, path: str) -> dict[str, Any]:
    if method == "PUT" and path.endswith(".csv"):
        return {"json": {"type": "file", "format": "text", "content": "held"}}
    if method == "PUT":
        return {"json": {"type": "notebook", "format": "json", "content": json.loads(HELD)}}
    if method != "POST":
        return {}
    return {
        "json": {"type": "notebook", "content": json.loads(HELD), "name": "held"}
        if "nbconvert" in path
        else {}
    }
