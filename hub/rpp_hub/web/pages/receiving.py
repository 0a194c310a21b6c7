"""A delivery that waits, for the data manager: how it would be read, what is asked, and the word that keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.receiving import DropView, WaitingView
from rpp_hub.services.waiting_drops import NOT_COVERED_ADVICE, FileReading
from rpp_hub.warehouse.column_habits import NO_DATES, ColumnFound, Habit
from rpp_hub.warehouse.dates import DATE_FORMS
from rpp_hub.warehouse.habits import in_words, written_as
from rpp_hub.warehouse.progress import Progress
from rpp_hub.warehouse.read import ENCODINGS
from rpp_hub.warehouse.receive import ReceivedFile
from rpp_hub.web import BASE
from rpp_hub.web.auth import Form, FormDep, ViewerDep
from rpp_hub.web.jobs import Job
from rpp_hub.web.paths import path
from rpp_hub.web.portal import Portal, PortalDep, Viewer, page, see

router = APIRouter(prefix=BASE, include_in_schema=False)
DELIMITER_WORDS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a column: whether it stands for nothing, and in how many rows (none where it is only remembered)."""

    code: str
    rows: int
    nothing: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A column about which there is something to say."""

    column: str
    dates: str
    codes: tuple[Code, ...]
    fitting: tuple[str, ...]
    words: str
    undecided: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A table file as the page shows it."""

    number: int
    file: ReceivedFile
    written: str
    lines: tuple[Line, ...]
    others: tuple[str, ...]


@router.get("/data/{district}/waiting/{drop}")
def waiting(request: Request, portal: PortalDep, viewer: ViewerDep, district: str, drop: str) -> Response:
    """How a delivery would be read."""
    view = portal.rpp.warehousing.receiving.waiting_drop(viewer.actor, district, drop)
    job = portal.jobs.get(_key(district))
    return page(
        request,
        "waiting_drop.html",
        viewer,
        drop=view,
        files=shown(view),
        district=portal.rpp.warehousing.status(district),
        forms={NO_DATES: "no dates", **{f.name: f.words for f in DATE_FORMS.values()}},
        encodings=ENCODINGS,
        delimiters=DELIMITER_WORDS,
        not_covered_advice=NOT_COVERED_ADVICE,
        job=job,
        waiting=job is not None and job.state == "running",
    )


@router.post("/data/{district}/waiting/{drop}")
def decide(portal: PortalDep, viewer: ViewerDep, form: FormDep, district: str, drop: str) -> Response:
    """Read it otherwise, keep it, or throw it away."""
    receiving, actor = portal.rpp.warehousing.receiving, viewer.actor
    view, version, do = receiving.waiting_drop(actor, district, drop), form.number("version"), form.text("do")
    if do == "discard":
        receiving.discard(actor, district, drop, version)
        return see(path("data", district))
    if do not in ("read", "confirm"):
        raise Invalid("Choose what to do.", code="bad-form")
    readings = readings_of(view, form)
    if readings and not any(r.encoding or r.delimiter for r in readings):
        view, readings = receiving.change(actor, district, drop, version, readings), ()
        version = view.version
    if do == "confirm":
        refuse_open(view)
    elif not readings:
        return see(path("data", district, "waiting", drop))
    begin_reading(portal, viewer, view, version, readings, keep=do == "confirm")
    return see(path("data", district) if do == "confirm" else path("data", district, "waiting", drop))


def refuse_open(view: WaitingView) -> None:
    """Raises ActionRefused while what was found does not say how something is to be read."""
    left = [Refusal("reading-undecided", a.sentence) for a in view.asked if a.open]
    if left:
        raise ActionRefused(left)


def begin_reading(
    portal: Portal,
    viewer: Viewer,
    view: WaitingView,
    version: int,
    readings: Sequence[FileReading],
    *,
    keep: bool,
) -> Job:
    """Reading whole files again and hashing them takes its time: the page shows how far it is."""
    receiving, actor = portal.rpp.warehousing.receiving, viewer.actor

    def work(progress: Progress) -> DropView | None:
        at = version
        if readings:
            at = receiving.change(actor, view.district, view.name, at, readings, progress).version
        return receiving.confirm(actor, view.district, view.name, at, progress) if keep else None

    title = f"{'Keeping' if keep else 'Reading'} {view.name}"
    return portal.jobs.start(_key(view.district), title, viewer.name, work)


def shown(view: WaitingView) -> tuple[Shown, ...]:
    """The tables of a delivery, with the columns that have something to confirm."""
    files = []
    for number, file in enumerate(view.files):
        if file.table:
            found = {c.name: c for c in view.found.get(file.name, ())}
            lines = tuple(
                _line(file, found[c])
                for c in file.columns
                if c in found and (found[c].says_something or file.habit(c))
            )
            named = {line.column for line in lines}
            others = tuple(c for c in file.columns if c not in named)
            files.append(Shown(number, file, written_as(file), lines, others))
    return tuple(files)


def readings_of(view: WaitingView, form: Form) -> tuple[FileReading, ...]:
    """What the form says otherwise than the delivery is read now."""
    dates, ticked, more = form.prefixed("dates"), form.prefixed("nothing"), form.prefixed("more")
    readings = []
    for part in shown(view):
        file, n = part.file, part.number
        encoding, delimiter = form.text(f"encoding:{n}"), form.text(f"delimiter:{n}")
        habits = [_habit(line, f"{n}:{line.column}", dates, ticked, more) for line in part.lines]
        added = _added(form, n)
        changed = tuple(h for h in (*habits, *added) if h != (file.habit(h.column) or Habit(h.column)))
        reading = FileReading(
            file.name,
            encoding if encoding != file.encoding else "",
            delimiter if delimiter != file.delimiter else "",
            changed,
        )
        if reading != FileReading(file.name):
            readings.append(reading)
    return tuple(readings)


def _habit(
    line: Line, key: str, dates: Mapping[str, str], ticked: Mapping[str, str], more: Mapping[str, str]
) -> Habit:
    typed = _typed(more.get(key, ""))
    nothing = tuple(c.code for c in line.codes if f"{key}:{c.code}" in ticked)
    values = tuple(c.code for c in line.codes if c.code not in (*nothing, *typed))
    chosen = dates.get(key, line.dates)
    return Habit(line.column, chosen, tuple(dict.fromkeys((*nothing, *typed))), values)


def _added(form: Form, number: int) -> tuple[Habit, ...]:
    column = form.text(f"add_column:{number}")
    if not column:
        return ()
    return (Habit(column, form.text(f"add_dates:{number}"), _typed(form.text(f"add_codes:{number}"))),)


def _typed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c for c in text.split() if c))


def _line(file: ReceivedFile, column: ColumnFound) -> Line:
    habit = file.habit(column.name) or Habit(column.name)
    rows = {c.code: c.rows for c in column.codes}
    codes = dict.fromkeys((*rows, *habit.missing, *habit.values))
    return Line(
        column.name,
        habit.dates,
        tuple(Code(c, rows.get(c, 0), c in habit.missing) for c in codes),
        tuple(f.name for f in column.forms),
        in_words(column, habit),
        column.undecided and not habit.dates,
    )


def _key(district: str) -> str:
    return f"receive:{district}"
