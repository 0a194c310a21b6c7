"""The dirt of real files, planted in known numbers: duplicates, contradictions, gaps, impossible values.

Proportions are those counted in the SDP College-Going raw data and the anomalies that California's reporting rules name.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpp_hub.synthetic.students import RACES

Planted = dict[str, int]


def demographics(rng: np.random.Generator, table: pd.DataFrame, planted: Planted) -> pd.DataFrame:
    """Contradictions in what does not change, gaps, rows sent twice, one student under two identifiers."""
    table = table.copy()
    for field, share in (("sex", 2e-4), ("race_ethnicity", 3.2e-3), ("birth_date", 3.4e-3)):
        rows = _some(rng, _not_first(table), max(2, round(share * table["student_id"].nunique())))
        if field == "birth_date":
            table.loc[rows, field] = table.loc[rows, field] + pd.to_timedelta(
                rng.choice((-365, 1, 9, 30, 365), len(rows)), "D"
            )
        else:
            others = {"sex": ("F", "M"), "race_ethnicity": RACES}[field]
            table.loc[rows, field] = [
                next(o for o in rng.permutation(others) if o != value) for value in table.loc[rows, field]
            ]
        planted[f"changing_{field}"] = table.loc[rows, "student_id"].nunique()
    for field, share in (("race_ethnicity", 0.0129), ("birth_date", 5.4e-4)):
        rows = _some(rng, table.index.to_numpy(), max(2, round(share * len(table))))
        table[field] = (
            table[field].astype(object).where(~table.index.isin(rows), None)
            if field != "birth_date"
            else table[field]
        )
        if field == "birth_date":
            table.loc[rows, field] = pd.NaT
        planted[f"missing_{field}"] = len(rows)
    table = _two_identifiers(rng, table, planted)
    return _sent_twice(rng, table, max(2, round(4.6e-5 * len(table))), "demographics", planted)


def classifications(rng: np.random.Generator, table: pd.DataFrame, planted: Planted) -> pd.DataFrame:
    """Surplus rows, two grades in a year, more absent than enrolled, grade drops and jumps."""
    table = table.copy()
    rows = _some(rng, table.index.to_numpy(), round(0.0147 * len(table)))
    table.loc[rows, "total_days_absent"] = table.loc[rows, "total_days_enrolled"] + rng.integers(
        1, 40, len(rows)
    )
    planted["absent_more_than_enrolled"] = len(rows)
    rows = _some(rng, table.index.to_numpy(), max(1, round(5.8e-4 * len(table))))
    table.loc[rows, "days_suspended_out_of_school"] = table.loc[rows, "total_days_enrolled"] + rng.integers(
        1, 9, len(rows)
    )
    planted["suspended_more_than_enrolled"] = len(rows)
    later = _not_first(table)
    for name, share, change in (("grade_drop", 1.2e-3, -2), ("grade_jump", 6.8e-3, 2)):
        rows = _some(rng, later, max(1, round(share * len(later))))
        rows = rows[table.loc[rows, "grade_level"].between(2, 10).to_numpy()]
        table.loc[rows, "grade_level"] += change
        planted[name] = len(rows)
    surplus = table.loc[_some(rng, table.index.to_numpy(), max(4, round(0.0083 * len(table))))].copy()
    two = surplus.index[: max(1, len(surplus) // 5)]
    surplus.loc[two, "grade_level"] = (surplus.loc[two, "grade_level"] + 1).clip(upper=12)
    surplus["total_days_absent"] = (surplus["total_days_absent"] - 1).clip(lower=0)
    planted["surplus_student_years"] = len(surplus)
    planted["two_grades_in_a_year"] = len(two)
    return _shuffled(rng, pd.concat([table, surplus], ignore_index=True))


def enrollment(rng: np.random.Generator, table: pd.DataFrame, planted: Planted) -> pd.DataFrame:
    """Overlapping spells, spells of no length, spells that end before they start, spells without dates."""
    table = table.copy()
    overlap = table.loc[_some(rng, table.index.to_numpy(), round(0.006 * len(table)))].copy()
    overlap["entry_date"] += pd.to_timedelta(rng.integers(5, 40, len(overlap)), "D")
    planted["overlapping_spells"] = len(overlap)
    for name, share in (
        ("spell_without_length", 0.001),
        ("spell_backwards", 0.001),
        ("spell_without_dates", 0.0005),
    ):
        rows = _some(rng, table.index.to_numpy(), max(1, round(share * len(table))))
        if name == "spell_without_length":
            table.loc[rows, "exit_date"] = table.loc[rows, "entry_date"]
        elif name == "spell_backwards":
            table.loc[rows, "exit_date"] = table.loc[rows, "entry_date"] - pd.Timedelta(days=11)
        else:
            table.loc[rows, ["entry_date", "exit_date"]] = pd.NaT
        planted[name] = len(rows)
    return _shuffled(rng, pd.concat([table, overlap], ignore_index=True))


def tests(rng: np.random.Generator, table: pd.DataFrame, planted: Planted) -> pd.DataFrame:
    """Impossible scores, second attempts."""
    table = table.astype({"raw_score": "Int64", "scaled_score": "Int64"})
    rows = _some(rng, table.index.to_numpy(), round(0.004 * len(table)))
    table.loc[rows, ["raw_score", "scaled_score"]] = 0
    planted["score_of_zero"] = len(rows)
    again = table.loc[_some(rng, table.index.to_numpy(), round(0.008 * len(table)))].copy()
    again["test_date"] += pd.Timedelta(days=14)
    again["scaled_score"] += 9
    planted["second_attempt"] = len(again)
    return _shuffled(rng, pd.concat([table, again], ignore_index=True))


def _two_identifiers(rng: np.random.Generator, table: pd.DataFrame, planted: Planted) -> pd.DataFrame:
    """The last year of some students comes under a new identifier."""
    last = table.drop_duplicates("student_id", keep="last").index.intersection(_not_first(table)).to_numpy()
    rows = _some(rng, last, max(1, table["student_id"].nunique() // 1000))
    known = set(table["student_id"])
    fresh = [
        f"{n:07d}"
        for n in rng.choice(9_999_999, size=20 * len(rows) + 20, replace=False)
        if f"{n:07d}" not in known
    ]
    table.loc[rows, "student_id"] = fresh[: len(rows)]
    planted["two_identifiers"] = len(rows)
    return table


def _sent_twice(
    rng: np.random.Generator, table: pd.DataFrame, count: int, name: str, planted: Planted
) -> pd.DataFrame:
    planted[f"{name}_rows_sent_twice"] = count
    return _shuffled(
        rng, pd.concat([table, table.loc[_some(rng, table.index.to_numpy(), count)]], ignore_index=True)
    )


def _not_first(table: pd.DataFrame) -> np.ndarray:
    """Rows that are not a student's first."""
    return np.asarray(table.index[table["student_id"].duplicated()])


def _some(rng: np.random.Generator, rows: np.ndarray, count: int) -> np.ndarray:
    return np.asarray(np.sort(rng.choice(rows, size=min(count, len(rows)), replace=False)))


def _shuffled(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)
