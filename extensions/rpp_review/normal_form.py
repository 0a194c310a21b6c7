"""What of this notebook can be reviewed and released? From the file's bytes to a list of items.

Every output becomes at most one item, in the safest form that says what it shows: a picture, a table, or text.
Everything else is dropped and said so. The same bytes give the same items; nothing else is ever released.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from rpp_review.evidence import EVIDENCE_TYPE
from rpp_review.html_tables import read_html
from rpp_review.html_traces import traces
from rpp_review.images import UnreadableImage, canonical_png, decode_base64, png_size
from rpp_review.items import SOURCE_IDENTITY, Dropped, Item, Kind, NormalForm
from rpp_review.limits import InvalidNotebook, Limits
from rpp_review.metadata import cell_metadata, notebook_metadata, output_metadata
from rpp_review.notebook import Cell, Fields, Notebook, Output, read_notebook, text_of
from rpp_review.tables import Table, canonical_json, encode
from rpp_review.visible_text import as_terminal_shows, visible, without_ansi

__all__ = ["InvalidNotebook", "Limits", "normal_form"]

_PLAIN = "text/plain"
_FORMATS = {
    "text/html": ("a second form as HTML", "the output has a safer form, which is shown"),
    "image/png": ("a picture that cannot be read", "it is damaged, too large or not a PNG"),
    "image/svg+xml": ("a vector drawing (SVG)", "it holds the data it was drawn from; draw it as PNG"),
    "application/pdf": ("a PDF", "it holds the data it was drawn from; draw it as PNG"),
    "image/jpeg": ("a JPEG picture", "figures are released as PNG; draw it as PNG"),
    "image/gif": ("a GIF picture", "figures are released as PNG; draw it as PNG"),
    "application/javascript": ("JavaScript", "nothing of a notebook may run in front of a reviewer"),
    "text/markdown": ("a second form as Markdown", "outputs are released as text, tables and PNG"),
    "text/latex": ("a second form as LaTeX", "outputs are released as text, tables and PNG"),
    "application/json": ("JSON", "outputs are released as text, tables and PNG; print it"),
    "application/geo+json": (
        "a map with its coordinates (GeoJSON)",
        "it holds the data behind the map; draw it as PNG",
    ),
    "application/vnd.jupyter.widget-view+json": (
        "a widget",
        "widgets hold data and run code; print or draw the result",
    ),
}
_CHARTS = ("application/vnd.plotly", "application/vnd.vega", "application/vnd.bokeh")
_CHART = ("an interactive chart", "it holds the rows it was drawn from; draw it as PNG")
_UNKNOWN = ("an unknown format", "outputs are released as text, tables and PNG")


@dataclass(slots=True)
class _Budget:
    """What is left of the limits that hold for the whole notebook."""

    limits: Limits
    table_cells: int
    pixels: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an output stands: the cell, its number on the page, the output's position."""

    cell: str
    number: int
    position: int

    @property
    def identity(self) -> str:
        return f"{self.cell}:{self.position}"

    def item(self, kind: Kind, media_type: str, content: bytes, shape: str) -> Item:
        title = f"Cell {self.number}, output {self.position + 1}: {shape}"
        return Item(self.identity, kind, media_type, content, title, self.cell, self.position)


@dataclass(slots=True)
class _Found:
    items: list[Item] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)


def normal_form(notebook: bytes, limits: Limits = Limits()) -> NormalForm:  # noqa: B008 - frozen
    """The items of a notebook; raises InvalidNotebook, with a sentence that says what to do, and nothing else."""
    read = read_notebook(notebook, limits)
    budget = _Budget(limits, limits.table_cells, limits.pixels)
    found = _Found([_source(read)], list(notebook_metadata(read)))
    for number, cell in enumerate(read.cells, start=1):
        found.dropped.extend(cell_metadata(cell))
        for position, output in enumerate(_streams_joined(cell)):
            _read_output(output, _Place(cell.identity, number, position), budget, found)
    return NormalForm(tuple(found.items), tuple(dict.fromkeys(found.dropped)))


def _source(notebook: Notebook) -> Item:
    cells = [
        {"id": cell.identity, "kind": cell.kind, "source": visible(cell.source)} for cell in notebook.cells
    ]
    title = f"The source of all {len(cells)} cells"
    content = canonical_json({"cells": cells})
    return Item(SOURCE_IDENTITY, Kind.SOURCE, "application/json", content, title, "", 0)


def _streams_joined(cell: Cell) -> Iterator[Output]:
    """Consecutive pieces of one stream are one output, as JupyterLab saves them; a re-run writes them in pieces."""
    waiting: list[str] = []
    name: object = None
    for output in cell.outputs:
        is_stream = output.kind == "stream"
        if waiting and (not is_stream or output.fields.get("name") != name):
            yield Output("stream", {"name": name, "text": "".join(waiting)})
            waiting = []
        if is_stream:
            name = output.fields.get("name")
            waiting.append(text_of(output.fields.get("text"), "a printed output"))
        else:
            yield output
    if waiting:
        yield Output("stream", {"name": name, "text": "".join(waiting)})


