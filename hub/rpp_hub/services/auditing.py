"""Reading the audit log: for auditors and operators; it holds no data."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.permissions import Permission
from rpp_hub.services.authority import require
from rpp_hub.store.audit import COLUMNS, AuditEvent, AuditVerification
from rpp_hub.store.database import Store
from rpp_hub.store.models import AuditRow


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events: an empty field means any; `act` and `subject` match from the beginning."""

    actor: str = ""
    act: str = ""
    subject: str = ""
    before: int | None = None
    limit: int = 100


class Auditing:
    """The audit log, as read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def events(self, actor: Actor, wanted: AuditFilter) -> tuple[AuditEvent, ...]:
        """The newest events that fit, newest first."""
        with self._store.read() as session:
            require(session, actor, Permission.AUDIT_READ)
            columns = [getattr(AuditRow, name) for name in COLUMNS]
            query = select(*columns).order_by(AuditRow.seq.desc()).limit(wanted.limit)
            if wanted.actor:
                query = query.where(AuditRow.actor == wanted.actor)
            if wanted.act:
                query = query.where(AuditRow.act.startswith(wanted.act, autoescape=True))
            if wanted.subject:
                query = query.where(AuditRow.subject.startswith(wanted.subject, autoescape=True))
            if wanted.before is not None:
                query = query.where(AuditRow.seq < wanted.before)
            return tuple(AuditEvent(*row) for row in session.execute(query))

    def verify(self, actor: Actor) -> AuditVerification:
        """Whether the whole chain holds."""
        with self._store.read() as session:
            require(session, actor, Permission.AUDIT_READ)
        return self._store.verify_audit()
