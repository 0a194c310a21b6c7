"""Writes a synthetic district's deliveries: two drop folders of files as a district's own systems would export them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rpp_hub.synthetic import dirt
from rpp_hub.synthetic.students import School, draw_schools, draw_students, school_years
from rpp_hub.synthetic.tables import (
    attendance,
    classifications,
    demographics,
    enrollment,
    staff,
    staff_years,
    tests,
)

LAST_YEAR = 2024
STUDENT_DROP = f"{LAST_YEAR}08_students"
STAFF_DROP = f"{LAST_YEAR}08_staff"


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written: rows of each table, and how much of each kind of dirt was planted."""

    rows: Mapping[str, int]
    planted: Mapping[str, int]


def write_district(folder: Path, students: int = 20_000, years: int = 6, seed: int = 2026) -> Summary:
    """Write the drop folders YYYYMM_students and YYYYMM_staff below `folder`.

    The same arguments give the same bytes. `students` is the number of different students over all `years`; the last
    school year ends in spring 2024. The dirt has the proportions that the SDP College-Going data show.
    """
    rng = np.random.default_rng([seed, students, years])
    schools = draw_schools(rng, max(6, students // 650))
    roster = draw_students(rng, students, range(LAST_YEAR - years + 1, LAST_YEAR + 1))
    spells = school_years(rng, roster, schools, LAST_YEAR)
    planted: dict[str, int] = {}
    student_tables = {
        "student_demographics": dirt.demographics(rng, demographics(roster, spells), planted),
        "student_classifications": dirt.classifications(rng, classifications(rng, roster, spells), planted),
        "student_enrollment": dirt.enrollment(rng, enrollment(rng, spells), planted),
        "student_attendance": attendance(rng, spells),
        "student_tests": dirt.tests(rng, tests(rng, roster, spells), planted),
    }
    people = staff(rng, max(40, students // 16))
    staff_tables = {"staff": people, "staff_school_year": staff_years(rng, people, schools, LAST_YEAR, years)}
    _write(folder / STUDENT_DROP, student_tables, encoding="utf-8")
    _write(folder / STUDENT_DROP, {"school": _school_table(schools)}, encoding="utf-8")
    # the staff system is an older one
    _write(folder / STAFF_DROP, staff_tables, encoding="latin-1", separator=";")
    written = {**student_tables, **staff_tables}
    return Summary({name: len(table) for name, table in written.items()} | {"school": len(schools)}, planted)


def _school_table(schools: tuple[School, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "school_code": [s.code for s in schools],
            "school_name": [s.name for s in schools],
            "school_level": [s.level for s in schools],
        }
    )


def _write(folder: Path, tables: Mapping[str, pd.DataFrame], *, encoding: str, separator: str = ",") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        # characters that an older system does not know, it drops
        table.to_csv(
            folder / f"{name}.csv",
            index=False,
            sep=separator,
            encoding=encoding,
            errors="replace",
            lineterminator="\n",
        )
