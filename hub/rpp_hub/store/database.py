"""Transactions: reading sessions that cannot write, and acts that cannot commit without their audit event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import select
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import Invalid, Stale, Unavailable
from rpp_hub.store.audit import (
    ANCHOR_EVERY,
    AuditVerification,
    Head,
    append_event,
    iterate_events,
    lock_head,
    read_anchors,
    verify_events,
    write_anchor,
)
from rpp_hub.store.engines import engine_for
from rpp_hub.store.guards import unguarded
from rpp_hub.store.models import AuditHead
from rpp_hub.store.moments import finish, moment

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(slots=True)
class Act:
    """A change under way. What is put into `detail` goes into the event; never an identifier."""

    session: Session
    detail: dict[str, Any] = field(default_factory=dict)
    _more: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def also(self, act: str, subject: str, **detail: Any) -> None:
        """A further event of the same transaction, by the same actor."""
        self._more.append((act, subject, detail))


class Store:
    """The database of an installation."""

    def __init__(self, url: str, anchors: Path) -> None:
        self.url = url
        self.anchors = anchors
        self._writer = engine_for(url, writes=True)
        self._reader = engine_for(url, writes=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session whose connection refuses to write; the shared one within `one_moment`."""
        shared = moment()
        if shared is not None and shared.serves(self._reader):
            with _told_plainly(), shared.reading(self._reader) as session:
                yield session
            return
        with _told_plainly(), Session(self._reader, expire_on_commit=False) as session:
            yield session
            finish(session)

    @contextmanager
    def act(self, actor: Actor, act: str, subject: str, reason: str = "") -> Iterator[Act]:
        """A change and its audit event in one transaction: both or neither.

        Raises Stale when a row was changed by somebody else since it was read.
        """
        with _told_plainly(), Session(self._writer, expire_on_commit=False) as session:
            lock_head(session)
            doing = Act(session)
            yield doing
            head = append_event(session, actor, act, subject, reason, doing.detail)
            for more_act, more_subject, detail in doing._more:
                head = append_event(session, actor, more_act, more_subject, reason, detail)
            session.commit()
        if (shared := moment()) is not None:
            shared.pass_by()
        if head.seq % ANCHOR_EVERY == 0:
            write_anchor(self.anchors, head)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that writes without an act of its own: for moving the whole, and nothing else."""
        with _told_plainly(), Session(self._writer, expire_on_commit=False) as session:
            yield session

    def head(self) -> Head:
        """The end of the audit chain."""
        with self.read() as session:
            row = session.scalars(select(AuditHead)).one()
            return Head(row.seq, row.hash)

    def anchor(self) -> Head:
        """Write the present head to the anchors outside of the database."""
        head = self.head()
        write_anchor(self.anchors, head)
        return head

    def verify_audit(self) -> AuditVerification:
        """Walk the whole audit log."""
        with self.read() as session:
            row = session.scalars(select(AuditHead)).one()
            found = verify_events(
                iterate_events(session), Head(row.seq, row.hash), read_anchors(self.anchors)
            )
        return (
            replace(found, ok=False, problem=guards) if found.ok and (guards := self.unguarded()) else found
        )

    def unguarded(self) -> str:
        """Why the audit log could be changed in this database; empty when it cannot."""
        with _told_plainly(), self._reader.connect() as connection:
            return unguarded(connection)

    def close(self) -> None:
        """Give the connections back."""
        self._writer.dispose()
        self._reader.dispose()


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn the database's own errors into ours."""
    try:
        yield
    except StaleDataError:
        raise Stale(
            "Somebody else changed this at the same time. Look at it again, then repeat what you did."
        ) from None
    except DataError:
        raise Invalid(
            "A text in this is too long, or holds a character that cannot be kept. Shorten it, or type it anew.",
            code="bad-value",
        ) from None
    except OperationalError as error:
        raise (_unavailable(error) or error) from None


def _unavailable(error: OperationalError) -> Unavailable | None:
    """What the operator can do about it; None for what is a fault of ours."""
    said = str(error.orig).lower()
    if "full" in said or "no space" in said:
        return Unavailable(
            "The disk is full. Nothing was changed; make room and try again.", code="disk-full"
        )
    if "locked" in said or "lock timeout" in said:
        return Unavailable("The database is busy. Try again in a minute.", code="busy")
    if error.connection_invalidated or "connect" in said:
        return Unavailable("The database cannot be reached. Try again in a minute.", code="database-away")
    return None


def migrate(url: str) -> None:
    """Bring the database to the newest schema; makes it when there is none."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")


def sqlite_url(path: Path) -> str:
    """The URL of an embedded database."""
    return f"sqlite:///{path}"
