"""Does a row stand for one person?"""

import re
from collections.abc import Iterator

from rpp_review.checks.finding import Appetite, Finding, Outcome, Surroundings
from rpp_review.checks.reading import Reading, ReadTable
from rpp_review.items import Kind

NAME = "row-level"

_WHOLE = re.compile(r"\d{1,9}")
EXTREME = "A minimum or maximum is usually one person's value."
_EXTREMES = frozenset({"min", "max", "minimum", "maximum", "first", "last", "top"})
_WHY = "A row of one person's values is that person's record, with or without a name."


def applies(reading: Reading) -> bool:
    return reading.item.kind in {Kind.TABLE, Kind.TEXT}


def examine(reading: Reading, appetite: Appetite, surroundings: Surroundings) -> Iterator[Finding]:
    for table in reading.tables:
        yield from _too_many_rows(reading, table, appetite)
        yield from _records(reading, table, surroundings)
        yield from _extremes(reading, table)


def _too_many_rows(reading: Reading, table: ReadTable, appetite: Appetite) -> Iterator[Finding]:
    rows = len(table.table.body)
    if rows <= appetite.max_rows:
        return
    yield Finding(
        check=NAME,
        identity=reading.item.identity,
        outcome=Outcome.FAIL,
        summary=f"A table of {rows:,} rows; at most {appetite.max_rows:,} can be released.",
        where=f"{table.place}all rows",
        why="So many rows are rarely groups of people, and nobody can check them one by one.",
        remedy="Aggregate to larger groups, or split the table into those that are needed.",
    )


def _records(reading: Reading, table: ReadTable, surroundings: Surroundings) -> Iterator[Finding]:
    """Rows that look like the cut's own rows: its columns, counted through from the left."""
    names = {name for name in table.columns[table.table.labels :] if name}
    if (
        names & surroundings.unit_columns
        or set(table.columns[: table.table.labels]) & surroundings.unit_columns
    ):
        yield _record(
            reading, table, Outcome.FAIL, "A table has a column of project codes, so each row is one person."
        )
        return
    if len(names) < 2 or not _has_default_index(table):
        return
    if any(names == set(columns) for columns in surroundings.columns.values()):
        yield _record(
            reading, table, Outcome.FAIL, "Rows of the data as they are, as `head()` or `sample()` show them."
        )
    elif any(names <= set(columns) for columns in surroundings.columns.values()):
        yield _record(
            reading,
            table,
            Outcome.REVIEW,
            "A table with only the data's own columns: its rows may be records.",
        )


def _record(reading: Reading, table: ReadTable, outcome: Outcome, summary: str) -> Finding:
    return Finding(
        check=NAME,
        identity=reading.item.identity,
        outcome=outcome,
        summary=summary,
        where=f"{table.place}{len(table.table.body)} rows",
        why=_WHY,
        remedy="Leave this output out, or show counts, means and shares of groups instead.",
    )


def _has_default_index(table: ReadTable) -> bool:
    """Labels that only number the rows, in order or, after `sample()`, not."""
    if table.table.labels == 0:
        return True
    if table.table.labels > 1 or any(row[0] for row in table.table.header[1:] if row):
        return False
    labels = [row[0] for row in table.table.body if row]
    return all(_WHOLE.fullmatch(label) for label in labels) and len(set(labels)) == len(labels)


def _extremes(reading: Reading, table: ReadTable) -> Iterator[Finding]:
    labels = (row[table.table.labels - 1].lower() for row in table.table.body if table.table.labels)
    rows = [number for number, label in enumerate(labels, start=1) if label in _EXTREMES]
    columns = [
        number
        for number, name in enumerate(table.columns, start=1)
        if name.lower().split(" ")[-1] in _EXTREMES and number > table.table.labels
    ]
    if not rows and not columns:
        return
    places = [f"row {row}" for row in rows[:5]] + [f"column {column}" for column in columns[:5]]
    yield Finding(
        check=NAME,
        identity=reading.item.identity,
        outcome=Outcome.REVIEW,
        summary="Smallest or largest values are shown.",
        where=table.place + ", ".join(places),
        why=EXTREME,
        remedy="Leave out the extremes (`describe().drop(['min', 'max'])`), unless they are set by a rule and not by a person.",
    )
