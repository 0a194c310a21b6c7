"""Which surveys of a project are linked, what do people see of them, and what was said of a doubtful pair?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, NotFound
from rpp_hub.domain.names import printable
from rpp_hub.domain.refusal import Refusal
from rpp_hub.linkage.columns import By
from rpp_hub.linkage.match import Pair
from rpp_hub.services.linked_tables import LinkageStatus
from rpp_hub.store import models


@dataclass(frozen=True, slots=True)
class LinkageView:
    """A linked survey, counted."""

    project: str
    name: str
    table: str
    by: By
    status: LinkageStatus
    counts: Mapping[str, int]
    kept: tuple[str, ...]
    dropped: tuple[Mapping[str, str], ...]
    pairs: int
    undecided: int
    linked_by: str
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class PairView:
    """A doubtful pair and what review has said of it. Its values are for the data manager's eyes."""

    pair: Pair = field(repr=False)
    accepted: bool | None
    decided_by: str | None


def find_project(session: Session, name: str) -> models.Project:
    """A project by its name. Raises NotFound."""
    row = session.get(models.Project, name)
    if row is None:
        raise NotFound(f"There is no project called {printable(name)!r} here.", code="no-such-project")
    return row


def find_linkage(session: Session, project: str, name: str) -> models.Linkage:
    """A linked survey of a project. Raises NotFound."""
    number = int(name[1:]) if name[:1] == "l" and name[1:].isascii() and name[1:].isdigit() else 0
    row = session.get(models.Linkage, number)
    if row is None or row.project != project:
        raise NotFound(
            f"{printable(project)} has no linked survey {printable(name)!r}. `rpp link list {printable(project)}` lists them.",
            code="no-such-linkage",
        )
    return row


def in_review(session: Session, project: str, name: str) -> models.Linkage:
    """A linked survey whose doubtful pairs are being judged. Raises ActionRefused for any other."""
    row = find_linkage(session, project, name)
    if row.status != LinkageStatus.IN_REVIEW:
        raise ActionRefused(
            (Refusal("not-in-review", f"{name} is {row.status}, so there is nothing to review."),)
        )
    return row


def keep_decision(row: models.Linkage, pair: int, accept: bool, actor: Actor) -> None:
    """Write down what was said of a pair, in the place of what was said before."""
    now = datetime.now(UTC)
    for decision in row.decisions:
        if decision.pair == pair:
            decision.accepted, decision.decided_by, decision.decided_at = accept, actor.name, now
            return
    row.decisions.append(
        models.LinkageDecision(pair=pair, accepted=accept, decided_by=actor.name, decided_at=now)
    )


def view_of_linkage(row: models.Linkage) -> LinkageView:
    """A linked survey as people see it."""
    summary = row.summary
    return LinkageView(
        project=row.project,
        name=row.name,
        table=row.table,
        by=By(row.by),
        status=LinkageStatus(row.status),
        counts=summary["counts"] | ({"in the cut": summary["in_cut"]} if "in_cut" in summary else {}),
        kept=tuple(summary["kept"]),
        dropped=tuple(summary["dropped"]),
        pairs=summary["pairs"],
        undecided=summary["undecided"],
        linked_by=row.linked_by,
        linked_at=row.linked_at,
    )
