"""The thirty notebooks: is what the kernel says behind each output what DuckDB counts from the cut?

A notebook is a file of `# %%` cells; after a cell, each of its outputs has an annotation: lines that begin with `#>`. The first
word says what follows:

    #> SELECT …            counts in the order in which the output shows its values (rows × columns); several statements, with a
    #>   FROM …             semicolon between them, one after the other; a continued line is indented
    #> x3 SELECT …         each count three times (three columns with the same people behind them)
    #> GRID row | column | FROM …            a two-way table; GRID+ has margins
    #> VIEW name AS SELECT …                 no output: a view for the annotations below

`n(x)` is `count(DISTINCT x)`; the cut's tables are views under their own names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb

NOTEBOOKS = Path(__file__).parent / "notebooks"
EVIDENCE, MEDIA_TYPE = "rpp_evidence", "application/vnd.rpp.evidence.v1+json"
_NO_VALUE = re.compile(r"\[?<[^>]*>\]?|Text\(|None")


class Verdict(StrEnum):
    """What came of a comparison."""

    EXACT = "exact"
    UNKNOWN = "unknown"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell and the annotations after it."""

    number: int
    code: str
    views: tuple[str, ...]
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notebook:
    """One of the thirty."""

    name: str
    data: str  # "district" or "sample"
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """An output beside what was counted."""

    where: str
    verdict: Verdict
    told: Any
    counted: Any
    why: str = ""
    evidence: dict[str, Any] | None = None
    output: dict[str, Any] | None = None


def notebooks() -> list[Notebook]:
    """All of them, in the order of their names."""
    return [read(path) for path in sorted(NOTEBOOKS.glob("*.py"))]


def read(path: Path) -> Notebook:
    """A notebook from its file."""
    text = path.read_text(encoding="utf-8")
    head, *parts = re.split(r"^# %%.*$", text, flags=re.MULTILINE)
    data = re.search(r"^# data: (\w+)$", head, re.MULTILINE)
    if data is None:
        raise ValueError(f"{path.name} does not say what data it reads")
    return Notebook(path.stem, data[1], tuple(_cell(number, part) for number, part in enumerate(parts, 1)))


def _cell(number: int, part: str) -> Cell:
    lines = part.strip("\n").splitlines()
    code = "\n".join(line for line in lines if not line.startswith("#>"))
    blocks: list[str] = []
    for line in lines:
        if line.startswith("#>   "):
            blocks[-1] += " " + line[5:].strip()
        elif line.startswith("#>"):
            blocks.append(line[2:].strip())
    views = tuple(block for block in blocks if block.startswith("VIEW "))
    return Cell(number, code.strip(), views, tuple(block for block in blocks if block not in views))


class Counter:
    """DuckDB over a cut, which knows nothing of the kernel."""

    def __init__(self, cut: Path) -> None:
        self._con = duckdb.connect()
        for path in sorted(cut.glob("*.parquet")):
            self._con.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM '{path}'")

    def view(self, block: str) -> None:
        """A name for what the annotations below count in."""
        self._con.execute(f"CREATE OR REPLACE {_spelled(block)}")

    def counts(self, block: str) -> list[int]:
        """What an annotation counts, row after row."""
        found: list[int] = []
        for statement in block.split(";"):
            found.extend(self._counts(statement.strip()))
        return found

    def _counts(self, statement: str) -> list[int]:
        if statement.startswith("GRID"):
            return self._grid(statement)
        times = re.match(r"x(\d+) ", statement)
        each = int(times[1]) if times else 1
        rows = self._con.execute(_spelled(statement[times.end() :] if times else statement)).fetchall()
        return [int(value) for row in rows for value in row for _ in range(each)]

    def _grid(self, statement: str) -> list[int]:
        words, body = statement.split(" ", 1)
        row, column, source = (part.strip() for part in body.split("|", 2))
        unit = "staff_id" if "OF staff" in source else "student_id"
        source = source.replace("OF staff", "")
        inner = f"SELECT {row} AS r, {column} AS c, {unit} AS u {source}"
        rows = self._con.execute(
            f"SELECT r, c, count(DISTINCT u) FROM ({inner}) WHERE r IS NOT NULL AND c IS NOT NULL GROUP BY CUBE (r, c)"
        ).fetchall()
        known = {(r, c): count for r, c, count in rows}
        down = sorted({r for r, _ in known if r is not None})
        across = sorted({c for _, c in known if c is not None})
        if words == "GRID+":
            down, across = [*down, None], [*across, None]
        return [known.get((r, c), 0) for r in down for c in across]


def _spelled(sql: str) -> str:
    return re.sub(r"\bn\((\w+(?:\.\w+)?)\)", r"count(DISTINCT \1)", sql)


