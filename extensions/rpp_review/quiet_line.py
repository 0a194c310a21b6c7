"""What does one quiet line under an output say? That it is safe, or what a reviewer will say and how to mend it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rpp_review.checks.behind import cells_of, examine_evidence, parts
from rpp_review.checks.finding import Appetite, Finding, Outcome
from rpp_review.evidence import VERSION, Evidence

COUNTS = frozenset({"size", "count", "nunique"})


class Tone(StrEnum):
    """How the line looks."""

    SAFE = "safe"
    REVIEW = "review"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Line:
    """The words, and how grave they are."""

    tone: Tone
    text: str


def quiet_line(evidence: Evidence, appetite: Appetite) -> Line | None:
    """One line for an output with this evidence; None where it is no evidence, or shows no value of data."""
    if evidence.get("version") != VERSION or evidence.get("status") == "none":
        return None
    found = sorted(_found(evidence, appetite), key=lambda f: f.outcome is not Outcome.FAIL)
    if not found:
        return Line(Tone.SAFE, _safe(evidence))
    first = found[0]
    more = f" And {len(found) - 1} more: see Review outputs." if len(found) > 1 else ""
    grave = first.outcome is Outcome.FAIL
    head = "A reviewer would not let this pass" if grave else "A reviewer will ask"
    where = f" ({first.where})" if first.where.startswith("row ") else ""
    said = f"{head}: {_clause(first.summary)}{where}. {first.remedy}{more}"
    return Line(Tone.FAIL if grave else Tone.REVIEW, said)


def _found(evidence: Evidence, appetite: Appetite) -> Iterator[Finding]:
    """What the checks say of evidence."""
    seen: set[tuple[str, str]] = set()
    for finding in examine_evidence("", evidence, None, appetite):
        if (key := (finding.summary, finding.remedy)) not in seen:
            seen.add(key)
            yield _with_rounding(finding, evidence)


def _with_rounding(finding: Finding, evidence: Evidence) -> Finding:
    """Counts that are too small have one more remedy than means."""
    is_few = " for fewer than " in finding.summary
    if not is_few or not any(COUNTS & set(_functions(part)) for part in parts(evidence)):
        return finding
    remedy = "Group these categories together or leave them out, and round the counts to 5."
    return Finding(finding.check, "", finding.outcome, finding.summary, finding.where, finding.why, remedy)


def _functions(evidence: Evidence) -> Sequence[str]:
    functions = evidence.get("functions")
    return [str(one) for one in functions] if isinstance(functions, list) else []


def _clause(sentence: str) -> str:
    return (sentence[:1].lower() + sentence[1:]).rstrip(".")


def _safe(evidence: Evidence) -> str:
    if evidence.get("shown") == "records":
        return f"Safe: a summary of {int(evidence.get('summarised') or 0):,} records; none of them is shown."
    if evidence.get("shown") == "model":
        return _model(evidence)
    every = parts(evidence)
    units = {str(part.get("unit") or "") for part in every}
    unit = next(iter(units)) if len(units) == 1 else ""
    numbers = [cell.units for part in every for cell in cells_of(part) if cell.units is not None]
    if not numbers or not unit:
        return "Safe: the checks find nothing in it."
    least, most = min(numbers), max(numbers)
    span = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    what = "it stands" if len(numbers) == 1 else "each value stands"
    return f"Safe: {what} for {span} {_plural(unit, most)}."


def _model(evidence: Evidence) -> str:
    unit = str(evidence.get("unit") or "")
    people, freedom = (evidence.get("units") or {}).get(unit), evidence.get("residual_degrees_of_freedom")
    said = []
    if isinstance(people, int):
        said.append(f"fitted to {people:,} {_plural(unit, people)}")
    if isinstance(freedom, int):
        said.append(f"{freedom:,} residual degrees of freedom")
    return f"Safe: {', '.join(said) or 'the checks find nothing in it'}."


def _plural(unit: str, number: int) -> str:
    return unit if unit == "staff" or number == 1 else f"{unit}s"
