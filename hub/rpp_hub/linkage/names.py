"""Which student is meant by a name and a birth date that somebody typed? Splink's Fellegi-Sunter model on DuckDB.

How often truly matching records agree (m) is set from what is known of typing errors, since a survey of thirty students
could not teach it; how often strangers agree (u), and how rare each name is, come from the district's own records.
"""

from __future__ import annotations

import logging
from typing import Any

import duckdb
import splink.comparison_level_library as levels
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.comparison_library import CustomComparison
from splink.internals.comparison_level_creator import ComparisonLevelCreator

from rpp_hub.linkage.match import Scored
from rpp_hub.warehouse.engine import one

# Of people in a survey of a district's students, how many are among them.
_EXPECTED_SHARE = 0.8
_PAIRS_SAMPLED = 200_000
_SEED = 2026
_ENOUGH_STUDENTS = 50
# Weights are in bits. What lies below is no candidate and is not shown to anybody.
FAINTEST_WEIGHT = 0.0


def score_pairs(con: duckdb.DuckDBPyConnection, people: str, students: str, strangers: str) -> list[Scored]:
    """All candidates.

    `people` and `students` are tables (unique_id, first, middle, last, born) of cleaned names and days; the unique_id
    of people is their number. `strangers` has one row a student: all pairs of them are of two people.
    """
    if not one(con, f"SELECT count(*) FROM {people}") or not one(con, f"SELECT count(*) FROM {students}"):
        return []
    logging.getLogger("splink").setLevel(logging.ERROR)
    model = _model(con, strangers)
    api = DuckDBAPI(connection=con)
    frames = [
        api.register(people, dataset_display_name="people"),
        api.register(students, dataset_display_name="students"),
    ]
    linker = Linker(frames, model, log_level=logging.ERROR)
    found = linker.inference.predict(threshold_match_weight=FAINTEST_WEIGHT)
    return [_scored(row) for row in found.as_record_list()]


def _model(con: duckdb.DuckDBPyConnection, strangers: str) -> dict[str, Any]:
    """The settings, with u as the district's students have it: in a survey with them, many pairs are no strangers."""
    students = one(con, f"SELECT count(*) FROM {strangers}")
    linker = Linker(
        DuckDBAPI(connection=con).register(strangers), _settings(students), log_level=logging.ERROR
    )
    if students >= _ENOUGH_STUDENTS:
        linker.training.estimate_u_using_random_sampling(max_pairs=_PAIRS_SAMPLED, seed=_SEED, num_chunks=1)
    return linker.misc.save_model_to_json() | {"link_type": "link_only"}


def _scored(row: dict[str, object]) -> Scored:
    sides = {
        str(row["source_dataset_l"]): row["unique_id_l"],
        str(row["source_dataset_r"]): row["unique_id_r"],
    }
    return Scored(int(str(sides["people"])), str(sides["students"]), float(str(row["match_weight"])))


def _settings(students: int) -> SettingsCreator:
    return SettingsCreator(
        link_type="dedupe_only",
        probability_two_random_records_match=min(0.5, _EXPECTED_SHARE / students),
        comparisons=[_first(), _middle(), _last(), _born()],
        blocking_rules_to_generate_predictions=[
            block_on("born"),
            block_on("last", "substr(first, 1, 2)"),
            block_on("first", "substr(last, 1, 2)"),
            block_on("substr(first, 1, 3)", "substr(last, 1, 3)"),
            block_on("last", "year(born)", "month(born)"),
            block_on("first", "year(born)", "month(born)"),
        ],
        retain_matching_columns=False,
    )


def _first() -> CustomComparison:
    return CustomComparison(
        [
            levels.NullLevel("first"),
            _level(levels.ExactMatchLevel("first", term_frequency_adjustments=True), 0.78, 0.005),
            _level(levels.DamerauLevenshteinLevel("first", 1), 0.08, 0.002),
            _level(levels.JaroWinklerLevel("first", 0.88), 0.04, 0.003),
            _level(
                levels.CustomLevel(
                    "starts_with(first_l, first_r) OR starts_with(first_r, first_l)", "one begins the other"
                ),
                0.06,
                0.002,
            ),
            _level(levels.ElseLevel(), 0.04, 0.988),
        ],
        output_column_name="first",
    )


def _middle() -> CustomComparison:
    return CustomComparison(
        [
            levels.NullLevel("middle"),
            _level(levels.ExactMatchLevel("middle", term_frequency_adjustments=True), 0.70, 0.01),
            _level(
                levels.CustomLevel("substr(middle_l, 1, 1) = substr(middle_r, 1, 1)", "same initial"),
                0.25,
                0.06,
            ),
            _level(levels.ElseLevel(), 0.05, 0.93),
        ],
        output_column_name="middle",
    )


def _last() -> CustomComparison:
    return CustomComparison(
        [
            levels.NullLevel("last"),
            _level(levels.ExactMatchLevel("last", term_frequency_adjustments=True), 0.82, 0.002),
            _level(levels.DamerauLevenshteinLevel("last", 1), 0.09, 0.001),
            _level(levels.JaroWinklerLevel("last", 0.88), 0.03, 0.003),
            _level(
                levels.CustomLevel(
                    "contains(last_l, last_r) OR contains(last_r, last_l)", "one holds the other"
                ),
                0.03,
                0.001,
            ),
            _level(levels.ElseLevel(), 0.03, 0.993),
        ],
        output_column_name="last",
    )


def _born() -> CustomComparison:
    same = "year(born_l) = year(born_r) AND (month(born_l) = month(born_r) OR day(born_l) = day(born_r))"
    swapped = "year(born_l) = year(born_r) AND month(born_l) = day(born_r) AND day(born_l) = month(born_r)"
    digit = "damerau_levenshtein(strftime(born_l, '%Y%m%d'), strftime(born_r, '%Y%m%d')) <= 1"
    return CustomComparison(
        [
            levels.NullLevel("born"),
            _level(levels.ExactMatchLevel("born"), 0.85, 0.0003),
            _level(levels.CustomLevel(swapped, "day and month exchanged"), 0.05, 0.00005),
            _level(levels.CustomLevel(digit, "one digit wrong or two exchanged"), 0.06, 0.003),
            _level(levels.CustomLevel(same, "same year, and same day or month"), 0.02, 0.01),
            _level(levels.ElseLevel(), 0.02, 0.98665),
        ],
        output_column_name="born",
    )


def _level(level: ComparisonLevelCreator, m: float, u: float) -> ComparisonLevelCreator:
    return level.configure(m_probability=m, u_probability=u, fix_m_probability=True)
