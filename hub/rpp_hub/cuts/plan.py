"""What will a project's cut hold, and what of that which it asked for will it not hold, and why?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rpp_hub.cuts.coarser import coarser_of, reason_not_to, refuse_differences
from rpp_hub.cuts.cohort import Condition, compile_cohort
from rpp_hub.cuts.matches import did_you_mean
from rpp_hub.domain.application import Application, FieldRequest
from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.generalisation import Generalisation
from rpp_hub.warehouse.codebook import Codebook, Field, Identifier, Table

# A table is about the first of these that it has a key of, else about what its first key says.
UNITS = ("student", "staff", "class", "school", "household")


class Treatment(StrEnum):
    """What happens to a column on its way into the cut."""

    KEEP = "kept as it is"
    CODE = "replaced by the project's code"
    COARSER = "generalised"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the cut."""

    field: Field
    treatment: Treatment
    coarser: Generalisation | None = None

    @property
    def name(self) -> str:
        """Its name, which is the field's."""
        return self.field.name


@dataclass(frozen=True, slots=True)
class Dropped:
    """A field that was asked for and is not given."""

    table: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class TablePlan:
    """One table of the cut; `unit` is what its rows are about, `key` the field that says which one."""

    name: str
    columns: tuple[Column, ...]
    unit: str
    key: str
    year: str | None
    years: tuple[int, int] | None = None  # of this table alone, within the cut's

    @property
    def people(self) -> str:
        """Those whom its rows are about, in words."""
        return f"{self.unit}s" if self.unit == "student" else self.unit or "people"

    def said_of(self, column: Column) -> str:
        """What happens to a column, for a person."""
        return column.coarser.sentence(self.people) if column.coarser else str(column.treatment)


@dataclass(frozen=True, slots=True)
class Generalised:
    """A field that is given coarser than the masters have it, as declared and for a person."""

    table: str
    field: str
    declared: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Cohort:
    """Which units take part: those with a row of `table` that fulfils `condition`."""

    table: Table
    unit: str
    key: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a project is granted, in terms of the masters."""

    project: str
    tables: tuple[TablePlan, ...]
    dropped: tuple[Dropped, ...]
    years: tuple[int, int]
    cohort: Cohort | None
    agreement: str = ""
    exceptions: tuple[str, ...] = ()

    @property
    def generalised(self) -> tuple[Generalised, ...]:
        """Every field that is given coarser."""
        return tuple(
            Generalised(t.name, c.name, c.coarser.declared, t.said_of(c))
            for t in self.tables
            for c in t.columns
            if c.coarser
        )


@dataclass(frozen=True, slots=True)
class Risk:
    """Of `count` units (people, or rows of a table without a code), how many are unique by `fields`.

    `causes`: for each field, how many of the unique ones would be so no longer without it.
    """

    of: str
    count: int
    unique: int
    fields: tuple[str, ...]
    causes: Mapping[str, int]

    @property
    def sentence(self) -> str:
        """For a person."""
        share = f"{100 * self.unique / self.count:.2g} %" if self.count else "0 %"
        text = (
            f"{self.unique:,} of {self.count:,} {self.of} ({share}) are unique by {', '.join(self.fields)}."
        )
        worst = sorted(((n, f) for f, n in self.causes.items() if n), key=lambda c: (-c[0], c[1]))
        return text + "".join(f" Without {field}: {n:,} fewer." for n, field in worst)


@dataclass(frozen=True, slots=True)
class CutPlan:
    """What a cut would hold, counted before anything is written."""

    agreed: Agreed
    rows: Mapping[str, int]
    units: Mapping[str, int]
    risks: tuple[Risk, ...] = ()


def agree(application: Application, codebook: Codebook) -> Agreed:
    """The application against the codebook. Raises Invalid that names every unknown table and field."""
    _refuse_unknown(application, codebook)
    tables, dropped = [], []
    for name, request in application.tables.items():
        table = codebook.table(name)
        if table is None:
            continue  # refused above
        given, left = _columns(table, request.fields)
        dropped += left
        if given:
            tables.append(replace(_table_plan(table, given), years=request.years))
    if not tables:
        raise Invalid(
            "Nothing is left of what the project asks for: every field may not be shared.", code="empty-cut"
        )
    refuse_differences((t.name, c.name, c.coarser) for t in tables for c in t.columns)
    return Agreed(
        application.project, tuple(tables), tuple(dropped), application.years, _cohort(application, codebook)
    )


def _refuse_unknown(application: Application, codebook: Codebook) -> None:
    faults = []
    for name, request in application.tables.items():
        table = codebook.table(name)
        if table is None:
            faults.append(
                f"there is no table {name!r}{did_you_mean(name, (t.name for t in codebook.tables))}"
            )
            continue
        fields = [f.name for f in table.fields]
        faults += [
            f"{name} has no field {f.name!r}{did_you_mean(f.name, fields)}"
            for f in request.fields
            if f.name not in fields
        ]
    if application.cohort and codebook.table(application.cohort.table) is None:
        tables = (t.name for t in codebook.tables)
        faults.append(
            f"the cohort names a table {application.cohort.table!r} that is not there{did_you_mean(application.cohort.table, tables)}"
        )
    if faults:
        raise Invalid(
            f"The district's masters do not have what {application.project} asks for: {'; '.join(faults)}. "
            "Mend the application; `rpp warehouse codebook show` lists what there is.",
            code="unknown-field",
        )


def _columns(table: Table, asked: Sequence[FieldRequest]) -> tuple[list[Column], list[Dropped]]:
    given, dropped = [], []
    for request in asked:
        field = table.field(request.name)
        if field is None:
            continue
        declared = request.generalise or field.generalise
        reason = reason_to_drop(field) or reason_not_to(declared, field, main_key(table))
        if reason:
            dropped.append(Dropped(table.name, field.name, reason))
        else:
            given.append(_column(field, coarser_of(declared, field)))
    return given, dropped


def _column(field: Field, coarser: Generalisation | None) -> Column:
    if field.is_key:
        return Column(field, Treatment.CODE)
    return Column(field, Treatment.COARSER if coarser else Treatment.KEEP, coarser)


def reason_to_drop(field: Field) -> str:
    """Why a field may be in no cut; empty if it may."""
    if field.never_share:
        return field.never_share
    if field.person_name:
        return "A person's name."
    if field.identifier is Identifier.DIRECT and not field.unit:
        return "It identifies a person directly and cannot be coded."
    return ""


def _table_plan(table: Table, columns: list[Column]) -> TablePlan:
    key = main_key(table)
    return TablePlan(table.name, tuple(columns), key.unit if key else "", key.name if key else "", table.year)


def main_key(table: Table) -> Field | None:
    """The field that says what a row is about."""
    keys = (key for unit in UNITS if (key := table.key(unit)) is not None)
    return next(keys, None) or next((f for f in table.fields if f.is_key), None)


def _cohort(application: Application, codebook: Codebook) -> Cohort | None:
    if application.cohort is None:
        return None
    table = codebook.table(application.cohort.table)
    key = main_key(table) if table else None
    if table is None or key is None or key.unit not in ("student", "staff"):
        raise Invalid(
            f"The cohort's table {application.cohort.table} has no student or staff identifier, so it cannot choose any.",
            code="bad-cohort",
        )
    return Cohort(table, key.unit, key.name, compile_cohort(application.cohort.where, table))
