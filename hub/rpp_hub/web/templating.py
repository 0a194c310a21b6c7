"""Templates with everything escaped, and how moments, ages and states are put into words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rpp_hub.domain.counts import counted, counted_to
from rpp_hub.domain.gate import written
from rpp_hub.web import BASE
from rpp_hub.web.badges import findings_line, last_day, status
from rpp_hub.web.behind import recounted, told
from rpp_hub.web.paging import to_page
from rpp_hub.web.paths import path

HERE = Path(__file__).parent
STATIC, TEMPLATES = HERE / "static", HERE / "templates"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def ago(then: datetime, now: datetime) -> str:
    """2 hours ago."""
    seconds = (now - then).total_seconds()
    if seconds < _MINUTE:
        return "just now"
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= unit:
            return f"{counted(int(seconds // unit), name)} ago"
    return "just now"


def bytes_words(size: int) -> str:
    """1.2 MB."""
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}".replace(".0 ", " ")
    return f"{size} B"


def moment(then: datetime | str | None, now: datetime) -> Markup:
    """A moment for people and machines: 3 March 2026, 14:05 UTC (2 hours ago)."""
    if then is None:
        return Markup('<span class="quiet">not yet</span>')
    at = (datetime.fromisoformat(then) if isinstance(then, str) else then).astimezone(UTC)
    return _told(at, ago(at, now))


@lru_cache(4096)
def _told(at: datetime, ago: str) -> Markup:
    words = f"{written(at.date())}, {at:%H:%M} UTC"
    return Markup('<time datetime="{}">{} <span class="quiet ago">({})</span></time>').format(
        at.isoformat(timespec="seconds"), words, ago
    )


@lru_cache(4096)
def day(value: date | None) -> Markup:
    """A date in words."""
    if value is None:
        return Markup('<span class="quiet">not on record</span>')
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), written(value))


def is_over(value: date | None, now: datetime) -> bool:
    """Whether a date is missing or has passed."""
    return value is None or value < now.date()


def grouped(findings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Findings that differ only in their place as one, gravest first, so that twenty small cells are read as one thing."""
    together: dict[tuple[str, ...], dict[str, Any]] = {}
    for finding in sorted(findings, key=lambda f: str(f["outcome"])):
        alike = tuple(str(finding[part]) for part in ("check", "outcome", "summary", "why", "remedy"))
        one = together.setdefault(alike, {**finding, "places": []})
        if finding["where"]:
            one["places"].append(finding["where"])
    return list(together.values())


def sum_fields(tables: Iterable[Mapping[str, Any]]) -> int:
    """How many fields are asked for in these tables."""
    return sum(len(t["fields"]) for t in tables)


def detail_words(detail: str) -> str:
    """An audit event's detail for reading: hashes shortened, no brackets; the whole is kept beside it."""
    return " · ".join(f"{name} {_plainly(value)}" for name, value in json.loads(detail).items())


def _plainly(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plainly(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plainly, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1…", str(value))


@cache
def static(name: str) -> str:
    """The address of a file of ours; its mark changes with its bytes."""
    return f"{BASE}/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a package's files do not change under it
    )
    environment.filters.update(bytes=bytes_words)
    environment.filters.update(
        day=day,
        counted=counted,
        counted_to=counted_to,
        grouped=grouped,
        detail_words=detail_words,
        sum_fields=sum_fields,
        behind=told,
        recounted=recounted,
    )
    environment.globals.update(
        path=path, static=static, moment=moment, is_over=is_over, base=BASE, to_page=to_page,
        status=status, last_day=last_day, findings_line=findings_line,
    )  # fmt: skip
    return environment


def render(template: str, values: Mapping[str, Any]) -> str:
    """A whole page."""
    return _environment().get_template(template).render(**values)
