"""The starter notebook runs on any cut, and what it makes would pass the first checks."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import duckdb
import nbformat
import pandas
import pytest
from rpp_review.checks import Appetite, Finding, Outcome, Surroundings, run_checks
from rpp_review.checks.recounted import Verdict
from rpp_review.items import Kind, NormalForm
from rpp_review.normal_form import normal_form

from tests.harness import SAMPLE
from tests.unit.kernel.conftest import CHECKOUT, OURS, PATHS, WORKSPACE_PYTHON, kernel
from tests.unit.kernel.rerunning import SETS, Examined, examined, run_cells

STARTER = CHECKOUT / "notebooks" / "starter.ipynb"


@pytest.fixture(scope="module")
def form(cut: Path, tmp_path_factory: pytest.TempPathFactory) -> NormalForm:
    return normal_form(run_starter(cut, tmp_path_factory.mktemp("run"), project="demo"))


def run_starter(cut: Path, folder: Path, **parameters: str) -> bytes:
    """By papermill from the workspace's environment, with an ordinary local kernel."""
    if not WORKSPACE_PYTHON.exists():
        pytest.skip("the workspace's environment is not there: make setup")
    spec = {"argv": [str(WORKSPACE_PYTHON), "-I", "-c", OURS.format(paths=PATHS), "-f", "{connection_file}"]}
    place = folder / "jupyter" / "kernels" / "rpp"
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(
        json.dumps({**spec, "display_name": "rpp", "language": "python"}), encoding="utf-8"
    )
    environment = {
        **{key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ},
        **{
            "HOME": str(folder),
            "JUPYTER_PATH": str(folder / "jupyter"),
            "JUPYTER_PREFER_ENV_PATH": "0",
            "RPP_DATA": str(cut),
        },
    }
    options = [word for name, value in parameters.items() for word in ("-p", name, value)]
    command = [str(WORKSPACE_PYTHON), "-m", "papermill", "--log-level", "ERROR", "--no-progress-bar"]
    done = subprocess.run(
        [*command, str(STARTER), str(folder / "out.ipynb"), *options],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return (folder / "out.ipynb").read_bytes()


def findings(form: NormalForm, cut: Path) -> tuple[Finding, ...]:
    frame = pandas.read_parquet(cut / "enrollment.parquet")
    surroundings = Surroundings(
        columns={"enrollment": tuple(frame.columns)}, unit_columns=frozenset({"student"})
    )
    return run_checks(form, Appetite(), surroundings)


def test_it_makes_a_table_a_figure_and_a_number(form: NormalForm) -> None:
    kinds = {item.identity: item.kind for item in form.items}
    assert kinds["counts:0"] is Kind.TABLE
    assert kinds["figure:0"] is Kind.FIGURE
    assert kinds["number:0"] is Kind.TEXT
    assert Kind.ERROR not in kinds.values()


def test_its_counts_leave_out_small_groups_and_are_rounded(form: NormalForm) -> None:
    counts = json.loads(next(item for item in form.items if item.identity == "counts:0").content)
    table = counts["blocks"][0]
    values = [int(value) for row in table["body"] for value in row[table["labels"] :]]
    assert len(values) == 12
    assert all(value >= 10 and value % 10 == 0 for value in values)
    assert "other" not in json.dumps(counts)


def test_nothing_it_makes_fails_a_check(form: NormalForm, cut: Path) -> None:
    failed = [f for f in findings(form, cut) if f.outcome is Outcome.FAIL]
    assert failed == []


def test_a_second_run_makes_the_same_outputs(form: NormalForm, cut: Path, tmp_path: Path) -> None:
    again = normal_form(run_starter(cut, tmp_path, project="demo"))
    assert outputs(again) == outputs(form)


def outputs(form: NormalForm) -> list[tuple[str, str]]:
    """Without the source, in which papermill gives the cell of its parameters a new identity each time."""
    return [(item.identity, item.sha256) for item in form.items if item.kind is not Kind.SOURCE]


def test_it_is_kept_without_outputs_with_stable_cell_identities_and_one_cell_of_parameters() -> None:
    notebook = nbformat.read(STARTER, as_version=nbformat.NO_CONVERT)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "rpp"
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    assert [cell.id for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])] == [
        "parameters"
    ]
    assert all(cell.id.replace("-", "").isalpha() for cell in notebook.cells)


def test_a_cut_with_nothing_to_count_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    pandas.DataFrame({"a": [1]}).to_parquet(folder / "lone.parquet")
    (folder / "datapackage.json").write_text('{"resources": [{"name": "lone"}]}', encoding="utf-8")
    with pytest.raises(AssertionError, match="write your own counts"):
        run_starter(folder, tmp_path / "run")


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample district's students by year, under codes."""
    if not SAMPLE.exists():
        pytest.skip("the sample district's files are not beside the checkout")
    folder = tmp_path_factory.mktemp("district")
    with duckdb.connect() as con:
        con.execute(
            f"""COPY (SELECT * EXCLUDE (sid), 'S-' || lpad(sid::VARCHAR, 9, '0') || '-X' AS student
            FROM read_csv('{SAMPLE}/Student_Demographics_Raw.csv') ORDER BY sid)
            TO '{folder}/demographics.parquet' (FORMAT parquet)"""
        )
    fields = [{"name": "student", "rpp": {"unit": "student"}}]
    package = {"resources": [{"name": "demographics", "schema": {"fields": fields}}]}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return folder


def as_rerun(cut: Path, home: Path, least: int) -> Examined:
    """Its cells in a kernel that imports what they import, and only then; groups of fewer than `least` are left out."""
    cells = nbformat.read(STARTER, as_version=nbformat.NO_CONVERT).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    sources = [one.replace("people >= SMALLEST", f"people >= {least}") for one in sources]
    with kernel(home, ours=True, home=home, RPP_DATA=str(cut), **SETS) as running:
        return examined(run_cells(running, sources), cut)


@pytest.mark.parametrize(("least", "missing"), [(10, 0), (200, 3)])
def test_on_a_district_s_data_its_table_and_its_number_are_counted_again(
    district: Path, tmp_path: Path, least: int, missing: int
) -> None:
    found = as_rerun(district, tmp_path, least)
    assert [found.recounts[one].verdict for one in ("c3:0", "c5:0")] == [Verdict.RECOUNTED] * 2
    assert found.told["c4:0"]["status"] == "exact"
    table = json.loads(next(item for item in found.form.items if item.identity == "c3:0").content)
    values = [value for row in table["blocks"][0]["body"] for value in row[1:]]
    assert (len(values), values.count("<NA>")) == (36, missing)
