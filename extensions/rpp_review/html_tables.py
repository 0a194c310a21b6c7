"""Which tables and which text does a piece of HTML show?

The markup is read as a stream of events, and only text and the shape of tables are taken from it; no tag and no
attribute of the notebook's ever comes through. (Sanitisers that build a tree first take quadratic time on nested
tags, and what they keep would still have to be read.)
"""

import re
from dataclasses import dataclass, field

from lxml import etree

from rpp_review.limits import InvalidNotebook, Limits
from rpp_review.tables import Block, Row, Table
from rpp_review.visible_text import visible

_SILENT = frozenset({"script", "style", "template", "noscript", "title", "iframe", "object", "svg", "math"})
_LINES = frozenset(
    "address article aside blockquote br caption dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6"
    " header hr li main nav ol option p pre section summary table tr ul".split()
)
_COLSPAN, _ROWSPAN = 1_000, 65_534  # the ceilings HTML itself sets
_BLANKS = re.compile(r"[ \t\n\r\f\xa0]+")
_MANY_LINES = re.compile(r"\n{3,}")


@dataclass(slots=True)
class _Cell:
    heading: bool
    colspan: int
    rowspan: int
    text: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Rows:
    caption: list[str] = field(default_factory=list)
    head: list[list[_Cell]] = field(default_factory=list)
    body: list[list[_Cell]] = field(default_factory=list)
    in_head: bool = False


class _Reader:
    """Takes lxml's parser events; `close` gives the blocks. Tables within tables become text of their cell."""

    def __init__(self, budget: int) -> None:
        self.blocks: list[Block] = []
        self.budget = budget
        self._text: list[str] = []
        self._table: _Rows | None = None
        self._cell: _Cell | None = None
        self._into: list[str] = self._text
        self._nested = 0
        self._silent: list[str] = []
        self._pre = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._silent or tag in _SILENT:
            self._silent.append(tag)
        elif tag == "table":
            self._open_table()
        elif self._table is not None and not self._nested:
            self._open_in_table(tag, attributes)
        self._line(tag)
        self._pre += tag == "pre"

    def end(self, tag: str) -> None:
        if self._silent:
            if tag in self._silent:
                while self._silent.pop() != tag:
                    pass
            return
        self._line(tag)
        self._pre -= tag == "pre" and self._pre > 0
        if tag == "table":
            self._close_table()
        elif self._table is not None and not self._nested:
            self._close_in_table(tag)

    def data(self, text: str) -> None:
        if not self._silent:
            self._into.append(text if self._pre and self._cell is None else _BLANKS.sub(" ", text))

    def comment(self, text: str) -> None:
        """Comments are not shown."""

    def pi(self, target: str, data: str | None = None) -> None:
        """Nor are processing instructions."""

    def close(self) -> list[Block]:
        self._nested = 0
        self._close_table()
        self._flush()
        return self.blocks

    def _line(self, tag: str) -> None:
        if tag not in _LINES or self._silent:
            return
        if self._cell is not None:
            self._into.append(" ")
        elif self._into and self._into[-1] != "\n":
            self._into.append("\n")

    def _open_table(self) -> None:
        if self._table is not None:
            self._nested += 1
            return
        self._flush()
        self._table = _Rows()
        self._into = []  # text straight inside a table, outside its cells, is whitespace in any real page

    def _open_in_table(self, tag: str, attributes: dict[str, str]) -> None:
        table = self._table
        if table is None:
            return
        if tag in {"thead", "tbody", "tfoot"}:
            table.in_head = tag == "thead"
            self._stray()
        elif tag == "tr":
            self._stray()
            (table.head if table.in_head else table.body).append([])
        elif tag == "caption":
            self._into = table.caption
        elif tag in {"td", "th"}:
            self._stray()
            self._open_cell(tag, attributes, table)

    def _open_cell(self, tag: str, attributes: dict[str, str], table: _Rows) -> None:
        cell = _Cell(tag == "th", 1, 1)
        if attributes:
            cell.colspan = _span(attributes.get("colspan"), _COLSPAN)
            cell.rowspan = _span(attributes.get("rowspan"), _ROWSPAN)
        self.budget -= cell.colspan * cell.rowspan
        if self.budget < 0:
            raise _TooManyCells
        rows = table.head if table.in_head else table.body
        if not rows:
            rows.append([])
        rows[-1].append(cell)
        self._cell, self._into = cell, cell.text

    def _close_in_table(self, tag: str) -> None:
        if tag in {"td", "th", "tr", "caption", "thead", "tbody"}:
            self._cell, self._into = None, []
        if tag == "thead" and self._table is not None:
            self._table.in_head = False

    def _stray(self) -> None:
        """Text between cells is shown before the table by every browser, so it is kept, before the table."""
        if self._cell is None and self._table is not None and self._into is not self._table.caption:
            self._text.extend(self._into)
        self._cell, self._into = None, []

    def _close_table(self) -> None:
        if self._nested:
            self._nested -= 1
            return
        if self._table is None:
            return
        self._stray()
        self._flush()
        table = _built(self._table)
        if table.header or table.body:
            self.blocks.append(table)
        self._table = self._cell = None
        self._text = self._into = []

    def _flush(self) -> None:
        text = _tidy("".join(self._text))
        if text:
            self.blocks.append(text)
        self._text = self._into = []


