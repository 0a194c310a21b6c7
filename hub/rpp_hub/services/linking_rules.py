"""When may a survey not be linked, or its review not be finished, and what is to be done about it?"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.cuts.linked import LinkedTable
from rpp_hub.domain.application import Application
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.refusal import Refusal
from rpp_hub.linkage.match import Pair
from rpp_hub.services.linked_tables import LinkageStatus
from rpp_hub.store import models


def refuse_taken(session: Session, project: str, table: str, application: Application) -> None:
    """A table's name stands for one table."""
    open_ = select(models.Linkage).where(
        models.Linkage.project == project,
        models.Linkage.table == table,
        models.Linkage.status != LinkageStatus.WITHDRAWN,
    )
    row = session.scalars(open_).first()
    if row is not None:
        raise ActionRefused(
            (
                Refusal(
                    "table-exists",
                    f"{project} has a linked survey called {table} already. Withdraw {row.name}, or name this one with --table.",
                ),
            )
        )
    if table in application.tables:
        raise Invalid(
            f"{project} has a table {table} of the district already. Name the survey otherwise with --table.",
            code="table-exists",
        )


def refuse_undecided(row: models.Linkage) -> None:
    """Review ends when every pair was judged."""
    left = row.summary["pairs"] - len(row.decisions)
    if left:
        raise ActionRefused(
            (
                Refusal(
                    "undecided-pairs",
                    f"{left} doubtful pair{'s are' if left != 1 else ' is'} not decided yet. Accept or reject each, then finish.",
                ),
            )
        )


def refuse_second(row: models.Linkage, pairs: tuple[Pair, ...], wanted: Pair) -> None:
    """Nobody is two students."""
    accepted = {d.pair for d in row.decisions if d.accepted}
    other = next(
        (
            p
            for p in pairs
            if p.person == wanted.person and p.number in accepted and p.number != wanted.number
        ),
        None,
    )
    if other is not None:
        raise ActionRefused(
            (
                Refusal(
                    "person-linked",
                    f"Pair {other.number} links the same person to another student. Reject that one first.",
                ),
            )
        )


def refuse_nobody(table: LinkedTable) -> None:
    """A survey without anybody is no table."""
    if table.rows is None or not table.rows.num_rows:
        raise ActionRefused(
            (
                Refusal(
                    "nobody-linked",
                    "Nobody in the file could be linked, so there is nothing to give to the project. Is it the right file?",
                ),
            )
        )
