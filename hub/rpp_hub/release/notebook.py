"""What does the released notebook look like, as a notebook and as a page?

It is written anew from the approved source and the approved outputs, each in the form the reviewers saw. Nothing of
the submitted file is copied, so nothing of it can come through unseen.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import HTMLExporter
from nbstripout import strip_output
from rpp_review.items import Item, Kind
from rpp_review.languages import Kernel
from rpp_review.normal_form import source_cells
from rpp_review.rendering import item_html, item_text

_TEMPLATES = Path(__file__).parent / "template"
_STYLE = (_TEMPLATES / "rpp_release" / "page.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
_POLICY = f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
_METADATA = {
    Kernel.PYTHON: {
        "kernelspec": {"display_name": "rpp", "language": "python", "name": "rpp"},
        "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
    },
    Kernel.R: {
        "kernelspec": {
            "display_name": "R",
            "language": "R",
            "name": "ir",
        },  # as R's own kernel is called elsewhere
        "language_info": {"file_extension": ".r", "mimetype": "text/x-r-source", "name": "R"},
    },
}


def released_notebook(
    source: Item, outputs: Sequence[Item], kernel: Kernel = Kernel.PYTHON
) -> Mapping[str, Any]:
    """The notebook with the approved outputs and no others."""
    cells = [_cell(cell) for cell in source_cells(source)]
    notebook = _node({"cells": cells, "metadata": _METADATA[kernel], "nbformat": 4, "nbformat_minor": 5})
    strip_output(notebook, keep_output=False, keep_count=False, keep_id=True)
    places = {cell["id"]: cell for cell in notebook["cells"]}
    for item in sorted(outputs, key=lambda item: item.position):
        places[item.cell]["outputs"].append(_node(_output(item)))
    nbformat.validate(notebook)
    released: Mapping[str, Any] = notebook
    return released


def notebook_file(notebook: Mapping[str, Any]) -> bytes:
    """The notebook as a file, written the one way."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def notebook_page(notebook: Mapping[str, Any], title: str) -> bytes:
    """One HTML page that runs nothing and loads nothing: neither script nor link, and a policy that forbids both."""
    exporter = HTMLExporter(template_name="rpp_release", extra_template_basedirs=[str(_TEMPLATES)])  # type: ignore[no-untyped-call]
    resources = {"rpp": {"title": title, "policy": _POLICY, "style": _STYLE}}
    page, _ = exporter.from_notebook_node(_node(notebook), resources=resources)
    return page.encode()


def _node(value: Mapping[str, object]) -> Any:
    return nbformat.from_dict(dict(value))  # type: ignore[no-untyped-call]


def _cell(cell: Mapping[str, str]) -> dict[str, object]:
    new: dict[str, object] = {
        "cell_type": cell["kind"],
        "id": cell["id"],
        "metadata": {},
        "source": cell["source"],
    }
    return {**new, "execution_count": None, "outputs": []} if cell["kind"] == "code" else new


def _output(item: Item) -> dict[str, object]:
    if item.kind is Kind.TEXT:
        return {"output_type": "stream", "name": "stdout", "text": item.content.decode() + "\n"}
    if item.kind is Kind.ERROR:
        lines = item.content.decode().split("\n")
        return {"output_type": "error", "ename": "Error", "evalue": "", "traceback": lines}
    if item.kind is Kind.FIGURE:
        data = {"image/png": base64.b64encode(item.content).decode("ascii"), "text/plain": item.title}
    else:
        data = {"text/html": item_html(item), "text/plain": item_text(item)}
    return {"output_type": "display_data", "data": data, "metadata": {}}
