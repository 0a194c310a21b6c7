"""What does a paper look like: headings, paragraphs and tables, as a page that stands alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape

import lxml.html
from lxml.html import HtmlElement

_STYLE = (
    "body{font:15px/1.5 Georgia,'Liberation Serif',serif;color:#111;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.1rem;margin-top:1.8rem}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem;margin:.6rem 0}"
    "th,td{border:1px solid #999;padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "thead th{background:#eee}caption{text-align:left;font-weight:bold;padding:.3rem 0}"
    "dt{font-weight:bold}dd{margin:0 0 .4rem 0}"
)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its caption, its columns' headings, its rows."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with paragraphs and tables."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole paper. `facts` are its key dates and names; `lines` are the places to sign at."""

    title: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    lines: tuple[str, ...]


def as_html(document: Document) -> bytes:
    """The exact document that is signed. The same document gives the same bytes."""
    facts = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in document.facts)
    lines = "".join(f"<tr><th scope='row'>{escape(s)}</th><td></td><td></td></tr>" for s in document.lines)
    body = (
        f"<h1>{escape(document.title)}</h1><dl>{facts}</dl>{''.join(map(_section, document.sections))}"
        "<h2>Signatures</h2><table><thead><tr><th scope='col'>For</th><th scope='col'>Name and signature</th>"
        f"<th scope='col'>Date</th></tr></thead><tbody>{lines}</tbody></table>"
    )
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(document.title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )
    return page.encode()


def read_html(page: bytes) -> Document:
    """A document back from its page, so that a PDF says exactly what was kept, whatever the texts say by then."""
    body = next(lxml.html.document_fromstring(page.decode()).iter("body"))
    facts = [(_words(k), _words(v)) for k, v in zip(body.iter("dt"), body.iter("dd"), strict=True)]
    sections: list[Section] = []
    lines: tuple[str, ...] = ()
    for element in body:
        if element.tag == "h2":
            sections.append(Section(_words(element)))
        elif element.tag == "p" and sections:
            sections[-1] = replace(sections[-1], paragraphs=(*sections[-1].paragraphs, _words(element)))
        elif element.tag == "table" and sections:
            sections[-1] = replace(sections[-1], grids=(*sections[-1].grids, _read_grid(element)))
    last = sections.pop() if sections else Section("")
    if last.grids:
        lines = tuple(row[0] for row in last.grids[0].rows)
    return Document(_words(body.find("h1")), tuple(facts), tuple(sections), lines)


def _read_grid(table: HtmlElement) -> Grid:
    caption = table.find("caption")
    rows = tuple(tuple(map(_words, row)) for row in table.iterfind("tbody/tr"))
    return Grid(
        _words(caption) if caption is not None else "",
        tuple(map(_words, table.iterfind("thead/tr/th"))),
        rows,
    )


def _words(element: HtmlElement | None) -> str:
    return str(element.text_content()) if element is not None else ""


def _section(section: Section) -> str:
    paragraphs = "".join(f"<p>{escape(p)}</p>" for p in section.paragraphs)
    return f"<h2>{escape(section.heading)}</h2>{paragraphs}{''.join(map(_grid, section.grids))}"


def _grid(grid: Grid) -> str:
    head = "".join(f"<th scope='col'>{escape(c)}</th>" for c in grid.columns)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in row)}</tr>" for row in grid.rows)
    caption = f"<caption>{escape(grid.caption)}</caption>" if grid.caption else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
