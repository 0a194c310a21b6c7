"""Who answered a survey: linked, doubtful (for a person to judge), or not linked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What became of one row of a survey."""

    LINKED = "linked"
    DOUBTFUL = "doubtful"
    NOT_LINKED = "not linked"


@dataclass(frozen=True, slots=True)
class Scored:
    """A survey's person and a student who may be the same, with the weight of the evidence in bits."""

    person: int
    identifier: str
    weight: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A doubtful pair for clerical review: what was typed beside what is on record. Has no repr of its values."""

    number: int
    person: int
    identifier: str = field(repr=False)
    weight: float
    typed: Mapping[str, str] = field(repr=False)
    known: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Weights in bits: 8 are odds of 256 to 1 that the two are one person."""

    link: float = 8.0
    doubt: float = 1.0
    lead: float = 6.0
    candidates: int = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """What matching alone could say: person → identifier, and what is left for a person to judge."""

    linked: Mapping[int, str] = field(repr=False)
    doubtful: tuple[Scored, ...] = field(repr=False)


def judge(
    scored: Iterable[Scored], thresholds: Thresholds = Thresholds(), whole: frozenset[int] | None = None
) -> Judged:
    """Link who is clearly one student: strong evidence, well ahead of every other student and every other person.

    `whole` are the people of whom everything was typed; nobody else is linked without review.
    """
    candidates = _by_person(scored, thresholds)
    best = {person: found[0] for person, found in candidates.items()}
    rivals = defaultdict(list)
    for found in candidates.values():
        for one in found:
            rivals[one.identifier].append(one)
    linked = {
        person: top.identifier
        for person, top in best.items()
        if top.weight >= thresholds.link
        and (whole is None or person in whole)
        and _ahead(top, candidates[person], thresholds)
        and _ahead(top, rivals[top.identifier], thresholds)
    }
    taken = set(linked.values())
    left = [
        one
        for person, found in candidates.items()
        if person not in linked
        for one in found[: thresholds.candidates]
        # a student who is somebody else's already is shown only if the evidence is as strong as a link's
        if one.identifier not in taken or one.weight >= thresholds.link
    ]
    return Judged(linked, tuple(sorted(left, key=lambda s: (s.person, -s.weight, s.identifier))))


def _by_person(scored: Iterable[Scored], thresholds: Thresholds) -> dict[int, list[Scored]]:
    best: dict[tuple[int, str], Scored] = {}
    for one in scored:
        known = best.get((one.person, one.identifier))
        if one.weight >= thresholds.doubt and (known is None or one.weight > known.weight):
            best[one.person, one.identifier] = one
    found: dict[int, list[Scored]] = {}
    for one in sorted(best.values(), key=lambda s: (s.person, -s.weight, s.identifier)):
        found.setdefault(one.person, []).append(one)
    return found


def _ahead(top: Scored, others: Sequence[Scored], thresholds: Thresholds) -> bool:
    return all(other == top or top.weight - other.weight >= thresholds.lead for other in others)


def count_outcomes(
    people: Sequence[int], linked: Mapping[int, str], doubtful: Iterable[int]
) -> dict[str, int]:
    """Rows by outcome; `people` has the person of each row."""
    open_ = set(doubtful)
    found = Counter(
        Outcome.LINKED if p in linked else Outcome.DOUBTFUL if p in open_ else Outcome.NOT_LINKED
        for p in people
    )
    return {str(outcome): found[outcome] for outcome in Outcome}
