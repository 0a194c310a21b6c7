"""Who is there: schools, students, and in which school and grade each student spends each year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpp_hub.synthetic.words import FIRST, LAST, PLACES

RACES = ("H", "A", "W", "B", "M/O")
RACE_SHARES = (0.34, 0.31, 0.17, 0.11, 0.07)
LANGUAGES = {"H": "Spanish", "A": "Cantonese"}
_LEVELS = (("elementary", 0, 5, 0.5), ("middle", 6, 8, 0.25), ("high", 9, 12, 0.25))


@dataclass(frozen=True, slots=True)
class School:
    """One school and the grades it has (0 is kindergarten)."""

    code: str
    name: str
    level: str
    first_grade: int
    last_grade: int


def draw_schools(rng: np.random.Generator, count: int) -> tuple[School, ...]:
    """Schools of three levels, in the shares of a district that runs all grades."""
    codes = rng.choice(900, size=count, replace=False) + 100
    schools = []
    for number in range(count):
        level, first, last, _ = _LEVELS[0 if number % 4 < 2 else 1 if number % 4 == 2 else 2]
        place = PLACES[number % len(PLACES)] + (
            "" if number < len(PLACES) else f" {number // len(PLACES) + 1}"
        )
        schools.append(School(str(codes[number]), f"{place} {level.title()} School", level, first, last))
    return tuple(schools)


def draw_students(rng: np.random.Generator, count: int, years: range) -> pd.DataFrame:
    """One row a student: identifier, name, what does not change, and when and in which grade they first appear."""
    first_year = np.where(rng.random(count) < 0.62, years[0], rng.choice(np.array(years), size=count))
    grade = np.where(
        first_year == years[0],
        rng.integers(0, 13, count),
        np.where(rng.random(count) < 0.6, 0, rng.integers(1, 12, count)),
    )
    race = rng.choice(RACES, size=count, p=RACE_SHARES)
    born = _birth_dates(rng, first_year, grade)
    language = pd.Series(race).map(LANGUAGES).where(rng.random(count) < 0.55).fillna("English")
    return pd.DataFrame(
        {
            "student_id": [f"{n:07d}" for n in rng.choice(9_900_000, size=count, replace=False) + 50_000],
            "first_name": rng.choice(FIRST, size=count),
            "last_name": rng.choice(LAST, size=count),
            "birth_date": born,
            "sex": rng.choice(("F", "M", "X"), size=count, p=(0.488, 0.509, 0.003)),
            "race_ethnicity": race,
            "home_language": language.to_numpy(),
            "first_year": first_year,
            "first_grade": grade,
            "ability": rng.normal(size=count),
            "poor": rng.random(count) < np.where(np.isin(race, ("H", "B")), 0.68, 0.36),
            "iep": rng.random(count) < 0.12,
            "ell": (language != "English").to_numpy() & (rng.random(count) < 0.6),
            "gifted": rng.random(count) < 0.07,
        }
    )


def _birth_dates(rng: np.random.Generator, first_year: np.ndarray, grade: np.ndarray) -> np.ndarray:
    """A kindergartner turns five in the twelve months before September."""
    autumn = first_year - 1 - 5 - grade
    start = np.array([f"{y - 1}-09-02" for y in autumn], dtype="datetime64[D]")
    return np.asarray(start + rng.integers(0, 365, len(grade)).astype("timedelta64[D]"))


def school_years(
    rng: np.random.Generator, roster: pd.DataFrame, schools: tuple[School, ...], last_year: int
) -> pd.DataFrame:
    """One row a student and school year: grade, school, whether the year was broken off."""
    frames = []
    year, grade = roster["first_year"].to_numpy().copy(), roster["first_grade"].to_numpy().copy()
    there, school = np.ones(len(roster), bool), np.full(len(roster), "", object)
    while there.any():
        here = np.flatnonzero(there)
        moves = rng.random(len(here)) < 0.08
        school[here] = _schools_for(rng, schools, grade[here], school[here], moves)
        leaves = rng.random(len(here)) < 0.055
        frames.append(
            pd.DataFrame(
                {
                    "row": here,
                    "school_year": year[here],
                    "grade_level": grade[here],
                    "school_code": school[here],
                    "leaves": leaves,
                }
            )
        )
        there[here[leaves]] = False
        repeats = rng.random(len(roster)) < 0.035
        grade = np.where(repeats, grade, grade + 1)
        year = year + 1
        there &= (grade <= 12) & (year <= last_year)
    result = pd.concat(frames, ignore_index=True)
    result.insert(0, "student_id", roster["student_id"].to_numpy()[result["row"]])
    return result.sort_values(["student_id", "school_year"], ignore_index=True)


def _schools_for(
    rng: np.random.Generator,
    schools: tuple[School, ...],
    grade: np.ndarray,
    before: np.ndarray,
    moves: np.ndarray,
) -> np.ndarray:
    """Everybody stays at their school unless they move or have outgrown it."""
    after = before.copy()
    for level, first, last, _ in _LEVELS:
        codes = [s.code for s in schools if s.level == level]
        fits = (grade >= first) & (grade <= last)
        new = fits & (moves | ~np.isin(before, codes))
        after[new] = rng.choice(codes, size=int(new.sum()))
    return after
