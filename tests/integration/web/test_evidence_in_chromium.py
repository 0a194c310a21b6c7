"""The review page with what a real kernel said of a real notebook, counted again: what a reviewer sees of it, in a real Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.integration.web.conftest import PortalWorld
from tests.integration.web.test_in_chromium import Site, chromium, complaints, site
from tests.unit.kernel.conftest import cut, kernel
from tests.unit.kernel.rerunning import SETS, examined, run_cells

__all__ = ["chromium", "cut", "site"]
pytestmark = pytest.mark.browser

CELLS = [
    "import pandas as pd\nimport matplotlib.pyplot as plt\nrows = pd.read_parquet('CUT/enrollment.parquet')",
    "rows.groupby('race')['grade'].agg(['mean', 'count']).round(2)",
    "pd.crosstab(rows['grade'], rows['race'])",
    "rows[rows['school_year'] == 2017].groupby('grade')['student'].nunique().plot.bar()\nplt.show()",
    "print(f\"Mean grade {rows['grade'].mean():.2f}\")",
    "rows.groupby('race')['grade'].apply(lambda one: one.max() - one.min())",
    "import gc\nrows.groupby('grade')['school_year'].apply(lambda one: one.max())",
]


@pytest.fixture(scope="module")
def run(cut: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[bytes, Path]]:
    """The notebook with its outputs, and the cut that it read."""
    folder = tmp_path_factory.mktemp("units")
    for path in cut.glob("*.parquet"):
        (folder / path.name).write_bytes(path.read_bytes())
    field = {"name": "student", "rpp": {"unit": "student"}}
    package = {"resources": [{"name": "enrollment", "schema": {"fields": [field]}}]}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    with kernel(folder, ours=True, home=folder, RPP_DATA=str(folder), **SETS) as running:
        yield run_cells(running, [cell.replace("CUT", str(folder)) for cell in CELLS]), folder


def submitted(portal: PortalWorld, run: tuple[bytes, Path]) -> str:
    """The request's name; the re-run gives the notebook back, and it is counted again from the cut."""
    notebook, folder = run
    found = examined(notebook, folder)
    portal.world.recount_answer = dict(found.recounts)
    outputs = tuple(item.identity for item in found.form.items if item.identity != "source")
    return portal.world.examined(body=notebook, outputs=outputs).name


@pytest.mark.parametrize("width", [1280, 400])
def test_a_reviewer_sees_for_each_output_who_is_behind_it_and_who_says_so(
    site: Site, chromium: Browser, run: tuple[bytes, Path], width: int, tmp_path: Path
) -> None:
    name = submitted(site.portal, run)
    page = site.page(chromium, "vera", width)
    heard = complaints(page)
    site.go(page, f"/requests/{name}/review")
    items = page.locator("article.item")
    first = items.filter(has_text="Cell 2, output 1")
    expect(first.get_by_text("Counted again", exact=True)).to_be_visible()
    expect(first.get_by_text("1 of 10 values stands for fewer than 10 students")).to_have_count(0)
    expect(first.get_by_text("2 of 10 values stand for fewer than 10 students.")).to_be_visible()
    figure = items.filter(has_text="Cell 4, output 1")
    expect(figure.get_by_text("By the kernel alone", exact=True).first).to_be_visible()
    expect(figure.get_by_text("the notebook's code could change that", exact=False)).to_be_visible()
    figure.get_by_text("The table under it", exact=True).click()
    expect(figure.get_by_role("region", name="The table under")).to_contain_text("student")
    unknown = items.filter(has_text="Cell 7, output 1")
    expect(unknown.get_by_text("is not known", exact=False).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=tmp_path / f"review-{width}.png", full_page=True)
    assert heard == []


def test_a_review_is_done_by_single_keys_where_an_item_has_the_focus(
    site: Site, chromium: Browser, run: tuple[bytes, Path]
) -> None:
    name = submitted(site.portal, run)
    page = site.page(chromium, "vera")
    site.go(page, f"/requests/{name}/review")
    count = page.locator("#decided")
    page.keyboard.press("a")
    expect(count).to_have_text("0 of 7 decided")  # no item has the focus
    page.locator("#next").click()
    page.keyboard.press("a")
    expect(page.locator("#item-1 input[value=approve]")).to_be_checked()
    page.keyboard.press("n")
    page.keyboard.press("r")
    expect(page.locator("#item-2 input[value=refuse]")).to_be_checked()
    expect(page.locator("#comment-2")).to_be_focused()
    page.keyboard.type("a small group, n = 4")
    expect(page.locator("#comment-2")).to_have_value("a small group, n = 4")
    expect(page.locator("#item-2 input[value=refuse]")).to_be_checked()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("p")
    expect(page.locator("#item-1 input[value=approve]")).to_be_focused()
    expect(count).to_contain_text("2 of 7 decided")


@pytest.mark.parametrize("width", [1280, 400])
def test_a_researcher_sees_the_same_on_the_request_s_page(
    site: Site, chromium: Browser, run: tuple[bytes, Path], width: int, tmp_path: Path
) -> None:
    name = submitted(site.portal, run)
    page = site.page(chromium, "rosa", width)
    site.go(page, f"/requests/{name}")
    expect(page.get_by_text("Counted again", exact=True).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=tmp_path / f"request-{width}.png", full_page=True)
