"""Whatever a project applies for, its cut holds exactly what a plain reading of the agreement says."""

from __future__ import annotations

import json
import operator
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.errors import Invalid

from tests import approving
from tests.factories import actor

Row = dict[str, Any]
# Our own reading of the rules, not the product's: what becomes a code, what a month, and what nobody gets.
UNITS = {"student_id": "student", "staff_id": "staff", "school_code": "school"}
MONTHS = {"birth_date"}
NOBODY_GETS = {"first_name", "last_name", "school_name", "frpl"}
COMPARED = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, ">=": operator.ge}
FIRST, LAST = 2019, 2024


@dataclass(frozen=True)
class Asked:
    """A random application."""

    tables: dict[str, list[str]]
    years: tuple[int, int]
    cohort: tuple[tuple[str, str, int], ...]
    word: str

    def where(self) -> str:
        return f" {self.word} ".join(f"{field} {sign} {value}" for field, sign, value in self.cohort)

    def chooses(self, row: Row) -> bool:
        said = [
            row[field] is not None and COMPARED[sign](row[field], value) for field, sign, value in self.cohort
        ]
        return any(said) if self.word == "or" else all(said)

    def application(self, project: str) -> str:
        raw: Row = {
            "project": project, "title": "Some project", "district": "bayview", "sponsor": "paula",
            "questions": ["What of it?"], "irb": {"number": "1", "ends": "2030-01-01"}, "agreement": {"ends": "2030-01-01"},
            "tables": {t: {"fields": [{"name": f, "rationale": "needed"} for f in fields]} for t, fields in self.tables.items()},
            "years": list(self.years), "members": [{"person": "rosa", "role": "lead"}],
        }  # fmt: skip
        if self.cohort:
            raw["cohort"] = {"table": "student_classifications", "where": self.where()}
        return json.dumps(raw)  # JSON is YAML


@pytest.fixture
def masters(rpp: Rpp) -> dict[str, list[Row]]:
    build = rpp.warehousing.current_build("bayview")
    assert build is not None
    folder = rpp.installation.warehouse_dir("bayview") / "masters" / build.name
    return {t: pq.read_table(folder / t / "part-0.parquet").to_pylist() for t in build.tables}


@st.composite
def asked(draw: st.DrawFn, fields: dict[str, list[str]]) -> Asked:
    names = draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=3, unique=True))
    tables = {n: draw(st.lists(st.sampled_from(fields[n]), min_size=1, unique=True)) for n in names}
    first = draw(st.integers(FIRST, LAST))
    clause = st.tuples(
        st.sampled_from(["grade_level", "total_days_absent", "iep", "school_year"]),
        st.sampled_from(sorted(COMPARED)),
        st.integers(0, 12) | st.sampled_from([2020, 2022]),
    )
    cohort = draw(st.lists(clause, max_size=2))
    return Asked(
        tables, (first, draw(st.integers(first, LAST))), tuple(cohort), draw(st.sampled_from(["and", "or"]))
    )


def expected(asked: Asked, masters: dict[str, list[Row]]) -> dict[str, Counter[tuple[Any, ...]]]:
    """Table → granted rows with true identifiers, by reading the agreement row by row."""

    def in_years(row: Row) -> bool:
        return "school_year" not in row or asked.years[0] <= row["school_year"] <= asked.years[1]

    people = {
        key: {
            r[key]
            for rows in masters.values()
            for r in rows
            if key in r and "school_year" in r and in_years(r)
        }
        for key in ("student_id", "staff_id")
    }
    if asked.cohort:
        chosen = masters["student_classifications"]
        people["student_id"] &= {r["student_id"] for r in chosen if in_years(r) and asked.chooses(r)}
    found = {}
    for table, fields in asked.tables.items():
        given_fields = [f for f in fields if f not in NOBODY_GETS]
        rows = [
            r
            for r in masters[table]
            if in_years(r) and all(r[k] in ids for k, ids in people.items() if k in r)
        ]
        if given_fields:
            found[table] = Counter(tuple(seen(f, r[f]) for f in given_fields) for r in rows)
    return found


def seen(field: str, value: Any) -> Any:
    return f"{value:%Y-%m}" if field in MONTHS and isinstance(value, date) else value


def held(folder: Path, codes: dict[str, dict[str, str]]) -> Iterator[tuple[str, list[str], list[Row]]]:
    """Table, columns and rows of a cut, decoded."""
    for path in sorted(folder.glob("*.parquet")):
        rows = pq.read_table(path).to_pylist()
        decoded = [
            {f: codes[UNITS[f]][v] if f in UNITS and v is not None else v for f, v in r.items()} for r in rows
        ]
        yield path.stem, pq.read_schema(path).names, decoded


@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_holds_exactly_what_was_agreed(
    data: st.DataObject, rpp: Rpp, masters: dict[str, list[Row]]
) -> None:
    fields = {t: list(rows[0]) for t, rows in masters.items()}
    wish = data.draw(asked(fields))
    project = f"p{len(rpp.projects.list(actor('paula'))):04d}"
    should = expected(wish, masters)
    if not should:
        with pytest.raises(Invalid, match="every field may not be shared"):
            approving.approve(rpp, project, wish.application(project))
        return
    approving.approve(rpp, project, wish.application(project))
    plan = rpp.cutting.plan(project)
    cut = rpp.cutting.build(actor("dora"), project)
    crosswalk = rpp.cutting._vault.crosswalks.load(project)
    codes = {unit: {c: i for i, c in crosswalk.codes(unit).items()} for unit in UNITS.values()}
    got = {}
    for table, columns, rows in held(cut.path / "data", codes):
        assert columns == [f for f in wish.tables[table] if f not in NOBODY_GETS]
        got[table] = Counter(tuple(r[c] for c in columns) for r in rows)
        assert cut.rows[table] == plan.rows[table] == len(rows)
    assert got == should
    assert {d["field"] for d in cut.dropped} == {f for fs in wish.tables.values() for f in fs} & NOBODY_GETS
    book = json.loads((cut.path / "data" / "datapackage.json").read_text())
    assert {r["name"]: [f["name"] for f in r["schema"]["fields"]] for r in book["resources"]} == {
        t: [f for f in wish.tables[t] if f not in NOBODY_GETS] for t in should
    }


def test_nothing_of_the_cut_holds_an_identifier_or_a_name(rpp: Rpp, masters: dict[str, list[Row]]) -> None:
    cut = rpp.cutting.build(actor("dora"), "absence")
    everything = b"\n".join(p.read_bytes() for p in cut.path.rglob("*") if p.is_file())
    words = b"\n".join(
        str(r).encode() for p in cut.path.glob("data/*.parquet") for r in pq.read_table(p).to_pylist()
    )
    for row in masters["student_demographics"]:
        for true in (row["student_id"], str(row["birth_date"]), f"{row['first_name']} {row['last_name']}"):
            assert true.encode() not in everything
            assert true.encode() not in words
