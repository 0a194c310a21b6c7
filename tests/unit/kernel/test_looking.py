"""What a researcher sees of records, and what `rpp.check` finds in the notebook as it was saved: in the kernel itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rpp

from tests.unit.kernel.conftest import Running, kernel
from tests.unit.kernel.rerunning import SETS, run_cells


@pytest.fixture(scope="module")
def data(cut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cut with a codebook that says who its rows are about."""
    folder = tmp_path_factory.mktemp("units")
    for path in cut.glob("*.parquet"):
        (folder / path.name).write_bytes(path.read_bytes())
    field = {"name": "student", "rpp": {"unit": "student"}}
    package = {"resources": [{"name": "enrollment", "schema": {"fields": [field]}}]}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def running(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("looking")
    told = json.dumps({"threshold": 10})
    with kernel(folder, ours=True, home=folder, RPP_DATA=str(data), RPP_APPETITE=told) as started:
        assert started.run('import rpp\nframe = rpp.load("enrollment")')[0] == ""
        yield started


def text(shown: list[dict[str, Any]]) -> str:
    return str(shown[0]["text/plain"])


def test_many_records_are_shown_as_a_summary_with_the_way_to_see_some(running: Running) -> None:
    _, shown = running.run("frame")
    assert text(shown).startswith("4,500 records (1,500 students), 4 columns.")
    assert "rpp.show(frame, rows=10)" in text(shown)
    code = str(running.run("print(frame.student.iloc[0])")[0]).strip()
    assert code.startswith("S-")
    assert all(code not in str(form) for form in shown[0].values()), "the control: the code is in the frame"


@pytest.mark.parametrize(
    "expression", ["frame.student", "frame[frame.grade > 3]", "frame.head(11)", "frame.sample(50)"]
)
def test_whatever_holds_many_records_is_cut(running: Running, expression: str) -> None:
    _, shown = running.run(expression)
    assert "Records are not shown by themselves" in text(shown)


@pytest.mark.parametrize(
    "expression", ["frame.head(10)", 'frame.groupby("grade").size()', "frame.grade.describe()"]
)
def test_few_records_and_aggregates_are_shown_as_they_are(running: Running, expression: str) -> None:
    _, shown = running.run(expression)
    assert "Records are not shown" not in text(shown)


def test_some_records_are_shown_when_asked_for_and_counted_as_such(data: Path, running: Running) -> None:
    _, shown = running.run("rpp.show(frame, rows=25)")
    assert len(text(shown).splitlines()) == 26
    outputs = json.loads(run_cells(running, ["rpp.show(frame, rows=25)"]))["cells"][0]["outputs"]
    evidence = outputs[0]["metadata"]["rpp_evidence"]
    assert (evidence["shown"], evidence["records"], evidence["units"]) == ("records", 25, {"student": 25})


@pytest.mark.parametrize("rows", [0, -1, 201, 10**6])
def test_no_more_than_two_hundred_records_are_shown_at_once(running: Running, rows: int) -> None:
    printed, shown = running.run(f"rpp.show(frame, rows={rows})")
    assert "rpp.show shows 1 to 200 records" in printed
    assert shown == []


SMALL = ["import rpp\nframe = rpp.load('enrollment')", "frame.groupby('race').student.nunique()"]
SAFE = [SMALL[0], "frame[frame.race != 'other'].groupby('race').student.nunique()"]


def checked(running: Running, folder: Path, cells: list[str]) -> list[dict[str, str]]:
    """What rpp.check says of a notebook with these cells, as it was run and saved."""
    path = folder / "saved.ipynb"
    path.write_bytes(run_cells(running, cells))
    running.run(f"found = rpp.check({str(path)!r})")
    printed, _ = running.run('print(found.to_json(orient="records"))')
    rows: list[dict[str, str]] = json.loads(printed)
    return rows


def test_check_says_what_where_and_how_to_mend_it(running: Running, tmp_path: Path) -> None:
    found = checked(running, tmp_path, SMALL)
    small = next(one for one in found if one["what"] == "1 of 5 values stands for fewer than 10 students.")
    assert small["outcome"] == "fail"
    assert small["where"].startswith("row ")
    assert "Group categories together" in small["mend"]
    assert small["output"].startswith("Cell 2, output 1")


def test_check_finds_nothing_in_a_safe_notebook(running: Running, tmp_path: Path) -> None:
    assert checked(running, tmp_path, SAFE) == []


def test_check_uses_the_partnership_s_threshold(data: Path, running: Running, tmp_path: Path) -> None:
    with kernel(
        tmp_path, ours=True, home=tmp_path, RPP_DATA=str(data), RPP_APPETITE='{"threshold": 2000}'
    ) as strict:
        strict.run("import rpp")
        found = checked(strict, tmp_path, SAFE)
    assert {one["what"] for one in found} == {
        "4 counts below 2000.",
        "4 of 4 values stand for fewer than 2000 students.",
    }


def test_check_says_which_notebook_it_could_not_read(running: Running, tmp_path: Path) -> None:
    printed, _ = running.run('rpp.check("nowhere.ipynb")')
    assert "There is no notebook nowhere.ipynb here. Save it first" in printed
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{", encoding="utf-8")
    assert "broken.ipynb cannot be checked" in running.run(f"rpp.check({str(broken)!r})")[0]


def test_a_question_in_a_re_run_is_shown_and_not_sent(data: Path, tmp_path: Path) -> None:
    """Only a workspace's server sends questions, and a re-run has none; nor is the question a part of any item."""
    from rpp_review.normal_form import normal_form

    cells = ['import rpp\nrpp.note("grade", "Is 0 kindergarten?")']
    with kernel(tmp_path, ours=True, home=tmp_path, RPP_DATA=str(data), **SETS) as again:
        notebook = run_cells(again, cells)
    items = [item for item in normal_form(notebook).items if item.identity == "c0:0"]
    assert [item.content for item in items] == [
        b"To the data manager, about enrollment.grade: Is 0 kindergarten?"
    ]
    assert "re-run" in str(rpp.note.__doc__)
