"""`make bench`: one JSON object a line: name, value, unit, versus, ratio. NAME as an argument runs one."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench import data, evidence, kernels, linkage, pages, reruns, starts, talking, workspaces

# The most that a ratio may be: ours to the plain counterpart's.
LIMITS = {
    "workspace_cold_start": 0.7, "first_cell_cold": 0.8, "workspace_warm_start": 0.25, "first_cell_warm": 0.3,
    "message_round_trip": 1.15, "output_50mb": 1.3, "rerun": 1.3, "cut_10m": 1.15, "cut_10m_vs_pandas": 0.1,
    "cut_10m_vs_pandas_unique": 0.33, "scan_10m": 1.0, "check_10m": 3.0, "build_10m": 3.0, "cut_100m": 1.15,
    "workspace_idle_memory": 1.15, "twenty_at_once": 1.2, "read_1gb_cut": 1.02,
    "kernel_start": 1.2, "empty_cell": 1.05, "groupby_10m_hidden": 1.05, "groupby_10m_shown": 2.0,
    "groupby_10m_memory": 1.3, "notebook_200_cells": 1.15,
    "page_growth": 1.5, "page_growth_postgresql": 1.5, "page_vs_bare": 4.0, "page_vs_bare_postgresql": 4.0,
    "audit_verify": 2.0, "audit_verify_postgresql": 2.0,
}  # fmt: skip
# The most bytes that may be held at once.
MOST_BYTES = {
    "output_50mb_memory": 120_000_000,
    "cut_100m_peak_memory": 2_000_000_000,
    "crosswalk_6m_peak_memory": 1_000_000_000,
    "audit_verify_peak_memory": 100_000_000,
    "audit_verify_peak_memory_postgresql": 100_000_000,
}
# The least that a share must be.
LEAST = {"linkage_precision": 0.99, "linkage_recall": 0.95, "evidence_exact": 0.95}
# The most that a number may be.
MOST = {"evidence_wrong": 0}


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the output. `ratio` is the median of the pairs' ratios."""

    name: str
    value: float
    unit: str
    versus: float | None
    ratio: float | None


def figure(name: str, pairs: list[tuple[float, float]], unit: str = "s") -> Figure:
    """The medians of pairs of (ours, theirs), in seconds where nothing else is said."""
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    return Figure(name, round(ours, 4), unit, round(theirs, 4), round(ratio, 3))


def main(wanted: set[str]) -> int:
    """Print each figure as it is measured; 1 when a ratio is above its limit, 2 for a name that is not known."""
    names = LIMITS | LEAST | MOST | MOST_BYTES
    unknown = wanted - names.keys()
    if unknown:
        print(
            f"There is no figure {', '.join(sorted(unknown))}; there is {', '.join(names)}.", file=sys.stderr
        )
        return 2
    over = []
    for made in figures(wanted):
        print(json.dumps(asdict(made)), flush=True)
        if made.ratio is not None and made.ratio > LIMITS[made.name]:
            over.append(f"{made.name}: {made.ratio} is above {LIMITS[made.name]}.")
        if made.value > MOST_BYTES.get(made.name, made.value):
            over.append(f"{made.name}: {made.value:,} bytes are more than {MOST_BYTES[made.name]:,}.")
        if made.value > MOST.get(made.name, made.value):
            over.append(f"{made.name}: {made.value} is above {MOST[made.name]}.")
        if made.value < LEAST.get(made.name, made.value):
            over.append(f"{made.name}: {made.value} is below {LEAST[made.name]}.")
    print("\n".join(over), file=sys.stderr, end="\n" if over else "")
    return 1 if over else 0


def figures(wanted: set[str]) -> Iterator[Figure]:
    """Measure what is wanted; everything when nothing is named."""
    yield from workspace_figures(wanted)
    yield from many_figures(wanted)
    if not wanted or "rerun" in wanted:
        yield figure("rerun", reruns.measure())
    if not wanted or wanted & {"linkage_precision", "linkage_recall"}:
        yield from (made for made in linkage_figures() if not wanted or made.name in wanted)
    yield from data_figures(wanted)
    chosen = set(kernels.FIGURES) & wanted if wanted else set(kernels.FIGURES)
    if chosen:
        yield from (figure(name, pairs) for name, pairs in kernels.measure(chosen).items())
    if not wanted or any(name.startswith(("page_", "audit_")) for name in wanted):
        yield from (made for made in register_figures(wanted) if not wanted or made.name in wanted)
    if not wanted or wanted & set(evidence.FIGURES):
        units = {"evidence_exact": "share", "evidence_wrong": "outputs"}
        for name, value in evidence.measure().items():
            if not wanted or name in wanted:
                yield Figure(name, value, units[name], None, None)


