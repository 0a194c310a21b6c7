"""What does a check read of an item: its text, and the tables in it, printed ones too."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, takewhile

from rpp_review.evidence import Evidence
from rpp_review.items import Item, Kind
from rpp_review.normal_form import source_cells
from rpp_review.tables import Row, Table, decode

_TOKENS = re.compile(r"\S+(?: \S+)*")
_FOOTER = re.compile(r"(?:Freq: \S+, )?(?:Name: (?P<name>.+?), )?(?:Length: \d+, )?dtype: (?P<dtype>\S+)")
ON_FIGURE = "the text on the figure"
_PATIENCE = 5  # lines below a header in which its first number must come, or it is prose
_DIGIT = re.compile(r"\d")
_GAP = re.compile(r" {2,}")
_BOX = re.compile(r"[│┃┆|]")
_RULE = re.compile(r"[\s─━═┄┈╌=:+|│┃┆┌┐└┘├┤┬┴┼╞╡╪╭╮╰╯-]*")
_SQL_TYPE = re.compile(
    r"(?:u?int\d+|varchar|str|double|f(?:64|32)|[iu](?:64|32|16|8)|bool(?:ean)?|date|cat|---)?", re.I
)


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as found: in a table item or printed in text. `is_series` when one column was printed with its name."""

    table: Table
    place: str
    is_series: bool = False
    series_name: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """One name a column, from all header rows; label columns have a name only if pandas gave them one."""
        return tuple(
            " ".join(filter(None, (row[at] if at < len(row) else "" for row in self.table.header)))
            for at in range(self.table.width)
        )

    def values(self, column: int) -> Iterator[tuple[int, str]]:
        """(row, value), rows counted from 1."""
        for number, row in enumerate(self.table.body, start=1):
            if column < len(row):
                yield number, row[column]


@dataclass(frozen=True, slots=True)
class Reading:
    item: Item
    passages: tuple[
        tuple[str, str], ...
    ]  # (where, text): everything legible, in pieces that can be pointed at
    tables: tuple[ReadTable, ...]


def read(item: Item, evidence: Evidence | None = None) -> Reading:
    """Everything in the item that can be read; of a figure its title, and the text on it as far as its evidence says it."""
    return Reading(item, (*_passages(item), *_on_figure(item, evidence)), tuple(_tables(item)))


def _on_figure(item: Item, evidence: Evidence | None) -> Iterator[tuple[str, str]]:
    written = (evidence or {}).get("text")
    if item.kind is Kind.FIGURE and isinstance(written, list) and written:
        yield ON_FIGURE, "\n".join(map(str, written))


def _passages(item: Item) -> Iterator[tuple[str, str]]:
    yield "the title", item.title
    if item.cell:
        yield "the cell's id", item.cell
    if item.kind is Kind.SOURCE:
        for number, cell in enumerate(source_cells(item), start=1):
            yield f"the source of cell {number}", cell["source"]
            yield f"the id of cell {number}", cell["id"]
    elif item.kind is Kind.TABLE:
        for block in decode(item.content):
            if isinstance(block, str):
                yield "the text beside the table", block
            elif block.caption:
                yield "the table's caption", block.caption
    elif item.kind is not Kind.FIGURE:
        yield "the text", item.content.decode()


def _tables(item: Item) -> Iterator[ReadTable]:
    if item.kind is Kind.TABLE:
        tables = [block for block in decode(item.content) if isinstance(block, Table)]
        for number, table in enumerate(tables, start=1):
            yield ReadTable(table, f"table {number}, " if len(tables) > 1 else "")
    elif item.kind is Kind.TEXT:
        yield from printed_tables(item.content.decode())


def printed_tables(text: str) -> Iterator[ReadTable]:
    """Frames and series as pandas prints them, and tables drawn with lines as polars, DuckDB and Markdown have them."""
    waiting: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), start=1):
        footer = _FOOTER.fullmatch(line.strip()) if "dtype: " in line else None
        if footer is None:
            waiting.append(line)
            continue
        series = _series(waiting, footer["name"] or "", number)
        yield from _drawn(waiting[: len(waiting) - (len(series.table.body) if series else 0)], first)
        if series:
            yield series
        waiting, first = [], number + 1
    yield from _drawn(waiting, first)


