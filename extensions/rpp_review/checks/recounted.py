"""Was the evidence counted again where no notebook's code runs? And if it was not, does the code do what could change it?

The re-run's evidence is made in the process that runs the notebook. What the trusted side can count again by itself needs no
trust in that process. Of the rest a reviewer is told that the kernel alone says it; where the source does more than analyses do,
that is a question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rpp_review.checks.finding import Finding, Outcome

NAME = "recounted"


class Verdict(StrEnum):
    """What came of counting again."""

    RECOUNTED = "recounted"  # the same people and the same numbers, of records that follow a rule
    CHOSEN = "chosen"  # the same, of records that the notebook chose in a way that no rule was found for
    KERNEL = "kernel"  # not counted again: the kernel alone says it
    DIFFERS = "differs"  # the numbers shown do not come out of the records
    DISAGREES = "disagrees"  # the people are not those that the kernel said


@dataclass(frozen=True, slots=True)
class Recount:
    """`why` says in a clause what is missing, or in a sentence what disagrees; `rules` how the records are chosen."""

    verdict: Verdict
    why: str = ""
    rules: tuple[str, ...] = ()


def examine_recounts(recounts: Mapping[str, Recount], unusual: tuple[str, ...]) -> Iterator[Finding]:
    """Findings about items. `unusual`: what the notebook's code does beyond what analyses do."""
    for identity, found in recounts.items():
        yield _finding(identity, found, unusual)


def _finding(identity: str, found: Recount, unusual: tuple[str, ...]) -> Finding:
    if found.verdict is Verdict.DISAGREES:
        return Finding(
            NAME, identity, Outcome.FAIL, "What the re-run's kernel says is behind it is not true.", "the evidence",
            f"{found.why} Evidence becomes wrong when code changes it, or by a defect.",
            "Leave out whatever reaches into the kernel; if nothing does, tell the data manager.",
        )  # fmt: skip
    if found.verdict is Verdict.DIFFERS:
        return Finding(
            NAME, identity, Outcome.REVIEW, "Its numbers do not come out of the records that are said to be behind them.", "the numbers",
            f"{found.why} They were changed after they were computed, or are about something else.",
            "Compute the values once more from the cut with groupby and named functions, and round only at the end.",
        )  # fmt: skip
    if found.verdict is not Verdict.RECOUNTED and unusual:
        word = (
            "the kernel alone says"
            if found.verdict is Verdict.KERNEL
            else "the notebook's choice of records decides"
        )
        return Finding(
            NAME, identity, Outcome.REVIEW, f"What is behind it {word}, and the notebook's code could change that.", "the source",
            f"It was not counted again ({found.why}), and the code does what analyses need not: {'; '.join(unusual)}.",
            "Leave that out, or compute the output so that it can be counted again.",
        )  # fmt: skip
    return Finding(NAME, identity, Outcome.PASS, "Nothing found.", "", "", "")
