"""Is this output safe to release? Pure functions that say what, where, why and how to put it right.

A family of checks is a module with a name, the items it applies to and what it finds in one of them; adding a
family is adding it to `FAMILIES`. Findings advise the reviewers; they never repeat the value that they found.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rpp_review.checks import hidden, identity, row_level, size, small_cells
from rpp_review.checks.all_or_none import examine_shares
from rpp_review.checks.behind import EXTREMES, examine_evidence, examine_source
from rpp_review.checks.behind import NAME as behind_name
from rpp_review.checks.finding import Appetite, Finding, Outcome, Surroundings, appetite_told
from rpp_review.checks.ran import NAME as ran_name
from rpp_review.checks.reading import ON_FIGURE, Reading, read
from rpp_review.checks.recounted import NAME as recounted_name
from rpp_review.evidence import Evidence
from rpp_review.items import Kind, NormalForm
from rpp_review.normal_form import source_cells

__all__ = [
    "FAMILIES",
    "NAMES",
    "Appetite",
    "Finding",
    "Outcome",
    "Surroundings",
    "appetite_told",
    "run_checks",
]


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    applies: Callable[[Reading], bool]
    examine: Callable[[Reading, Appetite, Surroundings], Iterable[Finding]]


FAMILIES = tuple(
    Family(module.NAME, module.applies, module.examine)
    for module in (small_cells, row_level, identity, hidden, size)
)

NAMES = (
    *(family.name for family in FAMILIES),
    behind_name,
    ran_name,
    recounted_name,
)  # of every check that can find something


def run_checks(
    form: NormalForm,
    appetite: Appetite,
    surroundings: Surroundings,
    evidence: Mapping[str, Evidence] = MappingProxyType({}),
    claimed: Mapping[str, Evidence] = MappingProxyType({}),
) -> tuple[Finding, ...]:
    """Every finding for every item, and a PASS for each family that looked at an item and found nothing.

    `evidence` is what the hub's own re-run said is behind the items, `claimed` what the submitted notebook says of them.
    """
    findings = list(hidden.what_was_dropped(form))
    for item in form.items:
        behind = evidence.get(item.identity)
        reading = read(item, behind)
        for family in FAMILIES:
            if family.applies(reading):
                found = _examined(family, reading, appetite, surroundings)
                findings.extend(f for f in found if not _is_answered(f, behind))
        if item.kind is Kind.SOURCE:
            source = "\n".join(cell["source"] for cell in source_cells(item))
            findings.extend(examine_source(item.identity, source))
        if behind is not None:
            told = (
                *examine_evidence(item.identity, behind, claimed.get(item.identity), appetite),
                *examine_shares(reading, behind),
            )
            findings.extend(told or (_nothing_found(behind_name, item.identity),))
    return tuple(findings)


def _is_answered(finding: Finding, behind: Evidence | None) -> bool:
    """A number that may be a small count, or an extreme, needs no question where it is known what it stands for."""
    if behind is None or behind.get("status") != "exact" or finding.where == ON_FIGURE:
        return False  # what is written on a figure is not what its marks stand for
    if finding.check == row_level.NAME and finding.why == row_level.EXTREME:
        return bool(EXTREMES & set(behind.get("functions") or ()))
    return finding.check == small_cells.NAME and finding.outcome is Outcome.REVIEW


def _examined(
    family: Family, reading: Reading, appetite: Appetite, surroundings: Surroundings
) -> Iterator[Finding]:
    found = tuple(family.examine(reading, appetite, surroundings))
    yield from found or (_passed(family, reading),)


def _passed(family: Family, reading: Reading) -> Finding:
    return _nothing_found(family.name, reading.item.identity)


def _nothing_found(check: str, identity: str) -> Finding:
    return Finding(check, identity, Outcome.PASS, "Nothing found.", "", "", "")