def compare(cell: Cell, outputs: list[dict[str, Any]], counter: Counter, name: str) -> Iterator[Compared]:
    """Each displayed aggregate of a cell with its annotation; one without the other is wrong."""
    for view in cell.views:
        counter.view(view)
    shown = [output for output in outputs if evidence_of(output) is not None]
    aggregates = [evidence for output in shown if (evidence := evidence_of(output)) is not None]
    for place in range(max(len(aggregates), len(cell.expected))):
        where = f"{name}:{cell.number}.{place + 1}"
        if place >= len(aggregates):
            yield Compared(where, Verdict.WRONG, None, cell.expected[place], "there is no such output")
        elif place >= len(cell.expected):
            yield Compared(where, Verdict.WRONG, aggregates[place], None, "the output is not annotated")
        else:
            counted = counter.counts(cell.expected[place])
            told = flat(aggregates[place])
            why = str(
                aggregates[place].get("why") or [m.get("why") for m in aggregates[place].get("marks", [])]
            )
            verdict = judge(aggregates[place], told, counted)
            yield Compared(where, verdict, told, counted, why, aggregates[place], shown[place])


def evidence_of(output: dict[str, Any]) -> dict[str, Any] | None:
    """The evidence of an output that shows an aggregate; None for one that shows none."""
    data = output["data"]
    evidence = data.get(MEDIA_TYPE) or output["metadata"].get(EVIDENCE)
    if evidence is not None:
        is_records = evidence["shown"] == "records" or evidence["status"] == "none"
        return None if is_records else dict(evidence)
    text = str(data.get("text/plain", ""))
    if "image/png" in data or (re.search(r"\d", text) and not _NO_VALUE.match(text)):
        return {"shown": "value", "status": "unknown", "why": f"an output without evidence: {text[:60]}"}
    return None


def flat(evidence: dict[str, Any]) -> list[int | None]:
    """The number of units for each value that an output shows."""
    found: list[int | None] = []
    for part in (*evidence.get("values", ()), *evidence.get("marks", ())):
        found.extend(flat(part))
    units = evidence.get("units", {}).get(evidence.get("unit"))
    if isinstance(units, int):
        return [*found, units]
    if units is None:
        return found if "values" in evidence or "marks" in evidence else [None]
    labels = evidence.get("label_columns") or []
    for row in units:
        found.extend(number for j, number in enumerate(row) if not (j < len(labels) and labels[j]))
    return found


def judge(evidence: dict[str, Any], told: list[int | None], counted: list[int]) -> Verdict:
    """Exact only where everything is known and right; what is known must be right wherever the rest is not."""
    if evidence["status"] == "exact":
        return Verdict.EXACT if told == counted else Verdict.WRONG
    if len(told) == len(counted):
        agrees = all(ours is None or ours == theirs for ours, theirs in zip(told, counted, strict=True))
    else:  # some values were not followed at all: those that were come in the same order
        rest = iter(counted)
        agrees = all(ours is None or any(ours == theirs for theirs in rest) for ours in told)
    return Verdict.UNKNOWN if agrees else Verdict.WRONG


def compared(notebook: Notebook, running: Any, cut: Path) -> Iterator[Compared]:
    """Run a notebook in a kernel, and compare each of its aggregates."""
    counter = Counter(cut)
    running.client.execute_interactive(FORGET, timeout=60)
    for cell in notebook.cells:
        outputs, error = executed(running, cell.code.replace("/data/", f"{cut}/"))
        if error:
            yield Compared(f"{notebook.name}:{cell.number}", Verdict.WRONG, error, None, "the cell failed")
            return
        yield from compare(cell, outputs, counter, notebook.name)


# One kernel runs them all, one after the other: what a notebook made is gone before the next.
FORGET = "for _ in [n for n in list(globals()) if not n.startswith('_') and n not in ('In', 'Out', 'exit', 'quit', 'get_ipython', 'open')]: del globals()[_]"


def executed(running: Any, code: str) -> tuple[list[dict[str, Any]], str]:
    """The displayed outputs of a cell, and what went wrong."""
    outputs: list[dict[str, Any]] = []
    errors: list[str] = []

    def take(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] in ("display_data", "execute_result"):
            outputs.append({"data": content["data"], "metadata": content["metadata"]})
        elif message["msg_type"] == "error":
            errors.append("\n".join(content["traceback"]))

    running.client.execute_interactive(code, timeout=120, output_hook=take)
    return outputs, "\n".join(errors)


def compared_in(data: str, cut: Path, folder: Path) -> list[Compared]:
    """All notebooks over one cut, in one kernel of the workspace's environment."""
    from tests.unit.kernel.conftest import kernel

    with kernel(folder, ours=True, home=folder, RPP_DATA=str(cut), RPP_EVIDENCE_SETS="1") as running:
        return [one for book in notebooks() if book.data == data for one in compared(book, running, cut)]
