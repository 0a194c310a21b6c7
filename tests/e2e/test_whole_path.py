"""The whole path, from a district's files to a verified release, as its people walk it in a real browser.

1 receive, check, build · 2 apply, decide · 3 cut · 4 open · 5 run · 6 submit · 7 re-run and checks · 8 review ·
9 release, download, verify · 10 audit.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from rpp_hub.synthetic import write_district

from tests.e2e.people import Someone, at_browser
from tests.harness import SAMPLE, Running, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

APPLICATION = """\
project: absence-by-grade
title: Absence by grade and year
district: bayview
sponsor: paula
questions: ["How does absence differ by grade?"]
irb: {number: IRB-2026-031, ends: 2031-06-30}
agreement: {ends: 2031-12-31, name_district: false}
tables:
  student_classifications:
    fields:
      - {name: student_id, rationale: To follow students over the years, need: critical}
      - {name: school_year, rationale: The years compared, need: critical}
      - {name: grade_level, rationale: The groups compared, need: critical}
      - {name: total_days_absent, rationale: The outcome, need: critical}
years: [2019, 2030]
cohort: {table: student_classifications, where: "grade_level >= 6"}
members:
  - {person: rosa, role: lead}
"""


def wait_for(
    site: Running, request: str, field: str, value: object, patience: float = 120.0
) -> dict[str, object]:
    """Until the worker has done its part; the answer is the request as a reviewer sees it."""
    deadline = time.monotonic() + patience
    while True:
        shown = json.loads(site.rpp("request", "show", request, "--json", actor="vera").stdout)
        if shown[field] == value or (value is any and shown[field]):
            return dict(shown)
        assert time.monotonic() < deadline, f"{request} did not get {field} = {value}\n{site.output()}"
        time.sleep(1)


def from_opening_to_release(
    browser: Browser, site: Running, researcher: str, project: str, folder: Path, refuse: str = ""
) -> tuple[str, Path]:
    """Steps 4 to 9; the answers are the request and the downloaded bundle."""
    with at_browser(browser, site, researcher) as rosa:
        rosa.open_workspace(project)
        rosa.run_all()
        request = rosa.ask_for_release()
        examined = wait_for(site, request, "examined_at", any)
        outputs = [i for i in examined["items"] if i["identity"] != "source"]  # type: ignore[attr-defined]
        assert len(outputs) >= 3
        assert {i["reproduction"] for i in outputs} == {"reproduced"}
        review_blindly(browser, site, request, refuse)
        wait_for(site, request, "status", "released")
        release = json.loads(site.rpp("release", "list", "--json", actor=researcher).stdout)[0]["name"]
        return request, rosa.download(release, folder)


def review_blindly(browser: Browser, site: Running, request: str, refuse: str) -> None:
    """Step 8: two reviewers at once, neither of whom sees the other's word before both have finished."""
    with at_browser(browser, site, "vera") as vera, at_browser(browser, site, "viktor") as viktor:
        viktor.go(f"requests/{request}/review")
        expect(viktor.page.locator("article.item").first).to_be_visible()
        who_says = viktor.page.locator(".badge", has_text=re.compile("^(Counted again|By the kernel alone)$"))
        expect(who_says.first).to_be_visible()
        expect(viktor.page.get_by_text("is not true", exact=False)).to_have_count(0)
        vera.review(request, refuse)
        for path in (f"requests/{request}", f"requests/{request}/review", "review", ""):
            viktor.go(path)
            assert "This one is not needed." not in viktor.page.content()
        viktor.review(request)
        viktor.go(f"requests/{request}")
        if refuse:
            expect(viktor.page.locator("main")).to_contain_text("This one is not needed.")


def verify_and_break(site: Running, bundle: Path) -> None:
    """Step 9's end: yes for the bundle, no after one byte is changed."""
    assert "whole and signed" in site.rpp("release", "verify", str(bundle)).stdout
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    broken = bundle.with_name("broken.zip")
    broken.write_bytes(content)
    assert site.rpp("release", "verify", str(broken), expect=3).stderr


