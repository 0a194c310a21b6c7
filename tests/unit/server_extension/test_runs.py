"""The server's record of runs: bounded, by notebook, and taken up again by the next server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from rpp_review.provenance import MOST_RUNS, holds, nothing_seen, read_record
from rpp_review.server.run_chains import MOST_KERNELS, Runs


def unknown(_: str) -> str:
    return ""


def test_what_is_older_than_the_limit_stays_in_the_chain_alone() -> None:
    runs = Runs()
    for number in range(MOST_RUNS + 5):
        runs.ran("k", "a.ipynb", "cell", str(number))
    record = runs.of("a.ipynb", unknown)
    assert (len(record.runs), record.runs[0].number) == (MOST_RUNS, 6)
    assert holds(read_record(record.document()))


def test_of_several_kernels_the_newest_of_this_notebook_counts_and_renaming_is_followed() -> None:
    runs = Runs()
    runs.ran("k1", "a.ipynb", "cell", "x")
    runs.ran("k2", "a.ipynb", "cell", "y")
    runs.ran("k3", "b.ipynb", "cell", "z")
    assert runs.of("a.ipynb", unknown).kernel == "k2"
    assert runs.of("new.ipynb", lambda kernel: "new.ipynb" if kernel == "k1" else "").kernel == "k1"
    assert runs.of("c.ipynb", unknown) == nothing_seen()


def test_only_so_many_kernels_are_remembered() -> None:
    runs = Runs()
    for number in range(MOST_KERNELS + 1):
        runs.ran(f"k{number}", f"{number}.ipynb", "cell", "x")
    assert runs.of("0.ipynb", unknown).runs == ()
    assert runs.of("1.ipynb", unknown).runs != ()


def lines_of(*cells: str) -> list[dict[str, Any]]:
    """What is kept outside of cells run in one kernel, which was restarted after the first."""
    kept: list[dict[str, Any]] = []

    def keep(kernel: str, run: Mapping[str, Any]) -> None:
        kept.append({**run, "kernel": kernel})

    runs = Runs(keep)
    for cell in cells:
        runs.ran("k", "a.ipynb", cell, "x")
        runs.restarted("k") if len(kept) == 1 else None
    return kept


def test_another_server_takes_up_what_was_kept() -> None:
    runs = Runs()
    runs.ran("new", "b.ipynb", "cell", "x")
    runs.take_up(lines_of("one", "two", "three"))
    record = runs.of("a.ipynb", unknown)
    assert [(run.cell, run.life) for run in record.runs] == [("one", 1), ("two", 2), ("three", 2)]
    assert holds(record)
    assert runs.of("b.ipynb", unknown).kernel == "new"


def test_a_chain_whose_beginning_was_given_up_is_taken_up_from_there() -> None:
    runs = Runs()
    runs.take_up(lines_of("one", "two", "three")[1:])
    record = runs.of("a.ipynb", unknown)
    assert [run.cell for run in record.runs] == ["two", "three"]
    assert holds(record)


@pytest.mark.parametrize("part", ["cut", "environment", "before", "head", "run"])
def test_an_altered_line_ends_the_whole_chain_and_no_other(part: str) -> None:
    lines = lines_of("one", "two")
    lines[1][part] = {**lines[1]["run"], "cell": "other"} if part == "run" else "0" * 64
    other = [{**line, "kernel": "k2"} for line in lines]
    runs = Runs()
    runs.ran("k3", "c.ipynb", "cell", "x")
    runs.take_up([*lines, *other, {"kernel": "k4"}, {}])
    assert runs.of("a.ipynb", unknown).runs == ()
    assert runs.of("c.ipynb", unknown).runs != ()


def test_a_missing_line_ends_the_chain() -> None:
    first, _, last = lines_of("one", "two", "three")
    runs = Runs()
    runs.take_up([first, last])
    assert runs.of("a.ipynb", unknown).runs == ()
