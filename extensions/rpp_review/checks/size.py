"""Is it too much for a person to look through?"""

from collections.abc import Iterator

from rpp_review.checks.finding import Appetite, Finding, Outcome, Surroundings
from rpp_review.checks.reading import Reading
from rpp_review.items import Kind

NAME = "size"


def applies(reading: Reading) -> bool:
    return reading.item.kind is not Kind.FIGURE


def examine(reading: Reading, appetite: Appetite, _surroundings: Surroundings) -> Iterator[Finding]:
    content = reading.item.content
    if len(content) > appetite.max_characters:
        yield _much(
            reading, f"{len(content):,} characters; {appetite.max_characters:,} are what a person can check."
        )
    lines = content.count(b"\n") + 1
    if lines > appetite.max_lines:
        yield _much(reading, f"{lines:,} lines; {appetite.max_lines:,} are what a person can check.")
    widest = max((table.table.width for table in reading.tables), default=0)
    if widest > appetite.max_columns:
        yield _much(
            reading, f"A table of {widest:,} columns; {appetite.max_columns:,} are what a person can check."
        )


def _much(reading: Reading, summary: str) -> Finding:
    return Finding(
        check=NAME,
        identity=reading.item.identity,
        outcome=Outcome.REVIEW,
        summary=summary,
        where="the whole item",
        why="What is too long to read is not reviewed, only waved through.",
        remedy="Show less: the numbers that the finding needs, not the way to them.",
    )
