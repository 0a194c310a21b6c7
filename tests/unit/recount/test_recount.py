"""Counting again on the trusted side: what is shown must come out of the records, and whatever is told is read with suspicion."""

from __future__ import annotations

import base64
import json
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.recount.agreement import Computed, agree
from rpp_hub.recount.derived import is_derived
from rpp_hub.recount.recounting import recount
from rpp_hub.recount.shown import Number, number_of
from rpp_hub.recount.witness import InvalidWitness, Room, read_witness
from rpp_review.checks.recounted import Recount, Verdict
from rpp_review.items import Item, Kind, NormalForm
from rpp_review.tables import Table, encode

YEARS = (2018, 2019)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 students in two years; the first three are in the east."""
    folder = tmp_path_factory.mktemp("cut")
    rows = [
        (f"S-{n:09d}-0", year, "E" if n < 3 else "W", n % 7, (n * 5 + year) % 11)
        for n in range(40)
        for year in YEARS
    ]
    names = ["student_id", "year", "side", "grade", "absent"]
    pd.DataFrame(rows, columns=names).to_parquet(folder / "years.parquet", index=False)
    field = {"name": "student_id", "rpp": {"unit": "student"}}
    package = {"resources": [{"name": "years", "schema": {"fields": [field]}}]}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return folder


def packed(numbers: Any) -> str:
    """As the kernel writes lists of whole numbers."""
    return base64.b64encode(zlib.compress(np.asarray(numbers, dtype="<i4").tobytes())).decode()


def evidence(cut: Path, **more: Any) -> dict[str, Any]:
    """Of the mean absence by year, true in all it says."""
    frame = pd.read_parquet(cut / "years.parquet")
    codes = frame["year"].map({year: n for n, year in enumerate(YEARS)})
    witness = {
        "leaves": [{"tables": {"years": None}, "size": len(frame), "codes": packed(codes)}],
        "measures": [{"function": "mean", "field": ["years", "absent"]}],
        "cells": {"0,0": [[0, 0, -3, 0]], "1,0": [[0, 1, -3, 0]]},
    }
    base = {
        "version": 1,
        "shown": "table",
        "status": "exact",
        "unit": "student",
        "units": {"student": [[40], [40]]},
    }
    return {**base, "functions": ["mean"], "label_columns": [False], "witness": witness, **more}


def item(*values: str) -> Item:
    """A table of the values by year, as the normal form has it."""
    body = tuple((str(year), value) for year, value in zip(YEARS, values, strict=True))
    return Item(
        "c:0", Kind.TABLE, "application/json", encode([Table((("", "absent"),), body, 1)]), "", "c", 0
    )


def means(cut: Path) -> list[str]:
    found = pd.read_parquet(cut / "years.parquet").groupby("year")["absent"].mean()
    return [f"{value:.3f}" for value in found]


def counted(cut: Path, shown: Item, told: dict[str, Any]) -> Recount:
    return recount(NormalForm((shown,)), {"c:0": told}, cut)["c:0"]


def test_what_is_true_is_recounted_and_its_rule_is_found(cut: Path) -> None:
    found = counted(cut, item(*means(cut)), evidence(cut))
    assert found == Recount(Verdict.RECOUNTED, "", ("year = 2018", "year = 2019"))


def test_another_number_of_people_disagrees(cut: Path) -> None:
    assert (
        counted(cut, item(*means(cut)), evidence(cut, units={"student": [[40], [39]]})).verdict
        is Verdict.DISAGREES
    )


def test_another_share_of_the_largest_disagrees(cut: Path) -> None:
    table = evidence(cut)
    table["witness"]["measures"][0]["function"] = "sum"
    sums = pd.read_parquet(cut / "years.parquet").groupby("year")["absent"].sum()
    shown = item(*(str(value) for value in sums))
    assert counted(cut, shown, table).verdict is Verdict.RECOUNTED
    assert counted(cut, shown, {**table, "top1": [[0.9], [0.9]]}).verdict is Verdict.DISAGREES


def test_numbers_of_somebody_else_differ(cut: Path) -> None:
    assert counted(cut, item("3.000", means(cut)[1]), evidence(cut)).verdict is Verdict.DIFFERS


@pytest.mark.parametrize(
    ("shown", "verdict"), [("<NA>", Verdict.RECOUNTED), ("NaN", Verdict.RECOUNTED), ("7.5", Verdict.KERNEL)]
)
def test_a_cell_of_nobody_needs_no_records_if_it_shows_nothing(
    cut: Path, shown: str, verdict: Verdict
) -> None:
    told = evidence(cut, units={"student": [[40], [0]]})
    del told["witness"]["cells"]["1,0"]
    assert counted(cut, item(means(cut)[0], shown), told).verdict is verdict


def test_rows_picked_by_hand_are_chosen_and_not_by_a_rule(cut: Path) -> None:
    frame = pd.read_parquet(cut / "years.parquet")
    codes = np.full(len(frame), -1)
    codes[[0, 5, 9, 20, 33, 48]], codes[[3, 14, 37]] = 0, 1
    told = evidence(cut, units={"student": [[6], [3]]})
    told["witness"]["leaves"][0]["codes"] = packed(codes)
    shown = [f"{frame['absent'][codes == code].mean():.3f}" for code in (0, 1)]
    assert counted(cut, item(*shown), told).verdict is Verdict.CHOSEN


def test_the_people_themselves_are_compared(cut: Path) -> None:
    def bitmap(members: range) -> str:
        bits = np.zeros(40, dtype=bool)
        bits[list(members)] = True
        return base64.b64encode(zlib.compress(np.packbits(bits).tobytes())).decode()

    cells = {"0,0": bitmap(range(40)), "1,0": bitmap(range(40))}
    sets = {"unit": "student", "of": 40, "cells": cells}
    assert counted(cut, item(*means(cut)), evidence(cut, sets=sets)).verdict is Verdict.RECOUNTED
    other = {**sets, "cells": {**cells, "1,0": bitmap(range(39))}}
    assert counted(cut, item(*means(cut)), evidence(cut, sets=other)).verdict is Verdict.DISAGREES


@pytest.mark.parametrize(
    "change",
    [
        {"leaves": [{"tables": {"elsewhere": None}, "size": 80, "codes": packed([0] * 80)}]},
        {"leaves": [{"tables": {"years": None}, "size": 81, "codes": packed([0] * 81)}]},
        {"leaves": [{"tables": {"years": packed([10**6] * 80)}, "size": 80, "codes": packed([0] * 80)}]},
        {"leaves": [{"tables": {"years": None}, "size": 10**9, "codes": packed([0])}]},
        {"leaves": [{"tables": {"years": None}, "size": 80, "codes": "no base64"}]},
        {"measures": [{"function": "mean", "field": ["years", "../../secret"]}]},
        {"measures": [{"function": "__import__", "field": ["years", "absent"]}]},
        {"measures": [{"function": "mean", "fields": [], "values": "AAAA"}]},
        {"cells": {"0,0": [[7, 0, -3, 0]]}},
        {"cells": {"x": []}},
        {"cells": None},
    ],
)
def test_a_witness_that_makes_no_sense_leaves_the_kernel_alone_to_say_it(
    cut: Path, change: dict[str, Any]
) -> None:
    told = evidence(cut)
    told["witness"].update(change)
    assert counted(cut, item(*means(cut)), told).verdict is Verdict.KERNEL


def test_what_is_packed_to_burst_is_not_unpacked() -> None:
    bomb = base64.b64encode(zlib.compress(b"\0" * 50_000_000)).decode()
    with pytest.raises(InvalidWitness):
        read_witness(
            {"leaves": [{"tables": {}, "size": 10, "codes": bomb}], "measures": [], "cells": {}}, Room()
        )


def test_many_lists_that_fit_one_by_one_do_not_fit_together() -> None:
    leaf = {"tables": {"enrollment": packed([0] * 600)}, "size": 600, "codes": packed([0] * 600)}
    told = {"leaves": [leaf], "measures": [], "cells": {}}
    assert read_witness(told, Room(1_200)).leaves[0].size == 600
    with pytest.raises(InvalidWitness, match="too large"):
        read_witness(told, Room(1_199))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["leaves", "measures", "cells", "tables", "size", "codes", "0,0", "field"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_is_told_is_a_witness_or_refused(told: Any) -> None:
    try:
        read_witness(told, Room())
    except InvalidWitness:
        pass


def _numbers(*texts: str) -> list[Number]:
    found = [number_of(text) for text in texts]
    assert all(one is not None for one in found)
    return [one for one in found if one is not None]


@pytest.mark.parametrize(
    ("shown", "computed", "agrees"),
    [
        (("0.25", "0.5"), (0.2468, 0.5), True), (("0.25", "0.6"), (0.2468, 0.5), False), (("24.7%", "50%"), (0.2468, 0.5), True),
        (("57.0", "54.0"), (0.5712, 0.5389), True), (("57.3", "54.0"), (0.5712, 0.5389), False), (("1,234", "7"), (1234, 7), True),
        (("10", "15"), (12, 13), True), (("NaN", "3"), (4, 3), True), (("43", "46"), (0.5712, 0.5389), True), (("3",), (5,), False),
        (("4.0", "2.0", "7.0", "1.0"), (10, 30, 50, 90), False),
    ],
)  # fmt: skip
def test_numbers_are_the_same_however_a_table_shows_them(shown: Any, computed: Any, agrees: bool) -> None:
    assert agree(_numbers(*shown), [Computed((float(value),)) for value in computed]) is agrees


def test_a_share_is_of_one_of_its_totals() -> None:
    cells = [Computed((3.0,), totals=(12,)), Computed((9.0,), totals=(12,))]
    assert agree(_numbers("0.25", "0.75"), cells)
    assert not agree(_numbers("0.30", "0.75"), cells)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.5", 1234.5),
        ("−3", -3.0),
        ("12%", 12.0),
        ("1e3", 1000.0),
        ("", math.nan),
        ("grade 3", None),
        ("<10", None),
    ],
)
def test_numbers_are_read_as_they_are_written(text: str, value: float | None) -> None:
    found = number_of(text)
    assert (found is None) is (value is None)
    if found is not None and value is not None:
        assert found.value == value or (math.isnan(found.value) and math.isnan(value))


X, Y = np.arange(1.0, 61.0), np.arange(60.0, 0.0, -1.0) ** 2


@pytest.mark.parametrize(
    ("values", "fields", "is_so"),
    [
        (X * 100, (X,), True), ((X - X.mean()) / X.std(), (X,), True), (X * 2 + 1, (X,), False), (X / Y, (X, Y), True), ((X > 30).astype(float), (X,), True), ((X / Y > 0.1).astype(float), (X, Y), True),
        (np.sin(X), (X,), False), (np.where(X == 7, 5.0, X), (X,), False), ((np.sin(X) > 0).astype(float), (X,), False), (X * 0 + 700, (X,), False),
    ],
)  # fmt: skip
def test_values_are_made_of_fields_in_a_simple_way_or_not_at_all(
    values: Any, fields: Any, is_so: bool
) -> None:
    assert is_derived(values, [pd.Series(field) for field in fields]) is is_so
