"""One person under two identifiers, two people under one: what is found, and what a decision does to the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.domain.errors import ActionRefused, Unavailable
from rpp_hub.warehouse.codebook import Field, Table
from rpp_hub.warehouse.identities import Candidate, Kind, Typed, find_candidates
from rpp_hub.warehouse.identity_table import (
    Decision,
    Verdict,
    apply_decisions,
    decision_of,
    decisions_json,
    keep_decisions,
    kept_decisions,
    merged,
    with_decision,
)
from rpp_hub.warehouse.tables import Loaded

from tests.unit.data import small

SALT = b"s" * 32
SEX = Field("sex")
PEOPLE = (small.STUDENT, small.FIRST, small.LAST, small.BORN, SEX, small.YEAR)
ROWS = [
    ("1", "Ada", "Bell", "2010-02-03", "F", 2022), ("2", "ada", "Béll", "2010-02-03", "F", 2023),
    ("3", "Cy", "Dunn", "2011-01-01", "M", 2022), ("3", "Cy", "Dunn-Ray", "2011-01-01", "M", 2023),
    ("4", "Eve", "Fox", "2011-05-05", "F", 2021), ("4", "Eve", "Fox", "2011-05-06", "F", 2022),
    ("4", "Gil", "Hay", "2009-09-09", "M", 2023),
    ("5", "Ida", "Jay", "2012-02-02", "F", 2023), ("6", "Ida", "Jay", "2012-02-02", "M", 2023),
]  # fmt: skip


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def typed(con: duckdb.DuckDBPyConnection, rows: list[tuple[object, ...]] = ROWS) -> Typed:  # type: ignore[assignment]
    con.execute(
        "CREATE TABLE typed_people (student_id VARCHAR, first_name VARCHAR, last_name VARCHAR, birth_date DATE, sex VARCHAR, school_year BIGINT)"
    )
    con.executemany("INSERT INTO typed_people VALUES (?, ?, ?, ?, ?, ?)", rows)
    con.execute("CREATE TABLE typed_marks (student_id VARCHAR, school_year BIGINT, mark BIGINT)")
    con.execute(
        "INSERT INTO typed_marks SELECT DISTINCT student_id, school_year, 1 FROM typed_people UNION ALL VALUES ('4', NULL, 9)"
    )
    return {
        "people": _table("people", PEOPLE),
        "marks": _table("marks", (small.STUDENT, small.YEAR, Field("mark"))),
    }


def _table(name: str, fields: tuple[Field, ...]) -> tuple[Loaded, Table]:
    return Loaded(name, tuple(f.name for f in fields), (), (0,), 0, {}), Table(name, fields)


def found(con: duckdb.DuckDBPyConnection, tables: Typed) -> Mapping[Kind, list[Candidate]]:
    candidates = find_candidates(con, tables, SALT)
    return {kind: [c for c in candidates if c.kind is kind] for kind in Kind}


def identifiers(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[object, ...]]:
    return con.execute(f"SELECT student_id, school_year FROM typed_{table} ORDER BY rowid").fetchall()


def test_the_same_names_and_birth_date_under_two_identifiers_are_found(
    con: duckdb.DuckDBPyConnection,
) -> None:
    (candidate,) = found(con, typed(con))[Kind.TWO_IDENTIFIERS]  # not Ida, who is a girl and a boy
    assert candidate.identifiers == ("1", "2")
    assert [(p.first, p.years) for p in candidate.people] == [("Ada", (2022,)), ("ada", (2023,))]
    assert candidate.years_together == ()


def test_another_first_name_and_birth_date_under_one_identifier_is_another_person(
    con: duckdb.DuckDBPyConnection,
) -> None:
    (candidate,) = found(con, typed(con))[Kind.TWO_PEOPLE]  # not Cy, whose last name alone changed
    assert candidate.identifiers == ("4",)
    assert [(p.first, p.rows, p.years) for p in candidate.people] == [
        ("Eve", 2, (2021, 2022)),
        ("Gil", 1, (2023,)),
    ]


def test_a_candidates_name_stays_and_says_nothing_without_the_salt(con: duckdb.DuckDBPyConnection) -> None:
    tables = typed(con)
    names = [c.name for c in find_candidates(con, tables, SALT)]
    assert names == [c.name for c in find_candidates(con, tables, SALT)]
    assert not set(names) & {c.name for c in find_candidates(con, tables, b"t" * 32)}


def test_a_merge_reaches_every_table(con: duckdb.DuckDBPyConnection) -> None:
    tables = typed(con)
    candidate = found(con, tables)[Kind.TWO_IDENTIFIERS][0]
    applied = list(apply_decisions(con, tables, [decision_of(candidate, Verdict.MERGE, "2")]))
    assert {a.table: a.touched for a in applied} == {"people": 1, "marks": 1}
    assert ("1", 2022) not in identifiers(con, "people") + identifiers(con, "marks")
    assert identifiers(con, "people")[:2] == [("2", 2022), ("2", 2023)]


def test_a_split_goes_by_person_where_names_are_and_else_by_year(con: duckdb.DuckDBPyConnection) -> None:
    tables = typed(con)
    candidate = found(con, tables)[Kind.TWO_PEOPLE][0]
    applied = list(apply_decisions(con, tables, [decision_of(candidate, Verdict.SPLIT, "1")]))
    assert {a.table: (a.touched, a.untold) for a in applied} == {"people": (1, 0), "marks": (1, 1)}
    assert identifiers(con, "people")[4:7] == [("4", 2021), ("4", 2022), ("4~2", 2023)]
    fours = [row for row in identifiers(con, "marks") if str(row[0]).startswith("4")]
    assert sorted(fours, key=str) == [("4", 2021), ("4", 2022), ("4", None), ("4~2", 2023)]


def test_keeping_changes_nothing(con: duckdb.DuckDBPyConnection) -> None:
    tables = typed(con)
    before = identifiers(con, "people")
    for candidate in find_candidates(con, tables, SALT):
        assert all(
            not a.touched for a in apply_decisions(con, tables, [decision_of(candidate, Verdict.KEEP, "")])
        )
    assert identifiers(con, "people") == before


def test_a_verdict_that_does_not_fit_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    both = found(con, typed(con))
    for candidate, verdict, chosen in (
        (both[Kind.TWO_PEOPLE][0], Verdict.MERGE, "4"),
        (both[Kind.TWO_IDENTIFIERS][0], Verdict.SPLIT, "1"),
        (both[Kind.TWO_IDENTIFIERS][0], Verdict.MERGE, "3"),
        (both[Kind.TWO_PEOPLE][0], Verdict.SPLIT, "3"),
        (both[Kind.TWO_PEOPLE][0], Verdict.SPLIT, "x"),
    ):
        with pytest.raises(ActionRefused):
            decision_of(candidate, verdict, chosen)


def merge(name: str, into: str, *identifiers: str) -> Decision:
    return Decision(name, Verdict.MERGE, "student", (into, *identifiers), into)


def test_merges_are_followed_to_their_end_and_never_round_in_a_circle() -> None:
    chain = with_decision(with_decision((), merge("a", "2", "1")), merge("b", "3", "2"))
    assert merged(chain) == {"student": {"1": "3", "2": "3"}}
    with pytest.raises(ActionRefused, match="other way round"):
        with_decision(chain, merge("c", "1", "3"))
    with pytest.raises(ActionRefused, match="into another one"):
        with_decision(chain, merge("c", "9", "1"))
    assert merged(with_decision(chain, Decision("a", Verdict.KEEP, "student", ("1", "2")))) == {
        "student": {"2": "3"}
    }


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_whatever_is_merged_nobody_is_merged_into_somebody_who_is_no_more(
    pairs: list[tuple[int, int]],
) -> None:
    decisions: tuple[Decision, ...] = ()
    for number, (old, into) in enumerate(pairs):
        try:
            decisions = with_decision(decisions, merge(f"i-{number}", str(into), str(old)))
        except ActionRefused:
            continue
    steps = merged(decisions).get("student", {})
    assert not set(steps) & set(steps.values())


def test_the_table_is_the_same_bytes_in_whatever_order_it_was_decided(tmp_path: Path) -> None:
    one, two = merge("a", "2", "1"), merge("b", "9", "8")
    assert decisions_json((one, two)) == decisions_json((two, one))
    sha256 = keep_decisions(tmp_path, (two, one))
    assert kept_decisions(tmp_path, sha256) == (one, two)
    (tmp_path / f"{sha256}.json").write_bytes(b"{}")
    with pytest.raises(Unavailable):
        kept_decisions(tmp_path, sha256)
