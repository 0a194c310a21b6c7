"""Whom could a cut identify: every true identifier and name of the district, made ready for looking them up.

A *mark* is an identifier without case, punctuation and leading zeros, so that 00-12-345 and 12345 are the same mark. A
mark is *telling* when it is long and when few of the numbers of its length are identifiers: then it does not turn up in
a text by chance. Of a district that counts its students 1, 2, 3 … no number is telling; there a column is judged as a
whole, and a number in a text by the words before it.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from rpp_hub.vault import Crosswalk
from rpp_hub.warehouse.engine import first, one, quoted, text_literal
from rpp_hub.warehouse.masters import Masters, identifier_fields, name_fields, name_pairs, plain_name

_SHORTEST = 5
_RAREST = 0.02
# Schools and classes are no people; a household, or another unit that a district declares, is.
_NOBODY = ("school", "class")


def load_population(con: duckdb.DuckDBPyConnection, masters: Masters, crosswalk: Crosswalk) -> None:
    """Make the tables that a scan looks things up in.

    true_ids(id) and true_marks(mark, telling, density) of everybody; own_marks(unit, code, mark) of those whom the project has codes for;
    true_names(phrase) of two words and more; name_words(word) of single first and last names.
    """
    _load_marks(con, masters)
    _load_own(con, crosswalk)
    phrases = pa.table({"phrase": [f"{a} {b}" for a, b in name_pairs(con, masters)]})
    con.register("phrases_in", phrases)
    con.execute("CREATE OR REPLACE TABLE true_names AS SELECT DISTINCT phrase FROM phrases_in")
    con.unregister("phrases_in")
    words = [
        f"SELECT {plain_name(quoted(f.name))} AS word FROM {masters.sql(table)}"
        for table, fields in name_fields(masters)
        for f in fields
    ] or ["SELECT NULL::VARCHAR AS word LIMIT 0"]
    con.execute(
        f"CREATE OR REPLACE TABLE name_words AS SELECT DISTINCT word FROM ({' UNION ALL '.join(words)}) WHERE length(word) > 1"
    )


def mark(sql: str) -> str:
    """A value as a mark, in SQL."""
    return f"ltrim({plain(sql)}, '0')"


def plain(sql: str) -> str:
    """A value without case and punctuation, in SQL."""
    return f"regexp_replace(lower({sql}), '[^a-z0-9]', '', 'g')"


def by_chance(con: duckdb.DuckDBPyConnection, marks: str) -> float:
    """How many numbers of a table of different marks would be telling identifiers if they were any numbers of their lengths."""
    row = first(
        con,
        f"""SELECT coalesce(sum(density), 0) FROM {marks} JOIN (SELECT DISTINCT length(mark) AS long, density
            FROM true_marks WHERE telling AND density > 0) ON length({marks}.mark) = long
            WHERE regexp_full_match({marks}.mark, '[0-9]+')""",
    )
    return float(row[0]) if row else 0.0


def people_with_codes(con: duckdb.DuckDBPyConnection) -> int:
    """How many people the project has codes for."""
    return one(con, "SELECT count(*) FROM own_marks")


def _load_marks(con: duckdb.DuckDBPyConnection, masters: Masters) -> None:
    units = {f.unit for t in masters.codebook.tables for f in t.fields if f.unit and f.unit not in _NOBODY}
    queries = [
        f"SELECT {quoted(f.name)}::VARCHAR AS id FROM {masters.sql(t)} WHERE {quoted(f.name)} IS NOT NULL"
        for t, f in identifier_fields(masters, units)
    ] or ["SELECT NULL::VARCHAR AS id LIMIT 0"]
    # What was merged into another identifier is still one, and may stand in a text.
    queries += [f"SELECT {text_literal(old)}" for steps in masters.merged.values() for old in steps]
    # An identifier with leading zeros counts in both forms: 0001234 is telling, 1234 is not.
    con.execute(
        f"CREATE OR REPLACE TABLE true_ids AS SELECT DISTINCT id FROM ({' UNION ALL '.join(queries)})"
    )
    con.execute(
        f"""CREATE OR REPLACE TABLE true_marks AS
            WITH forms AS (SELECT {mark("id")} AS mark FROM true_ids UNION SELECT {plain("id")} FROM true_ids),
            lengths AS (SELECT length(mark) AS long, count(*) / pow(10, length(mark)) AS density FROM forms
                        WHERE regexp_full_match(mark, '[0-9]+') GROUP BY 1)
            SELECT mark, coalesce(l.density, 0) AS density,
                   length(mark) >= {_SHORTEST} AND coalesce(l.density, 0) <= {_RAREST} AS telling
            FROM forms LEFT JOIN lengths l ON l.long = length(mark) AND regexp_full_match(mark, '[0-9]+')
            WHERE mark <> ''"""
    )


def _load_own(con: duckdb.DuckDBPyConnection, crosswalk: Crosswalk) -> None:
    con.register("crosswalk_in", crosswalk.table)
    con.execute(
        f"""CREATE OR REPLACE TABLE own_marks AS SELECT unit, code, {mark("identifier")} AS mark FROM crosswalk_in
            WHERE unit NOT IN {_NOBODY}"""
    )
    con.unregister("crosswalk_in")
