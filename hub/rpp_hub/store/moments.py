"""One moment of the database for all that one request asks, so that a page is read in one transaction, not in ten.

Within `one_moment` every `Store.read` of the task, and of the threads it hands work to, gets the same session. An act ends
the moment: what is read after it sees it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

SHARED = "rpp_one_moment"


def finish(session: Session) -> None:
    """End what was only read with a commit: after a rollback PostgreSQL's driver forgets all it had prepared, and the server
    would plan every question of every page anew.
    """
    session.expunge_all()  # what a reader did to a row is never written
    with suppress(SQLAlchemyError):  # what was read is read, though its connection broke
        session.commit()
    session.close()


class Moment:
    """The session shared by those who read now. Used by one after the other, never by two threads at once."""

    __slots__ = ("_engine", "_over", "_readers", "_session")

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._session: Session | None = None
        self._readers = 0
        self._over = False

    def serves(self, engine: Engine) -> bool:
        """Whether a reader of this database may read in it."""
        return not self._over and self._engine in (None, engine)

    @contextmanager
    def reading(self, engine: Engine) -> Iterator[Session]:
        """The session; made by the first who asks."""
        if self._session is None:
            self._engine = engine
            self._session = Session(engine, expire_on_commit=False, info={SHARED: {}})
        session = self._session
        self._readers += 1
        try:
            yield session
        except SQLAlchemyError:
            self._drop(session)  # its transaction is of no more use
            raise
        finally:
            self._readers -= 1
            if self._readers == 0 and self._session is not session:
                finish(session)

    def pass_by(self) -> None:
        """What is read from here on is read anew; who still reads finishes in the old session."""
        if self._session is not None:
            self._drop(self._session)

    def end(self) -> None:
        """Nobody reads in it any more, and its connection is given back."""
        self._over = True
        self.pass_by()

    def _drop(self, session: Session) -> None:
        if self._session is session:
            self._session = None
        if self._readers == 0:
            finish(session)


_NOW: ContextVar[Moment | None] = ContextVar("rpp_moment", default=None)


def moment() -> Moment | None:
    """The moment that is shared here; None outside of any."""
    return _NOW.get()


@contextmanager
def one_moment() -> Iterator[Moment]:
    """Share one session from here on, in this task and in the threads that it waits for."""
    shared = Moment()
    token = _NOW.set(shared)
    try:
        yield shared
    finally:
        _NOW.reset(token)
        shared.end()
