"""Which student has the identifier that stands in a row, however it was padded, spaced or punctuated?"""

from __future__ import annotations

import duckdb

from rpp_hub.linkage.columns import Layout
from rpp_hub.linkage.match import Judged, Scored
from rpp_hub.linkage.survey import TEXT
from rpp_hub.warehouse.engine import quoted
from rpp_hub.warehouse.masters import Masters

_CERTAIN = 40.0


def canonical_sql(value: str) -> str:
    """An identifier without case, spaces, punctuation, leading zeros and the .0 that spreadsheets add; an e-mail address as it is."""
    plain = f"regexp_replace(regexp_replace(lower(trim({value})), '^([0-9]+)[.]0+$', '\\1'), '[^a-z0-9]', '', 'g')"
    return (
        f"CASE WHEN contains({value}, '@') THEN lower(trim({value})) ELSE nullif(ltrim({plain}, '0'), '') END"
    )


def number_people_by_identifier(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Make `row_people` (_row, person) and `people` (person, raw, canonical)."""
    raw = f"nullif(trim({quoted(layout.used['identifier'])}), '')"
    con.execute(
        f"""CREATE TABLE row_people AS SELECT _row, dense_rank() OVER (ORDER BY {raw}) AS person FROM {TEXT}
            WHERE {raw} IS NOT NULL
            UNION ALL SELECT _row, -_row FROM {TEXT} WHERE {raw} IS NULL"""
    )
    con.execute(
        f"""CREATE TABLE people AS SELECT DISTINCT person, {raw} AS raw, {canonical_sql(raw)} AS canonical
            FROM {TEXT} JOIN row_people USING (_row) WHERE {raw} IS NOT NULL"""
    )


def match_by_identifier(con: duckdb.DuckDBPyConnection, masters: Masters, layout: Layout) -> Judged:
    """Linked where one student fits: letter for letter, else in canonical form. Where several fit, a person judges."""
    known = " UNION ".join(
        f"""SELECT {quoted(s.key)}::VARCHAR AS identifier, trim({quoted(s.fields["identifier"])}::VARCHAR) AS raw
            FROM {masters.sql(s.table)} WHERE {quoted(s.key)} IS NOT NULL AND {quoted(s.fields["identifier"])} IS NOT NULL"""
        for s in layout.sources
    )
    con.execute(
        f"CREATE TABLE known AS SELECT identifier, raw, {canonical_sql('raw')} AS canonical FROM ({known})"
    )
    found = con.execute(
        """SELECT person, identifier, bool_or(p.raw = k.raw) FROM people p JOIN known k USING (canonical)
           GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    by_person: dict[int, list[tuple[str, bool]]] = {}
    for person, identifier, same in found:
        by_person.setdefault(person, []).append((identifier, same))
    linked, doubtful = {}, []
    for person, candidates in by_person.items():
        literal = [i for i, same in candidates if same]
        fitting = literal if literal else [i for i, _ in candidates]
        if len(fitting) == 1:
            linked[person] = fitting[0]
        else:
            doubtful += [Scored(person, identifier, _CERTAIN) for identifier in fitting]
    return Judged(linked, tuple(doubtful))
