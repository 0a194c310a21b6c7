"""Random chains through what test_brute_force.py leaves out: written texts, styles, dates, intervals, tables put together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tests.workspace.test_brute_force import SETTINGS, chains, counted, run, told

WRITERS: list[Callable[[Any], str]] = [
    lambda r: r.to_csv(), lambda r: r.to_latex(), lambda r: r.to_string(), lambda r: r.to_frame().to_html(),
    lambda r: r.to_frame().to_csv(float_format="%.1f"),
]  # fmt: skip


def grouped(watched: Path, chain: Any, function: str = "mean") -> tuple[Any, dict[Any, int]]:
    """An aggregate of the chain's records, and its people by plain counting."""
    ours, theirs, keys = run(watched, chain)
    return getattr(ours.groupby(keys)["absent"], function)(), counted(theirs, keys, "absent")


def shown(thing: Any) -> list[list[int | None]]:
    """The evidence of whatever is displayed."""
    from rpp_kernel.evidence.display import evidence_for

    evidence = evidence_for(thing)
    assert evidence is not None
    assert evidence["status"] == "exact", evidence
    found: list[list[int | None]] = evidence["units"]["student"]
    return found


@SETTINGS
@given(chain=chains(), writer=st.sampled_from(WRITERS))
def test_a_text_written_from_a_table_has_the_table_s_people(watched: Path, chain: Any, writer: Any) -> None:
    result, expected = grouped(watched, chain)
    if len(result):
        assert [row[0] for row in shown(writer(result))] == [expected[label] for label in result.index]


@SETTINGS
@given(chain=chains(), form=st.sampled_from(["{:.1f}", "{:.0%}"]))
def test_a_styled_table_has_the_table_s_people(watched: Path, chain: Any, form: str) -> None:
    result, expected = grouped(watched, chain)
    if len(result):
        style = result.to_frame().style.format(form).background_gradient(axis=None) if form else None
        assert [row[0] for row in shown(style)] == [expected[label] for label in result.index]


def with_days(frame: Any) -> Any:
    return frame.assign(day=pd.Timestamp("2020-01-01") + pd.to_timedelta(frame["enrolled"] - 100, unit="D"))


@SETTINGS
@given(
    chain=chains(),
    rule=st.sampled_from(["MS", "W", "10D"]),
    function=st.sampled_from(["mean", "sum", "count", "size"]),
)
def test_records_resampled_by_date(watched: Path, chain: Any, rule: str, function: str) -> None:
    ours, theirs, _ = run(watched, chain)
    if not len(theirs):
        return
    result = getattr(with_days(ours).set_index("day")["absent"].resample(rule), function)()
    plain = with_days(theirs)
    plain = plain if function == "size" else plain.dropna(subset=["absent"])
    edges = list(result.index)
    numbers = [row[0] for row in told(result)]
    for label, number in zip(edges, numbers, strict=True):
        if rule == "W":
            there = plain[(plain["day"] <= label) & (plain["day"] > label - pd.Timedelta(days=7))]
        else:
            end = label + (pd.offsets.MonthBegin(1) if rule == "MS" else pd.Timedelta(days=10))
            there = plain[(plain["day"] >= label) & (plain["day"] < end)]
        assert number == there["student_id"].nunique(), label


@SETTINGS
@given(
    chain=chains(),
    parts=st.integers(2, 5),
    by_rank=st.booleans(),
    function=st.sampled_from(["mean", "count", "median"]),
)
def test_groups_of_intervals(watched: Path, chain: Any, parts: int, by_rank: bool, function: str) -> None:
    ours, theirs, _ = run(watched, chain)
    if theirs["enrolled"].nunique() < 10:
        return
    cut = (lambda s: pd.qcut(s, parts, duplicates="drop")) if by_rank else (lambda s: pd.cut(s, parts))
    result = getattr(ours.groupby(cut(ours["enrolled"]), observed=True)["absent"], function)()
    plain = theirs.assign(part=cut(theirs["enrolled"]).astype(str)).dropna(subset=["absent"])
    expected = plain.groupby("part")["student_id"].nunique()
    assert [row[0] for row in told(result)] == [int(expected.get(str(label), 0)) for label in result.index]


