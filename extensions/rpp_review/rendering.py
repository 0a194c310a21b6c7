"""How is an item shown, and how does a table leave as a file?

Every fragment is written here from text that is escaped on the way; no markup of the notebook's is in it.
"""

import base64
import csv
import io
import re
from html import escape

from rpp_review.items import Item, Kind
from rpp_review.normal_form import source_cells
from rpp_review.tables import Block, Row, Table, decode

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?%?")


def item_html(item: Item) -> str:
    """A safe fragment: no script, no link, no style; the only image is our own PNG as a data URL."""
    if item.kind is Kind.FIGURE:
        encoded = base64.b64encode(item.content).decode("ascii")
        return f'<img src="data:image/png;base64,{encoded}" alt="{escape(item.title)}">'
    if item.kind is Kind.TABLE:
        return "\n".join(_block_html(block, item.title) for block in decode(item.content))
    if item.kind is Kind.SOURCE:
        return "\n".join(_cell_html(cell, number) for number, cell in enumerate(source_cells(item), start=1))
    return f"<pre>{_text(item.content.decode())}</pre>"


def table_csv(item: Item) -> str:
    """The item's tables as CSV that no spreadsheet takes for formulas (OWASP ASVS 1.2.10)."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    tables = [block for block in decode(item.content) if isinstance(block, Table)]
    for number, table in enumerate(tables):
        if number:
            writer.writerow([])
        writer.writerows([formula_safe(value) for value in row] for row in (*table.header, *table.body))
    return written.getvalue()


def item_text(item: Item) -> str:
    """The item as plain text, for the released notebook's text form."""
    if item.kind is not Kind.TABLE:
        return item.content.decode()
    return "\n\n".join(_block_text(block) for block in decode(item.content))


def formula_safe(value: str) -> str:
    """A negative number begins with a minus and is no formula; anything else that could be one gets a quote."""
    starts_formula = value.lstrip(" ").startswith(_FORMULA) or value.startswith(_FORMULA)
    return f"'{value}" if starts_formula and not _NUMBER.fullmatch(value) else value


def _block_html(block: Block, title: str) -> str:
    if isinstance(block, str):
        return f"<pre>{_text(block)}</pre>"
    head = "".join(_row_html(row, len(row), "col") for row in block.header)
    body = "".join(_row_html(row, block.labels, "row") for row in block.body)
    caption = f"<caption>{escape(block.caption or title)}</caption>"
    return f"<table>{caption}<thead>{head}</thead><tbody>{body}</tbody></table>"


def _row_html(row: Row, headings: int, scope: str) -> str:
    labels = "".join(f'<th scope="{scope}">{escape(value)}</th>' for value in row[:headings])
    return f"<tr>{labels}{''.join(f'<td>{escape(value)}</td>' for value in row[headings:])}</tr>"


def _cell_html(cell: dict[str, str], number: int) -> str:
    heading = f"<h4>Cell {number} ({escape(cell['kind'])}, id {escape(cell['id'])})</h4>"
    return f"{heading}\n<pre>{_text(cell['source'])}</pre>"


def _text(text: str) -> str:
    # A browser drops the first newline after <pre>, so there is one to drop.
    return "\n" + escape(text)


def _block_text(block: Block) -> str:
    if isinstance(block, str):
        return block
    rows = (*block.header, *block.body)
    widths = [
        max(len(row[column]) if column < len(row) else 0 for row in rows) for column in range(block.width)
    ]
    lines = ("  ".join(value.rjust(width) for value, width in zip(row, widths, strict=False)) for row in rows)
    return "\n".join(line.rstrip() for line in ([block.caption] if block.caption else []) + list(lines))