class _TooManyCells(Exception):
    pass


def read_html(html: str, limits: Limits, budget: int) -> tuple[Block, ...]:
    """Tables and text in the order of the page; at most `budget` table cells."""
    reader = _Reader(budget)
    # lxml looks for the reader's methods by name; its stub wants a subclass.
    parser = etree.HTMLParser(target=reader, encoding="utf-8", huge_tree=True)  # type: ignore[call-overload]
    try:
        parser.feed(html.replace("\x00", "\ufffd").encode())
        parser.close()
    except _TooManyCells:
        raise InvalidNotebook(
            "table-too-large",
            f"The notebook's tables have more than {limits.table_cells:,} cells. "
            "Aggregate the table or show fewer rows, run the cell again and save.",
        ) from None
    except (etree.LxmlError, AssertionError):
        reader.close()  # an empty page, or one the parser gave up on: what was read until then counts
    return tuple(reader.blocks)


def _span(value: str | None, most: int) -> int:
    if value is None or not value.isascii() or not value.isdigit():
        return 1
    return max(1, min(int(value[:6]), most))


def _built(rows: _Rows) -> Table:
    head, body = list(rows.head), [row for row in rows.body if row]
    while not rows.head and body and len(body) > 1 and all(cell.heading for cell in body[0]):
        head.append(body.pop(0))
    return Table(
        header=tuple(row for row in _expanded(head) if row),
        body=_expanded(body),
        # A row below a spanning label has fewer headings of its own; the first row has them all.
        labels=_leading_headings(body[0]) if body else 0,
        caption=_cell_text(rows.caption),
    )


def _leading_headings(row: list[_Cell]) -> int:
    count = 0
    for cell in row:
        if not cell.heading:
            break
        count += cell.colspan
    return count


def _expanded(rows: list[list[_Cell]]) -> tuple[Row, ...]:
    expanded: list[Row] = []
    below: dict[int, tuple[int, str]] = {}  # column -> rows still to fill, and with what
    for row in rows:
        filled: list[str] = []
        for cell in row:
            _fill(filled, below)
            text = _cell_text(cell.text)
            for _ in range(cell.colspan):
                if cell.rowspan > 1:
                    below[len(filled)] = (cell.rowspan - 1, text)
                filled.append(text)
        _fill(filled, below)
        expanded.append(tuple(filled))
    return tuple(expanded)


def _fill(filled: list[str], below: dict[int, tuple[int, str]]) -> None:
    while below and len(filled) in below:
        column = len(filled)
        left, text = below.pop(column)
        if left > 1:
            below[column] = (left - 1, text)
        filled.append(text)


def _cell_text(pieces: list[str]) -> str:
    return visible(_BLANKS.sub(" ", "".join(pieces)).strip())


def _tidy(text: str) -> str:
    lines = (line.strip(" \t") if line.strip() else "" for line in visible(text).split("\n"))
    return _MANY_LINES.sub("\n\n", "\n".join(lines)).strip("\n")
