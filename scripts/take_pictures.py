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

PROJECT, IDEA = "attendance-gaps", "where-absence-begins"
FIELDS = {
    "grade_level": "The groups that are compared.",
    "total_days_absent": "The outcome.",
    "school_year": "To follow grades over the years.",
}
WORDS = {
    "questions": "In which grade does absence begin to rise?\nHas that changed since 2020?",
    "design": "Compare grades within schools and years, with school fixed effects.",
    "timeline": "Descriptive results in autumn, a report to the department in spring.",
    "alignment": "Second goal of the plan: every student in school every day.",
    "benefits": "Tells the attendance team which grades to begin with.",
    "costs": "About four hours of the analytics office.",
    "first_year": "2020",
    "last_year": "2023",
    "linkage": "first_name",
    "linkage_rationale": "The student survey has no numbers.",
    "agreement_ends": "2031-12-31",
    "irb_number": "IRB-2026-031",
    "irb_ends": "2031-06-30",
}  # fmt: skip
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
    with at_browser(browser, site, "ada") as ada:
        shoot(ada.page, pictures / "auditor-home.png")
        ada.go("audit")
        shoot(ada.page, pictures / "audit.png")
    process(site, browser, pictures)


def process(site: Running, browser: Browser, pictures: Path) -> None:
    """From an idea to a decision that waits: the pages of people and agreements."""
    with at_browser(browser, site, "rosa") as rosa:
        write_application(rosa, pictures)
    with at_browser(browser, site, "paula") as paula:
        shoot(paula.page, pictures / "practitioner-home.png")
        paula.go(f"projects/{IDEA}/survey")
        shoot(paula.page, pictures / "survey.png")
    with at_browser(browser, site, "dirk") as dirk:
        shoot(dirk.page, pictures / "director-home.png")
        for place, name in (
            ("due", "due"),
            ("agreements", "agreements"),
            (f"projects/{IDEA}", "district-review"),
        ):
            dirk.go(place)
            shoot(dirk.page, pictures / f"{name}.png")
    with at_browser(browser, site, "dora") as dora:
        dora.go("people")
        shoot(dora.page, pictures / "people.png")
        dora.go(f"projects/{IDEA}/judge")
        shoot(dora.page, pictures / "judge.png")
    site.rpp("person", "affiliate", "remy", "lakeside", "--until", "2020-01-01", actor="dora")
    with at_browser(browser, site, "remy") as remy:
        remy.go("projects/course-pathways")
        shoot(remy.page, pictures / "gate.png")


def write_application(rosa: Someone, pictures: Path) -> None:
    """Begin a draft, choose fields, fill in the words, send it."""
    rosa.go("projects/new")
    for field, said in (("title", "Where absence begins"), ("name", IDEA), ("lead", "rosa")):
        rosa.page.fill(f"#{field}", said)
    rosa.press("Begin the draft")
    rosa.go(f"projects/{IDEA}/fields?table=student_classifications")
    for field, why in FIELDS.items():
        key = f"student_classifications.{field}"
        rosa.page.locator(f"input[name='pick:{key}']").check()
        rosa.page.locator(f"input[name='why:{key}']").fill(why)
    shoot(rosa.page, pictures / "choose-fields.png", "table.choose")
    rosa.press("Save these choices")
    rosa.go(f"projects/{IDEA}/edit")
    for field, said in WORDS.items():
        rosa.page.fill(f"#{field}", said)
    letter = {
        "name": "irb-letter.pdf",
        "mimeType": "application/pdf",
        "buffer": b"%PDF-1.7 the board's letter",
    }
    rosa.page.locator("#irb_letter").set_input_files(letter)  # type: ignore[arg-type]
    shoot(rosa.page, pictures / "application.png")
    rosa.press("Save")
    rosa.press("Send the application")
    expect(rosa.page.locator("main")).to_contain_text("With the district for review")


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
