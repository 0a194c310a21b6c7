"""What a delivery looks like is shown, and compared with the last one of its kind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rpp_hub.warehouse.column_habits import CodeFound, ColumnFound, FormFound, Habit
from rpp_hub.warehouse.habits import Snapshot, contradicted, in_words, snapshot_of, unlike_before, written_as
from rpp_hub.warehouse.receive import ReceivedDrop, ReceivedFile


def table(
    name: str = "staff", columns: str = "tid school", encoding: str = "utf-8", delimiter: str = ","
) -> ReceivedFile:
    return ReceivedFile(f"{name}.csv", 1, "0", name, 1, tuple(columns.split()), encoding, delimiter)


def drop(name: str, *files: ReceivedFile) -> ReceivedDrop:
    return ReceivedDrop(name, name, files)


BEFORE = drop("202304_staff", table())


def test_a_delivery_written_as_the_last_one_has_nothing_to_confirm() -> None:
    assert unlike_before(drop("202404_staff", table()), [BEFORE]) == ()


def test_the_first_of_its_kind_is_compared_with_nothing() -> None:
    assert unlike_before(drop("202404_students", table()), [BEFORE]) == ()


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (table(encoding="cp1252"), "staff.csv has 2 columns, cp1252, separated by commas; in 202304_staff it had 2 columns, utf-8, separated by commas."),
        (table(delimiter="\t"), "separated by tabs"),
        (table(columns="tid"), "staff.csv lacks school, which 202304_staff had."),
        (table(columns="tid school email"), "staff.csv has email, which 202304_staff had not."),
    ],
)  # fmt: skip
def test_what_is_other_than_last_time_is_said(now: ReceivedFile, sentence: str) -> None:
    (found,) = unlike_before(drop("202404_staff", now), [BEFORE])
    assert sentence in found


def test_tables_that_came_or_went_are_named() -> None:
    assert unlike_before(drop("202404_staff", table("degrees")), [BEFORE]) == (
        "The table staff was in 202304_staff and is not here.",
        "The table degrees is new since 202304_staff.",
    )


def test_a_table_of_far_fewer_rows_than_last_time_may_be_a_part_of_it() -> None:
    before = drop("202304_staff", replace(table(), rows=88_260))
    (said,) = unlike_before(drop("202404_staff", replace(table(), rows=30_000)), [before])
    assert said == "staff.csv has 30,000 rows; in 202304_staff it had 88,260. Make sure that it is whole."
    assert unlike_before(drop("202404_staff", replace(table(), rows=60_000)), [before]) == ()


def test_a_code_for_nothing_that_the_codebook_gives_a_meaning_is_doubted_once() -> None:
    file = replace(table(columns="tid race"), habits=(Habit("race", missing=("NA", ".")),))
    labels = {"race": {"NA": "Native American", "W": "White"}}
    (doubt,) = contradicted(file, labels, None)
    assert doubt.doubtful
    assert doubt.sentence == (
        "staff.csv, race: NA would stand for nothing, but the codebook says that it means Native American. "
        "If the district means that, keep it as a value."
    )
    assert list(contradicted(file, labels, file)) == []
    kept = replace(table(columns="tid race"), habits=(Habit("race", values=("NA",)),))
    assert list(contradicted(kept, labels, None)) == []


def test_one_row_and_one_year_are_told_as_one() -> None:
    column = ColumnFound("d", 9, (CodeFound("NA", 1, True),), (FormFound("iso", 8, (2023, 2023)),))
    assert in_words(column, column.proposed()).endswith("(2023); NA (1 row) stands for nothing")


def test_the_newest_of_the_kind_counts() -> None:
    newer = drop("202310_staff", table(delimiter=";"))
    assert unlike_before(drop("202404_staff", table(delimiter=";")), [BEFORE, newer]) == ()


@pytest.mark.parametrize(
    ("name", "snapshot"),
    [
        ("202310_census_students", Snapshot.CENSUS_DAY),
        ("202310_census", Snapshot.CENSUS_DAY),
        ("202406_end_of_year", Snapshot.END_OF_YEAR),
        ("202406_students_eoy", Snapshot.END_OF_YEAR),
        ("202406_students", Snapshot.OTHER),
        ("202406_censuses", Snapshot.OTHER),
    ],
)
def test_a_drops_name_says_which_snapshot_it_is(name: str, snapshot: Snapshot) -> None:
    assert snapshot_of(name) is snapshot


def test_a_file_without_text_has_no_encoding_to_confirm() -> None:
    assert written_as(table(encoding="binary", delimiter="")) == "2 columns"
