"""Is this output safe to release? Pure functions that say what, where, why and how to put it right.

A family of checks is a module with a name, the items it applies to and what it finds in one of them; adding a
family is adding it to `FAMILIES`. Findings advise the reviewers; they never repeat the value that they found.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rpp_review.checks import hidden, identity, row_level, size, small_cells
from rpp_review.checks.finding import Appetite, Finding, Outcome, Surroundings
from rpp_review.checks.reading import Reading, read
from rpp_review.items import NormalForm

__all__ = ["FAMILIES", "Appetite", "Finding", "Outcome", "Surroundings", "run_checks"]


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    applies: Callable[[Reading], bool]
    examine: Callable[[Reading, Appetite, Surroundings], Iterable[Finding]]


FAMILIES = tuple(
    Family(module.NAME, module.applies, module.examine)
    for module in (small_cells, row_level, identity, hidden, size)
)


def run_checks(form: NormalForm, appetite: Appetite, surroundings: Surroundings) -> tuple[Finding, ...]:
    """Every finding for every item, and a PASS for each family that looked at an item and found nothing."""
    findings = list(hidden.what_was_dropped(form))
    for item in form.items:
        reading = read(item)
        for family in FAMILIES:
            if family.applies(reading):
                findings.extend(_examined(family, reading, appetite, surroundings))
    return tuple(findings)


def _examined(
    family: Family, reading: Reading, appetite: Appetite, surroundings: Surroundings
) -> Iterator[Finding]:
    found = tuple(family.examine(reading, appetite, surroundings))
    yield from found or (_passed(family, reading),)


def _passed(family: Family, reading: Reading) -> Finding:
    return Finding(family.name, reading.item.identity, Outcome.PASS, "Nothing found.", "", "", "")