def _series(lines: list[str], name: str, footer: int) -> ReadTable | None:
    """The lines of label and value just above a footer; pandas makes them equally long."""
    alike = list(
        takewhile(lambda line: len(line) == len(lines[-1]) and _GAP.search(line.strip()), reversed(lines))
    )
    rows = [tuple(_GAP.split(line.strip())) for line in reversed(alike)]
    if not rows:
        return None
    width = max(len(row) for row in rows)  # a label that repeats the one above it is left out in print
    body = tuple(("",) * (width - len(row)) + row for row in rows)
    return ReadTable(Table((), body, labels=width - 1), f"line {footer - len(rows)}, ", True, name)


def _drawn(lines: list[str], first: int) -> Iterator[ReadTable]:
    at = 0
    while at < len(lines):
        if not lines[at]:
            at += 1
            continue
        found, read = _boxed(lines, at) if _is_boxed(lines[at]) else _frame(lines, at)
        if found is not None:
            yield ReadTable(found, f"line {first + at}, ")
        at += max(read, 1)


def _boxed(lines: list[str], start: int) -> tuple[Table | None, int]:
    block = list(takewhile(_is_boxed, _from(lines, start)))
    rows = [_box_cells(line) for line in block if not _RULE.fullmatch(line)]
    if len(rows) < 2 or len(rows[0]) < 2:
        return None, len(block)
    body = [row for row in rows[1:] if not all(_SQL_TYPE.fullmatch(value) for value in row)]
    return Table((rows[0],), tuple(body)), len(block)


def _is_boxed(line: str) -> bool:
    return bool(line) and (len(_BOX.findall(line)) >= 2 or _RULE.fullmatch(line) is not None)


def _box_cells(line: str) -> Row:
    return tuple(part.strip() for part in _BOX.split(line.strip().strip("│┃|")))


def _frame(lines: list[str], start: int) -> tuple[Table | None, int]:
    """A header whose words end where the values below end: pandas aligns both to the right."""
    header = lines[start].removesuffix("\\").rstrip()
    below = lines[start + 1 : start + 1 + _PATIENCE]
    if not header or not any(len(line) == len(header) and _DIGIT.search(line) for line in below):
        return None, 0
    words = list(_TOKENS.finditer(header))
    for skipped in range(min(2, len(words))):
        # What stands at the very left may be the name of the columns, above the labels.
        if skipped and words[0].start():
            break
        rows, used = _aligned_rows(lines, start + 1, [word.end() for word in words[skipped:]])
        if rows:
            names = (words[0].group() if skipped else "", *(word.group() for word in words[skipped:]))
            return Table((names,), tuple(rows), labels=1), used + 1
    return None, 0


def _aligned_rows(lines: list[str], start: int, ends: list[int]) -> tuple[list[Row], int]:
    rows: list[Row] = []
    used = 0
    for line in _from(lines, start):
        cells = _aligned(line, ends)
        # The names of the labels stand alone below the header; dots stand for rows left out.
        is_between = used == 0 and 0 < len(line.rstrip()) < ends[0]
        if (cells is None and not is_between) or (not rows and used > _PATIENCE):
            break
        if cells is not None and _DIGIT.search(line):
            rows.append(cells)
        used += 1
    return rows, used


def _aligned(line: str, ends: list[int]) -> Row | None:
    """The line's label and values if each value ends where its column's name ends."""
    if len(line) != ends[-1] or any(
        line[end - 1] == " " or line[end : end + 1] not in ("", " ") for end in ends
    ):
        return None
    first = line[: ends[0]].rfind(" ") + 1
    return (
        line[:first].strip(),
        line[first : ends[0]],
        *(line[left:right].strip() for left, right in pairwise(ends)),
    )


def _from(lines: list[str], start: int) -> Iterator[str]:
    return (lines[at] for at in range(start, len(lines)))
