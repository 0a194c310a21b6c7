"""An installation with masters, a project that may link, and a survey of its students with and without mistakes."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from rpp_hub.bootstrap import Rpp, open_installation
from rpp_hub.services.warehousing import current_masters
from rpp_hub.synthetic import write_district

from tests.factories import actor
from tests.harness import remove
from tests.integration.data.conftest import APPLICATION, approve, make_home

DORA = actor("dora")
STUDENTS = 300
LINKAGE = "linkage: [student_id, first_name, last_name, birth_date, hire_date]\n"


@dataclass(frozen=True)
class Person:
    """A student as the masters know them."""

    student_id: str
    first_name: str
    last_name: str
    birth_date: str


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with masters, the project `absence` that may link, and `pathways` that may not."""
    folder = tmp_path_factory.mktemp("linkage")
    rpp = make_home(folder / "home")
    write_district(folder / "district", students=STUDENTS)
    for drop in sorted((folder / "district").iterdir()):
        rpp.warehousing.receive(DORA, drop, "bayview")
    rpp.warehousing.build(DORA, "bayview")
    approve(rpp, application=APPLICATION.format(project="absence") + LINKAGE)
    approve(rpp, "pathways")
    rpp.cutting.build(DORA, "pathways")
    rpp.store.close()
    yield folder / "home"
    remove(folder)


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it."""
    shutil.copytree(template, tmp_path / "home", symlinks=True)
    yield tmp_path / "home"
    remove(tmp_path / "home")


@pytest.fixture
def rpp(home: Path) -> Iterator[Rpp]:
    """The same, opened."""
    rpp = open_installation(home)
    yield rpp
    rpp.store.close()


@pytest.fixture
def people(rpp: Rpp) -> list[Person]:
    """Students in the project's cohort whose name and birth date are theirs alone."""
    with rpp.store.read() as session:
        masters = current_masters(session, rpp.installation.warehouse_dir("bayview"))
    with duckdb.connect() as con:
        rows = con.execute(
            f"""SELECT student_id, max(first_name), max(last_name), max(birth_date)::VARCHAR
                FROM {masters.sql("student_demographics")} d
                SEMI JOIN (FROM {masters.sql("student_classifications")}
                           WHERE school_year BETWEEN 2020 AND 2023 AND grade_level BETWEEN 6 AND 8) c USING (student_id)
                WHERE birth_date IS NOT NULL GROUP BY 1 ORDER BY 1"""
        ).fetchall()
    known = [Person(*row) for row in rows]
    names = [(p.first_name, p.last_name) for p in known]
    return [p for p in known if names.count((p.first_name, p.last_name)) == 1]


def write_survey(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[object]], encoding: str = "utf-8"
) -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path
