"""Is a delivery written as the last one of its kind was? What was confirmed then is what is expected now.

Only what differs, or was never confirmed, is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rpp_hub.domain.counts import counted
from rpp_hub.warehouse.column_habits import NO_DATES, ColumnFound, Habit
from rpp_hub.warehouse.dates import DATE_FORMS
from rpp_hub.warehouse.receive import Brought, ReceivedDrop, ReceivedFile

# Half of the rows of the last time are a part of a file more often than half of the people.
_PART = 0.5
_SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}


class Snapshot(StrEnum):
    """Which moment of a school year a drop shows."""

    CENSUS_DAY = "census day"
    END_OF_YEAR = "end of year"
    OTHER = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Something about a file that a person has to confirm; `column` is empty where it is about the whole file.

    `open`: what was found does not say it, so that nothing but an answer will do. `doubtful`: the codebook says otherwise.
    """

    file: str
    column: str
    sentence: str
    open: bool = False
    doubtful: bool = False


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
    same_kind = _of_kind(drop, earlier)
    if not same_kind:
        return ()
    last = same_kind[-1]
    before = {f.table: f for f in last.files if f.table}
    now = {f.table: f for f in drop.files if f.table}
    gone = [f"The table {t} was in {last.name} and is not here." for t in before if t not in now]
    fresh = [f"The table {t} is new since {last.name}." for t in now if t not in before]
    changed = (s for t in now if t in before for s in _changes(last.name, before[t], now[t]))
    return (*gone, *fresh, *changed)


# What values of a column mean, table by table and column by column.
Labels = Mapping[str, Mapping[str, Mapping[str, str]]]


def remembered(
    brought: Brought, earlier: Sequence[ReceivedDrop], labels: Labels
) -> tuple[ReceivedDrop, tuple[Asked, ...]]:
    """The drop with what was confirmed for the last of its kind, and what is left to ask. `earlier`: oldest first."""
    confirmed = {
        f.table: (d.name, f) for d in _of_kind(brought.drop, earlier) for f in d.files if f.confirmed
    }
    files: list[ReceivedFile] = []
    asked: list[Asked] = []
    for file in brought.drop.files:
        found = {c.name: c for c in brought.found.get(file.name, ())}
        if not file.table:
            files.append(file)
        elif file.table in confirmed:
            last, before = confirmed[file.table]
            files.append(_with_memory(file, found, before))
            asked += _of_columns(last, file, found, before)
            asked += contradicted(files[-1], labels.get(file.table, {}), before)
        else:
            files.append(file)
            asked += _first_time(file, found)
            asked += contradicted(file, labels.get(file.table, {}), None)
    return replace(brought.drop, files=tuple(files)), tuple(asked)


def contradicted(
    file: ReceivedFile, labels: Mapping[str, Mapping[str, str]], before: ReceivedFile | None
) -> Iterator[Asked]:
    """Codes that would stand for nothing, and of which the codebook says what they mean. `before`: what was confirmed."""
    for habit in file.habits:
        known = before.habit(habit.column) if before is not None else None
        for code in habit.missing:
            meaning = labels.get(habit.column, {}).get(code, "")
            if meaning and not (known and known.settles(code)):
                sentence = (
                    f"{file.name}, {habit.column}: {code} would stand for nothing, but the codebook says that it means "
                    f"{meaning}. If the district means that, keep it as a value."
                )
                yield Asked(file.name, habit.column, sentence, doubtful=True)


def undecided(file: ReceivedFile, found: Mapping[str, ColumnFound]) -> Iterator[Asked]:
    """The columns whose dates can be read in two ways, as long as nobody said which."""
    for name, column in found.items():
        habit = file.habit(name)
        if column.undecided and not (habit and habit.dates):
            ways = " or ".join(DATE_FORMS[f.name].words for f in column.forms[:2])
            yield Asked(file.name, name, f"{file.name}, {name}: the dates are {ways}. Say which.", open=True)


def _first_time(file: ReceivedFile, found: Mapping[str, ColumnFound]) -> Iterator[Asked]:
    yield Asked(
        file.name,
        "",
        f"{file.name} is the first of its kind: {written_as(file)}, {counted(file.rows, 'row')}.",
    )
    open_ones = {a.column: a for a in undecided(file, found)}
    for name, column in found.items():
        if name in open_ones:
            yield open_ones[name]
        elif column.says_something:
            yield Asked(file.name, name, f"{file.name}, {name}: {in_words(column, file.habit(name))}.")


