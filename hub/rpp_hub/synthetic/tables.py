"""The district's tables, clean: what each system would export if nobody ever mistyped."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpp_hub.synthetic.students import School
from rpp_hub.synthetic.words import FIRST, LAST

DAYS = 180
_MONTHS = (9, 10, 11, 12, 1, 2, 3, 4, 5, 6)


def demographics(roster: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """One row a student and year, as the student system prints it each spring."""
    fixed = roster[["first_name", "last_name", "birth_date", "sex", "race_ethnicity", "home_language"]]
    table = pd.concat(
        [spells[["student_id", "school_year"]], fixed.iloc[spells["row"]].reset_index(drop=True)], axis=1
    )
    ninth = spells[spells["grade_level"] == 9].groupby("student_id")["school_year"].min()
    table["first_9th_school_year_reported"] = table["student_id"].map(ninth).astype("Int64")
    done = (
        spells[(spells["grade_level"] == 12) & ~spells["leaves"]].groupby("student_id")["school_year"].max()
    )
    finished = table["student_id"].map(done)
    table["hs_diploma"] = (table["school_year"] == finished).astype(int)
    table["hs_diploma_date"] = pd.to_datetime(
        finished.where(table["hs_diploma"] == 1).map(lambda y: f"{int(y)}-06-06", na_action="ignore")
    )
    return table


def classifications(rng: np.random.Generator, roster: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """One row a student and year: grade, programmes, days."""
    fixed = roster.iloc[spells["row"]].reset_index(drop=True)
    n = len(spells)
    enrolled = np.where(spells["leaves"], rng.integers(20, DAYS, n), DAYS)
    rate = np.clip(rng.gamma(1.4, 0.035, n) + 0.02 * fixed["poor"] - 0.01 * fixed["ability"], 0, 0.9)
    absent = np.minimum(rng.binomial(enrolled, rate), enrolled)
    suspended = np.where(rng.random(n) < 0.03, rng.integers(1, 6, n), 0)
    meal = np.where(fixed["poor"], np.where(rng.random(n) < 0.8, "F", "R"), "N")
    still_learning = fixed["ell"].to_numpy() & (rng.random(n) < 0.85)
    return pd.DataFrame(
        {
            "student_id": spells["student_id"], "school_year": spells["school_year"], "grade_level": spells["grade_level"],
            "frpl": meal, "iep": fixed["iep"].astype(int), "ell": still_learning.astype(int),
            "gifted": fixed["gifted"].astype(int), "total_days_enrolled": enrolled, "total_days_absent": absent,
            "days_suspended_out_of_school": np.minimum(suspended, enrolled),
        }
    )  # fmt: skip


def enrollment(rng: np.random.Generator, spells: pd.DataFrame) -> pd.DataFrame:
    """Spells in schools, with the codes for coming and going."""
    n = len(spells)
    opens = pd.to_datetime((spells["school_year"] - 1).astype(str) + "-08-19")
    closes = pd.to_datetime(spells["school_year"].astype(str) + "-06-05")
    late = np.where(rng.random(n) < 0.06, rng.integers(3, 90, n), 0)
    early = np.where(spells["leaves"], rng.integers(20, 150, n), 0)
    return pd.DataFrame(
        {
            "student_id": spells["student_id"], "school_year": spells["school_year"], "school_code": spells["school_code"],
            "entry_date": opens + pd.to_timedelta(late, "D"), "exit_date": closes - pd.to_timedelta(early, "D"),
            "entry_code": np.where(late > 0, "E2", "E1"), "exit_code": np.where(spells["leaves"], "T160", "E155"),
        }
    )  # fmt: skip


def attendance(rng: np.random.Generator, spells: pd.DataFrame) -> pd.DataFrame:
    """One row a student and month."""
    months = len(_MONTHS)
    base = spells.loc[spells.index.repeat(months), ["student_id", "school_year", "school_code"]].reset_index(
        drop=True
    )
    days = np.tile((18, 22, 17, 15, 19, 18, 22, 17, 21, 4), len(spells))
    rate = np.repeat(np.clip(rng.gamma(1.4, 0.035, len(spells)), 0, 0.9), months)
    base["month"] = np.tile(_MONTHS, len(spells))
    base["days_enrolled"] = days
    base["days_absent"] = rng.binomial(days, rate)
    base["days_tardy"] = rng.binomial(days, np.clip(rate / 2, 0, 1))
    return base


def tests(rng: np.random.Generator, roster: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """State tests in two subjects, grades 3 to 8 and 11."""
    tested = spells[spells["grade_level"].isin((3, 4, 5, 6, 7, 8, 11)) & ~spells["leaves"]]
    frames = []
    for subject, offset in (("ELA", 0.0), ("MATH", -8.0)):
        ability = roster["ability"].to_numpy()[tested["row"]] - 0.3 * roster["poor"].to_numpy()[tested["row"]]
        scaled = (
            2400
            + 22 * tested["grade_level"].to_numpy()
            + offset
            + 85 * ability
            + rng.normal(0, 30, len(tested))
        )
        frames.append(
            pd.DataFrame(
                {
                    "student_id": tested["student_id"].to_numpy(), "school_year": tested["school_year"].to_numpy(),
                    "test_code": "STATE", "subject": subject, "grade_level": tested["grade_level"].to_numpy(),
                    "test_date": pd.to_datetime(tested["school_year"].astype(str) + "-04-15").to_numpy()
                    + rng.integers(0, 25, len(tested)).astype("timedelta64[D]"),
                    "raw_score": np.clip((scaled - 2000) / 20, 1, 60).astype(int), "scaled_score": scaled.round().astype(int),
                }
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def staff(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """One row a member of staff."""
    return pd.DataFrame(
        {
            "staff_id": [f"E{n:06d}" for n in rng.choice(999_999, size=count, replace=False)],
            "first_name": rng.choice(FIRST, size=count), "last_name": rng.choice(LAST, size=count),
            "sex": rng.choice(("F", "M"), size=count, p=(0.72, 0.28)),
            "hire_date": np.datetime64("1990-08-15") + (rng.integers(0, 33, count) * 365).astype("timedelta64[D]"),
            "highest_degree": rng.choice(("BA", "MA", "PhD"), size=count, p=(0.42, 0.55, 0.03)),
        }
    )  # fmt: skip


def staff_years(
    rng: np.random.Generator, people: pd.DataFrame, schools: tuple[School, ...], last_year: int, years: int
) -> pd.DataFrame:
    """One row a member of staff and year they worked."""
    frames = []
    codes = np.array([s.code for s in schools])
    home = rng.choice(codes, size=len(people))
    there = np.ones(len(people), bool)
    for year in range(last_year - years + 1, last_year + 1):
        here = np.flatnonzero(there & (people["hire_date"].dt.year.to_numpy() < year))
        moved = rng.random(len(people)) < 0.06
        home = np.where(moved, rng.choice(codes, size=len(people)), home)
        frames.append(
            pd.DataFrame(
                {
                    "staff_id": people["staff_id"].to_numpy()[here], "school_year": year, "school_code": home[here],
                    "job_code": rng.choice(("TCH", "AID", "CNS", "ADM"), size=len(here), p=(0.78, 0.14, 0.04, 0.04)),
                    "experience": year - people["hire_date"].dt.year.to_numpy()[here],
                }
            )
        )  # fmt: skip
        there &= rng.random(len(people)) > 0.11
    return pd.concat(frames, ignore_index=True)
