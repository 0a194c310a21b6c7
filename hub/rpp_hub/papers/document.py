"""What does a paper look like: headings, paragraphs and tables, as a page that stands alone."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

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


def _section(section: Section) -> str:
    paragraphs = "".join(f"<p>{escape(p)}</p>" for p in section.paragraphs)
    return f"<h2>{escape(section.heading)}</h2>{paragraphs}{''.join(map(_grid, section.grids))}"


def _grid(grid: Grid) -> str:
    head = "".join(f"<th scope='col'>{escape(c)}</th>" for c in grid.columns)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in row)}</tr>" for row in grid.rows)
    caption = f"<caption>{escape(grid.caption)}</caption>" if grid.caption else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
