"""The people of a survey, and what the masters know of students, made alike: names without case, accents and suffixes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from rpp_hub.linkage.columns import PARTS, Layout
from rpp_hub.linkage.match import Judged, Scored, judge
from rpp_hub.linkage.survey import TEXT
from rpp_hub.warehouse.dates import FORMATS
from rpp_hub.warehouse.engine import quoted
from rpp_hub.warehouse.masters import Masters, plain_name

_SUFFIX = "( (jr|sr|ii|iii|iv))+$"
# Surveys write days in more ways than districts do. The two-digit year comes first: %Y would read 10 as the year 10.
_DAYS = ("%m/%d/%y", "%m-%d-%y", *FORMATS, "%m-%d-%Y", "%d.%m.%Y", "%Y/%m/%d", "%B %d, %Y", "%b %d, %Y")


def name_sql(column: str | None) -> str:
    """A part of a name as it is compared."""
    if column is None:
        return "NULL::VARCHAR"
    return f"nullif(regexp_replace({plain_name(column)}, '{_SUFFIX}', ''), '')"


def day_sql(column: str) -> str:
    """A day somebody typed; NULL if it is none."""
    return f"CAST(try_strptime(trim({column}), {list(_DAYS)}) AS DATE)"


def number_people_by_name(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Make `row_people` (_row, person) and `people` (unique_id, first, middle, last, born): who typed the same is one."""
    used = {part: quoted(column) for part, column in layout.used.items()}
    con.execute(
        f"""CREATE TABLE row_names AS SELECT _row, {name_sql(used["first"])} AS first, {name_sql(used.get("middle"))} AS middle,
            {name_sql(used["last"])} AS last, {day_sql(used["born"])} AS born FROM {TEXT}"""
    )
    con.execute(
        """CREATE TABLE row_people AS SELECT _row, dense_rank() OVER (ORDER BY first, middle, last, born) AS person
           FROM row_names"""
    )
    con.execute(
        """CREATE TABLE people AS SELECT DISTINCT p.person::VARCHAR AS unique_id, n.first, n.middle, n.last, n.born
           FROM row_names n JOIN row_people p USING (_row)"""
    )


def load_students(con: duckdb.DuckDBPyConnection, masters: Masters, layout: Layout) -> None:
    """Make `known` (unique_id, identifier, first, middle, last, born): every way in which the masters know a student."""
    parts = " UNION ".join(
        f"""SELECT {quoted(s.key)}::VARCHAR AS identifier, {name_sql(quoted(s.fields["first"]))} AS first,
            {name_sql(quoted(s.fields["middle"]) if "middle" in s.fields else None)} AS middle,
            {name_sql(quoted(s.fields["last"]))} AS last, {quoted(s.fields["born"])}::DATE AS born
            FROM {masters.sql(s.table)} WHERE {quoted(s.key)} IS NOT NULL"""
        for s in layout.sources
    )
    con.execute(
        f"""CREATE TABLE known AS SELECT row_number() OVER (ORDER BY identifier, first, middle, last, born)::VARCHAR AS unique_id, * FROM ({parts})
            WHERE first IS NOT NULL AND last IS NOT NULL"""
    )


def match_by_name(con: duckdb.DuckDBPyConnection) -> Judged:
    """Judge `people` against `known`."""
    from rpp_hub.linkage.names import (
        score_pairs,  # Splink takes half a second to import, and only this needs it
    )

    con.execute("CREATE OR REPLACE TABLE students AS SELECT unique_id, first, middle, last, born FROM known")
    con.execute(
        """CREATE OR REPLACE TABLE strangers AS SELECT DISTINCT ON (identifier) unique_id, first, middle, last, born
           FROM known ORDER BY identifier, unique_id"""
    )
    scored = score_pairs(con, "people", "students", "strangers")
    identifiers = dict(con.execute("SELECT unique_id, identifier FROM known").fetchall())
    complete = con.execute(
        "SELECT unique_id FROM people WHERE first IS NOT NULL AND last IS NOT NULL AND born IS NOT NULL"
    ).fetchall()
    found = (Scored(s.person, identifiers[s.identifier], s.weight) for s in scored)
    return judge(found, whole=frozenset(int(row[0]) for row in complete))


def typed_values(
    con: duckdb.DuckDBPyConnection, layout: Layout, people: Iterable[int]
) -> dict[int, Mapping[str, str]]:
    """What each of these people typed, as they typed it."""
    wanted = set(people)
    names = [p for p in ("identifier", *PARTS) if p in layout.used]
    columns = ", ".join(f"first({quoted(layout.used[p])})" for p in names)
    rows = con.execute(
        f"SELECT person, {columns} FROM {TEXT} JOIN row_people USING (_row) GROUP BY person"
    ).fetchall()
    return {
        row[0]: {p: str(v or "") for p, v in zip(names, row[1:], strict=True)}
        for row in rows
        if row[0] in wanted
    }


def known_values(
    con: duckdb.DuckDBPyConnection, masters: Masters, layout: Layout, identifiers: Iterable[str]
) -> dict[str, Mapping[str, str]]:
    """What the masters know of each of these students, the newest way if there are several."""
    wanted = set(identifiers)
    found: dict[str, Mapping[str, str]] = {}
    for source in layout.sources:
        parts = ", ".join(f"{quoted(f)}::VARCHAR" for f in source.fields.values())
        rows = con.execute(
            f"SELECT DISTINCT {quoted(source.key)}::VARCHAR, {parts} FROM {masters.sql(source.table)}"
        ).fetchall()
        for row in rows:
            if row[0] in wanted:
                found[row[0]] = {p: str(v or "") for p, v in zip(source.fields, row[1:], strict=True)}
    return found
