"""The audit log as a file: JSON lines, exact, for programs; CSV for people with a spreadsheet. Written as it is read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from enum import StrEnum

from rpp_hub.store.audit import COLUMNS, AuditEvent

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ExportKind(StrEnum):
    """Which form."""

    JSONL = "jsonl"
    CSV = "csv"


def lines(events: Iterable[AuditEvent], kind: ExportKind) -> Iterator[str]:
    """The file, line by line."""
    return (
        _csv(events)
        if kind is ExportKind.CSV
        else (f"{json.dumps(asdict(e), ensure_ascii=False)}\n" for e in events)
    )


def _csv(events: Iterable[AuditEvent]) -> Iterator[str]:
    yield _row(COLUMNS)
    for event in events:
        yield _row([_inert(str(getattr(event, name))) for name in COLUMNS])


def _inert(text: str) -> str:
    """A spreadsheet computes what begins like a formula; an apostrophe before it makes it text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(values: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(values)
    return written.getvalue()
