"""Is there a count of so few that a person could be found behind it?"""

import re
from collections.abc import Iterator

from rpp_review.checks.finding import Appetite, Finding, Outcome, Surroundings
from rpp_review.checks.reading import ON_FIGURE, Reading, ReadTable
from rpp_review.items import Kind

NAME = "small-cells"

_WHOLE = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.0+)?")
_DECIMAL = re.compile(r"-?\d[\d,]*\.\d*[1-9]\d*|-?\d[\d,]*\.\d+|nan|NaN", re.I)
_WORDS = re.compile(r"[a-z]+|\d+")
_COUNT_WORDS = frozenset(
    "n nobs count counts size students student pupils staff teachers people persons freq frequency number num nunique obs"
    " observations cases enrolled enrollment enrolment headcount".split()
)
_NOT_COUNTS = frozenset(
    "pct percent percentage share rate ratio mean avg average median sd std se var min max sum score gpa pvalue id code"
    " year grade level cohort age month day week term quarter rank percentile quantile quintile quartile decile bin period"
    " index lag df days".split()
)
_SPOKEN = re.compile(
    r"(?<![\d.,/-])(\d{1,3})\s+(?:\w+\s)?(?:students?|pupils?|children|teachers?|staff|persons?|people)\b",
    re.IGNORECASE,
)
_STATED = re.compile(r"no\. observations|\bnobs\b|\b[nN]\s?=\s?\d", re.IGNORECASE)
_COUNT_STATISTIC = frozenset({"count", "n", "nobs", "freq", "size"})


def applies(reading: Reading) -> bool:
    return reading.item.kind in {Kind.TABLE, Kind.TEXT} or any(
        where == ON_FIGURE for where, _ in reading.passages
    )


def examine(reading: Reading, appetite: Appetite, _surroundings: Surroundings) -> Iterator[Finding]:
    for table in reading.tables:
        yield from _small_in_columns(reading, table, appetite.threshold)
        yield from _small_statistics(reading, table, appetite.threshold)
    yield from _in_words(reading, appetite.threshold)
    yield from _counts_unknown(reading, appetite.threshold)


def _small_in_columns(reading: Reading, table: ReadTable, threshold: int) -> Iterator[Finding]:
    for column, outcome in _count_columns(table):
        small = [row for row, value in table.values(column) if _is_small(value, threshold)]
        if small and outcome is not Outcome.PASS:
            yield _few(
                reading,
                outcome,
                f"{table.place}column {column + 1 - table.table.labels}, {_rows(small)}",
                len(small),
                threshold,
            )


def _small_statistics(reading: Reading, table: ReadTable, threshold: int) -> Iterator[Finding]:
    statistics = _count_statistics(table)
    small = [
        row for row in statistics if any(_is_small(value, threshold) for value in table.table.body[row - 1])
    ]
    if small:
        yield _few(reading, Outcome.FAIL, f"{table.place}{_rows(small)}", len(small), threshold)


def _count_columns(table: ReadTable) -> Iterator[tuple[int, Outcome]]:
    counts_throughout = _is_crosstab(table)
    for column in range(table.table.labels, table.table.width):
        yield column, _outcome(table, column, [value for _, value in table.values(column)], counts_throughout)


def _counts_unknown(reading: Reading, threshold: int) -> Iterator[Finding]:
    """Once for an item: one table of it, or its text, may state the counts for all."""
    calculated = [table for table in reading.tables if _has_decimals(table)]
    if not calculated or any(_states_counts(table) for table in reading.tables):
        return
    if any(_STATED.search(text) for _, text in reading.passages):
        return
    yield Finding(
        check=NAME,
        identity=reading.item.identity,
        outcome=Outcome.REVIEW,
        summary="Calculated values that do not say how many people stand behind each.",
        where=f"{calculated[0].place}all columns",
        why=f"A mean or a rate over fewer than {threshold} people says something about each of them.",
        remedy="State the counts: add a column with the number of people behind each row.",
    )


def _has_decimals(table: ReadTable) -> bool:
    return any(_DECIMAL.fullmatch(value) for row in table.table.body for value in row[table.table.labels :])


def _states_counts(table: ReadTable) -> bool:
    return (
        bool(_count_statistics(table))
        or any(outcome is Outcome.FAIL for _, outcome in _count_columns(table))
        or any(_STATED.search(value) for row in table.table.body for value in row)
    )


def _outcome(table: ReadTable, column: int, values: list[str], counts_throughout: bool) -> Outcome:
    """FAIL where the column certainly holds counts, REVIEW where it may, PASS where it does not."""
    whole = [value for value in values if _WHOLE.fullmatch(value)]
    if not whole:
        return Outcome.PASS
    name = table.series_name if table.is_series else table.columns[column]
    words = _WORDS.findall(re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())
    if any(word in _NOT_COUNTS for word in words):
        return Outcome.PASS if not counts_throughout else Outcome.FAIL
    if counts_throughout or any(word in _COUNT_WORDS for word in words) or (table.is_series and not name):
        return Outcome.FAIL
    return Outcome.PASS if any(_DECIMAL.fullmatch(value) for value in values) else Outcome.REVIEW


def _is_crosstab(table: ReadTable) -> bool:
    """The columns have a name of their own (above the labels) and everything below is a whole number."""
    labels = table.table.labels
    named = any(row[at] for row in table.table.header[:1] for at in range(min(labels, len(row))))
    values = [
        value for column in range(labels, table.table.width) for _, value in table.values(column) if value
    ]
    return (
        named
        and bool(values)
        and all(_WHOLE.fullmatch(value) or value in {"NaN", "-", "–"} for value in values)
    )


def _count_statistics(table: ReadTable) -> list[int]:
    """Rows of a description (`count`, `freq`) which are counts, though printed with decimals."""
    if not table.table.labels:
        return []
    labels = (
        (number, row[table.table.labels - 1].lower()) for number, row in enumerate(table.table.body, start=1)
    )
    return [number for number, label in labels if label in _COUNT_STATISTIC]


def _is_small(value: str, threshold: int) -> bool:
    found = _WHOLE.fullmatch(value)
    return found is not None and 1 <= int(found[1].replace(",", "")) < threshold


def _in_words(reading: Reading, threshold: int) -> Iterator[Finding]:
    for where, text in reading.passages:
        small = [found for found in _SPOKEN.finditer(text) if 1 <= int(found[1]) < threshold]
        if small:
            yield _few(reading, Outcome.REVIEW, where, len(small), threshold)


def _rows(rows: list[int]) -> str:
    shown = ", ".join(str(row) for row in rows[:5])
    return f"row{'s' if len(rows) > 1 else ''} {shown}{' and others' if len(rows) > 5 else ''}"


def _few(reading: Reading, outcome: Outcome, where: str, number: int, threshold: int) -> Finding:
    sure = outcome is Outcome.FAIL
    return Finding(
        check=NAME,
        identity=reading.item.identity,
        outcome=outcome,
        summary=f"{number} {'count' if number == 1 else 'counts'} below {threshold}."
        if sure
        else f"{number} whole {'number' if number == 1 else 'numbers'} below {threshold} that may be {'a count' if number == 1 else 'counts'}.",
        where=where,
        why=f"A group of fewer than {threshold} may let somebody in the school recognise a person.",
        remedy="Combine categories or leave out groups below the threshold, and check that totals do not give them away."
        if sure
        else "If these count people, combine categories or leave the groups out; if not, say so in the request's context.",
    )
