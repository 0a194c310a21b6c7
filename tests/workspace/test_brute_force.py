"""Random chains of what researchers write: the evidence is what DuckDB counts, or it is unknown, and never anything else.

The numbers that pandas gives are compared with those of the same chain without instrumentation elsewhere
(test_pandas_own.py); here each displayed cell's people are counted from the records themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KEYS = ("school", "grade", "school_year", "sex", "race")
FUNCTIONS = ("mean", "sum", "count", "size", "median", "min", "max", "std", "nunique", "first")
SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def plain_frame(cut: Path, *, merged: bool) -> pd.DataFrame:
    """The same records from pyarrow, which nobody watches, with a column that numbers the students."""
    import pyarrow.parquet

    years = pyarrow.parquet.read_table(cut / "years.parquet").to_pandas()
    if merged:
        years = years.merge(pyarrow.parquet.read_table(cut / "people.parquet").to_pandas(), on="student_id")
    return years


filters = st.sampled_from(
    [
        None,
        ("absent > 10", lambda f: f[f["absent"] > 10]),
        ("school", lambda f: f[f["school"].isin(["N", "S"])]),
        ("query", lambda f: f.query("grade >= 1")),
        ("loc", lambda f: f.loc[f["school_year"] != 2019]),
        ("dropna", lambda f: f.dropna(subset=["absent"])),
        ("sorted", lambda f: f.sort_values("enrolled", ascending=False)),
        ("head", lambda f: f.sort_values(["enrolled", "student_id", "school_year"]).head(90)),
        ("reset", lambda f: f[f["grade"] != 2].reset_index(drop=True)),
        ("both", lambda f: f[(f["grade"] > 0) & (f["enrolled"] > 120)]),
        ("duplicates", lambda f: f.drop_duplicates("student_id")),
        ("twice", lambda f: pd.concat([f[f["grade"] == 0], f[f["grade"] > 1]])),
        ("assigned", lambda f: f.assign(rate=f["absent"] / f["enrolled"])),
        (
            "renamed",
            lambda f: f.rename(columns={"enrolled": "enrolled"}).set_index("school_year").reset_index(),
        ),
        ("iloc", lambda f: f.iloc[::2]),
        ("taken", lambda f: f.take(np.arange(len(f))[::-1])),
        ("filled", lambda f: f.assign(absent=f["absent"].fillna(0))),
        ("filtered groups", lambda f: f.groupby("school").filter(lambda g: len(g) > 60)),
    ]
)


@st.composite
def chains(draw: Any) -> tuple[bool, list[Callable[[Any], Any]], list[str]]:
    """Whether people are merged in, what is done to the records, and by what they are grouped."""
    merged = draw(st.booleans())
    steps = [step[1] for step in draw(st.lists(filters, max_size=3)) if step]
    possible = KEYS if merged else KEYS[:3]
    return merged, steps, draw(st.lists(st.sampled_from(possible), min_size=1, max_size=2, unique=True))


def run(cut: Path, chain: Any) -> tuple[Any, pd.DataFrame, list[str]]:
    """The watched records after the chain, and plain ones after the same."""
    merged, steps, keys = chain
    ours = pd.read_parquet(cut / "years.parquet")
    if merged:
        ours = ours.merge(pd.read_parquet(cut / "people.parquet"), on="student_id")
    theirs = plain_frame(cut, merged=merged)
    for step in steps:
        ours, theirs = step(ours), step(theirs)
    return ours, theirs, keys


def counted(theirs: pd.DataFrame, keys: list[str], column: str | None) -> dict[Any, int]:
    """How many students each group has, with a value in `column` if one is given: by plain sets."""
    found: dict[Any, set[str]] = {}
    for row in theirs.itertuples(index=False):
        key = tuple(getattr(row, name) for name in keys)
        if any(one is None or one != one for one in key):
            continue
        found.setdefault(key, set())
        if column is None or not pd.isna(getattr(row, column)):
            found[key].add(row.student_id)
    return {key if len(key) > 1 else key[0]: len(students) for key, students in found.items()}


def told(frame: Any) -> list[list[int | None]]:
    """The evidence's number of students for each cell."""
    from rpp_kernel.evidence.describe import describe
    from rpp_kernel.evidence.patching import DEPTH

    DEPTH.trouble, trouble = None, DEPTH.trouble
    assert trouble is None, trouble
    evidence = describe(frame)
    assert evidence["status"] in ("exact", "partial", "unknown"), evidence
    assert evidence["status"] != "unknown", evidence
    return evidence["units"]["student"]


@SETTINGS
@given(chain=chains(), function=st.sampled_from(FUNCTIONS))
def test_groups_have_the_students_that_counting_finds(watched: Path, chain: Any, function: str) -> None:
    ours, theirs, keys = run(watched, chain)
    if not len(theirs):
        return
    result = getattr(ours.groupby(keys)["absent"], function)()
    expected = counted(theirs, keys, None if function == "size" else "absent")
    assert [row[0] for row in told(result)] == [expected[label] for label in result.index]


AFTER: list[Callable[[Any], Any]] = [
    lambda r: r.round(2),
    lambda r: r.sort_values(),
    lambda r: r * 100,
    lambda r: r[r > r.min()],
    lambda r: r.to_frame().sort_index(ascending=False)["absent"],
    lambda r: r.reset_index().set_index(list(r.index.names))["absent"],
    lambda r: pd.concat([r, r * 2]),
    lambda r: r.head(3),
    lambda r: r.rename("absent").astype(float),
    lambda r: r.nlargest(2),
    lambda r: r.dropna(),
]  # fmt: skip


