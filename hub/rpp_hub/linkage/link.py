"""A survey file in, and out of it: rows with the student they belong to, doubtful pairs, and counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from rpp_hub.linkage.columns import By, Layout, lay_out
from rpp_hub.linkage.exact import match_by_identifier, number_people_by_identifier
from rpp_hub.linkage.match import Judged, Pair, count_outcomes
from rpp_hub.linkage.people import (
    known_values,
    load_students,
    match_by_name,
    number_people_by_name,
    typed_values,
)
from rpp_hub.linkage.survey import TEXT, read_survey
from rpp_hub.warehouse.codebook import Table
from rpp_hub.warehouse.engine import quoted
from rpp_hub.warehouse.masters import Masters
from rpp_hub.warehouse.progress import Progress, silent
from rpp_hub.warehouse.tables import typed_sql

PERSON, IDENTIFIER = "_person", "_identifier"


@dataclass(frozen=True, slots=True)
class Question:
    """What to link with what. `agreed` are the fields that the agreement names for linkage."""

    path: Path = field(repr=False)
    by: By
    agreed: Collection[str]
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Linkage:
    """A linked survey. `rows` has _person, _identifier (of those linked) and the kept columns; no other identifier."""

    layout: Layout
    described: Table
    rows: pa.Table = field(repr=False)
    pairs: tuple[Pair, ...] = field(repr=False)
    counts: Mapping[str, int]


def link_survey(
    con: duckdb.DuckDBPyConnection, masters: Masters, question: Question, progress: Progress = silent
) -> Linkage:
    """Match every row of the survey. `con` is an empty connection that spills into a private folder."""
    progress("reading the file", 0, 3)
    survey = read_survey(con, question.path, question.table)
    layout = lay_out(question.by, survey.drafted, masters, question.agreed, question.columns)
    progress("finding the students", 1, 3)
    judged = _judge(con, masters, layout)
    progress("putting doubtful pairs side by side", 2, 3)
    people = [row[0] for row in con.execute("SELECT person FROM row_people ORDER BY _row").fetchall()]
    counts = {
        "rows": survey.rows,
        **count_outcomes(people, judged.linked, (s.person for s in judged.doubtful)),
    }
    described = replace(
        survey.drafted, fields=layout.kept, source="A survey or other file that researchers supplied."
    )
    return Linkage(
        layout, described, _rows(con, layout, described, judged), _pairs(con, masters, layout, judged), counts
    )


def _judge(con: duckdb.DuckDBPyConnection, masters: Masters, layout: Layout) -> Judged:
    if layout.by is By.IDENTIFIER:
        number_people_by_identifier(con, layout)
        return match_by_identifier(con, masters, layout)
    number_people_by_name(con, layout)
    load_students(con, masters, layout)
    return match_by_name(con)


def _rows(con: duckdb.DuckDBPyConnection, layout: Layout, described: Table, judged: Judged) -> pa.Table:
    linked = {"person": list(judged.linked), "identifier": list(judged.linked.values())}
    con.register(
        "linked_in", pa.table(linked, schema=pa.schema([("person", pa.int64()), ("identifier", pa.string())]))
    )
    kept = ", ".join(f"{typed_sql(f, described.missing)} AS {quoted(f.name)}" for f in layout.kept)
    rows = con.sql(
        f"""SELECT p.person::BIGINT AS {PERSON}, l.identifier AS {IDENTIFIER}, {kept} FROM {TEXT} JOIN row_people p USING (_row)
            LEFT JOIN linked_in l ON l.person = p.person ORDER BY _row"""
    ).to_arrow_table()
    con.unregister("linked_in")
    return rows


def _pairs(
    con: duckdb.DuckDBPyConnection, masters: Masters, layout: Layout, judged: Judged
) -> tuple[Pair, ...]:
    if not judged.doubtful:
        return ()
    typed = typed_values(con, layout, {s.person for s in judged.doubtful})
    known = known_values(con, masters, layout, {s.identifier for s in judged.doubtful})
    return tuple(
        Pair(number, s.person, s.identifier, round(s.weight, 1), typed[s.person], known[s.identifier])
        for number, s in enumerate(judged.doubtful, start=1)
    )


def with_accepted(rows: pa.Table, accepted: Mapping[int, str]) -> pa.Table:
    """The rows, with the students of those whom review has linked; the others stay out of every cut."""
    people, found = rows[PERSON].to_pylist(), rows[IDENTIFIER].to_pylist()
    identifiers = [i if i is not None else accepted.get(p) for p, i in zip(people, found, strict=True)]
    place = rows.column_names.index(IDENTIFIER)
    return rows.set_column(place, IDENTIFIER, pa.array(identifiers, pa.string()))


def of_students(rows: pa.Table, key: str) -> pa.Table:
    """Only the linked rows, the student's identifier under the masters' own name for it: as a master would be."""
    linked = rows.filter(rows[IDENTIFIER].is_valid()).drop_columns([PERSON])
    return linked.rename_columns([key if c == IDENTIFIER else c for c in linked.column_names])
