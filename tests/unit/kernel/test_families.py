"""What each family of libraries says of its outputs in a real kernel, and which check reads it: one small notebook a family."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rpp_review.checks import Outcome

from tests.unit.kernel.conftest import kernel
from tests.unit.kernel.rerunning import SETS, Examined, examined, run_cells

START = """
import pandas as pd
rows = pd.read_parquet("CUT/enrollment.parquet")
rows["passed"] = (rows["grade"] >= 0).astype(int)
late = rows[rows["school_year"] == 2018]
small = late.groupby("race")["grade"].mean()
"""
FAMILIES = {
    "a table": "late.groupby('race')[['grade', 'passed']].agg('mean')",
    "a total": "rows.groupby('race')['grade'].agg(['sum'])",
    "zeros": "pd.crosstab(rows['race'], rows['grade'])",
    "a regression": "import statsmodels.formula.api as smf\nsmf.ols('grade ~ C(grade) + C(race)', data=late.head(21)).fit()",
    "a tree": (
        "from sklearn.tree import DecisionTreeClassifier\n"
        "DecisionTreeClassifier(min_samples_leaf=3).fit(late[['grade']].head(60), late['race'].head(60))"
    ),
    "support vectors": "from sklearn.svm import SVC\nSVC().fit(late[['grade', 'school_year']].head(200), late['race'].head(200))",
    "bars": "import matplotlib.pyplot as plt\nsmall.plot.bar(title='3 students in S-7K3M9QX2T-W')\nplt.show()",
    "bars of all or none": "late.groupby('race')['passed'].mean().plot.bar()\nplt.show()",
    "bins": "fig, ax = plt.subplots()\nax.hist(late['grade'], bins=30)\nplt.show()",
    "points": "late.head(50).plot.scatter('grade', 'school_year')\nplt.show()",
    "seaborn": "import seaborn as sns\nsns.barplot(data=late, x='race', y='grade', errorbar=None)\nplt.show()",
    "plotly": "import plotly.express as px\npx.bar(small.reset_index(), x='race', y='grade')",
    "altair": "import altair as alt\nalt.Chart(small.reset_index()).mark_bar().encode(x='race', y='grade')",
    "a printed table": "print(small)",
    "a sentence": "print(f\"The mean is {late[late['race'] == 'other']['grade'].mean():.2f}\")",
}  # fmt: skip
FEW = "1 of 5 values stands for fewer than 10 students."


@pytest.fixture(scope="module")
def found(cut: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examined]:
    folder = tmp_path_factory.mktemp("families")
    (folder / "enrollment.parquet").write_bytes((cut / "enrollment.parquet").read_bytes())
    field = {"name": "student", "rpp": {"unit": "student"}}
    package = {"resources": [{"name": "enrollment", "schema": {"fields": [field]}}]}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    with kernel(folder, ours=True, home=folder, RPP_DATA=str(folder), **SETS) as running:
        cells = [START.replace("CUT", str(folder)), *FAMILIES.values()]
        yield examined(run_cells(running, cells), folder)


def identity(name: str) -> str:
    return f"c{list(FAMILIES).index(name) + 1}:0"


def behind(found: Examined, name: str) -> set[str]:
    """What the checks say of an output, by the evidence."""
    return {
        f.summary for f in found.findings if f.identity == identity(name) and f.outcome is not Outcome.PASS
    }


def piece(found: Examined, name: str) -> dict[str, Any]:
    """The evidence of an output's table, mark or value."""
    told = found.told[identity(name)]
    inner = told.get("marks") or told.get("values")
    return dict(inner[0] if inner else told)


@pytest.mark.parametrize("name", ["a table", "bars", "seaborn", "plotly", "altair", "a printed table"])
def test_each_says_of_every_cell_how_many_people_of_which_tables_and_chosen_how(
    found: Examined, name: str
) -> None:
    told = piece(found, name)
    assert found.told[identity(name)]["status"] == "exact"
    assert [row[0] for row in told["units"]["student"]][3] == 4
    assert {"grade", "race"} <= set(told["tables"]["enrollment"])
    assert told["filters"] == ["school_year == 2018"]
    assert told["functions"][0] == "mean"
    assert 0 < told["top1"][3][0] <= told["top2"][3][0] <= 1


@pytest.mark.parametrize("name", ["a table", "bars", "seaborn", "altair", "a printed table"])
def test_a_check_reads_the_people_behind_each(found: Examined, name: str) -> None:
    assert any("fewer than 10 students" in summary for summary in behind(found, name)), behind(found, name)


def test_a_check_reads_a_sentence_with_a_value_of_few(found: Examined) -> None:
    assert "The value stands for fewer than 10 students." in behind(found, "a sentence")


def test_a_check_reads_the_groups_that_nobody_is_in(found: Examined) -> None:
    assert any("for nobody" in summary for summary in behind(found, "zeros"))
    assert any("for nobody" in summary for summary in behind(found, "bins"))


@pytest.mark.parametrize("name", ["a table", "bars of all or none"])
def test_a_check_reads_that_everybody_in_a_group_has_something(found: Examined, name: str) -> None:
    assert any("everybody in a group has something" in summary for summary in behind(found, name))


def test_a_check_reads_freedom_leaves_and_support_vectors(found: Examined) -> None:
    regression, tree = found.told[identity("a regression")], found.told[identity("a tree")]
    freedom = regression["residual_degrees_of_freedom"]
    assert regression["observations"] == 21
    assert freedom == 20 - regression["model_degrees_of_freedom"] < 10
    assert regression["tables"] == {"enrollment": ["grade", "race"]}
    assert f"The model has {freedom} residual degrees of freedom; at least 10 are asked for." in behind(
        found, "a regression"
    )
    assert tree["units"]["student"] == 60
    assert "grade" in tree["tables"]["enrollment"]
    assert (tree["smallest_leaf"] < 5) == any(
        "A leaf of the tree holds" in one for one in behind(found, "a tree")
    )
    assert "The model keeps records of those it was fitted to." in behind(found, "support vectors")


def test_a_check_reads_points_that_are_people(found: Examined) -> None:
    assert "Each point is a record: 50 of them." in behind(found, "points")


def test_a_check_reads_what_is_written_on_a_figure(found: Examined) -> None:
    assert "3 students in S-7K3M9QX2T-W" in found.told[identity("bars")]["text"]
    said = [(f.check, f.where) for f in found.stopped(identity("bars"))]
    assert ("small-cells", "the text on the figure") in said
    assert ("identity", "the text on the figure") in said


def test_the_table_under_a_figure_is_kept(found: Examined) -> None:
    table = piece(found, "bars")["table"]
    assert table["index"] == ["asian", "black", "hispanic", "other", "white"]
    assert len(table["values"]) == 5
