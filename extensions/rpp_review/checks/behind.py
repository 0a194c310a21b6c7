"""How many people are behind each cell? From the evidence of the hub's own re-run, never from what a session claimed.

Rules: a minimum number of units (NCES 2011-603; ACRO's safe_threshold 10); the two largest contributors at least 90 % of a
total (ACRO's safe_nk 2, 0.90) or the rest less than 10 % of the largest (safe_pratio_p 0.10); at least 10 residual degrees of
freedom (safe_dof_threshold 10); leaves of a tree of at least 5 (SACRO-ML's safemodel rules).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rpp_review.checks.finding import Appetite, Finding, Outcome
from rpp_review.evidence import HELD_BACK, Evidence
from rpp_review.items import Item, Kind

NAME = "behind"
MOST_SHOWN = 5
EXTREMES = frozenset({"min", "max"})
_REACHES = re.compile(r"rpp_kernel|rpp_evidence|vnd\.rpp\.evidence|__rpp_|_rpp_(?:origin|marks?)\b")
PEOPLE = ("student", "staff")
_DIGIT = re.compile(rb"\d")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value that is shown, and what is behind it; None: not known."""

    row: int
    column: int
    units: int | None
    top1: float | None
    top2: float | None


def examine_evidence(
    identity: str, evidence: Evidence | None, claimed: Evidence | None, appetite: Appetite
) -> Iterator[Finding]:
    """Findings of one item."""
    if evidence is None:
        return
    for part in parts(evidence):
        yield from _part(identity, part, appetite)
    if claimed is not None and stripped(claimed) != stripped(evidence):
        yield _finding(
            identity, Outcome.REVIEW, "The submitted notebook claims something else than the re-run found.", "the evidence",
            "Evidence in a session can be changed; what the hub's own run found is what counts here.",
            "Run the notebook from top to bottom in a fresh kernel and submit it again.",
        )  # fmt: skip


def without_evidence(items: Iterable[Item], told: Mapping[str, Evidence]) -> Iterator[Finding]:
    """Outputs that show values, of which the re-run's kernel said nothing at all: it always does, if only that it does not know."""
    for item in items:
        shows = item.kind in (Kind.TABLE, Kind.FIGURE) or (
            item.kind is Kind.TEXT and _DIGIT.search(item.content) is not None
        )
        if shows and item.identity not in told:
            yield _finding(
                item.identity, Outcome.REVIEW, "Nothing says what is behind it.", "the evidence",
                "The kernel says of every value what is behind it, or that it does not know. Here it said nothing.",
                "Say in the request's context how many people are behind each value, or that it is not about people.",
            )  # fmt: skip


def examine_source(identity: str, source: str) -> Iterator[Finding]:
    """The re-run's evidence is made in the process that runs the notebook: a source that reaches for it is looked at first."""
    if _REACHES.search(source):
        yield _finding(
            identity, Outcome.FAIL, "The notebook's code reaches into the kernel's own evidence.", "the source",
            "Such code can change what is said to be behind an output, in the re-run as well.",
            "Leave it out; nothing that an analysis needs is there.",
        )  # fmt: skip


def parts(evidence: Evidence) -> list[Evidence]:
    """The pieces of evidence that hold cells: marks of a figure, values of a text, or itself."""
    inner = evidence.get("marks") if evidence.get("shown") == "figure" else evidence.get("values")
    if not isinstance(inner, list):
        return [evidence]
    found: list[Evidence] = [one for one in inner if isinstance(one, dict)]
    return (
        [*found, {**evidence, "marks": None, "values": None}] if evidence.get("status") != "exact" else found
    )


def stripped(evidence: Any) -> Any:
    """Evidence without what only the re-run writes down."""
    if isinstance(evidence, Mapping):
        return {key: stripped(value) for key, value in evidence.items() if key not in HELD_BACK}
    return [stripped(one) for one in evidence] if isinstance(evidence, list) else evidence


def cells_of(evidence: Evidence) -> Iterator[Cell]:
    """The cells of a table, but for its labels."""
    units = evidence.get("units")
    unit = evidence.get("unit")
    table = units.get(unit) if isinstance(units, dict) else None
    labels = evidence.get("label_columns") or []
    if not isinstance(table, list):
        return
    for i, row in enumerate(table):
        for j, number in enumerate(row if isinstance(row, list) else []):
            if j < len(labels) and labels[j]:
                continue
            yield Cell(
                i,
                j,
                number if isinstance(number, int) else None,
                _at(evidence, "top1", i, j),
                _at(evidence, "top2", i, j),
            )


def _at(evidence: Evidence, name: str, row: int, column: int) -> float | None:
    try:
        found = evidence[name][row][column]
    except (KeyError, IndexError, TypeError):
        return None
    return float(found) if isinstance(found, int | float) else None


def _part(identity: str, evidence: Evidence, appetite: Appetite) -> Iterator[Finding]:
    shown, unit = evidence.get("shown"), str(evidence.get("unit") or "unit")
    if evidence.get("status") in ("unknown", "partial"):
        why = str(evidence.get("why") or "it was computed in a way that is not followed")
        yield _finding(
            identity, Outcome.REVIEW, f"What is behind {'all' if evidence['status'] == 'unknown' else 'some'} of it is not known: {why}.",
            "the evidence", "Without the number of people behind a value nobody can say whether it is safe.",
            "Say in the request's context how many people are behind each value, or compute it with groupby and named functions.",
        )  # fmt: skip
    if shown == "records" and int(evidence.get("records") or 0) > 0:
        yield _records(identity, evidence)
    if shown == "model":
        yield from _model(identity, evidence, unit, appetite)
    if shown in ("table", "value"):
        yield from _cells(identity, evidence, unit, appetite)


