"""How well names and birth dates that somebody typed find their students: 960 fictional students of Ed-Fi's sample.

The copy has the errors that surveys have, drawn from a fixed seed. Twins make it hard: some stand in both, some in the
district alone, some in the survey alone, where a link would be a false one.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from lxml import etree
from rpp_hub.linkage.columns import PARTS, By, Layout, Source
from rpp_hub.linkage.match import Judged
from rpp_hub.linkage.people import load_students, match_by_name, number_people_by_name
from rpp_hub.linkage.survey import TEXT
from rpp_hub.warehouse.codebook import Codebook
from rpp_hub.warehouse.masters import Masters

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "edfi_Student.xml"
_NS = {"e": "http://ed-fi.org/5.2.0"}
_TWINS = 24
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True, slots=True)
class Student:
    """A person of the sample, as the district knows them or as they were typed."""

    identifier: str
    first: str
    middle: str
    last: str
    born: str
    called: str = ""


def read_sample(path: Path = SAMPLE) -> list[Student]:
    """The 960 students."""
    return [
        Student(_text(s, "StudentUniqueId"), _text(s, "Name/FirstName"), _text(s, "Name/MiddleName"), _text(s, "Name/LastSurname"),
                _text(s, "BirthData/BirthDate"), _text(s, "Name/PreferredFirstName"))
        for s in etree.parse(path).iterfind(".//e:Student", _NS)
    ]  # fmt: skip


def _text(student: etree._Element, place: str) -> str:
    return student.findtext("/".join(f"e:{part}" for part in place.split("/")), "", _NS)


def with_twins(students: list[Student], rng: random.Random) -> tuple[list[Student], list[Student]]:
    """(whom the district has, who answers). A third of the twins stand in both, in the district, or in the survey alone."""
    students = [_with_accents(s, rng) for s in students]
    district, survey = list(students), list(students)
    names = sorted({s.first for s in students})
    for number, sibling in enumerate(rng.sample(students, 3 * _TWINS)):
        first = rng.choice([n for n in names if n != sibling.first])
        twin = replace(sibling, identifier=f"twin{number}", first=first, middle="", called="")
        if number % 3 != 2:
            district.append(twin)
        if number % 3 != 1:
            survey.append(twin)
    return district, survey


Mistake = Callable[[Student, random.Random], Student]


def _transposed(s: Student, rng: random.Random) -> Student:
    return _in_a_name(s, rng, lambda text, i: text[:i] + text[i + 1] + text[i] + text[i + 2 :])


def _left_out(s: Student, rng: random.Random) -> Student:
    return _in_a_name(s, rng, lambda text, i: text[:i] + text[i + 1 :])


def _doubled(s: Student, rng: random.Random) -> Student:
    return _in_a_name(s, rng, lambda text, i: text[:i] + text[i] + text[i:])


def _next_key(s: Student, rng: random.Random) -> Student:
    row = next((r for r in _KEYBOARD if s.last[1:2].lower() in r), "as")
    return _in_a_name(s, rng, lambda text, i: text[:i] + rng.choice(row) + text[i + 1 :])


def _in_a_name(s: Student, rng: random.Random, change: Callable[[str, int], str]) -> Student:
    part = rng.choice(("first", "last"))
    text = getattr(s, part)
    place = rng.randrange(1, max(2, len(text) - 1))
    return replace(s, **{part: change(text, place)}) if place + 1 < len(text) else s


def _nickname(s: Student, rng: random.Random) -> Student:
    return replace(s, first=s.called or s.first[: rng.randint(3, 4)])


def _no_middle_name(s: Student, _: random.Random) -> Student:
    return replace(s, middle="")


def _initial(s: Student, _: random.Random) -> Student:
    return replace(s, middle=s.middle[:1])


def _day_and_month_exchanged(s: Student, _: random.Random) -> Student:
    year, month, day = s.born.split("-")
    return replace(s, born=f"{year}-{day}-{month}") if int(day) <= 12 else s


def _a_digit_wrong(s: Student, rng: random.Random) -> Student:
    year, month, day = s.born.split("-")
    return (
        replace(s, born=f"{int(year) + rng.choice((-1, 1))}-{month}-{day}")
        if rng.random() < 0.5
        else replace(s, born=f"{year}-{month}-{rng.randint(1, 28):02d}")
    )


def _no_accents(s: Student, _: random.Random) -> Student:
    first, last = (
        "".join(c for c in unicodedata.normalize("NFKD", t) if not unicodedata.combining(c))
        for t in (s.first, s.last)
    )
    return replace(s, first=first, last=last)


def _with_accents(s: Student, rng: random.Random) -> Student:
    """The sample has no accents, but districts have: a tenth of the students get one on record."""
    accents = str.maketrans("aeiou", "áéíóú", "") if rng.random() < 0.1 else {}
    return replace(s, first=s.first.translate(accents), last=s.last.translate(accents))


def _other_case(s: Student, rng: random.Random) -> Student:
    case = rng.choice((str.upper, str.lower))
    return replace(s, first=case(s.first), last=f" {case(s.last)} ")


def _two_last_names(s: Student, rng: random.Random) -> Student:
    return replace(s, last=f"{s.last}-{rng.choice(('Lopez', 'Smith', 'Tran', 'Okafor'))}")


# each with the share of people whom it befalls; one person may make several
MISTAKES: tuple[tuple[Mistake, float], ...] = (
    (_transposed, 0.05), (_left_out, 0.04), (_doubled, 0.03), (_next_key, 0.04), (_nickname, 0.08), (_no_middle_name, 0.40),
    (_initial, 0.20), (_day_and_month_exchanged, 0.04), (_a_digit_wrong, 0.03), (_no_accents, 1.0), (_other_case, 0.30),
    (_two_last_names, 0.02),
)  # fmt: skip


def typed(students: list[Student], rng: random.Random) -> list[Student]:
    """The same people as they typed themselves, in another order."""
    people = []
    for student in students:
        for mistake, share in MISTAKES:
            student = mistake(student, rng) if rng.random() < share else student
        people.append(student)
    rng.shuffle(people)
    return people


@dataclass(frozen=True, slots=True)
class Quality:
    """Of the links made without review, how many are right; and of the links to be made, how many were made so."""

    precision: float
    recall: float


def measure(folder: Path, seed: int = 2026, sample: Path = SAMPLE) -> Quality:
    """Link the typed copy to the district, as `rpp link --by name` does, and compare with the truth."""
    rng = random.Random(seed)
    district, survey = with_twins(read_sample(sample), rng)
    answers = typed(survey, rng)
    with duckdb.connect() as con:
        judged, people = link(con, folder, district, answers)
    known = {s.identifier for s in district}
    truth = {person: answers[row].identifier for row, person in people}
    right = sum(truth[person] == identifier for person, identifier in judged.linked.items())
    return Quality(right / len(judged.linked), right / sum(i in known for i in truth.values()))


def link(
    con: duckdb.DuckDBPyConnection, folder: Path, district: list[Student], answers: list[Student]
) -> tuple[Judged, list[tuple[int, int]]]:
    """What matching says, and the person of each row."""
    con.register("answers", _arrow(answers).append_column("_row", pa.array(range(len(answers)))))
    con.execute(f"CREATE TABLE {TEXT} AS FROM answers")
    pq.write_table(_arrow(district), folder / "students.parquet")
    masters = Masters(folder, "", {"students": folder / "students.parquet"}, Codebook("", ()))
    source = Source("students", "identifier", "student", {part: part for part in PARTS})
    layout = Layout(By.NAME, (source,), {part: part for part in PARTS}, (), ())
    number_people_by_name(con, layout)
    load_students(con, masters, layout)
    return match_by_name(con), con.execute("SELECT _row, person FROM row_people").fetchall()


def _arrow(students: list[Student]) -> pa.Table:
    names = ("identifier", "first", "middle", "last", "born")
    return pa.table({n: pa.array([getattr(s, n) or None for s in students], pa.string()) for n in names})
