"""What does one version of an agreement change against another?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rpp_hub.domain.appetite import OwnThresholds


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `before` is empty for what is new, `after` for what is gone."""

    what: str
    before: str
    after: str


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every difference of two versions' terms, in the order of the new one."""
    before, after = dict(_lines(old)), dict(_lines(new))
    named = [*after, *(k for k in before if k not in after)]
    return tuple(
        Change(k, before.get(k, ""), after.get(k, "")) for k in named if before.get(k, "") != after.get(k, "")
    )


def _lines(terms: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Terms as lines that a person can compare."""
    app = terms.get("application", {})
    yield from ((f"group {g['title']}", ", ".join(g["fields"])) for g in terms.get("groups", ()))
    for table, asked in app.get("tables", {}).items():
        for f in asked["fields"]:
            coarser = f", {f['generalise']}" if f.get("generalise") else ""
            yield f"field {table}.{f['name']}", f"{f['need']}{coarser}: {f['rationale']}"
        years = asked.get("years") or app["years"]
        yield f"years of {table}", f"{years[0]} to {years[1]}"
    if app:
        yield "title", app["title"]
        yield (
            "cohort",
            f"{app['cohort']['table']} where {app['cohort']['where']}" if app.get("cohort") else "everybody",
        )
        yield "linkage", ", ".join(app.get("linkage", ())) or "none"
        yield "agreement ends", app["agreement"]["ends"]
        yield "district may be named", "yes" if app["agreement"]["name_district"] else "no"
        own = OwnThresholds.model_validate(app["agreement"].get("thresholds") or {})
        yield "stricter output checks", own.words or "none"
        yield "IRB approval", f"{app['irb']['number']} until {app['irb']['ends']}"
        yield from ((f"question {n}", q) for n, q in enumerate(app["questions"], 1))
    yield from ((f"staff {s['name']}", s["role"]) for s in terms.get("staff", ()))
    yield from ((f"condition {n}", c) for n, c in enumerate(terms.get("conditions", ()), 1))
    yield from (
        (f"exception {e['field']}", f"{e['reason']} ({e['approved_by']})")
        for e in terms.get("exceptions", ())
    )
