"""Which surveys are linked for a project, and what is in them?"""

from __future__ import annotations

import json
from enum import StrEnum

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.cuts.linked import LinkedTable, keyed
from rpp_hub.linkage.link import of_students
from rpp_hub.store.models import Linkage
from rpp_hub.vault.sealed import SealedFiles
from rpp_hub.warehouse.codebook import Codebook, Table, codebook_json, parse_codebook


class LinkageStatus(StrEnum):
    """Where a linked survey stands. Only what is finished comes into a cut."""

    IN_REVIEW = "in review"
    FINISHED = "finished"
    WITHDRAWN = "withdrawn"


def finished(session: Session, project: str) -> list[Linkage]:
    """The linkages whose tables belong into the project's next cut."""
    query = select(Linkage).where(Linkage.project == project, Linkage.status == LinkageStatus.FINISHED)
    return list(session.scalars(query.order_by(Linkage.id)))


def described_tables(session: Session, project: str) -> tuple[LinkedTable, ...]:
    """What they hold, without the rows."""
    return tuple(LinkedTable(described(row), row.unit) for row in finished(session, project))


def read_tables(session: Session, project: str, sealed: SealedFiles) -> tuple[LinkedTable, ...]:
    """The tables with their rows, decrypted in memory."""
    return tuple(
        linked_table(row, from_bytes(sealed.read(project, row.rows_sha256)))
        for row in finished(session, project)
    )


def linked_table(row: Linkage, rows: pa.Table) -> LinkedTable:
    """A linkage's rows as a table of a cut to be."""
    return LinkedTable(described(row), row.unit, of_students(rows, row.key))


def described(row: Linkage) -> Table:
    """The table's codebook, the student's key first."""
    return keyed(parse_codebook(json.dumps(row.described)).tables[0], row.unit, row.key)


def description(table: Table) -> dict[str, object]:
    """A table's codebook as it is kept in the row."""
    kept: dict[str, object] = json.loads(codebook_json(Codebook("", (table,))))
    return kept


def to_bytes(table: pa.Table) -> bytes:
    """A table for sealing."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def from_bytes(content: bytes) -> pa.Table:
    """A table that was sealed."""
    return pa.ipc.open_file(pa.BufferReader(content)).read_all()
