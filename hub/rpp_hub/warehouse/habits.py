"""Is a delivery written as the last one of its kind was? What was found then is what is expected now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from rpp_hub.warehouse.receive import ReceivedDrop, ReceivedFile

_SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}


class Snapshot(StrEnum):
    """Which moment of a school year a drop shows."""

    CENSUS_DAY = "census day"
    END_OF_YEAR = "end of year"
    OTHER = ""


def snapshot_of(drop_name: str) -> Snapshot:
    """By the words of its name: `202310_census_students`, `202406_end_of_year`, `202406_students_eoy`."""
    kind = f"_{kind_of(drop_name)}_"
    if "_census_" in kind or "_census_day_" in kind:
        return Snapshot.CENSUS_DAY
    return Snapshot.END_OF_YEAR if "_eoy_" in kind or "_end_of_year_" in kind else Snapshot.OTHER


def kind_of(drop_name: str) -> str:
    """`201804_staff` is one of `staff`."""
    return drop_name.partition("_")[2]


def written_as(file: ReceivedFile) -> str:
    """How a table is written, for a person to confirm."""
    if file.encoding == "binary":
        return f"{len(file.columns)} columns"
    separator = _SEPARATORS.get(file.delimiter, repr(file.delimiter))
    return f"{len(file.columns)} columns, {file.encoding}, separated by {separator}"


def unlike_before(drop: ReceivedDrop, earlier: Sequence[ReceivedDrop]) -> tuple[str, ...]:
    """In sentences, what is other than in the newest earlier drop of the same kind. `earlier`: oldest first."""
    same_kind = [d for d in earlier if kind_of(d.name) == kind_of(drop.name) and d.name != drop.name]
    if not same_kind:
        return ()
    last = same_kind[-1]
    before = {f.table: f for f in last.files if f.table}
    now = {f.table: f for f in drop.files if f.table}
    gone = [f"The table {t} was in {last.name} and is not here." for t in before if t not in now]
    fresh = [f"The table {t} is new since {last.name}." for t in now if t not in before]
    changed = (s for t in now if t in before for s in _changes(last.name, before[t], now[t]))
    return (*gone, *fresh, *changed)


def _changes(last: str, before: ReceivedFile, now: ReceivedFile) -> Iterator[str]:
    old, new = ((f.encoding, f.delimiter) for f in (before, now))
    if old != new:
        yield f"{now.name} has {written_as(now)}; in {last} it had {written_as(before)}."
    gone = [c for c in before.columns if c not in now.columns]
    fresh = [c for c in now.columns if c not in before.columns]
    if gone:
        yield f"{now.name} lacks {', '.join(gone)}, which {last} had."
    if fresh:
        yield f"{now.name} has {', '.join(fresh)}, which {last} had not."
