"""A delivery that waits: how it would be read, what a person says otherwise, and what is still undecided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from rpp_hub.domain.agreements import covers
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.names import printable
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.umbrellas import groups_of
from rpp_hub.store.model_agreements import Paper
from rpp_hub.store.model_receiving import WaitingDrop
from rpp_hub.warehouse.column_habits import Habit, check_habit, found_from
from rpp_hub.warehouse.habits import undecided
from rpp_hub.warehouse.read import DELIMITERS, ENCODINGS
from rpp_hub.warehouse.receive import Brought, ReceivedDrop, ReceivedFile, file_from

NOT_COVERED_ADVICE = (
    "What is confirmed is kept. If the district did not mean to send it, discard the delivery and ask for files without it; "
    "else have a new version of the umbrella agreement name it."
)


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a person says of one file; what is empty stays as it is. `habits` are those of the columns named in it."""

    file: str
    encoding: str = ""
    delimiter: str = ""
    habits: tuple[Habit, ...] = ()


@dataclass(frozen=True, slots=True)
class NotCovered:
    """Fields of a table that came and that the district's umbrella agreement does not name."""

    agreement: str
    table: str
    fields: tuple[str, ...]
    whole_table: bool

    @property
    def sentence(self) -> str:
        """For a person."""
        what = "the table" if self.whole_table else f"{', '.join(self.fields)} of the table"
        return f"No field group of the umbrella agreement {self.agreement} covers {what} {self.table}."


def refuse_undecided(brought: Brought) -> None:
    """Nothing is guessed: what can be read in two ways needs a person's word."""
    left = [
        question
        for file in brought.drop.files
        for question in undecided(file, {c.name: c for c in brought.found.get(file.name, ())})
    ]
    if left:
        raise ActionRefused([Refusal("reading-undecided", question.sentence) for question in left])


def brought_of(row: WaitingDrop) -> Brought:
    files = tuple(file_from(f) for f in row.files)
    return Brought(
        ReceivedDrop(row.name, row.sha256, files), {name: found_from(raw) for name, raw in row.found.items()}
    )


def not_covered(paper: Paper | None, files: Iterable[ReceivedFile]) -> tuple[NotCovered, ...]:
    """The fields that came although no field group of the umbrella agreement names them."""
    if paper is None:
        return ()
    groups = groups_of(paper)
    left = (
        (file.table, tuple(c for c in file.columns if not covers(groups, file.table, c)), len(file.columns))
        for file in files
        if file.table
    )
    return tuple(
        NotCovered(paper.name, table, fields, len(fields) == all_of_them)
        for table, fields, all_of_them in left
        if fields
    )


def write_reading(row: WaitingDrop, brought: Brought) -> None:
    row.files = [asdict(f) for f in brought.drop.files]
    row.found = {name: [asdict(c) for c in columns] for name, columns in brought.found.items()}


def as_confirmed(drop: ReceivedDrop) -> ReceivedDrop:
    return replace(drop, files=tuple(replace(f, confirmed=bool(f.table)) for f in drop.files))


def is_read_otherwise(file: ReceivedFile, reading: FileReading) -> bool:
    """Whether the bytes are to be read otherwise. Raises Invalid for an encoding or delimiter nobody knows."""
    if file.encoding == "binary" and (reading.encoding not in ("", "binary") or reading.delimiter):
        raise Invalid(
            f"{printable(file.name)} is no text file: it has neither an encoding nor a delimiter to choose.",
            code="bad-reading",
        )
    if reading.encoding not in ("", file.encoding, *ENCODINGS):
        raise Invalid(
            f"{printable(reading.encoding)!r} is no encoding that is known here. Known are {', '.join(ENCODINGS)}.",
            code="bad-reading",
        )
    if reading.delimiter not in ("", *DELIMITERS):
        raise Invalid(
            "A delimiter is a comma, a tab, a semicolon or a bar. Choose one of them.", code="bad-reading"
        )
    return (reading.encoding or file.encoding, reading.delimiter or file.delimiter) != (
        file.encoding,
        file.delimiter,
    )


def with_habits(file: ReceivedFile, changed: Sequence[Habit]) -> ReceivedFile:
    for habit in changed:
        check_habit(habit)
        if habit.column not in file.columns:
            raise Invalid(
                f"{printable(file.name)} has no column {printable(habit.column)!r}; it has {', '.join(file.columns[:50])}.",
                code="no-such-column",
            )
    by_column = {h.column: h for h in (*file.habits, *changed)}
    return replace(file, habits=tuple(by_column[c] for c in file.columns if c in by_column))
