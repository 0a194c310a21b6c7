"""People at their browsers: what each does in the hub, the portal and JupyterLab, as they would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, FilePayload, Page, expect, sync_playwright

from tests.harness import Running

_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
CONTEXT = "Number of students by school year and group, all schools of the district."
CONTROLS = "Groups of fewer than ten students are left out; counts are rounded to ten."


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(_ARGUMENTS))
        yield browser
        browser.close()


def run_all(page: Page) -> None:
    """Every cell of the notebook that is open, to its end."""
    # not the indicator in the toolbar, which is idle before there is a kernel
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    last = page.locator(".jp-CodeCell").last
    expect(last.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]"), timeout=90_000)
    expect(last.locator(".jp-OutputArea-output").first).to_be_visible()


@dataclass
class Someone:
    """A person at a browser of their own."""

    name: str
    page: Page
    site: Running

    @property
    def portal(self) -> str:
        return f"{self.site.url}/services/rpp/"

    def log_in(self) -> None:
        self.page.goto(self.portal)
        self.page.fill("#username_input", self.name)
        self.page.fill("#password_input", self.site.passwords[self.name])
        self.page.click("#login_submit")
        expect(self.page.locator("h1")).to_contain_text("Good day")

    def go(self, path: str = "") -> None:
        self.page.goto(f"{self.portal}{path}")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()

    # --- the researcher

    def apply(self, text: str) -> None:
        self.go("projects/upload")
        self.page.locator("textarea").first.fill(text)
        letter = FilePayload(
            name="irb.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7 the board's letter"
        )
        self.page.locator("#irb_letter").set_input_files(letter)
        self.page.locator("main form button.main").first.click()

    def open_workspace(self, project: str) -> None:
        self.go(f"projects/{project}")
        self.press("workspace of")
        self.page.wait_for_url(f"**/user/{self.name}/{project}/lab**", timeout=90_000)
        expect(self.page.locator(".jp-Notebook")).to_be_visible(timeout=60_000)

    def run_all(self) -> None:
        run_all(self.page)

    def ask_for_release(self, most: int | None = None) -> str:
        """Pick outputs (all of them, or the first few), say what they are, submit; the answer is the request's name."""
        self.page.get_by_role("button", name="Review outputs").first.click()
        panel = self.page.get_by_test_id("rpp-panel")
        picks = panel.locator("li[data-testid^='rpp-output-'] input[type=checkbox]")
        expect(picks.first).to_be_visible(timeout=30_000)
        for number in range(picks.count() if most is None else min(most, picks.count())):
            picks.nth(number).check()
        panel.get_by_test_id("rpp-context").fill(CONTEXT)
        panel.get_by_test_id("rpp-controls").fill(CONTROLS)
        panel.get_by_test_id("rpp-submit").click()
        self.page.locator(".jp-Dialog button.jp-mod-accept").click()
        receipt = panel.get_by_test_id("rpp-status")
        expect(receipt).to_contain_text(re.compile(r"r\d{4}"), timeout=30_000)
        found = re.search(r"r\d{4}", receipt.inner_text())
        assert found is not None
        return found.group()

    def download(self, release: str, folder: Path) -> Path:
        self.go("releases")
        with self.page.expect_download() as waiting:
            self.press(f"Download {release}")
        target = folder / f"{release}.zip"
        waiting.value.save_as(target)
        return target

    # --- the practitioner and the data manager

    def answer_survey(self, project: str) -> None:
        self.go(f"projects/{project}/survey")
        for topic in ("alignment", "benefits", "costs"):
            self.page.locator(f"input[name={topic}][value='4']").check()
        self.press("Send my answers")

    def judge(self, project: str) -> None:
        """Find design and timeline sound and every field necessary."""
        self.go(f"projects/{project}/judge")
        for part in ("design", "timeline"):
            self.page.locator(f"input[name={part}][value=sound]").check()
        for choice in self.page.locator("select[name^='field:']").all():
            choice.select_option("necessary")
        self.press("Keep my judgement")

    def sign(self, project: str) -> None:
        """Read the project's agreement and sign it."""
        self.go(f"projects/{project}")
        self.page.get_by_role("link", name="Read and sign").click()
        self.page.locator("input[name=read]").check()
        self.press("Sign ")
        expect(self.page.locator("main")).to_contain_text("signed")

    def decide(self, project: str) -> None:
        self.go(f"projects/{project}")
        self.page.get_by_role("radio", name="Approve").check()
        self.page.fill("#reason", "Fits our learning agenda.")
        self.press("Record the decision")
        expect(self.page.locator("main")).to_contain_text("approved")

    # --- the reviewer

    def review(self, request: str, refuse: str = "") -> None:
        """Approve every item but those whose heading holds `refuse`, then finish."""
        self.go(f"requests/{request}/review")
        items = self.page.locator("article.item")
        expect(items.first).to_be_visible()
        for number in range(items.count()):
            item = items.nth(number)
            if refuse and refuse in item.locator("h3").inner_text():
                item.get_by_role("radio", name="Refuse").check()
                item.locator("textarea").fill("This one is not needed.")
            else:
                item.get_by_role("radio", name="Approve").check()
        self.press("Save and finish")
        self.page.get_by_role("radio", name="Release what I approved").check()
        self.press("Finish my review")


@contextmanager
def at_browser(
    browser: Browser, site: Running, name: str, width: int = 1280, *, scripts: bool = True
) -> Iterator[Someone]:
    """Somebody who has logged in, in a browser profile of their own."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, accept_downloads=True, java_script_enabled=scripts
    )
    context.set_default_timeout(30_000)
    someone = Someone(name, context.new_page(), site)
    someone.log_in()
    yield someone
    context.close()
