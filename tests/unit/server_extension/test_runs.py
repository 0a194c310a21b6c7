"""The server's record of runs: bounded, by notebook, and gone with the server."""

from __future__ import annotations

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
