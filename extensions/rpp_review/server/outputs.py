"""What does the panel show of a notebook? Its items as the reviewers would get them, with hints. Pure.

The checks run here without what the trusted side knows, so what they say is advice; the hub runs them again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from rpp_review.checks import Appetite, Finding, Outcome, Surroundings, run_checks
from rpp_review.evidence import evidence_by_identity
from rpp_review.items import NOTEBOOK_IDENTITY, Dropped, Item, Kind, NormalForm
from rpp_review.normal_form import normal_form, source_cells
from rpp_review.tables import Block, Table, decode

TEXT_LINES = 12
TEXT_WIDTH = 400
TABLE_ROWS = 8
TABLE_COLUMNS = 8
FIGURE_BYTES = 2_000_000


def review(path: str, notebook: bytes, appetite: Appetite) -> dict[str, Any]:
    """The answer of `GET rpp/outputs`. Raises InvalidNotebook."""
    form = normal_form(notebook)
    findings = run_checks(form, appetite, Surroundings(), evidence_by_identity(notebook))
    return {"path": path, "sha256": hashlib.sha256(notebook).hexdigest(), **described(form, findings)}


def described(form: NormalForm, findings: Sequence[Finding]) -> dict[str, Any]:
    """Items one can ask for, the source that always goes along, and what would be left out."""
    known = {item.identity for item in form.items}
    return {
        "outputs": [_output(item, findings) for item in form.items if item.kind is not Kind.SOURCE],
        "source": next((_output(item, findings) for item in form.items if item.kind is Kind.SOURCE), None),
        "findings": [
            _finding(f) for f in findings if f.identity not in known and f.outcome is not Outcome.PASS
        ],
        "dropped": [_dropped(dropped) for dropped in form.dropped],
    }


def _output(item: Item, findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "identity": item.identity,
        "kind": str(item.kind),
        "title": item.title,
        "preview": _preview(item),
        "findings": [
            _finding(f) for f in findings if f.identity == item.identity and f.outcome is not Outcome.PASS
        ],
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "outcome": str(finding.outcome),
        "summary": finding.summary,
        "where": finding.where,
        "remedy": finding.remedy,
    }


def _dropped(dropped: Dropped) -> dict[str, str]:
    place = "notebook" if dropped.identity == NOTEBOOK_IDENTITY else dropped.identity
    return {"identity": place, "what": dropped.what, "why": dropped.why}


def _preview(item: Item) -> dict[str, Any]:
    if item.kind is Kind.FIGURE:
        return _figure_preview(item.content)
    if item.kind is Kind.TABLE:
        return _table_preview(decode(item.content))
    if item.kind is Kind.SOURCE:
        cells = len(source_cells(item))
        return {"form": "text", "text": f"{cells} cell{'' if cells == 1 else 's'}", "more": False}
    return _text_preview(item.content.decode("utf-8"))


def _figure_preview(content: bytes) -> dict[str, Any]:
    if len(content) > FIGURE_BYTES:
        return {"form": "text", "text": "A large figure; look at it in the notebook.", "more": True}
    return {"form": "image", "image": "data:image/png;base64," + base64.b64encode(content).decode("ascii")}


def _table_preview(blocks: Sequence[Block]) -> dict[str, Any]:
    table = next((block for block in blocks if isinstance(block, Table)), None)
    if table is None:
        return _text_preview("\n".join(str(block) for block in blocks))
    body = [_short_row(row) for row in table.body[:TABLE_ROWS]]
    return {
        "form": "table",
        "header": [_short_row(row) for row in table.header],
        "body": body,
        "labels": min(table.labels, TABLE_COLUMNS),
        "rows": len(table.body),
        "columns": table.width,
        "more": len(table.body) > TABLE_ROWS or table.width > TABLE_COLUMNS or len(blocks) > 1,
    }


def _short_row(row: Sequence[str]) -> list[str]:
    return [_short(value, 60) for value in row[:TABLE_COLUMNS]]


def _text_preview(text: str) -> dict[str, Any]:
    lines = text.splitlines()
    shown = [_short(line, TEXT_WIDTH) for line in lines[:TEXT_LINES]]
    return {"form": "text", "text": "\n".join(shown), "more": len(lines) > TEXT_LINES}


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
