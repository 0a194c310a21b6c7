"""Reading the audit log: for auditors and operators; it holds no data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.authority import require
from rpp_hub.store.audit import COLUMNS, AuditEvent, AuditVerification
from rpp_hub.store.database import Store
from rpp_hub.store.models import AuditRow

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events: an empty field means any; `act` and `subject` match from the beginning, `request` is one request's id."""

    actor: str = ""
    act: str = ""
    subject: str = ""
    before: int | None = None
    limit: int = 100
    request: str = ""


class Auditing:
    """The audit log, as read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def events(self, actor: Actor, wanted: AuditFilter) -> tuple[AuditEvent, ...]:
        """The newest events that fit, newest first."""
        with self._store.read() as session:
            require(session, actor, Permission.AUDIT_READ)
            query = _fitting(wanted).order_by(AuditRow.seq.desc()).limit(wanted.limit)
            return tuple(AuditEvent(*row) for row in session.execute(query))

    def export(self, actor: Actor, wanted: AuditFilter) -> Iterator[AuditEvent]:
        """Every event that fits, oldest first, however many: they are read as they are written out."""
        with self._store.read() as session:
            require(session, actor, Permission.AUDIT_READ)
        return self._exported(wanted)

    def _exported(self, wanted: AuditFilter) -> Iterator[AuditEvent]:
        with self._store.read() as session:
            query = _fitting(wanted).order_by(AuditRow.seq).execution_options(yield_per=_BATCH)
            for row in session.execute(query):
                yield AuditEvent(*row)

    def verify(self, actor: Actor) -> AuditVerification:
        """Whether the whole chain holds."""
        with self._store.read() as session:
            require(session, actor, Permission.AUDIT_READ)
        return self._store.verify_audit()


def _fitting(wanted: AuditFilter) -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = select(*(getattr(AuditRow, name) for name in COLUMNS))
    if wanted.actor:
        query = query.where(AuditRow.actor == wanted.actor)
    if wanted.act:
        query = query.where(AuditRow.act.startswith(wanted.act, autoescape=True))
    if wanted.subject:
        query = query.where(AuditRow.subject.startswith(wanted.subject, autoescape=True))
    if wanted.request:
        query = query.where(AuditRow.request_id == wanted.request)
    if wanted.before is not None:
        query = query.where(AuditRow.seq < wanted.before)
    return query
