"""How do linked surveys become tables of a cut? They stand beside the masters with true identifiers, in memory alone.

Whom a cut is about is decided by the masters: a survey adds nobody to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa

from rpp_hub.cuts.plan import Agreed, Column, TablePlan, Treatment, reason_to_drop
from rpp_hub.cuts.scramble import Selection, select_population
from rpp_hub.domain.errors import Invalid
from rpp_hub.warehouse.codebook import Codebook, Field, Identifier, Table, Type
from rpp_hub.warehouse.engine import quoted
from rpp_hub.warehouse.masters import Masters


@dataclass(frozen=True, slots=True)
class LinkedTable:
    """A survey whose rows belong to students: `described` has the key first. `rows` is None where only the plan matters."""

    described: Table
    unit: str
    rows: pa.Table | None = field(repr=False, default=None)

    @property
    def plan(self) -> TablePlan:
        """What of it a cut holds: the student's code, and what may be kept."""
        given = [f for f in self.described.fields if not reason_to_drop(f)]
        columns = tuple(Column(f, Treatment.CODE if f.is_key else Treatment.KEEP) for f in given)
        key, year = self.described.fields[0].name, self.described.year
        dated = year is not None and any(f.name == year and f.type is Type.INTEGER for f in given)
        return TablePlan(self.described.name, columns, self.unit, key, year if dated else None)


def keyed(described: Table, unit: str, key: str) -> Table:
    """A survey's codebook with the student's identifier before its columns."""
    own = Field(key, title=f"The {unit}", identifier=Identifier.DIRECT, unit=unit)
    return replace(described, fields=(own, *described.fields))


def with_linked(agreed: Agreed, linked: Sequence[LinkedTable]) -> Agreed:
    """What a project is granted, and its linked surveys. Raises Invalid where a table of the masters has taken the name."""
    taken = sorted({t.name for t in agreed.tables} & {t.described.name for t in linked})
    if taken:
        raise Invalid(
            f"The project has a table {taken[0]} already. Link the survey under another name: `rpp link … --table NAME`.",
            code="table-exists",
        )
    return replace(agreed, tables=(*agreed.tables, *(t.plan for t in linked)))


def select_with_linked(
    con: duckdb.DuckDBPyConnection, masters: Masters, agreed: Agreed, linked: Sequence[LinkedTable]
) -> Selection:
    """The rows that a project is granted, linked surveys among them."""
    selection = select_population(con, masters, agreed)
    relations = {}
    for number, table in enumerate(linked):
        if table.rows is None:
            raise ValueError(f"the rows of {table.described.name} were not read")
        con.register(f"linked_{number}", table.rows)
        relations[table.described.name] = quoted(f"linked_{number}")
    tables = (*masters.codebook.tables, *(t.described for t in linked))
    beside = replace(masters, relations=relations, codebook=Codebook(masters.codebook.title, tables))
    return replace(selection, masters=beside)
