"""Take the documentation's pictures of a real installation in a real Chromium; a tar file of PNGs on standard output.

usage: take_pictures.py > pictures.tar        (`make docs` unpacks it into docs/images)
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.e2e.people import CONTEXT, CONTROLS, Someone, at_browser, chromium
from tests.e2e.test_whole_path import wait_for
from tests.harness import Running, running

PROJECT = "attendance-gaps"
STUDENTS = "20000"
LIMIT = 200_000


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running("--students", STUDENTS) as site,
        chromium() as browser,
    ):
        pictures = Path(folder)
        take(site, browser, pictures)
        with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
            for picture in sorted(pictures.iterdir()):
                archive.add(picture, picture.name, filter=_plain)


def take(site: Running, browser: Browser, pictures: Path) -> None:
    """Every picture, in the order of the path."""
    with at_browser(browser, site, "rosa") as rosa:
        request = submit(rosa, pictures)
        wait_for(site, request, "examined_at", any)
        with at_browser(browser, site, "vera") as vera, at_browser(browser, site, "viktor") as viktor:
            vera.go(f"requests/{request}/review")
            shoot(vera.page, pictures / "review-page.png", begin_review(vera.page))
            vera.review(request)
            viktor.review(request)
        wait_for(site, request, "status", "released")
        rosa.go()
        shoot(rosa.page, pictures / "researcher-home.png")
    with at_browser(browser, site, "dora") as dora:
        dora.go("data/bayview")
        shoot(dora.page, pictures / "data-manager.png")
    with at_browser(browser, site, "otto") as otto:
        otto.go("audit")
        shoot(otto.page, pictures / "audit.png")


def submit(rosa: Someone, pictures: Path) -> str:
    """From the workspace: run the starter, pick its outputs, take the picture, submit."""
    rosa.open_workspace(PROJECT)
    expect(rosa.page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=60_000)
    rosa.run_all()
    rosa.page.get_by_role("button", name="Review outputs").first.click()
    panel = rosa.page.get_by_test_id("rpp-panel")
    picks = panel.locator("li[data-testid^='rpp-output-'] input[type=checkbox]")
    picks.first.wait_for()
    for number in range(picks.count()):
        picks.nth(number).check()
    panel.get_by_test_id("rpp-context").fill(CONTEXT)
    panel.get_by_test_id("rpp-controls").fill(CONTROLS)
    rosa.page.wait_for_timeout(1000)  # Lab lays the notebook out anew beside the panel
    picks.first.scroll_into_view_if_needed()
    shoot(rosa.page, pictures / "workspace-panel.png")
    return rosa.ask_for_release()


def begin_review(page: Page) -> str:
    """Approve what comes before the figure; the answer is the table right above it."""
    headings = page.locator("article.item h3")
    expect(headings.first).to_be_visible()
    texts = headings.all_inner_texts()
    figure = next((n for n, text in enumerate(texts, start=1) if "figure of" in text), None)
    if figure is None:
        raise SystemExit(f"There is no figure among {texts}.")
    for number in range(1, figure):
        page.locator(f"#item-{number}").get_by_role("radio", name="Approve").check()
    return f"#item-{figure - 1}"


def shoot(page: Page, path: Path, target: str | None = None) -> None:
    """What a person sees without scrolling; `target` is brought to the top first."""
    page.wait_for_load_state("load")  # JupyterLab never stops asking
    if target is not None:
        page.locator(target).evaluate("element => element.scrollIntoView()")
        page.wait_for_timeout(1500)  # items load when they come into sight
    page.screenshot(path=path)
    if path.stat().st_size > LIMIT:
        raise SystemExit(f"{path.name} has {path.stat().st_size:,} bytes; keep pictures below {LIMIT:,}.")


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main()