def workspace_figures(wanted: set[str]) -> Iterator[Figure]:
    """How fast a workspace opens and answers."""
    if not wanted or wanted & set(starts.FIGURES):
        for name, pairs in starts.measure().items():
            if not wanted or name in wanted:
                yield figure(name, pairs)
    if not wanted or wanted & {"message_round_trip", "output_50mb", "output_50mb_memory"}:
        found, memory = talking.measure()
        for name, pairs in found.items():
            if not wanted or name in wanted:
                yield figure(name, pairs)
        yield Figure("output_50mb_memory", memory, "bytes", None, None)


def many_figures(wanted: set[str]) -> Iterator[Figure]:
    """What workspaces hold and take, idle and many at once, and how fast a cut is read."""
    if not wanted or "read_1gb_cut" in wanted:
        yield figure("read_1gb_cut", workspaces.measure_reading())
    if not wanted or "workspace_idle_memory" in wanted:
        yield figure("workspace_idle_memory", workspaces.measure_idle_memory(), "bytes")
    if not wanted or "twenty_at_once" in wanted:
        yield figure("twenty_at_once", workspaces.measure_many())


_CUTS = frozenset({"cut_10m", "scan_10m", "cut_10m_vs_pandas", "cut_10m_vs_pandas_unique"})
_WAREHOUSE = frozenset({"check_10m", "build_10m"})


def data_figures(wanted: set[str]) -> Iterator[Figure]:
    """Cuts, checks and builds. A hundred million rows take long and much disk, so only when they are named."""
    for names, measure in ((_CUTS, data.measure_cuts), (_WAREHOUSE, data.measure_warehouse)):
        chosen = set(names & wanted) if wanted else set(names)
        if chosen:
            yield from (figure(name, pairs) for name, pairs in measure(chosen).items())
    if not wanted or "crosswalk_6m_peak_memory" in wanted:
        yield Figure("crosswalk_6m_peak_memory", data.measure_large_crosswalk(), "bytes", None, None)
    if wanted & {"cut_100m", "cut_100m_peak_memory"}:
        pair, peak = data.measure_large_cut()
        if "cut_100m" in wanted:
            yield figure("cut_100m", [pair])
        if "cut_100m_peak_memory" in wanted:
            yield Figure("cut_100m_peak_memory", peak, "bytes", None, None)


def register_figures(wanted: set[str]) -> Iterator[Figure]:
    """Pages and log of a register a hundred times as large; the worst page is the figure, and which it was is said."""
    page, audit = (not wanted or any(n.startswith(kind) for n in wanted) for kind in ("page_", "audit_"))
    with tempfile.TemporaryDirectory() as folder:
        for database, times, verified in pages.measure(Path(folder), audit=audit, page=page):
            suffix = "" if database == "sqlite" else f"_{database}"
            if times:
                yield worst(f"page_growth{suffix}", [(t, t.growth) for t in times])
                yield worst(f"page_vs_bare{suffix}", [(t, t.beside_bare) for t in times])
            if verified is not None:
                yield figure(f"audit_verify{suffix}", verified.pairs)
                yield Figure(f"audit_verify_peak_memory{suffix}", verified.peak, "bytes", None, None)


def worst(name: str, measured: list[tuple[pages.PageTime, list[tuple[float, float]]]]) -> Figure:
    """The figure of the page whose ratio is the largest."""
    made = {f"{t.path} as {t.person}": figure(name, pairs) for t, pairs in measured}
    where = max(made, key=lambda place: made[place].ratio or 0)
    print(f"{name}: {where}", file=sys.stderr)
    return made[where]


def linkage_figures() -> Iterator[Figure]:
    """How well names and birth dates find students; nothing where the sample is not there."""
    if not linkage.SAMPLE.exists():
        print(f"linkage: {linkage.SAMPLE.name} is not here, so it is not measured", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        quality = linkage.measure(Path(folder))
    yield Figure("linkage_precision", round(quality.precision, 4), "share", None, None)
    yield Figure("linkage_recall", round(quality.recall, 4), "share", None, None)


if __name__ == "__main__":
    raise SystemExit(main(set(sys.argv[1:])))
