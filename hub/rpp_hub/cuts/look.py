"""What does a scan look at, and how does it say what it found?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from rpp_hub.cuts.plan import Column, TablePlan, Treatment
from rpp_hub.domain.counts import counted
from rpp_hub.warehouse.engine import first, quoted, text_literal


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that must not be in a cut. No rows means: not in a row, but in the file's own notes."""

    table: str
    column: str
    rows: int
    what: str

    @property
    def sentence(self) -> str:
        """For a person, without the value."""
        where = f"The column {self.column} of {self.table}" if self.column else f"The file of {self.table}"
        if not self.rows:
            return f"{where} holds {self.what} in its names or notes."
        return f"{where} holds {self.what} in {counted(self.rows, 'row')}."


@dataclass(frozen=True, slots=True)
class Look:
    """One table's file under a scan."""

    con: duckdb.DuckDBPyConnection
    path: Path
    table: TablePlan

    @property
    def file(self) -> str:
        """The file as SQL reads it."""
        return f"read_parquet({text_literal(str(self.path))})"

    @property
    def key(self) -> Column | None:
        """The column with the codes of those whom the rows are about, if the cut has it."""
        coded = (c for c in self.table.columns if c.treatment is Treatment.CODE)
        return next(
            (c for c in coded if c.name == self.table.key and c.field.unit in ("student", "staff")), None
        )

    def type_of(self, column: Column) -> str:
        """The column's type in DuckDB's words."""
        described = first(self.con, f"DESCRIBE SELECT {quoted(column.name)} FROM {self.file}")
        return str(described[1]) if described else ""

    def leak(self, column: str, rows: int, what: str) -> Iterator[Leak]:
        """A leak, if any row has it."""
        if rows:
            yield Leak(self.table.name, column, rows, what)