def in_words(column: ColumnFound, habit: Habit | None) -> str:
    """What is going to be done with a column, and how many rows that is about."""
    habit = habit or Habit(column.name)
    rows = {c.code: c.rows for c in column.codes}
    parts = []
    form = next((f for f in column.forms if f.name == habit.dates), None)
    if habit.dates == NO_DATES:
        parts.append("no dates")
    elif habit.dates:
        years = f" ({_years(form.years)})" if form else ""
        parts.append(f"dates written as {DATE_FORMS[habit.dates].words}{years}")
    nothing = [f"{m} ({counted(rows[m], 'row')})" if m in rows else m for m in habit.missing]
    parts += [f"{', '.join(nothing)} stand{'s' if len(nothing) == 1 else ''} for nothing"] if nothing else []
    values = [f"{v} ({counted(rows[v], 'row')})" for v in habit.values if v in rows]
    parts += [f"{', '.join(values)} kept as values, though they look like codes"] if values else []
    return "; ".join(parts) or "as written"


def _years(years: tuple[int, int]) -> str:
    return str(years[0]) if years[0] == years[1] else f"{years[0]} to {years[1]}"


def _of_kind(drop: ReceivedDrop, earlier: Sequence[ReceivedDrop]) -> list[ReceivedDrop]:
    return [d for d in earlier if kind_of(d.name) == kind_of(drop.name) and d.name != drop.name]


def _with_memory(file: ReceivedFile, found: Mapping[str, ColumnFound], before: ReceivedFile) -> ReceivedFile:
    habits = (_merged(found[c], file.habit(c), before.habit(c)) for c in file.columns if c in found)
    return replace(file, habits=tuple(h for h in habits if h is not None))


def _merged(column: ColumnFound, proposed: Habit | None, known: Habit | None) -> Habit | None:
    """What was confirmed, where the values still read so, with what is proposed for codes that are new."""
    if known is None:
        return proposed
    fresh = [c for c in column.codes if not known.settles(c.code)]
    return Habit(
        column.name,
        known.dates if column.fits(known.dates) else proposed.dates if proposed else "",
        (*known.missing, *(c.code for c in fresh if c.certain)),
        (*known.values, *(c.code for c in fresh if not c.certain)),
    )


def _of_columns(
    last: str, file: ReceivedFile, found: Mapping[str, ColumnFound], before: ReceivedFile
) -> Iterator[Asked]:
    for name, column in found.items():
        if name not in before.columns:
            if column.undecided:
                yield from undecided(file, {name: column})
            elif column.says_something:
                yield Asked(
                    file.name, name, f"{file.name}, {name} is new: {in_words(column, file.habit(name))}."
                )
            continue
        yield from _other_dates(last, file, column, before.habit(name))
        known = before.habit(name) or Habit(name)
        fresh = [f"{c.code} ({counted(c.rows, 'row')})" for c in column.codes if not known.settles(c.code)]
        if fresh:
            yield Asked(file.name, name, f"{file.name}, {name} has {', '.join(fresh)}, which {last} had not.")


def _other_dates(last: str, file: ReceivedFile, column: ColumnFound, known: Habit | None) -> Iterator[Asked]:
    before, now = known.dates if known else "", file.habit(column.name)
    left = list(undecided(file, {column.name: column}))
    if not column.fits(before):
        was = DATE_FORMS[before].words
        sentence = f"{file.name}, {column.name} was written as {was} in {last}, and these values are not: "
        yield (
            replace(left[0], sentence=sentence + left[0].sentence)
            if left
            else Asked(file.name, column.name, f"{sentence}{in_words(column, now)}.")
        )
    elif column.forms and not before:
        said = f"{file.name}, {column.name} holds dates, which {last} had not: {in_words(column, now)}."
        yield left[0] if left else Asked(file.name, column.name, said)


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
    if now.rows < _PART * before.rows:
        yield f"{now.name} has {counted(now.rows, 'row')}; in {last} it had {before.rows:,}. Make sure that it is whole."
