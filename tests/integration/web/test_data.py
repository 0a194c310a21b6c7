"""The data manager's pages over a real (small, synthetic) district: check, build, plan and cut, each to its end."""

from __future__ import annotations

import time
from pathlib import Path

from rpp_hub.synthetic import write_district

from tests import approving
from tests.factories import actor
from tests.integration.web.browser import Browser
from tests.integration.web.conftest import PortalWorld

APPLICATION = """\
project: gamma
title: Absence by grade
district: bayview
sponsor: paula
questions: ["How does absence differ by grade?"]
irb: {number: IRB-1, ends: 2030-06-30}
agreement: {ends: 2030-12-31}
tables:
  student_classifications:
    fields:
      - {name: student_id, rationale: to follow students, need: critical}
      - {name: school_year, rationale: the years, need: critical}
      - {name: grade_level, rationale: the groups, need: critical}
  student_demographics:
    fields:
      - {name: student_id, rationale: to follow students, need: critical}
      - {name: birth_date, rationale: age at entry, need: useful}
years: [2019, 2024]
members: [{person: rosa, role: lead}]
"""


def settled(browser: Browser, path: str) -> str:
    """The page once nothing on it is under way any more."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        answer = browser.get(path)
        assert answer.status_code == 200, answer.text
        if 'http-equiv="refresh"' not in answer.text:
            return answer.text
        time.sleep(0.1)
    raise TimeoutError(path)


def test_a_district_is_checked_and_built_and_a_project_cut_from_its_pages(
    portal: PortalWorld, tmp_path: Path
) -> None:
    dora, warehousing = portal.browser("dora"), portal.rpp.warehousing
    assert "Nothing yet" in dora.get("/data/bayview").text
    write_district(tmp_path / "files", students=300)
    for drop in sorted((tmp_path / "files").iterdir()):
        warehousing.receive(actor("dora"), drop, "bayview")
    page = dora.get("/data/bayview").text
    for file in (f for d in warehousing.drops("bayview") for f in d.files):
        assert str(file["sha256"]) in page

    assert dora.post("/data/bayview", {"do": "check"}).status_code == 303
    report = settled(dora, "/data/bayview")
    assert "kinds of problems" in report
    assert "The build" in report
    assert dora.post("/data/bayview", {"do": "build"}).status_code == 303
    assert "Building: done" in settled(dora, "/data/bayview")
    assert warehousing.status("bayview").builds[0].name[:20] in dora.get("/data/bayview").text
    assert dora.post("/data/bayview", {"do": "burn"}).status_code == 422

    portal.world.codebook = warehousing.codebook("bayview")
    approving.approve(portal.world, "gamma", APPLICATION)
    assert "/projects/gamma/cut" in dora.get("/").text.split("What waits for you")[1].split("</section>")[0]
    plan = dora.get("/projects/gamma/cut").text
    assert "replaced by the project&#39;s code" in plan
    assert "students</strong>" in plan
    assert "students (" in plan.split("Who could be told apart")[1]
    assert dora.post("/projects/gamma/cut", {"do": "build"}).status_code == 303
    built = settled(dora, "/projects/gamma/cut")
    assert "c0001" in built
    assert "Compare" not in built
    assert dora.post("/projects/gamma/cut", {"do": "burn"}).status_code == 422
    assert portal.rpp.cutting.has_cut("gamma")
    assert not portal.rpp.projects.gate("rosa", "gamma")
    assert "c0001" in portal.browser("rosa").get("/projects/gamma").text

    dora.post("/projects/gamma/cut", {"do": "build"})
    assert "Compare" in settled(dora, "/projects/gamma/cut")
    dora.post("/projects/gamma/cut", {"do": "compare"})
    compared = settled(dora, "/projects/gamma/cut")
    assert "From c0001 to c0002" in compared
    assert "0 new, 0 gone" in compared


def test_a_cut_that_cannot_be_made_says_why_and_leaves_none(portal: PortalWorld) -> None:
    dora = portal.browser("dora")
    assert "No cut can be made yet" in dora.get("/projects/alpha/cut").text
    before = len(portal.rpp.cutting.list("alpha"))
    dora.post("/projects/alpha/cut", {"do": "build"})
    assert "failed. Nothing was left half done." in settled(dora, "/projects/alpha/cut")
    assert len(portal.rpp.cutting.list("alpha")) == before


def test_a_district_that_is_not_there_is_not_found(portal: PortalWorld) -> None:
    dora = portal.browser("dora")
    assert dora.get("/data/elsewhere").status_code == 404
    assert dora.get("/data/..%2fbayview").status_code == 404
    assert dora.post("/data/elsewhere", {"do": "check"}).status_code == 404
