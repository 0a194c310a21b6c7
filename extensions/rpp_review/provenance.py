"""Which code made an output? What a workspace's server saw run, chained, matched to the notebook that was submitted. Pure.

The record is the server's, which holds no code of a researcher: it sees each request on its way to a kernel, and takes
nothing that a kernel says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

VERSION = 1
MOST_RUNS = 5_000
LONGEST_NAME = 200


class Word(StrEnum):
    """How an output's cell was run, as far as the server saw."""

    IN_ORDER = "in order"
    CHANGED = "changed"
    DISORDER = "disorder"
    OTHER = "other code"
    UNSEEN = "unseen"
    OTHER_CUT = "other cut"
    OTHER_ENVIRONMENT = "other environment"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Run:
    """Code that was sent to a kernel: of which cell ('' for none), by its SHA-256, in which life of the kernel."""

    number: int
    life: int
    cell: str
    source: str
    at: str


@dataclass(frozen=True, slots=True)
class Record:
    """What ran in one kernel; `before` is the chain's head before the first run that is still kept."""

    kernel: str
    cut: str
    environment: str
    before: str
    runs: tuple[Run, ...]
    head: str

    def document(self) -> dict[str, Any]:
        """As it is sent and kept."""
        return {"version": VERSION, **asdict(self), "runs": [asdict(run) for run in self.runs]}


class InvalidRecord(ValueError):
    """What came is no record; the message says what is wrong with it."""


def source_hash(code: str, expressions: object = None) -> str:
    """Code by its hash. Expressions sent along are code, too, that is in no cell."""
    told = code if not expressions else json.dumps([code, expressions], sort_keys=True)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def genesis(kernel: str, cut: str, environment: str) -> str:
    """Where the chain of a kernel begins."""
    return hashlib.sha256(
        json.dumps(["rpp provenance", VERSION, kernel, cut, environment]).encode()
    ).hexdigest()


def link(head: str, run: Run) -> str:
    """The head after one more run."""
    return hashlib.sha256((head + json.dumps(asdict(run), sort_keys=True)).encode()).hexdigest()


def nothing_seen(cut: str = "", environment: str = "") -> Record:
    """The record of a notebook that did not run."""
    start = genesis("", cut, environment)
    return Record("", cut, environment, start, (), start)


def holds(record: Record) -> bool:
    """Whether the head follows from the runs, and their numbers from one another."""
    head = record.before
    first = record.runs[0].number if record.runs else 1
    if first == 1 and head != genesis(record.kernel, record.cut, record.environment):
        return False
    for number, run in enumerate(record.runs, start=first):
        if run.number != number:
            return False
        head = link(head, run)
    return head == record.head


def read_record(document: object) -> Record:
    """From what was sent. Raises InvalidRecord."""
    try:
        found: dict[str, Any] = dict(document) if isinstance(document, dict) else {}
        if found.pop("version", None) != VERSION or len(found["runs"]) > MOST_RUNS:
            raise InvalidRecord("It is of another version, or too long.")
        runs = tuple(read_run(one) for one in found.pop("runs"))
        record = Record(runs=runs, **found)
    except (TypeError, KeyError) as error:
        raise InvalidRecord(f"It is not complete: {error}") from None
    texts = (record.kernel, record.cut, record.environment, record.before, record.head)
    if not all(isinstance(text, str) and len(text) <= LONGEST_NAME for text in texts):
        raise InvalidRecord("A name in it is no short text.")
    return record


def read_run(document: Any) -> Run:
    """From what was sent or kept. Raises InvalidRecord, or TypeError for what is no run at all."""
    run = Run(**document)
    texts, numbers = (run.cell, run.source, run.at), (run.number, run.life)
    if not all(isinstance(text, str) and len(text) <= LONGEST_NAME for text in texts):
        raise InvalidRecord("A run in it has no short texts.")
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise InvalidRecord("A run in it has no numbers.")
    return run


def cells_of(notebook: bytes) -> tuple[tuple[str, str], ...]:
    """Code cells that hold code, from top to bottom: identity and hash. What cannot be read holds none."""
    try:
        cells = json.loads(notebook)["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        told = [(str(cell.get("id", "")), _text(cell["source"])) for cell in code]
    except (ValueError, KeyError, TypeError):
        return ()
    return tuple((identity, source_hash(source)) for identity, source in told if source.strip())


def _text(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)


def words(
    record: Record, cells: Sequence[tuple[str, str]], cut: str, environment: str = ""
) -> dict[str, Word]:
    """For each cell how it ran. The first thing that is wrong is what is said; an environment that is not known ('') is none."""
    if not holds(record):
        return dict.fromkeys((cell for cell, _ in cells), Word.BROKEN)
    last = {run.cell: run for run in record.runs}
    strange = [run for run in record.runs if run.cell not in {cell for cell, _ in cells}]
    found: dict[str, Word] = {}
    for position, (cell, source) in enumerate(cells):
        run = last.get(cell)
        if run is None:
            found[cell] = Word.UNSEEN
        elif record.cut != cut:
            found[cell] = Word.OTHER_CUT
        elif run.source != source:
            found[cell] = Word.CHANGED
        elif not _in_order(run, cells[:position], last):
            found[cell] = Word.DISORDER
        elif any(other.life == run.life and other.number < run.number for other in strange):
            found[cell] = Word.OTHER
        elif environment and record.environment and record.environment != environment:
            found[cell] = Word.OTHER_ENVIRONMENT
        else:
            found[cell] = Word.IN_ORDER
    return found


def _in_order(run: Run, above: Sequence[tuple[str, str]], last: Mapping[str, Run]) -> bool:
    """Whether every cell above it ran last before it, one after the other, as it stands, in the same life of the kernel."""
    number = 0
    for cell, source in above:
        before = last.get(cell)
        if before is None or before.life != run.life or before.source != source or before.number < number:
            return False
        number = before.number
    return number < run.number
