"""One item of a notebook as a document of its own, in which nothing of the notebook can run, load or lead away."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass

from markupsafe import Markup
from rpp_review.items import Item, Kind
from rpp_review.normal_form import source_cells
from rpp_review.rendering import item_html

from rpp_hub.domain.actor import Actor
from rpp_hub.services.request_state import ItemView, RequestView
from rpp_hub.web.portal import Portal
from rpp_hub.web.templating import STATIC, render

_STYLE = (STATIC / "item.css").read_text(encoding="utf-8")
STYLE_HASH = f"sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}"
_MEASURED = 40  # beyond so many items a page is quicker with frames of one size
_REMEMBERED = 5000
_LOWEST, _HIGHEST, _USUAL = 90, 560, 360
_WIDTH = 640


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item on a page: what the examination found, and how high its frame is."""

    item: ItemView
    height: int
    number: int

    @property
    def worst(self) -> str:
        """The gravest outcome of its findings."""
        outcomes = {str(f["outcome"]) for f in self.item.findings}
        return next((o for o in ("fail", "review", "pass") if o in outcomes), "pass")


def item_document(item: Item) -> str:
    """The whole document. Its policy comes with the answer's headers, and once more within."""
    cells = source_cells(item) if item.kind is Kind.SOURCE else ()
    body = Markup(item_html(item)) if item.kind is not Kind.SOURCE else None  # noqa: S704 - rendering escapes everything
    style = Markup(_STYLE)  # noqa: S704 - our own file
    return render(
        "item.html", {"item": item, "cells": cells, "body": body, "style": style, "style_hash": STYLE_HASH}
    )


def shown_items(portal: Portal, actor: Actor, view: RequestView) -> tuple[ShownItem, ...]:
    """The round's items, results first: the code they come from is the last thing on the page."""
    order = sorted(view.items, key=lambda i: i.kind == Kind.SOURCE)
    return tuple(ShownItem(i, _height(portal, actor, view, i), n) for n, i in enumerate(order, start=1))


def _height(portal: Portal, actor: Actor, view: RequestView, item: ItemView) -> int:
    if len(view.items) > _MEASURED:
        return _USUAL
    if item.sha256 not in _heights:
        if len(_heights) >= _REMEMBERED:
            _heights.clear()
        content, _ = portal.rpp.requests.item_content(actor, view.name, item.identity)
        _heights[item.sha256] = measured(content)
    return _heights[item.sha256]


_heights: dict[str, int] = {}  # by SHA-256, so what is remembered can never be out of date


def measured(item: Item) -> int:
    """About how high the item is when it is shown, in pixels, between a least and a most."""
    if item.kind is Kind.FIGURE:
        width, height = (
            struct.unpack(">II", item.content[16:24]) if item.content[:4] == b"\x89PNG" else (_WIDTH, _USUAL)
        )
        wanted = int(height * min(1.0, _WIDTH / max(width, 1))) + 40
    elif item.kind is Kind.TABLE:
        html = item_html(item)
        wanted = html.count("<tr>") * 30 + html.count("<caption>") * 34 + html.count("\n") * 6 + 44
    elif item.kind is Kind.SOURCE:
        wanted = sum(60 + 20 * (c["source"].count("\n") + 1) for c in source_cells(item))
    else:
        wanted = 20 * (item.content.count(b"\n") + 1) + 44
    return max(_LOWEST, min(_HIGHEST, wanted))