def _cells(identity: str, evidence: Evidence, unit: str, appetite: Appetite) -> Iterator[Finding]:
    cells = list(cells_of(evidence))
    threshold = appetite.threshold
    if unit in PEOPLE:
        few = [c for c in cells if c.units is not None and 0 < c.units < threshold]
        if few:
            yield _finding(
                identity, Outcome.FAIL, f"{_share(len(few), len(cells))} for fewer than {threshold} {_plural(unit)}.",
                _where(few, evidence), f"A group of fewer than {threshold} may let somebody in the school recognise a person.",
                "Group categories together, or leave these out, and check that totals do not give them away.",
            )  # fmt: skip
        nobody = [c for c in cells if c.units == 0]
        if nobody:
            yield _finding(
                identity, Outcome.REVIEW, f"{_share(len(nobody), len(cells))} for nobody.", _where(nobody, evidence),
                "That nobody is in a group can say something about everybody in the row or column.",
                "Group categories together, unless the empty cell is so by definition.",
            )  # fmt: skip
        if EXTREMES & set(map(str, evidence.get("functions") or ())):
            yield _finding(
                identity, Outcome.REVIEW, "It shows a minimum or maximum.", "the values",
                "A minimum or maximum is usually one person's value.",
                "Drop the minimum and maximum, or give the 5th and 95th percentile.",
            )  # fmt: skip
    large = [c for c in cells if _is_dominated(c, appetite) and (c.units or 0) >= threshold]
    if large:
        yield _finding(
            identity, Outcome.FAIL, f"{len(large)} {_values(len(large))} {'is' if len(large) == 1 else 'are'} mostly of one or two {_plural(unit)}.",
            _where(large, evidence), "Who knows their own share can work out the other's from the total.",
            "Give a median or a count in its place, or larger groups.",
        )  # fmt: skip


def _is_dominated(cell: Cell, appetite: Appetite) -> bool:
    if cell.top1 is None or cell.top2 is None or cell.top1 <= 0:
        return False
    return cell.top2 >= appetite.dominance or (1 - cell.top2) / cell.top1 < appetite.p_ratio


def _records(identity: str, evidence: Evidence) -> Finding:
    number = int(evidence["records"])
    drawing = {
        "points": "Each point is a record",
        "boxes": "A box plot draws single records beyond its whiskers",
    }.get(str(evidence.get("drawing")), "It shows records as they are")
    outcome = Outcome.REVIEW if evidence.get("drawing") in ("curve", "boxes") else Outcome.FAIL
    return _finding(
        identity, outcome, f"{drawing}: {number:,} of them.", "all of it",
        "A record is one person's, with or without a name.", "Show groups: means, counts in intervals, quartiles without outliers.",
    )  # fmt: skip


def _model(identity: str, evidence: Evidence, unit: str, appetite: Appetite) -> Iterator[Finding]:
    freedom, leaf = evidence.get("residual_degrees_of_freedom"), evidence.get("smallest_leaf")
    people = (evidence.get("units") or {}).get(unit)
    if isinstance(people, int) and unit in PEOPLE and people < appetite.threshold:
        yield _finding(
            identity, Outcome.FAIL, f"The model was fitted to {people} {_plural(unit)}.", "the model",
            "So few are nearly described one by one.", "Fit it to a larger group.",
        )  # fmt: skip
    if isinstance(freedom, int) and freedom < appetite.degrees:
        yield _finding(
            identity, Outcome.FAIL, f"The model has {freedom} residual degrees of freedom; at least {appetite.degrees} are asked for.", "the model",
            "With so little freedom its coefficients give the records back.", "Use fewer variables or more observations.",
        )  # fmt: skip
    if isinstance(leaf, int) and leaf < appetite.leaf:
        yield _finding(
            identity, Outcome.FAIL, f"A leaf of the tree holds {leaf} records; at least {appetite.leaf} are asked for.", "the model",
            "A small leaf describes those in it.", f"Set min_samples_leaf to {appetite.leaf} or more.",
        )  # fmt: skip
    if evidence.get("holds_records"):
        yield _finding(
            identity, Outcome.FAIL, "The model keeps records of those it was fitted to.", "the model",
            "Support vectors and neighbours are people's own values.", "Show its scores, not the model.",
        )  # fmt: skip


def _where(cells: list[Cell], evidence: Evidence) -> str:
    told = [f"row {c.row + 1}, column {c.column + 1}" for c in cells[:MOST_SHOWN]]
    return "; ".join(told) + (" and others" if len(cells) > MOST_SHOWN else "")


def _share(some: int, of: int) -> str:
    if of == 1:
        return "The value stands"
    return f"{some} of {of} values {'stands' if some == 1 else 'stand'}"


def _values(number: int) -> str:
    return "value" if number == 1 else "values"


def _plural(unit: str) -> str:
    return unit if unit == "staff" else f"{unit}s"


def _finding(identity: str, outcome: Outcome, summary: str, where: str, why: str, remedy: str) -> Finding:
    return Finding(NAME, identity, outcome, summary, where, why, remedy)
