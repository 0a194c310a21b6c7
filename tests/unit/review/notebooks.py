"""Notebooks for the tests of output review, each naming only what matters."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

from PIL import Image, PngImagePlugin
from rpp_review.items import Item, Kind
from rpp_review.normal_form import normal_form


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def display(data: dict[str, Any], metadata: Any = None) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def error(*traceback: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": "KeyError", "evalue": "x", "traceback": list(traceback)}


def code_cell(
    *outputs: dict[str, Any], identity: str = "a", source: str = "x", **extra: Any
) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": identity,
        "metadata": {},
        "source": source,
        "execution_count": 1,
        "outputs": list(outputs),
        **extra,
    }


def notebook(*cells: dict[str, Any], metadata: dict[str, Any] | None = None, **extra: Any) -> bytes:
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": list(cells), **extra}
    return json.dumps(whole).encode()


def one_item(output: dict[str, Any]) -> Item:
    """The only output item of a notebook with one output."""
    found = [item for item in normal_form(notebook(code_cell(output))).items if item.kind is not Kind.SOURCE]
    assert len(found) == 1, found
    return found[0]


def dropped(*outputs: dict[str, Any], **cell: Any) -> set[str]:
    """What the normal form left out of a cell with these outputs."""
    return {one.what for one in normal_form(notebook(code_cell(*outputs, **cell))).dropped}


def png(picture: Image.Image, text: str = "", trailing: bytes = b"", **options: Any) -> str:
    """A picture as an output holds it."""
    chunks = PngImagePlugin.PngInfo()
    if text:
        chunks.add_text("Comment", text)
    written = io.BytesIO()
    picture.save(written, "PNG", pnginfo=chunks, **options)
    return base64.b64encode(written.getvalue() + trailing).decode()


def opened(item: Item) -> Image.Image:
    return Image.open(io.BytesIO(item.content))
