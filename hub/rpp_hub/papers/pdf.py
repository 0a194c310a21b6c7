"""A paper as PDF, for signing by hand: the same words as the page, which is the document that hashes name."""

from __future__ import annotations

from functools import cache
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import reportlab
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from rpp_hub.papers.document import Document, Grid, Section

_INK, _LINE, _HEAD = HexColor("#111111"), HexColor("#999999"), HexColor("#eeeeee")


def as_pdf(document: Document, sha256: str = "") -> bytes:
    """The document on letter pages, each with a number and the hash of the page it was made from."""
    _fonts()
    out = BytesIO()
    template = SimpleDocTemplate(
        out, pagesize=letter, title=document.title, author="", leftMargin=inch, rightMargin=inch,
        topMargin=0.9 * inch, bottomMargin=0.9 * inch, invariant=1,
    )  # fmt: skip
    foot = _Foot(f"SHA-256 {sha256}" if sha256 else "")
    template.build(_story(document), onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


class _Foot:
    """The foot of every page."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __call__(self, canvas: Canvas, template: object) -> None:
        canvas.saveState()
        canvas.setFont("Vera", 7)
        canvas.drawString(inch, 0.5 * inch, self._text)
        canvas.drawRightString(letter[0] - inch, 0.5 * inch, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()


@cache
def _fonts() -> None:
    folder = Path(reportlab.__file__).parent / "fonts"
    for name, file in (("Vera", "Vera.ttf"), ("VeraBd", "VeraBd.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))


@cache
def _style(name: str) -> ParagraphStyle:
    size, bold, before = {"title": (15, True, 0), "heading": (11, True, 10), "body": (9, False, 2), "cell": (7.5, False, 0),
                          "head": (7.5, True, 0)}[name]  # fmt: skip
    return ParagraphStyle(
        name, fontName="VeraBd" if bold else "Vera", fontSize=size, leading=size * 1.4, textColor=_INK,
        spaceBefore=before, spaceAfter=4, splitLongWords=True, wordWrap=None,
    )  # fmt: skip


def _text(words: str, style: str) -> Paragraph:
    return Paragraph(escape(words).replace("\n", "<br/>"), _style(style))


def _story(document: Document) -> list[Flowable]:
    story: list[Flowable] = [_text(document.title, "title"), Spacer(1, 6)]
    story.append(_table([[_text(k, "head"), _text(v, "cell")] for k, v in document.facts], heading=False))
    for section in document.sections:
        story += _section(section)
    if document.lines:
        lines = [[_text(s, "cell"), _text("", "cell"), _text("", "cell")] for s in document.lines]
        head = [_text(s, "head") for s in ("For", "Name and signature", "Date")]
        story += [_text("Signatures", "heading"), _table([head, *lines], tall=True)]
    return story


def _section(section: Section) -> list[Flowable]:
    story: list[Flowable] = [_text(section.heading, "heading")]
    story += [_text(p, "body") for p in section.paragraphs]
    for grid in section.grids:
        story += _grid(grid)
    return story


def _grid(grid: Grid) -> list[Flowable]:
    story: list[Flowable] = [_text(grid.caption, "body")] if grid.caption else []
    rows = [[_text(c, "head") for c in grid.columns]] + [[_text(c, "cell") for c in r] for r in grid.rows]
    return [*story, _table(rows), Spacer(1, 6)]


def _table(rows: list[list[Paragraph]], *, heading: bool = True, tall: bool = False) -> LongTable:
    width = letter[0] - 2 * inch
    columns = len(rows[0])
    first = 0.28 if columns <= 4 else max(0.1, 1 - (columns - 1) * 0.075)
    widths = (
        [width * first, *[width * (1 - first) / (columns - 1)] * (columns - 1)] if columns > 1 else [width]
    )
    table = LongTable(rows, colWidths=widths, repeatRows=int(heading))
    style: list[Any] = [("GRID", (0, 0), (-1, -1), 0.4, _LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    if heading:
        style.append(("BACKGROUND", (0, 0), (-1, 0), _HEAD))
    if tall:
        style.append(("BOTTOMPADDING", (0, 1), (-1, -1), 26))
    table.setStyle(TableStyle(style))
    return table
