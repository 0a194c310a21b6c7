"""Did an output come from the code that is reviewed? One line an item, from what the workspace's server saw run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rpp_review.checks.finding import Finding, Outcome
from rpp_review.items import Item, Kind
from rpp_review.provenance import Record, Word, cells_of, words

NAME = "provenance"
SENTENCES: Mapping[Word, str] = {
    Word.IN_ORDER: "Ran as the source stands, in order.",
    Word.CHANGED: "The source was changed after this output.",
    Word.DISORDER: "Cells ran out of order.",
    Word.OTHER: "Code that is not in the notebook ran before this output.",
    Word.UNSEEN: "It was not seen to run since the workspace was opened.",
    Word.OTHER_CUT: "It ran on another cut than the re-run.",
    Word.OTHER_ENVIRONMENT: "It ran in another environment than the re-run.",
    Word.BROKEN: "The record of what ran does not hold together.",
}


def how_it_ran(
    items: Iterable[Item], record: Record, notebook: bytes, cut: str, environment: str
) -> Iterator[Finding]:
    """A finding for each output. `cut` and `environment` are the re-run's."""
    told = words(record, cells_of(notebook), cut, environment)
    for item in items:
        if item.kind is not Kind.SOURCE:
            yield finding(item.identity, told.get(item.cell, Word.UNSEEN))


def finding(identity: str, word: Word) -> Finding:
    """The line that a reviewer reads at an output."""
    if word is Word.IN_ORDER:
        return Finding(NAME, identity, Outcome.PASS, SENTENCES[word], "", "", "")
    return Finding(
        NAME, identity, Outcome.REVIEW, SENTENCES[word], "the workspace's record",
        "The output may not come from the code that is reviewed; what the re-run found is what counts.",
        "Restart the kernel and run all cells, save, and submit it again.",
    )  # fmt: skip