@SETTINGS
@given(chain=chains(), after=st.lists(st.sampled_from(AFTER), min_size=1, max_size=3))
def test_what_is_done_to_an_aggregate_keeps_its_people(watched: Path, chain: Any, after: Any) -> None:
    ours, theirs, keys = run(watched, chain)
    if not len(theirs):
        return
    result = ours.groupby(keys)["absent"].mean()
    for step in after:
        result = step(result)
    expected = counted(theirs, keys, "absent")
    if len(result):
        assert [row[0] for row in told(result)] == [expected[label] for label in result.index]


@SETTINGS
@given(chain=chains(), margins=st.booleans(), function=st.sampled_from(["mean", "sum", "count", "size"]))
def test_two_way_tables(watched: Path, chain: Any, margins: bool, function: str) -> None:
    ours, theirs, keys = run(watched, chain)
    if len(keys) < 2 or not len(theirs):
        return
    if function == "size":
        result = pd.crosstab(ours[keys[0]], ours[keys[1]], margins=margins)
        if ours.index.has_duplicates:
            return
    else:
        result = ours.pivot_table(
            values="absent", index=keys[0], columns=keys[1], aggfunc=function, margins=margins
        )
        theirs = theirs.dropna(subset=["absent"])
    if result.empty:
        return
    theirs = theirs.dropna(subset=keys)
    numbers = told(result)
    for i, row in enumerate(result.index):
        for j, column in enumerate(result.columns):
            there = theirs
            there = there if row == "All" else there[there[keys[0]] == row]
            there = there if column == "All" else there[there[keys[1]] == column]
            assert numbers[i][j] == there["student_id"].nunique(), (row, column)


@SETTINGS
@given(chain=chains())
def test_tables_turned_round(watched: Path, chain: Any) -> None:
    ours, theirs, keys = run(watched, chain)
    if len(keys) < 2 or not len(theirs):
        return
    result = ours.groupby(keys)["absent"].mean().unstack().T
    expected = counted(theirs, keys, "absent")
    numbers = told(result)
    for i, column in enumerate(result.index):
        for j, row in enumerate(result.columns):
            assert numbers[i][j] == expected.get((row, column), 0)


@SETTINGS
@given(chain=chains())
def test_a_quotient_has_the_fewest_of_its_two(watched: Path, chain: Any) -> None:
    ours, theirs, keys = run(watched, chain)
    if not len(theirs):
        return
    sums = ours.groupby(keys)[["absent", "enrolled"]].sum()
    sums["rate"] = sums["absent"] / sums["enrolled"]
    missing, whole = counted(theirs, keys, "absent"), counted(theirs, keys, "enrolled")
    assert told(sums) == [[missing[k], whole[k], min(missing[k], whole[k])] for k in sums.index]


@SETTINGS
@given(chain=chains(), function=st.sampled_from(["mean", "median", "sum", "count", "max", "std"]))
def test_single_numbers(watched: Path, chain: Any, function: str) -> None:
    from rpp_kernel.evidence.describe import describe

    ours, theirs, _ = run(watched, chain)
    number = getattr(ours["absent"], function)()
    evidence = describe(number)
    expected = theirs.dropna(subset=["absent"])["student_id"].nunique()
    if evidence["status"] == "exact":
        assert evidence["units"]["student"] == [[expected]]
    else:
        assert isinstance(number, int), "only a small whole number may be unknown"


@SETTINGS
@given(chain=chains())
def test_two_stages(watched: Path, chain: Any) -> None:
    """A mean for each student, then a mean of these by group: the students of the group's records."""
    ours, theirs, keys = run(watched, chain)
    if not len(theirs):
        return
    first = ours.groupby([*keys, "student_id"])["absent"].mean().reset_index()
    result = first.groupby(keys)["absent"].mean()
    expected = counted(theirs, keys, "absent")
    assert [row[0] for row in told(result)] == [expected[label] for label in result.index]


@SETTINGS
@given(chain=chains())
def test_counts_of_values(watched: Path, chain: Any) -> None:
    ours, theirs, keys = run(watched, chain)
    if not len(theirs):
        return
    result = ours[keys[0]].value_counts()
    expected = counted(theirs, keys[:1], None)
    assert [row[0] for row in told(result)] == [expected[label] for label in result.index]


@SETTINGS
@given(chain=chains(), function=st.sampled_from(["sum", "mean", "max"]))
def test_a_total_down_a_column_has_the_people_of_that_column(
    watched: Path, chain: Any, function: str
) -> None:
    ours, theirs, keys = run(watched, chain)
    if len(keys) < 2 or not len(theirs):
        return
    wide = ours.groupby(keys)["absent"].mean().unstack()
    result = getattr(wide, function)()
    theirs = theirs.dropna(subset=["absent", *keys])
    expected = [theirs.loc[theirs[keys[1]] == label, "student_id"].nunique() for label in result.index]
    assert [row[0] for row in told(result)] == expected


@SETTINGS
@given(chain=chains())
def test_series_put_together_in_a_frame(watched: Path, chain: Any) -> None:
    ours, theirs, keys = run(watched, chain)
    if not len(theirs):
        return
    groups = ours.groupby(keys)
    result = pd.DataFrame({"missing": groups["absent"].mean(), "all": groups["enrolled"].sum()})
    missing, every = counted(theirs, keys, "absent"), counted(theirs, keys, "enrolled")
    assert told(result) == [[missing[label], every[label]] for label in result.index]