def _read_output(output: Output, place: _Place, budget: _Budget, found: _Found) -> None:
    if output.kind == "stream":
        item = _stream(output.fields, place)
    elif output.kind == "error":
        item = _error(output.fields, place)
    else:
        item = _display(output.fields, place, budget, found)
    if item is not None:
        found.items.append(item)


def _stream(fields: Fields, place: _Place) -> Item | None:
    text = as_terminal_shows(without_ansi(text_of(fields.get("text"), "a printed output")))
    return _text(text, place, "warnings and messages" if fields.get("name") == "stderr" else "printed text")


def _error(fields: Fields, place: _Place) -> Item:
    traceback = fields.get("traceback") or []
    lines = (
        traceback if isinstance(traceback, list) and all(isinstance(line, str) for line in traceback) else []
    )
    text = "\n".join(lines) or f"{fields.get('ename', 'Error')}: {fields.get('evalue', '')}"
    return place.item(Kind.ERROR, _PLAIN, visible(without_ansi(text)).encode(), "error message")


def _text(text: str, place: _Place, shape: str) -> Item | None:
    shown = visible(without_ansi(text)).strip("\n")
    return place.item(Kind.TEXT, _PLAIN, shown.encode(), shape) if shown else None


def _display(fields: Fields, place: _Place, budget: _Budget, found: _Found) -> Item | None:
    data = fields.get("data")
    if not isinstance(data, dict):
        raise InvalidNotebook(
            "unknown-structure",
            f"Output {place.position + 1} of cell {place.number} does not have the form of an output. "
            "Run the cell again and save.",
        )
    chosen, item = _chosen(data, place, budget)
    if output_metadata(fields.get("metadata")):
        found.dropped.append(Dropped(place.identity, "output metadata", "only the output itself is released"))
    if "text/html" in data and chosen != "image/png":
        html = text_of(data["text/html"], "an HTML output")
        found.dropped.extend(Dropped(place.identity, what, why) for what, why in traces(html))
    found.dropped.extend(_not_chosen(data, chosen, place))
    return item


def _chosen(data: Fields, place: _Place, budget: _Budget) -> tuple[str, Item | None]:
    """The first of picture, table, text of a page and text that is there and can be read."""
    if "image/png" in data:
        figure = _figure(text_of(data["image/png"], "a picture"), place, budget)
        if figure is not None:
            return "image/png", figure
    if "text/html" in data:
        item = _html(text_of(data["text/html"], "an HTML output"), place, budget)
        if item is not None:
            return "text/html", item
    if _PLAIN in data:
        return _PLAIN, _text(text_of(data[_PLAIN], "a text output"), place, "text")
    return "", None


def _not_chosen(data: Fields, chosen: str, place: _Place) -> Iterator[Dropped]:
    for media_type in data:
        if media_type in {chosen, _PLAIN, EVIDENCE_TYPE} or (media_type == "text/html" and chosen == _PLAIN):
            continue  # the text beside a picture or table says no more than that one is there
        is_chart = media_type.startswith(_CHARTS)
        what, why = _CHART if is_chart else _FORMATS.get(media_type, _UNKNOWN)
        yield Dropped(place.identity, what, why)


def _figure(text: str, place: _Place, budget: _Budget) -> Item | None:
    try:
        data = decode_base64(text)
        width, height = png_size(data)
        if not 0 < width * height <= min(budget.limits.image_pixels, budget.pixels):
            return None
        budget.pixels -= width * height
        content = canonical_png(data)
    except UnreadableImage:
        return None
    return place.item(Kind.FIGURE, "image/png", content, f"figure of {width} by {height} points")


def _html(html: str, place: _Place, budget: _Budget) -> Item | None:
    blocks = read_html(html, budget.limits, budget.table_cells)
    tables = [block for block in blocks if isinstance(block, Table)]
    if not tables:
        return _text("\n".join(block for block in blocks if isinstance(block, str)), place, "text")
    budget.table_cells -= sum(table.width * (len(table.body) + len(table.header)) for table in tables)
    return place.item(Kind.TABLE, "application/json", encode(blocks), _shape(tables))


def _shape(tables: list[Table]) -> str:
    if len(tables) > 1:
        return f"{len(tables)} tables"
    table = tables[0]
    rows, columns = len(table.body), table.width - table.labels
    return f"table of {rows:,} row{'s' * (rows != 1)} by {columns:,} column{'s' * (columns != 1)}"


def source_cells(item: Item) -> list[dict[str, str]]:
    """The cells in a source item: id, kind and source of each."""
    cells: list[dict[str, str]] = json.loads(item.content)["cells"]
    return cells
