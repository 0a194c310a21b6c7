"""Thirty notebooks in a real kernel: what it says is behind each output is what DuckDB counts, or it is unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rpp_review.checks.recounted import Verdict

from tests.harness import CHECKOUT
from tests.unit.kernel.conftest import WORKSPACE_PYTHON, kernel
from tests.unit.kernel.rerunning import recounted
from tests.workspace.books import (
    MEDIA_TYPE,
    Compared,
    Counter,
    compared_in,
    executed,
    flat,
    notebooks,
)
from tests.workspace.books import Verdict as Exactness
from tests.workspace.cuts import make_cuts

LEAST_EXACT = 0.95


SCHEMA = CHECKOUT / "docs" / "reference" / "evidence.schema.json"
BESIDE = ("attendance_03_two_stages", "gaps_01_scores", "models_02_tests", "gaps_03_cohorts")


@pytest.fixture(scope="module")
def cuts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What the notebooks read."""
    if not WORKSPACE_PYTHON.exists():
        pytest.skip("the workspace's environment is not there: make test makes it")
    return make_cuts(tmp_path_factory.mktemp("cuts"))


@pytest.fixture(scope="module")
def outputs(cuts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[Compared]:
    """Every displayed aggregate of every notebook beside what was counted."""
    return [
        one for data, cut in cuts.items() for one in compared_in(data, cut, tmp_path_factory.mktemp(data))
    ]


@pytest.mark.timeout(600)
def test_the_evidence_of_the_notebooks_is_never_wrong(outputs: list[Compared]) -> None:
    assert [one for one in outputs if one.verdict is Exactness.WRONG] == []


def test_the_evidence_of_nearly_all_outputs_is_exact(outputs: list[Compared]) -> None:
    unknown = [one for one in outputs if one.verdict is Exactness.UNKNOWN]
    assert 1 - len(unknown) / len(outputs) >= LEAST_EXACT, unknown


def test_each_notebook_displays_aggregates(outputs: list[Compared], tmp_path: Path) -> None:
    shown = {one.where.split(":")[0] for one in outputs}
    district = {book.name for book in notebooks() if book.data == "district"}
    assert district <= shown
    assert len(outputs) >= 5 * len(shown)


def test_the_evidence_of_every_output_is_as_its_schema_says(outputs: list[Compared]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    check = Draft202012Validator(schema)
    found = [(one.where, error.message) for one in outputs for error in check.iter_errors(one.evidence)]
    assert found == []


def test_what_the_trusted_side_counts_again_agrees(outputs: list[Compared], cuts: dict[str, Path]) -> None:
    """Tables and values of the notebooks, as they are shown: the same people and the same numbers, or it says that it cannot."""
    data = {book.name: cuts[book.data] for book in notebooks() if book.data in cuts}
    found = [
        (one.where, recounted(one.output, data[one.where.split(":")[0]]))
        for one in outputs
        if one.output is not None and MEDIA_TYPE not in one.output["data"]
    ]
    assert [one for one in found if one[1].verdict in (Verdict.DIFFERS, Verdict.DISAGREES)] == []
    assert sum(one.verdict in (Verdict.RECOUNTED, Verdict.CHOSEN) for _, one in found) >= 40


def test_the_schema_refuses_what_is_not_evidence() -> None:
    check = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    good = {"version": 1, "shown": "value", "status": "unknown", "why": "It was typed in."}
    assert check.is_valid(good)
    assert not check.is_valid({**good, "version": 2})
    assert not check.is_valid({**good, "guess": 12})
    assert not check.is_valid({**good, "units": {"student": [[-1]]}})


def test_what_a_notebook_shows_is_what_it_shows_in_a_plain_kernel(
    cuts: dict[str, Path], tmp_path: Path
) -> None:
    shown = [_texts(cuts["district"], tmp_path / name, ours=name == "ours") for name in ("ours", "plain")]
    assert len(shown[0]) > 20
    assert shown[0] == shown[1]


def _texts(cut: Path, folder: Path, *, ours: bool) -> list[str]:
    folder.mkdir()
    found = []
    with kernel(folder, ours=ours, home=folder, RPP_DATA=str(cut)) as running:
        for book in (one for one in notebooks() if one.name in BESIDE):
            for cell in book.cells:
                outputs, error = executed(running, cell.code.replace("/data/", f"{cut}/"))
                assert not error
                found += [one["data"]["text/plain"] for one in outputs if MEDIA_TYPE not in one["data"]]
    return [text for text in found if "style.Styler at" not in text]


def test_a_cell_runs_whatever_becomes_of_its_evidence(cuts: dict[str, Path], tmp_path: Path) -> None:
    """As if the evidence had a fault wherever it is made: the cells show what they show, only without it."""
    breaks = """
import pandas as pd
from rpp_kernel.evidence import describe, display, told, watch_groups, watch_values
def broken(*args, **kwargs):
    raise RuntimeError("a fault")
for module, name in ((watch_groups, "attach"), (watch_values, "_series_reduced"), (describe, "describe"), (display, "describe"), (display, "evidence_of_shown"), (told, "_printed")):
    setattr(module, name, broken)
"""
    use = f"""
frame = pd.read_parquet("{cuts["district"]}/student_classifications.parquet")
print(len(frame) > 100, f"{{frame['iep'].mean():.1f}}")
frame.groupby("iep")["ell"].count()
"""
    with kernel(tmp_path, ours=True, home=tmp_path, RPP_DATA=str(cuts["district"])) as running:
        before, error = executed(running, "import pandas as pd" + use)
        assert not error
        plain = [one for one in before if MEDIA_TYPE not in one["data"]]
        assert ["rpp_evidence" in one["metadata"] for one in plain] == [True]
        assert executed(running, breaks)[1] == ""
        after, error = executed(running, use)
        assert not error
        assert [(one["data"], one["metadata"]) for one in after] == [(one["data"], {}) for one in plain]


def test_names_that_are_reset_do_not_take_the_evidence_with_them(tmp_path: Path) -> None:
    with kernel(tmp_path, ours=True, home=tmp_path, RPP_DATA=str(tmp_path)) as running:
        assert executed(running, "%reset -f\nx = 2\nf'{round(1.5) + x}'") == executed(running, "f'{4}'")


def test_what_acro_makes_has_evidence(cuts: dict[str, Path], tmp_path: Path) -> None:
    cut = cuts["district"]
    code = f"""
import acro, pandas
frame = pandas.read_parquet("{cut}/student_classifications.parquet")
session = acro.ACRO(suppress=False)
display(session.crosstab(frame["grade_level"], frame["iep"]))
display(session.pivot_table(frame, index="grade_level", columns="iep", values="total_days_absent", aggfunc="mean"))
"""
    with kernel(tmp_path, ours=True, home=tmp_path, RPP_DATA=str(cut)) as running:
        outputs, error = executed(running, code)
    assert not error
    counted = Counter(cut).counts("GRID grade_level | iep | FROM student_classifications")
    found = [one["metadata"]["rpp_evidence"] for one in outputs if "rpp_evidence" in one["metadata"]]
    assert [(one["status"], flat(one)) for one in found] == [("exact", counted)] * 2


@pytest.mark.parametrize(
    ("threshold", "degrees", "statuses"), [(10, 10, ["pass", "pass"]), (60, 10, ["fail", "pass"]), (10, 99_999, ["pass", "fail"])]
)  # fmt: skip
def test_acro_checks_by_the_partnership_s_appetite(
    cuts: dict[str, Path], tmp_path: Path, threshold: int, degrees: int, statuses: list[str]
) -> None:
    cut = cuts["district"]
    code = f"""
import acro, pandas
frame = pandas.read_parquet("{cut}/student_classifications.parquet")
session = acro.ACRO(suppress=False)
_ = session.crosstab(frame["grade_level"], frame["iep"])
fitted = session.ols(frame["total_days_absent"], frame[["iep", "ell"]])
display(fitted.summary())
repr((session.config["safe_nk_k"], [session.results.get_index(n).status for n in (0, 1)]))
"""
    told = json.dumps({"threshold": threshold, "degrees": degrees, "dominance": 0.85})
    with kernel(tmp_path, ours=True, home=tmp_path, RPP_DATA=str(cut), RPP_APPETITE=told) as running:
        outputs, error = executed(running, code)
    assert not error
    assert outputs[-1]["data"]["text/plain"] == repr(repr((0.85, statuses)))
    model = next(one["metadata"]["rpp_evidence"] for one in outputs if "rpp_evidence" in one["metadata"])
    assert (model["shown"], model["status"], model["residual_degrees_of_freedom"]) == ("model", "exact", 5842)


def test_a_cell_that_acro_suppressed_stands_for_nobody(cuts: dict[str, Path], tmp_path: Path) -> None:
    cut = cuts["district"]
    code = f"""
import acro, pandas
frame = pandas.read_parquet("{cut}/student_classifications.parquet")
acro.ACRO(suppress=True).crosstab(frame["grade_level"], frame["iep"])
"""
    with kernel(
        tmp_path, ours=True, home=tmp_path, RPP_DATA=str(cut), RPP_APPETITE='{"threshold": 60}'
    ) as running:
        outputs, error = executed(running, code)
    assert not error
    counted = Counter(cut).counts("GRID grade_level | iep | FROM student_classifications")
    found = flat(outputs[-1]["metadata"]["rpp_evidence"])
    hidden = [n for n, shown in enumerate(found) if shown == 0]
    assert 0 < len(hidden) < len(found)
    assert [number for n, number in enumerate(found) if n not in hidden] == [
        number for n, number in enumerate(counted) if n not in hidden
    ]