def audit_passes_then_fails(site: Running) -> None:
    """Step 10: the log is whole, and is not once a row was altered."""
    assert "unbroken" in site.rpp("audit", "verify", actor="otto").stdout
    with sqlite3.connect(site.home / "hub" / "rpp.sqlite") as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        before = connection.execute("SELECT actor FROM audit WHERE seq = 3").fetchone()[0]
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 3")
    assert "altered" in site.rpp("audit", "verify", actor="otto", expect=3).stderr
    with sqlite3.connect(site.home / "hub" / "rpp.sqlite") as connection:
        connection.execute("UPDATE audit SET actor = ? WHERE seq = 3", (before,))
        connection.execute(
            "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
            "BEGIN SELECT RAISE(ABORT, 'audit rows are only ever inserted'); END"
        )
    connection.close()
    assert "unbroken" in site.rpp("audit", "verify", actor="otto").stdout


def test_the_whole_path_on_the_synthetic_district(browser: Browser, site: Running, tmp_path: Path) -> None:
    # 1: a further delivery arrives
    write_district(tmp_path / "files", students=3000, seed=7)
    drop = next(f for f in (tmp_path / "files").iterdir() if f.name.endswith("students")).rename(
        tmp_path / "203001_students"
    )
    site.rpp(
        "warehouse", "receive", str(drop), "--district", "bayview", "--as", "203001_students", "--yes", actor="dora"
    )  # fmt: skip
    again = site.rpp(
        "warehouse",
        "receive",
        str(drop),
        "--district",
        "bayview",
        "--as",
        "203001_students",
        actor="dora",
        expect=3,
    )
    assert "received before" in again.stderr
    assert "absent" in site.rpp("warehouse", "check", "bayview", actor="dora").stdout
    site.rpp("warehouse", "build", "bayview", actor="dora")

    # 2: an application, and the district's answer
    with at_browser(browser, site, "rosa") as rosa:
        rosa.apply(APPLICATION.replace("total_days_absent", "total_days_absnt"))
        expect(rosa.page.locator("main")).to_contain_text("total_days_absent")  # the close match is named
        rosa.apply(APPLICATION)
        expect(rosa.page.locator("main")).to_contain_text("Absence by grade and year")
    with at_browser(browser, site, "dora") as dora:
        dora.judge("absence-by-grade")
    with at_browser(browser, site, "paula") as paula:
        paula.answer_survey("absence-by-grade")
        paula.decide("absence-by-grade")
        paula.sign("absence-by-grade")
    assert (
        "no signed agreement" in site.rpp("cut", "build", "absence-by-grade", actor="dora", expect=3).stderr
    )
    with at_browser(browser, site, "rosa") as rosa:
        rosa.sign("absence-by-grade")

    # 3: the cut
    site.rpp("cut", "build", "absence-by-grade", actor="dora")
    site.rpp("cut", "verify", "absence-by-grade", actor="dora")

    # 4 to 9
    _request, bundle = from_opening_to_release(
        browser, site, "rosa", "absence-by-grade", tmp_path, refuse="figure"
    )
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        notebook = json.loads(archive.read("notebook.ipynb"))
    assert not [n for n in names if n.endswith(".png")]  # the figure was refused by one of the two
    assert [n for n in names if n.startswith("tables/")]
    assert "notebook.html" in names
    kinds = {
        m for cell in notebook["cells"] for output in cell.get("outputs", []) for m in output.get("data", {})
    }
    assert "image/png" not in kinds
    verify_and_break(site, bundle)

    # 10
    audit_passes_then_fails(site)
    acts = {
        e["act"]
        for e in json.loads(site.rpp("audit", "log", "--limit", "500", "--json", actor="otto").stdout)
    }
    assert {
        "drop:receive", "masters:build", "project:apply", "project:answer", "project:judge", "project:approve", "agreement:sign", "agreement:in-force", "cut:build", "workspace:open", "request:submit",
        "request:examine", "request:review", "request:approve", "request:release", "release:download",
    } <= acts  # fmt: skip


@pytest.mark.sample
def test_the_whole_path_on_a_real_districts_files(browser: Browser, tmp_path: Path) -> None:
    if not SAMPLE.is_dir():
        pytest.skip("the public sample district does not lie beside this checkout")
    with running("--data", str(SAMPLE)) as site:
        request, bundle = from_opening_to_release(browser, site, "rosa", "attendance-gaps", tmp_path)
        verify_and_break(site, bundle)
        audit_passes_then_fails(site)
        with at_browser(browser, site, "otto") as otto:
            audit_page(otto, request)


def audit_page(otto: Someone, request: str) -> None:
    """The operator reads the log in the portal, and sees no data there."""
    otto.go("audit")
    expect(otto.page.locator("main")).to_contain_text("request:release")
    otto.go(f"requests/{request}")
    assert request not in otto.page.locator("h1").inner_text()