@SETTINGS
@given(chain=chains(), axis=st.sampled_from([0, 1]), keys=st.booleans())
def test_aggregates_put_together(watched: Path, chain: Any, axis: int, keys: bool) -> None:
    ours, theirs, by = run(watched, chain)
    if not len(theirs):
        return
    one, other = ours.groupby(by)["absent"].mean(), ours.groupby(by)["enrolled"].mean()
    result = pd.concat([one, other], axis=axis, keys=["a", "b"] if keys else None)
    first, second = counted(theirs, by, "absent"), counted(theirs, by, "enrolled")
    if axis:
        assert told(result) == [[first[label], second[label]] for label in result.index]
    else:
        assert [row[0] for row in told(result)] == [first[k] for k in one.index] + [
            second[k] for k in other.index
        ]


MOVES: list[Callable[[Any], Any]] = [
    lambda wide: wide.stack().unstack(), lambda wide: wide.T.T, lambda wide: wide.reset_index().melt(id_vars=wide.index.name),
    lambda wide: wide.sort_index(axis=1, ascending=False), lambda wide: wide.round(1) * 100, lambda wide: wide.loc[:, ::-1],
]  # fmt: skip


@SETTINGS
@given(chain=chains(), moves=st.lists(st.sampled_from(MOVES[:2] + MOVES[3:]), max_size=3))
def test_a_table_moved_about_keeps_its_people(watched: Path, chain: Any, moves: Any) -> None:
    ours, theirs, keys = run(watched, chain)
    if len(keys) < 2 or not len(theirs):
        return
    wide = ours.groupby(keys)["absent"].mean().unstack()
    for move in moves:
        wide = move(wide)
    expected = counted(theirs, keys, "absent")
    numbers = told(wide)
    for i, row in enumerate(wide.index):
        for j, column in enumerate(wide.columns):
            assert numbers[i][j] == expected.get((row, column), 0), (row, column)


@SETTINGS
@given(chain=chains(), is_named=st.booleans())
def test_a_long_table_pivoted(watched: Path, chain: Any, is_named: bool) -> None:
    ours, theirs, keys = run(watched, chain)
    if len(keys) < 2 or not len(theirs):
        return
    long = ours.groupby(keys, as_index=False)["absent"].mean()
    wide = long.pivot(index=keys[0], columns=keys[1], values="absent" if is_named else ["absent"])
    expected = counted(theirs, keys, "absent")
    numbers = told(wide)
    for i, row in enumerate(wide.index):
        for j, column in enumerate(wide.columns):
            label = column if is_named else column[1]
            assert numbers[i][j] == expected.get((row, label), 0), (row, column)


@SETTINGS
@given(chain=chains())
def test_a_table_made_long(watched: Path, chain: Any) -> None:
    ours, theirs, keys = run(watched, chain)
    if len(keys) < 2 or not len(theirs):
        return
    long = MOVES[2](ours.groupby(keys)["absent"].mean().unstack())
    expected = counted(theirs, keys, "absent")
    numbers = told(long)
    place = list(long.columns).index("value")
    for i, row in enumerate(long.itertuples(index=False)):
        assert numbers[i][place] == expected.get((row[0], row[1]), 0)


@SETTINGS
@given(
    chain=chains(),
    quantiles=st.lists(st.sampled_from([0.1, 0.25, 0.5, 0.9]), min_size=1, max_size=3, unique=True),
)
def test_quantiles_and_descriptions(watched: Path, chain: Any, quantiles: list[float]) -> None:
    ours, theirs, _ = run(watched, chain)
    if not theirs["absent"].notna().any():
        return
    people = theirs.dropna(subset=["absent"])["student_id"].nunique()
    every = theirs["student_id"].nunique()
    assert {row[0] for row in told(ours["absent"].quantile(quantiles))} == {people}
    assert told(ours[["absent", "enrolled"]].describe()) == [[people, every]] * 8


def test_the_control_is_not_blind() -> None:
    """Brute force counts what it says: a group of two students has two."""
    frame = pd.DataFrame(
        {"student_id": ["a", "a", "b"], "school": ["N", "N", "N"], "absent": [1.0, np.nan, 2.0]}
    )
    assert counted(frame, ["school"], "absent") == {"N": 2}
